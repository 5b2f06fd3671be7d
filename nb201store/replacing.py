"""New files and folders appear whole or not at all.

Both writers work on a temporary sibling, flush it to the disk and rename it into place. The sibling is
locked while it is written: a run that was killed leaves an unlocked one behind, and the next run of the
same target removes it. A target that is a symbolic link is written where the link points to.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLUSHED_AT_ONCE = 16

_ASIDE = ".old.partial"

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

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
    FileNotFoundError  the folder that `target` would lie in does not exist
    """
    check_target(target, overwrite=overwrite, folder=False)
    target = _followed(target)
    with _full_disk_named(target):
        partial, lock = _begin(target, folder=False)
        try:
            with open(partial, "w+b", opener=lambda *_: lock) as file:
                yield file
                file.flush()
                os.fsync(lock)
                _put_in_place(partial, target, overwrite=overwrite)
        except BaseException:  # an interruption too: whatever ended the block, nothing stays
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
    FileExistsError     `target` exists and `overwrite` is false; nothing was written
    NotADirectoryError  `target` is a file
    FileNotFoundError   the folder that `target` would lie in does not exist
    """
    check_target(target, overwrite=overwrite, folder=True)
    target = _followed(target)
    with _full_disk_named(target):
        partial, lock = _begin(target, folder=True)
        try:
            yield partial
            if durable:
                _fsync_tree(partial)
            _put_in_place(partial, target, overwrite=overwrite)
        except BaseException:
            _remove_for_good(partial)
            raise
        finally:  # after an exchange `partial` is what `target` was before
            os.close(lock)
            _remove_folder(partial)
    _fsync(target.parent)


@contextlib.contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target` for what is needed on the way to it; it is removed afterwards."""
    with _full_disk_named(target):
        scratch, lock = _begin(_followed(target), folder=True)
        try:
            yield scratch
        except BaseException:
            _remove_for_good(scratch)
            raise
        finally:
            os.close(lock)
            _remove_folder(scratch)


@contextlib.contextmanager
def _full_disk_named(target: Path) -> Iterator[None]:
    """Say which target had no room: a write that fails names no file, or a temporary one."""
    try:
        yield
    except OSError as problem:
        if problem.errno not in _FULL:
            raise
        raise OSError(problem.errno, problem.strerror, str(target)) from problem


def check_target(target: Path, *, overwrite: bool, folder: bool) -> None:
    """Raise what `new_folder` or `new_file` would raise at once: for a caller with long work before them."""
    target = Path(target)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists; give --overwrite (overwrite=True) to replace it")
    if folder and target.exists() and not target.is_dir():
        raise NotADirectoryError(f"{target} is a file; name a folder to write")
    if not folder and target.is_dir():
        raise IsADirectoryError(f"{target} is a folder; name a file to write")
    parent = _followed(target).parent
    if not parent.is_dir():
        raise FileNotFoundError(f"{parent} is not a folder; {target.name} cannot be written there")


def _followed(target: Path) -> Path:
    """Where a symbolic link leads, so that the file behind it is replaced and not the link."""
    return target.resolve() if target.is_symlink() else Path(target)


def _begin(target: Path, *, folder: bool) -> tuple[Path, int]:
    """Remove what killed runs left behind; make the temporary sibling and return it with its lock's descriptor."""
    for stale in target.parent.glob(f".{_glob_escape(target.name)}.*.partial"):
        _remove_stale(stale, target)
    # Another run may take a new sibling for stale before it is locked: then it is gone, and the next name is tried.
    for _ in range(100):
        name = f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}.partial"
        partial = target.with_name(name)
        with contextlib.suppress(FileNotFoundError):
            try:
                lock = _locked(partial, folder=folder)
                if partial.exists() and partial.stat().st_ino == os.fstat(lock).st_ino:
                    return partial, lock
            except BaseException:  # an interruption while it is made
                with contextlib.suppress(OSError):
                    _remove_folder(partial) if folder else partial.unlink()
                raise
            os.close(lock)
    raise FileNotFoundError(f"{target.parent}: what is made there vanishes at once")


def _locked(path: Path, *, folder: bool) -> int:
    """Create a file or folder and lock it; return the lock's descriptor (of a file: open for writing)."""
    if folder:
        path.mkdir()
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    else:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _glob_escape(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _remove_stale(path: Path, target: Path) -> None:
    """Remove a temporary file or folder unless a living process holds its lock, or it is not ours to remove.

    What was the target until it was put aside, and nothing took its place, is put back.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.name.endswith(_ASIDE) and not target.exists():
                path.rename(target)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(descriptor)


def _remove_folder(path: Path) -> None:
    """Remove a folder, to its end also where this is interrupted."""
    try:
        _try_to_remove(path)
    except BaseException:
        _try_to_remove(path)
        raise


def _remove_for_good(path: Path) -> None:
    """Remove a folder whose writer was stopped: its threads, zarr's among them, may make it anew a little later."""
    for _ in range(3):
        _remove_folder(path)
        time.sleep(0.05)


def _try_to_remove(path: Path) -> None:
    """Remove a folder; an interrupted writer's threads may add to it for a moment longer."""
    for _ in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(0.05)


def _put_in_place(partial: Path, target: Path, *, overwrite: bool) -> None:
    """Rename `partial` to `target`; an existing folder is exchanged, so that no moment has neither."""
    if not overwrite:
        if not _renameat2(partial, target, _RENAME_NOREPLACE):
            if target.exists():
                raise FileExistsError(f"{target} appeared while it was written; left as it is")
            partial.rename(target)
    elif partial.is_dir():
        try:
            partial.rename(target)
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            _exchange(partial, target)
    else:
        partial.replace(target)


def _exchange(partial: Path, target: Path) -> None:
    """Swap two folders."""
    if _renameat2(partial, target, _RENAME_EXCHANGE):
        return
    # For a moment there is none, here (on NFS, say): `_remove_stale` puts back what a run killed in it left.
    old = partial.with_name(partial.name.replace(".partial", _ASIDE))
    lock = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target.rename(old)
        try:
            partial.rename(target)
        except BaseException:
            old.rename(target)
            raise
        old.rename(partial)  # removed by the caller
    finally:
        os.close(lock)


def _renameat2(old: Path, new: Path, flags: int) -> bool:
    """Linux's rename with flags; False where the kernel or the file system does not know them."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    paths = (os.fsencode(old), _AT_FDCWD, os.fsencode(new))
    if call(_AT_FDCWD, *paths, ctypes.c_uint(flags)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL):
        return False
    if code == errno.EEXIST:
        raise FileExistsError(f"{new} appeared while it was written; left as it is")
    raise OSError(code, os.strerror(code), str(new))


def _fsync_tree(path: Path) -> None:
    """Flush all that lies below a folder. File by file: syncfs would wait for other programs' writes too.

    Many at a time: a file system commits those that wait together in one go, and one after the other each alone.
    """
    below = [
        Path(folder, name) for folder, _, files in os.walk(path) for name in (*files, os.curdir)
    ]
    with ThreadPoolExecutor(_FLUSHED_AT_ONCE) as pool:
        for done in [pool.submit(_fsync, one) for one in below]:
            done.result()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
