"""New files and folders appear whole or not at all.

Both writers work on a temporary sibling, flush it to the disk and rename it into place. The sibling is locked while
it is written: a run that was killed leaves an unlocked one behind, and the next run of the same target removes it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2


@contextlib.contextmanager
def new_file(target: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Give a binary file to fill, readable and writable; it becomes `target` when the block ends without an error.

    Raises
    ------
    FileExistsError    `target` exists and `overwrite` is false; nothing was written
    IsADirectoryError  `target` is a folder
    """
    target = Path(target)
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file to write")
    partial = _begin(target, overwrite=overwrite)
    with open(partial, "w+b") as file:  # noqa: PTH123 - the same call as _locked's, on the same path
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX)
            yield file
            file.flush()
            os.fsync(file.fileno())
            _put_in_place(partial, target, overwrite=overwrite)
        except (
            BaseException
        ):  # KeyboardInterrupt included: whatever ended the block, no temporary file stays
            partial.unlink(missing_ok=True)
            raise
    _fsync(target.parent)


@contextlib.contextmanager
def new_folder(target: Path, *, overwrite: bool, durable: bool = True) -> Iterator[Path]:
    """Give an empty folder to fill; it becomes `target` when the block ends without an error.

    With `overwrite` an existing folder is exchanged with the new one in a single step and then removed. Without
    `durable` it is not flushed to the disk: for what is thrown away again.

    Raises
    ------
    FileExistsError  `target` exists and `overwrite` is false; nothing was written
    """
    target = Path(target)
    partial = _begin(target, overwrite=overwrite)
    partial.mkdir()
    lock = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield partial
        if durable:
            _fsync_tree(partial)
        _put_in_place(partial, target, overwrite=overwrite)
    finally:  # after an exchange `partial` is what `target` was before
        os.close(lock)
        shutil.rmtree(partial, ignore_errors=True)
    _fsync(target.parent)


@contextlib.contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target` for what is needed on the way to it; it is removed afterwards."""
    partial = _begin(target, overwrite=True)
    scratch = partial.with_name(partial.name.replace(".partial", ".scratch.partial"))
    scratch.mkdir()
    lock = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield scratch
    finally:
        os.close(lock)
        shutil.rmtree(scratch, ignore_errors=True)


def refuse_existing(target: Path, *, overwrite: bool) -> None:
    """Raise FileExistsError where `target` exists and may not be replaced."""
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; give --overwrite (overwrite=True) to replace it")


def _begin(target: Path, *, overwrite: bool) -> Path:
    """Refuse or clear the way, and return the path of the temporary sibling."""
    refuse_existing(target, overwrite=overwrite)
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{target.parent} is not a folder; {target.name} cannot be written there"
        )
    for stale in target.parent.glob(f".{_glob_escape(target.name)}.*.partial"):
        if not _locked(stale):
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink(missing_ok=True)
    return target.parent / f".{target.name}.{os.getpid()}.partial"


def _glob_escape(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _locked(path: Path) -> bool:
    """Whether a living process holds the lock of a temporary file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _put_in_place(partial: Path, target: Path, *, overwrite: bool) -> None:
    """Rename `partial` to `target`; an existing folder is exchanged, so that no moment has neither."""
    if not overwrite:
        if not _renameat2(partial, target, _RENAME_NOREPLACE):
            if target.exists():
                raise FileExistsError(f"{target} appeared while it was written; left as it is")
            partial.rename(target)
    elif target.is_dir() and partial.is_dir():
        if not _renameat2(partial, target, _RENAME_EXCHANGE):
            old = partial.with_name(partial.name.replace(".partial", ".old.partial"))
            target.rename(old)
            partial.rename(target)
            old.rename(partial)  # removed by the caller
    else:
        partial.replace(target)


def _renameat2(old: Path, new: Path, flags: int) -> bool:
    """Linux's rename with flags; False where the kernel or the file system does not know them."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), ctypes.c_uint(flags)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    if code == errno.EEXIST:
        raise FileExistsError(f"{new} appeared while it was written; left as it is")
    raise OSError(code, os.strerror(code), str(new))


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fsync_tree(path: Path) -> None:
    for folder, _, files in os.walk(path):
        for name in files:
            _fsync(Path(folder, name))
        _fsync(Path(folder))
