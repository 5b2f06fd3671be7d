"""A bz2 file as a stream that ends where the file ends.

The standard library's reader passes over whatever follows the last stream in silence. Here it is an error, so that a
file is read whole or not at all. Several streams in a row, as parallel compressors write them, are one file.

A bomb, a small file that unpacks to terabytes, ends at a limit: bz2 packs a run of zeros 850,000 to one, a genuine
record 4 to one and the names in a folder's meta file 35 to one.
"""

from __future__ import annotations

import bz2
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MAGIC = b"BZh"
# A record's file in one piece: before each a thread waits for the interpreter.
_CHUNK = 1 << 18

MOST_UNPACKED = 250
"""How many bytes a packed one may become, over the file so far; FREE_UNPACKED bytes are always allowed."""
FREE_UNPACKED = 64 << 20


class UnpackingLimitError(OSError):
    """The data unpack to more than an official file could."""


class Bz2Stream(io.RawIOBase):
    """Unpacks a seekable binary file; seeking backwards begins again.

    Raises UnpackingLimitError where it is a bomb, EOFError where the file is cut off, and OSError without errno where
    it is damaged or goes on with something that is no bz2 stream.
    """

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._begin()

    def _begin(self) -> None:
        self._packed.seek(0)
        self._unpacker = bz2.BZ2Decompressor()
        self._taken = 0
        self._place = 0
        self._ended = False

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, at the cost of unpacking."""
        return True

    def tell(self) -> int:
        """Bytes unpacked before this place."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a byte of the unpacked data; only from its start or from here."""
        if whence == io.SEEK_CUR:
            offset += self._place
        elif whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a bz2 stream has no known end to seek from")
        if offset < self._place:
            self._begin()
        while self._place < offset and self.read(min(_CHUNK, offset - self._place)):
            pass
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes of what comes next, as they were unpacked: the default would copy them twice more."""
        if size is None or size < 0:
            return self.readall()
        while size and not self._ended:
            data = self._unpack(size)
            if data:
                self._place += len(data)
                self._check_limit()
                return data
        return b""

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill `buffer` with what comes next; 0 at the end."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _check_limit(self) -> None:
        most = max(FREE_UNPACKED, MOST_UNPACKED * self._taken)
        if self._place > most:
            raise UnpackingLimitError(
                f"a bz2 bomb? {self._taken:,} packed bytes may unpack to {most:,}, found {self._place:,} or more"
            )

    def _take(self) -> bytes:
        packed = self._packed.read(_CHUNK)
        self._taken += len(packed)
        return packed

    def _unpack(self, size: int) -> bytes:
        """At most `size` bytes, or none while the next stream begins or the end is found."""
        if self._unpacker.eof:
            rest = self._unpacker.unused_data or self._take()
            if not rest:
                self._ended = True
                return b""
            if len(rest) < len(_MAGIC):
                rest += self._take()
            if not rest.startswith(_MAGIC):
                raise OSError("something that is no bz2 stream follows the last one")
            self._unpacker = bz2.BZ2Decompressor()
            return self._unpacker.decompress(rest, size)
        packed = self._take() if self._unpacker.needs_input else b""
        if self._unpacker.needs_input and not packed:
            raise EOFError(f"the file ends at byte {self._taken} in the middle of a bz2 stream")
        return self._unpacker.decompress(packed, size)
