"""The command line `nb201`: one command a file, loaded when it is called."""

from nb201store.cli.main import main

__all__ = ["main"]
