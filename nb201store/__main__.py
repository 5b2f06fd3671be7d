"""`python -m nb201store` is `nb201`."""

from nb201store.cli import main

main()
