"""Convert, pack and restore on a disk that fills up: one line says so, the old target is whole, nothing is left.

Everywhere, a limit on the size of files makes the kernel refuse a write at any byte of the larger files. By hand also a
disk that really fills up, of which the test takes all but the room that it chose:

    unshare -rm sh -c 'mount -t tmpfs -o size=4m none /mnt && NB201_SMALL_DISK=/mnt pytest tests/cli/test_full_disk.py'

NB201_SIZES=200 tries as many sizes per test.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_sources
from forked_commands import Commands, Ended
from targets import digest, names, put

SIZES = int(os.environ.get("NB201_SIZES", "4"))
SMALL_DISK = os.environ.get("NB201_SMALL_DISK")
REFUSED = "No space left on device" if SMALL_DISK else "File too large"


@pytest.fixture(scope="module")
def commands() -> Any:
    with Commands() as running:
        yield running


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """Where the target is written."""
    if SMALL_DISK is None:
        (tmp_path / "work").mkdir()
        yield tmp_path / "work"
    else:
        with tempfile.TemporaryDirectory(dir=SMALL_DISK) as folder:
            yield Path(folder)


def room(folder: Path) -> int:
    """Free bytes of a disk."""
    free = os.statvfs(folder)
    return free.f_bavail * free.f_frsize


def run_in(size: int, commands: Commands, arguments: list[Any], tmp_path: Path) -> Ended:
    """Run a command that may write so many bytes: to one file, or on the small disk to all of them."""
    if SMALL_DISK is None:
        return commands.run(*arguments, largest_file=size)
    ballast = Path(SMALL_DISK) / "ballast"
    ballast.write_bytes(bytes(max(0, room(ballast.parent) - size)))
    try:
        return commands.run(*arguments)
    finally:
        ballast.unlink()


def most_needed(target: Path) -> int:
    """A size that is enough, and not far from what is needed."""
    files = [target] if target.is_file() else [file for file in target.rglob("*") if file.is_file()]
    if SMALL_DISK is None:
        return max(file.stat().st_size for file in files)
    archive_between = 1 << 20
    return archive_between + sum(file.stat().st_size + 8192 for file in files)


@pytest.mark.parametrize("exists", [False, True], ids=["new", "overwrite"])
@pytest.mark.parametrize(
    ("command", "ending"),
    [
        ("convert", ".zarr"),
        ("convert", ".nb201"),
        ("pack", ".nb201"),
        ("join", ".zarr"),
        ("join", ".nb201"),
        ("restore", ".pickle.pbz2"),
        ("restore", "-simple"),
    ],
)
def test_a_full_disk_leaves_no_half(
    commands: Commands, files: Any, tmp_path: Path, work: Path, command: str, ending: str, exists: bool
) -> None:  # fmt: skip
    source = small_sources.file_of(tmp_path / "one.pickle.pbz2", [5])
    sources = [source]
    if command != "convert":
        commands.run("convert", source, tmp_path / "one.zarr")
        sources = [tmp_path / "one.zarr"]
    if command == "join":  # the other becomes a scratch archive beside the target first
        sources.append(small_sources.file_of(tmp_path / "other.pickle.pbz2", [3, 5]))
    folder = small_sources.folder_of(tmp_path / "old-simple", [0])
    olds = {
        ".zarr": files.archive,
        ".nb201": files.image,
        ".pickle.pbz2": files.source,
        "-simple": folder,
    }
    old = olds[ending] if exists else None
    target = work / f"x{ending}"
    options = [
        *(["--overwrite"] if exists else []),
        *(["--layout=nats-folder"] if ending == "-simple" else []),
    ]
    command = "convert" if command == "join" else command
    arguments = [command, *sources, target, *options]
    put(target, old)
    before = digest(target)
    assert commands.run(*arguments).code == 0
    new = digest(target)
    most = most_needed(target)
    rng = random.Random(f"{command} {ending} {exists}")
    refused = 0
    for part in range(SIZES):
        size = int(most * (part + rng.random()) / SIZES) if part else 0
        put(target, old)
        ended = run_in(size, commands, arguments, tmp_path)
        refused += ended.code != 0
        if ended.code == 0:
            assert digest(target) == new, (size, ended)
        else:
            assert (ended.code, ended.out) == (2, ""), (size, ended)
            assert ended.err == f"nb201: {target}: {REFUSED}\n", size
            assert digest(target) == before, (size, ended)
            assert names(work) == ([target.name] if exists else []), size
    assert refused >= min(SIZES, 2)
    put(target, old)
    assert run_in(most, commands, arguments, tmp_path).code == 0
    assert digest(target) == new
    assert names(work) == [target.name]
