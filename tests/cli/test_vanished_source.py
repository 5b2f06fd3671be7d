"""Sources that vanish, change or cannot be read while they are: one line says so, and nothing is left.

What happens to a source happens when the command tells its progress, so at the same moment in every run.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic
from small_sources import META, file_of, folder_of, record
from targets import digest, names, put

from nb201store import conversion, threads
from nb201store.cli import output
from nb201store.upstream.bz2_stream import Bz2Stream

CELLS = list(range(12))
UNREADABLE = Path("/proc/self/mem")
"""Every read at its start fails with EIO, as of a broken disk."""


@pytest.fixture(autouse=True)
def few_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read three files ahead, on any machine: the last are not read when the first cell is told."""
    monkeypatch.setattr(threads, "cores", lambda: 1)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Any:
    """meanwhile(act) calls `act` when the next command has told its first cell."""

    def arrange(act: Callable[[], object]) -> None:
        waiting = [act]

        @contextlib.contextmanager
        def telling(**_: object) -> Iterator[Any]:
            def progress(stage: str, done: int, _: int) -> None:
                if stage in ("read", "verify") and waiting:
                    assert done == 1
                    waiting.pop()()

            yield progress

        monkeypatch.setattr(output, "progress_bar", telling)

    return arrange


@pytest.fixture(params=["x.zarr", "x.nb201"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work" / request.param


@pytest.fixture
def convert(nb201: Any, refused: Any, files: Any, target: Path) -> Any:
    """convert(source, *words): is refused with these words; no archive is there afterwards, and the old image."""
    old = files.image if target.suffix == ".nb201" else None

    def run(source: Path, *words: str) -> None:
        put(target, old)
        before = digest(target)
        refused(nb201("convert", source, target, *(["--overwrite"] if old else [])), *words)
        assert digest(target) == before
        assert names(target.parent) == ([target.name] if old else [])

    return run


def cut(path: Path) -> None:
    """Take the second half of a file away, in place."""
    os.truncate(path, path.stat().st_size // 2)


def broken(path: Path) -> None:
    """Replace a file by one whose reading fails."""
    path.unlink()
    path.symlink_to(UNREADABLE)


def replaced(path: Path) -> None:
    """Put another file in its place, as rsync and browsers do."""
    other = path.with_name("other")
    shutil.copyfile(path, other)
    other.replace(path)


class TestAFolder:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return folder_of(tmp_path / "cells", CELLS)

    @pytest.mark.parametrize(
        ("act", "said"),
        [
            (Path.unlink, "000011.pickle.pbz2: No such file or directory"),
            (cut, "000011.pickle.pbz2 (unpacked): truncated file"),
            (broken, "000011.pickle.pbz2: Input/output error"),
        ],
    )
    def test_of_which_a_file_goes(
        self, folder: Path, convert: Any, meanwhile: Any, act: Any, said: str
    ) -> None:
        meanwhile(lambda: act(record(folder, 11)))
        convert(folder, said)

    def test_that_goes_as_a_whole(self, folder: Path, convert: Any, meanwhile: Any) -> None:
        meanwhile(lambda: shutil.rmtree(folder))
        convert(folder, ".pickle.pbz2: No such file or directory")

    @pytest.mark.parametrize("name", [META, "000000.pickle.pbz2"])
    def test_of_which_a_file_cannot_be_read(self, folder: Path, convert: Any, name: str) -> None:
        broken(folder / name)
        convert(folder, f"{name}: Input/output error")

    def test_of_which_a_file_changes_between_its_two_readings(
        self, folder: Path, convert: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The checksum would be that of another file than was converted."""
        from nb201store.upstream import folders

        summed = folders.file_digest

        def later(path: Path) -> Any:
            if path == record(folder, 7):
                replaced(path)
            return summed(path)

        monkeypatch.setattr(folders, "file_digest", later)
        convert(folder, "000007.pickle.pbz2: the file changed while it was read")


@pytest.fixture(params=["packed", "plain"], scope="module")
def made_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a few megabytes: more than what is read ahead."""
    held = synthetic.Maker().benchmark_object(CELLS, [3] * len(CELLS))
    path = tmp_path_factory.mktemp("made") / "made.pickle"
    if request.param == "packed":
        synthetic.dump(held, path)
    else:
        path.write_bytes(pickle.dumps(held, protocol=4))
    assert path.stat().st_size > 500_000
    return path


class TestAFile:
    @pytest.fixture
    def single(self, made_file: Path, tmp_path: Path) -> Path:
        return Path(shutil.copyfile(made_file, tmp_path / made_file.name))

    @pytest.mark.parametrize(
        ("act", "said"),
        [
            (cut, "truncated file"),
            (Path.unlink, "made.pickle: No such file or directory"),
            (replaced, "made.pickle: the file changed while it was read"),
            (os.utime, "made.pickle: the file changed while it was read"),
        ],
    )
    def test_that_goes(
        self, single: Path, convert: Any, meanwhile: Any, act: Any, said: str
    ) -> None:
        meanwhile(lambda: act(single))
        convert(single, said)


def test_a_file_that_cannot_be_read(convert: Any, tmp_path: Path) -> None:
    link = tmp_path / "made.pickle"
    link.symlink_to(UNREADABLE)
    convert(link, "made.pickle: Input/output error")


def test_a_file_that_cannot_be_read_further(
    convert: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = file_of(tmp_path / "made.pickle.pbz2", CELLS)
    read, calls = Bz2Stream.read, []

    def failing(self: Bz2Stream, size: int) -> bytes:
        calls.append(None)
        if len(calls) == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(self, size)

    monkeypatch.setattr(Bz2Stream, "read", failing)
    convert(source, "made.pickle.pbz2: Input/output error")


class TestVerify:
    @pytest.fixture
    def made(self, tmp_path: Path, target: Path) -> tuple[Path, Path]:
        """(a folder, its archive or image)"""
        folder = folder_of(tmp_path / "cells", CELLS)
        conversion.convert(folder, target)
        return folder, target

    @pytest.mark.parametrize(
        ("act", "said"),
        [
            (Path.unlink, "000011.pickle.pbz2: No such file or directory"),
            (cut, "000011.pickle.pbz2 (unpacked): truncated file"),
        ],
    )
    def test_against_a_folder_of_which_a_file_goes(
        self, made: Any, nb201: Any, refused: Any, meanwhile: Any, act: Any, said: str
    ) -> None:
        folder, of_it = made
        before = digest(of_it)
        meanwhile(lambda: act(record(folder, 11)))
        refused(nb201("verify", of_it, folder), said)
        assert digest(of_it) == before

    def test_against_a_file_that_is_replaced(
        self, nb201: Any, refused: Any, meanwhile: Any, target: Path, tmp_path: Path
    ) -> None:
        source = file_of(tmp_path / "made.pickle.pbz2", CELLS)
        conversion.convert(source, target)
        meanwhile(lambda: replaced(source))
        refused(nb201("verify", target, source), "made.pickle.pbz2: the file changed")

    def test_against_an_archive_that_goes(
        self, nb201: Any, refused: Any, meanwhile: Any, tmp_path: Path
    ) -> None:
        # Of several data sets: one is compared after the other.
        source = tmp_path / "x.pickle.pbz2"
        synthetic.dump(synthetic.Maker().benchmark_object([0, 11], [1, 2]), source)
        conversion.convert(source, tmp_path / "x.zarr")
        conversion.convert(source, tmp_path / "x.nb201")
        meanwhile(lambda: shutil.rmtree(tmp_path / "x.zarr"))
        refused(nb201("verify", tmp_path / "x.nb201", tmp_path / "x.zarr"), "x.zarr")
