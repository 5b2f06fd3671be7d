"""New files and folders appear whole or not at all, and whatever ends a write leaves the old ones alone."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nb201store import replacing
from nb201store.replacing import check_target, new_file, new_folder, scratch_folder


def write(target: Path, text: str, *, overwrite: bool = False) -> None:
    """Make a file, or the folder of one file, of this text."""
    if target.suffix == ".zarr":
        with new_folder(target, overwrite=overwrite) as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / "chunk").write_text(text)
    else:
        with new_file(target, overwrite=overwrite) as file:
            file.write(text.encode())


def text_of(target: Path) -> str:
    return (target / "deep" / "chunk" if target.is_dir() else target).read_text()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(params=["x.nb201", "x.zarr", "strange [*?] name.nb201", "strange [*?] name.zarr"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def test_a_target_appears_when_the_block_ends(target: Path) -> None:
    write(target, "new")
    assert text_of(target) == "new"
    assert names(target.parent) == [target.name]


def test_nothing_is_there_before_the_block_ends(target: Path) -> None:
    make = new_folder if target.suffix == ".zarr" else new_file
    with make(target, overwrite=False):
        assert not target.exists()
        assert [name.startswith(f".{target.name}.") for name in names(target.parent)] == [True]
    assert target.exists()


def test_a_target_is_readable_by_whom_the_umask_says(target: Path) -> None:
    old = os.umask(0o022)
    try:
        write(target, "new")
    finally:
        os.umask(old)
    assert target.stat().st_mode & 0o777 == (0o755 if target.is_dir() else 0o644)


def test_an_existing_target_is_refused(target: Path) -> None:
    write(target, "old")
    with pytest.raises(FileExistsError, match="--overwrite"):
        write(target, "new")
    assert text_of(target) == "old"
    assert names(target.parent) == [target.name]


def test_an_existing_target_is_replaced_on_demand(target: Path) -> None:
    write(target, "old")
    write(target, "new", overwrite=True)
    assert text_of(target) == "new"
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("problem", [ValueError("bad record"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("exists", [False, True])
def test_an_exception_in_the_block_leaves_what_was(
    target: Path, problem: BaseException, exists: bool
) -> None:
    if exists:
        write(target, "old")

    def interrupted() -> None:
        make = new_folder if target.suffix == ".zarr" else new_file
        with make(target, overwrite=exists) as made:
            if isinstance(made, Path):
                (made / "half").write_text("half")
            else:
                made.write(b"half")
            raise problem

    with pytest.raises(type(problem)):
        interrupted()
    assert names(target.parent) == ([target.name] if exists else [])
    assert not exists or text_of(target) == "old"


@pytest.mark.parametrize(
    ("name", "moment"), [("x.nb201", "fcntl.flock"), ("x.nb201", "open"), ("x.zarr", "fcntl.flock")]
)
def test_an_interruption_while_the_sibling_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    """A Ctrl-C in the first moments left an empty sibling behind."""
    target = tmp_path / name

    def interrupted(*_: object, **__: object) -> None:
        assert len(names(target.parent)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(f"nb201store.replacing.{moment}", interrupted, raising=False)
    with pytest.raises(KeyboardInterrupt):
        write(target, "new")
    monkeypatch.undo()
    assert names(target.parent) == []
    write(target, "newer")
    assert text_of(target) == "newer"


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_loses_nothing(
    target: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(target, "old")

    def full(*_: object, **__: object) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        if call == "fsync":
            patched.setattr(os, "fsync", full)
        else:
            patched.setattr(replacing, "_put_in_place", full)
        with pytest.raises(OSError, match="No space left"):
            write(target, "new", overwrite=True)
    assert text_of(target) == "old"
    assert names(target.parent) == [target.name]


def test_a_really_full_disk_loses_nothing(tmp_path: Path) -> None:
    """A file size limit makes the kernel refuse the write itself, the buffered rest at closing included."""
    target = tmp_path / "x.nb201"
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from nb201store.replacing import new_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    with new_file(Path(sys.argv[1]), overwrite=True) as file:\n"
        "        for _ in range(100): file.write(bytes(1_000))\n"
        "except OSError as problem:\n"
        "    print(problem.strerror)\n"
    )
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", program, target], capture_output=True, text=True, check=True
    )
    assert done.stdout == "File too large\n"
    assert target.read_text() == "old"
    assert names(tmp_path) == ["x.nb201"]


def test_a_target_that_appears_meanwhile_is_left_as_it_is(target: Path) -> None:
    other = target.with_name("other" + target.suffix)
    write(other, "theirs")
    make = new_folder if target.suffix == ".zarr" else new_file
    with pytest.raises(FileExistsError, match="appeared"), make(target, overwrite=False):
        other.rename(target)
    assert text_of(target) == "theirs"
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("overwrite", [False, True])
def test_old_kernels_replace_without_flags(
    target: Path, overwrite: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replacing, "_renameat2", lambda *_: False)
    if overwrite:
        write(target, "old")
    write(target, "new", overwrite=overwrite)
    assert text_of(target) == "new"
    assert names(target.parent) == [target.name]


@pytest.mark.parametrize("target", ["x.zarr", "strange [*?] name.zarr"], indirect=True)
def test_an_old_folder_put_aside_by_an_old_kernel_comes_back(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where two folders cannot be exchanged in one step, a run stopped between the two steps lost the old one."""
    write(target, "old")
    monkeypatch.setattr(replacing, "_renameat2", lambda *_: False)
    rename, calls = Path.rename, []

    def refused(self: Path, to: Path) -> Path:
        calls.append(self)
        if (
            len(calls) == 3
        ):  # the first finds that the target is not empty, the second puts it aside
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, to)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refused)
        with pytest.raises(OSError, match="Input/output"):
            write(target, "new", overwrite=True)
    assert len(calls) == 4
    assert text_of(target) == "old"
    assert names(target.parent) == [target.name]

    target.rename(target.with_name(f".{target.name}.1-0a1b.old.partial"))  # as a kill leaves it
    with pytest.raises(FileExistsError, match="appeared"):
        write(target, "new")
    assert text_of(target) == "old"
    write(target, "new", overwrite=True)
    assert text_of(target) == "new"
    assert names(target.parent) == [target.name]


def test_what_a_killed_run_left_is_removed_by_the_next(target: Path) -> None:
    stale = [
        target.with_name(f".{target.name}.{pid}-0a1b.partial") for pid in (1, os.getpid(), 999_999)
    ]
    stale[0].mkdir()
    (stale[0] / "chunk").write_text("half")
    stale[1].write_text("half")
    stale[2].write_text("half")
    write(target, "new")
    assert names(target.parent) == [target.name]


def test_what_is_not_ours_stays(target: Path) -> None:
    others = [f".other.{os.getpid()}.partial", f"{target.name}.1.partial", f".{target.name}.1.part"]
    for name in others:
        target.with_name(name).write_text("theirs")
    write(target, "new")
    assert names(target.parent) == sorted([*others, target.name])


def test_a_run_that_is_still_writing_keeps_its_files(target: Path) -> None:
    make = new_folder if target.suffix == ".zarr" else new_file
    with make(target, overwrite=True) as made:
        if isinstance(made, Path):
            (made / "deep").mkdir()
            (made / "deep" / "chunk").write_text("second")
        else:
            made.write(b"second")
        write(
            target, "first", overwrite=True
        )  # another run of the same target, begun and ended meanwhile
        assert text_of(target) == "first"
    assert text_of(target) == "second"
    assert names(target.parent) == [target.name]


def test_many_runs_of_one_target_at_once(target: Path) -> None:
    problems = []

    def run(text: str) -> None:
        try:
            for _ in range(20):
                write(target, text, overwrite=True)
        except OSError as problem:
            problems.append(problem)

    texts = ["a" * 10_000, "b" * 10_000, "c" * 10_000]
    threads = [threading.Thread(target=run, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert text_of(target) in texts
    assert names(target.parent) == [target.name]


def test_a_link_is_followed(target: Path) -> None:
    store = target.parent / "store"
    store.mkdir()
    target.symlink_to(store / target.name)
    write(target, "first")
    write(target, "second", overwrite=True)
    assert target.is_symlink()
    assert text_of(target) == "second"
    assert names(store) == [target.name]
    assert names(target.parent) == sorted(["store", target.name])


def test_a_link_among_the_leftovers_is_not_followed(target: Path) -> None:
    precious = target.parent / "precious"
    precious.mkdir()
    (precious / "data").write_text("kept")
    target.with_name(f".{target.name}.1.partial").symlink_to(precious)
    write(target, "new")
    assert (precious / "data").read_text() == "kept"


def test_scratch_is_gone_afterwards(target: Path) -> None:
    with scratch_folder(target) as scratch:
        (scratch / "between").write_text("half")
        write(target, "new")  # its search for leftovers spares the scratch folder, which is in use
        assert (scratch / "between").exists()
    assert names(target.parent) == [target.name]
    with pytest.raises(ValueError, match="bad"), scratch_folder(target):
        raise ValueError("bad")
    assert names(target.parent) == [target.name]


def test_a_scratch_folder_is_locked_while_it_is_used(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "x.nb201") as scratch:
        descriptor = os.open(scratch, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)


@pytest.mark.parametrize(
    ("name", "folder", "error"),
    [
        ("file", True, NotADirectoryError), ("folder", False, IsADirectoryError),
        ("nowhere/x", True, FileNotFoundError), ("nowhere/x", False, FileNotFoundError),
        ("file/x", False, FileNotFoundError),
    ],
)  # fmt: skip
def test_a_target_that_cannot_be_is_refused_before_the_work(
    tmp_path: Path, name: str, folder: bool, error: type[OSError]
) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "folder").mkdir()
    with pytest.raises(error, match=name.split("/", maxsplit=1)[0]):
        check_target(tmp_path / name, overwrite=True, folder=folder)
    make = new_folder if folder else new_file
    with pytest.raises(error), make(tmp_path / name, overwrite=True):
        pytest.fail("the block must not begin")
    assert names(tmp_path) == ["file", "folder"]
