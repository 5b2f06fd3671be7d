"""Sources that change or break while they are read: said, and never taken for what they were."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nb201store.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileState(NamedTuple):
    """What differs once a file was replaced or written to."""

    device: int
    inode: int
    size: int
    changed_ns: int


def file_state(path: Path) -> FileState:
    """Return the present state of a file; FileNotFoundError where there is none."""
    found = path.stat()
    return FileState(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def check_unchanged(path: Path, before: FileState) -> None:
    """Raise SourceError where a file is not in the state that it was in before it was read."""
    if file_state(path) != before:
        raise SourceError(
            f"{path}: the file changed while it was read; try again when nothing writes to it"
        )


@contextmanager
def path_named(path: Path) -> Iterator[None]:
    """Say of which file an error of the system is: those of reading name none."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
