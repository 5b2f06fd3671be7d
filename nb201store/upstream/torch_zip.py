"""The zip file that torch writes since 1.6: its checks before anything of it is believed.

torch stores its members plainly, so a zip file cannot hold more than its own size: what is compressed is refused. What
can still lie are the list of members, which the standard library loads whole, and the sizes that it states.
"""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from nb201store.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

MOST_LISTED = 8 << 20
"""Bytes of a zip's list of members. A cell with the weights of all its trials takes a tenth."""


class _Bounded(io.RawIOBase):
    """A seekable binary file of which little is read at once: a list of members that claims gigabytes is refused."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:  # the end of the file, where the list is announced
            return self._file.read(MOST_LISTED)
        if size > MOST_LISTED:
            raise SourceError(
                f"{self._path}: its zip's list of members: expected at most {MOST_LISTED:,} bytes, found {size:,}"
            )
        return self._file.read(size)


@contextmanager
def opened_pickle(stream: BinaryIO, path: Path) -> Iterator[tuple[IO[bytes], str]]:
    """Open the member that holds the object; yield it and its name.

    Raises SourceError where torch could not have written the file, or the file is cut off: the list of members is at
    its end, so nothing can be read of it then.
    """
    size = stream.seek(0, io.SEEK_END)
    try:
        archive = zipfile.ZipFile(_Bounded(stream, path))
        pickled = _checked_member(archive, path, size)
        member = archive.open(pickled)
    except SourceError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise SourceError(
            f"{path}: not a sound zip file, perhaps cut off at its end, byte {size}: {error} (after 0 architectures)"
        ) from None
    with archive, member:
        yield member, pickled.filename


class StorageMembers:
    """The storages of an open torch zip file."""

    def __init__(self, archive: zipfile.ZipFile, prefix: str, path: Path, size: int) -> None:
        self._archive, self._prefix, self._path, self._size = archive, prefix, path, size

    def read(self, key: str, size: int) -> bytes:
        """Return the bytes of a storage, compared with the zip's checksum; SourceError where it has not `size`."""
        name = f"{self._prefix}data/{key}"
        try:
            info = self._archive.getinfo(name)
        except KeyError:
            raise SourceError(f"expected the zip member {name!r}, found none") from None
        _check_plain(info, self._path, self._size)
        if info.file_size != size:
            raise SourceError(
                f"zip member {name!r}: expected {size:,} bytes, found {info.file_size:,}"
            )
        with self._archive.open(info) as member:
            pieces = iter(lambda: member.read(MOST_LISTED), b"")
            return b"".join(pieces)


@contextmanager
def opened_storages(stream: BinaryIO, path: Path) -> Iterator[StorageMembers]:
    """Open the members that hold storages; SourceError as of `opened_pickle`."""
    size = stream.seek(0, io.SEEK_END)
    with zipfile.ZipFile(_Bounded(stream, path)) as archive:
        pickled = _checked_member(archive, path, size)
        yield StorageMembers(archive, pickled.filename.removesuffix("data.pkl"), path, size)


def _checked_member(archive: zipfile.ZipFile, path: Path, size: int) -> zipfile.ZipInfo:
    """Return the member that holds the object, after checking that torch could have written it."""
    members = archive.infolist()
    found = [info for info in members if info.filename.split("/")[1:] == ["data.pkl"]]
    if len(found) != 1:
        raise SourceError(
            f"{path}: expected a torch file with one <name>/data.pkl in the zip, found {len(found)}"
        )
    pickled = found[0]
    order = pickled.filename.removesuffix("data.pkl") + "byteorder"
    orders = [info for info in members if info.filename == order]
    for info in (pickled, *orders):
        _check_plain(info, path, size)
    if any(info.file_size != len("little") or archive.read(info) != b"little" for info in orders):
        raise SourceError(f"{path}: expected a torch file of a little-endian machine")
    return pickled


def _check_plain(info: zipfile.ZipInfo, path: Path, size: int) -> None:
    """Refuse a member that is not stored plainly, or that says it is where the file is not."""
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
        raise SourceError(
            f"{path}: zip member {info.filename!r} is compressed or encrypted; torch stores it plainly"
        )
    room = size - info.header_offset
    if info.file_size != info.compress_size or not 0 <= info.file_size < room <= size:
        raise SourceError(
            f"{path}: zip member {info.filename!r}: expected its bytes within the file's {size:,}, found "
            f"{info.file_size:,} (stored as {info.compress_size:,}) from byte {info.header_offset:,} on"
        )
