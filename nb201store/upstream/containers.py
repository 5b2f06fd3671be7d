"""What the pickles of the official files are wrapped in, recognised by the first bytes.

* `torch-legacy`, a pickled int: magic, protocol, system; the object; storage keys, raw storages;
* `torch-zip`, "PK": a zip file, nothing compressed; the object is in `<name>/data.pkl`;
* `bz2`, "BZh": one pickle, packed;
* `pickle`, anything else: one pickle.

Torch is not needed. Raw storages are the weights: they are skipped.
"""

from __future__ import annotations

import gc
import io
import struct
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from nb201store.errors import SourceError
from nb201store.upstream.bz2_stream import Bz2Stream
from nb201store.upstream.unpickler import read_pickle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PROTOCOL = 1001

# How our own images begin (docs/format.md): told apart, because they are handed over by mistake.
IMAGE_START = b"\x89NB2"

_BUFFER = 1 << 16
# The first pickle of a legacy torch file is an int, so it starts as one of these; the official
# object never does.
_INT_PICKLES = (b"\x80\x02\x8a", b"\x80\x03\x8a", b"\x80\x04\x8a", b"\x80\x05\x8a", b"L")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The object of a file, and the name of the container it came in."""

    value: Any
    container: str


def load(path: Path) -> Loaded:
    """Return the object that a file holds, built by the restricted unpickler.

    Raises
    ------
    SourceError   the file is empty, cut off, not one of the containers, or names what it must not
    OSError       it is not there, or cannot be read
    """
    if not path.is_file():  # a pipe or a device would be waited for, or never end
        found = "a folder" if path.is_dir() else "a pipe, a device or a socket"
        raise SourceError(f"{path}: expected a file, found {found}")
    with path.open("rb", buffering=_BUFFER) as stream, _no_collection():
        head = stream.read(4)
        stream.seek(0)
        if not head:
            raise SourceError(f"{path}: the file is empty")
        if head == IMAGE_START:
            raise SourceError(f"{path}: this is an nb201store image; expected an official file")
        if head[:2] == b"PK":
            return Loaded(_load_zip(stream, path), "torch-zip")
        if head[:3] == b"BZh":
            # The stream answers in Python code; the buffer in front of it makes small reads rare.
            unpacked = io.BufferedReader(Bz2Stream(stream), _BUFFER)
            return Loaded(_load_one(unpacked, f"{path} (unpacked)"), "bz2")
        if head.startswith(_INT_PICKLES):
            return Loaded(_load_legacy(stream, path), "torch-legacy")
        return Loaded(_load_one(stream, str(path)), "pickle")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the cycle collector: it would walk the growing object graph again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _load_one(stream: BinaryIO, what: str) -> Any:
    """Return the one object of a stream; reading on to its end checks its checksum."""
    value = read_pickle(stream, what)
    try:
        rest = stream.read(1)
    except (EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{what}: damaged at its end: {error}") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise SourceError(f"{what}: damaged at its end: {error}") from None
    if rest:
        raise SourceError(
            f"{what}: expected the end after the object, found more (byte {stream.tell() - 1})"
        )
    return value


def _load_legacy(stream: BinaryIO, path: Path) -> Any:
    """Return the object of a file as torch wrote it before 1.6."""
    _expect(path, "magic number", read_pickle(stream, str(path)), TORCH_MAGIC)
    _expect(path, "protocol version", read_pickle(stream, str(path)), TORCH_PROTOCOL)
    system = read_pickle(stream, str(path))
    if type(system) is not dict or system.get("little_endian") is not True:
        raise SourceError(f"{path}: expected a torch file of a little-endian machine")
    value = read_pickle(stream, str(path))
    keys = read_pickle(stream, str(path))
    if type(keys) is not list:
        raise SourceError(f"{path}: expected the list of torch's storage keys behind the object")
    if not keys and stream.read(1):
        raise SourceError(
            f"{path}: expected the end after the object, found more (byte {stream.tell() - 1})"
        )
    return value


def _expect(path: Path, what: str, found: object, expected: int) -> None:
    if type(found) is not int or found != expected:
        shown = hex(found) if type(found) is int and found.bit_length() < 128 else "another"
        raise SourceError(f"{path}: torch {what}: expected {expected:#x}, found {shown}")


def _load_zip(stream: BinaryIO, path: Path) -> Any:
    """Return the object of a file as torch writes it since 1.6."""
    try:
        with zipfile.ZipFile(stream) as archive:
            pickled = _checked_member(archive, path)
            with archive.open(pickled) as member:
                buffered = io.BufferedReader(cast("io.RawIOBase", member), _BUFFER)
                return _load_one(buffered, f"{path} ({pickled.filename})")
    except SourceError:
        raise
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, struct.error) as error:
        raise SourceError(f"{path}: not a sound zip file, perhaps cut off: {error}") from None


def _checked_member(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """Return the member that holds the object, after checking that torch could have written it."""
    members = {info.filename: info for info in archive.infolist()}
    names = [name for name in members if name.split("/")[1:] == ["data.pkl"]]
    if len(names) != 1:
        raise SourceError(
            f"{path}: expected a torch file with one <name>/data.pkl in the zip, found {len(names)}"
        )
    pickled = members[names[0]]
    order = members.get(names[0].removesuffix("data.pkl") + "byteorder")
    for info in (pickled, order):
        if info and (info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1):
            raise SourceError(
                f"{path}: zip member {info.filename!r} is compressed or encrypted; "
                "torch stores it plainly"
            )
    if order and archive.read(order) != b"little":
        raise SourceError(f"{path}: expected a torch file of a little-endian machine")
    return pickled
