"""Fuzz the Python readers of official sources with atheris (`make fuzz`), or replay a finding.

    export PYTHONPATH=tests/support:examples
    python tests/fuzz/fuzz_readers.py sources|records FOLDER|FILE [libFuzzer options]

Seeds are written into FOLDER, beside them what the fuzzer finds worth keeping; FILE is one input, replayed. A finding
is an exception that is no SourceError, 20 seconds for one input, or more than a gibibyte of memory.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
from pathlib import Path

import atheris
import record_inputs
import source_inputs

FAILED = Path(__file__).with_name("failed")
LONGEST = {"sources": 1 << 14, "records": 400}
LIMITS = ("-timeout=20", "-rss_limit_mb=1024", "-detect_leaks=0")


def instrument() -> None:
    """Let the fuzzer see which branches of the readers are taken.

    Function by function: atheris does not reach into modules that an editable install's own finder loads.
    """
    for name, module in [*sys.modules.items()]:
        if not name.startswith("nb201store.upstream."):
            continue
        for owner in (module, *filter(inspect.isclass, vars(module).values())):
            for found in [*vars(owner).values()]:
                function = inspect.unwrap(
                    getattr(found, "func", None) or getattr(found, "fget", None) or found
                )
                if inspect.isfunction(function) and function.__module__ == name:
                    atheris.instrument_func(function)


def write_seeds(target: str, folder: Path) -> None:
    """Write the seeds of a target, and what it once failed at."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {"sources": source_inputs.seeds, "records": record_inputs.seeds}[target]()
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
    for path in (FAILED / target).glob("*"):
        (folder / path.name).write_bytes(path.read_bytes())


def main() -> None:
    instrument()
    target, corpus, *options = sys.argv[1:]
    if not Path(corpus).is_file():
        write_seeds(target, Path(corpus))
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:

        def one_input(data: bytes) -> None:
            if target == "sources":
                source_inputs.read_source(data, Path(scratch))
            else:
                record_inputs.read_record(data)

        atheris.Setup(
            [sys.argv[0], *LIMITS, f"-max_len={LONGEST[target]}", *options, corpus], one_input
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main()
