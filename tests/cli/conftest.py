"""One tiny official file, converted and packed once, and two ways to run the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import synthetic

from nb201store import conversion, image
from nb201store.cli import main

INDICES = [
    0,
    11,
]  # official indices; two seeds of the first cell at 200 epochs, three of the second
NB201 = Path(sys.executable).with_name("nb201")


@dataclass(frozen=True)
class Files:
    source: Path
    archive: Path
    image: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A synthetic file of two cells in the layout of a NATS-Bench single file; nothing may write to these."""
    folder = tmp_path_factory.mktemp("files")
    made = Files(folder / "tiny.pickle.pbz2", folder / "tiny.zarr", folder / "tiny.nb201")
    synthetic.dump(synthetic.Maker().benchmark_object(INDICES, [2, 3]), made.source)
    conversion.convert(made.source, made.archive)
    image.pack(made.archive, made.image)
    return made


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.fixture
def nb201(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: nb201("query", path, ...) -> Done."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return Done(int(code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def nb201_process() -> Any:
    """Run the installed command in a process of its own."""

    def run(*arguments: object, **options: Any) -> Done:
        command = [str(NB201), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, **options
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def assert_refused(done: Done, *words: str) -> None:
    """Exit code 2, nothing printed, one line on standard error that holds the words."""
    assert (done.code, done.out) == (2, ""), done
    assert done.err.startswith("nb201: ")
    assert done.err.count("\n") == 1
    assert done.err.endswith("\n")
    missing = [word for word in words if word not in done.err]
    assert not missing, done.err


@pytest.fixture(scope="session")
def refused() -> Any:
    return assert_refused
