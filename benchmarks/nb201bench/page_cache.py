"""Drop files from the page cache, and see whether that happened: what makes a start cold."""

from __future__ import annotations

import ctypes
import mmap
import os
from pathlib import Path


def drop(*paths: Path) -> None:
    """Drop these files' pages. Needs no privilege; pages that are mapped or not yet written to disk stay."""
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def flush(path: Path) -> None:
    """Write a file to disk, so that `drop` can drop it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def resident(path: Path) -> float:
    """The share of a file's pages that are in memory, 0..1."""
    size = path.stat().st_size
    pages = -(-size // mmap.PAGESIZE)
    libc = ctypes.CDLL(None, use_errno=True)
    states = (ctypes.c_ubyte * pages)()
    # PROT_WRITE on a private map: ctypes takes the address of writable buffers alone. Nothing is written.
    access = mmap.PROT_READ | mmap.PROT_WRITE
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, access) as view:
        start = ctypes.c_char.from_buffer(view)
        failed = libc.mincore(ctypes.byref(start), ctypes.c_size_t(size), states)
        del start
    if failed:
        raise OSError(ctypes.get_errno(), "mincore")
    return sum(state & 1 for state in states) / pages
