"""What the pickles of the official files are wrapped in, recognised by the first bytes.

* `torch-legacy`, a pickled int: magic, protocol, system; the object; storage keys, raw storages;
* `torch-zip`, "PK": a zip file, nothing compressed; the object is in `<name>/data.pkl`;
* `bz2`, "BZh": one pickle, packed;
* `pickle`, anything else: one pickle.

Torch is not needed. Raw storages are the weights: they are skipped. The pickles are read by the machine of the core,
which can execute nothing (docs/design.md).
"""

from __future__ import annotations

import struct
import threading
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store._core import PickleReader
from nb201store.errors import SourceError
from nb201store.upstream.bz2_stream import Bz2Stream
from nb201store.upstream.packed import PackedDict
from nb201store.upstream.watching import path_named

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path
    from typing import BinaryIO

    MakeReader = Callable[[Any, str], PickleReader]

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PROTOCOL = 1001

# How our own images begin (docs/format.md): told apart, because they are handed over by mistake.
IMAGE_START = b"\x89NB2"

# The first pickle of a legacy torch file is an int, so it starts as one of these; the official
# object never does.
_INT_PICKLES = (b"\x80\x02\x8a", b"\x80\x03\x8a", b"\x80\x04\x8a", b"\x80\x05\x8a")


class Weights:
    """Stands for network weights, of which nothing is kept."""

    __slots__ = ()


WEIGHTS = Weights()


class Part(NamedTuple):
    """A part of the object that a file holds, and the name of the container the file is.

    `where`: () for all of an object that is no dict; (key,) for an entry of a dict; ("arch2infos", index) for one cell.
    """

    container: str
    where: tuple[Any, ...]
    value: Any


class Loaded(NamedTuple):
    """The object of a file, and the name of the container it came in."""

    value: Any
    container: str


def parts(path: Path) -> Generator[Part, None, None]:
    """Yield the object that a file holds part by part, in the file's order; one cell at a time is in memory.

    Dicts of numbers are PackedDicts. A key that the file repeats comes again: who keeps parts must look.

    Raises
    ------
    SourceError   the file is empty, cut off, not one of the containers, or names what it must not
    OSError       it is not there, or cannot be read
    """
    return _parts(path, _new_reader, whole=False)


class Loader:
    """Loads whole files, one after another. Each thread keeps its reader, which knows the orders of keys it has met."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def load(self, path: Path) -> Loaded:
        """Return the object that a file holds; errors as of `parts`."""
        (found,) = _parts(path, self._reader, whole=True)
        return Loaded(found.value, found.container)

    def _reader(self, source: Any, what: str) -> PickleReader:
        reader: PickleReader | None = getattr(self._kept, "reader", None)
        if reader is None:
            reader = self._kept.reader = _new_reader(source, what)
        else:
            reader.open(source, what)
        return reader


def load(path: Path) -> Loaded:
    """Return the object that a file holds; errors as of `parts`."""
    return Loader().load(path)


def _new_reader(source: Any, what: str) -> PickleReader:
    return PickleReader(source, what, packed=PackedDict, weights=WEIGHTS)


def _parts(path: Path, make: MakeReader, *, whole: bool) -> Generator[Part, None, None]:
    path.stat()  # says so where it has vanished
    if not path.is_file():  # a pipe or a device would be waited for, or never end
        found = "a folder" if path.is_dir() else "a pipe, a device or a socket"
        raise SourceError(f"{path}: expected a file, found {found}")
    with path_named(path), path.open("rb", buffering=0) as stream:
        head = stream.read(4)
        stream.seek(0)
        if not head:
            raise SourceError(f"{path}: the file is empty")
        if head == IMAGE_START:
            raise SourceError(f"{path}: this is an nb201store image; expected an official file")
        if head[:2] == b"PK":
            yield from _of_zip(stream, path, make, whole=whole)
        elif head[:3] == b"BZh":
            what = f"{path} (unpacked)"
            yield from _of_one(make(Bz2Stream(stream), what), what, "bz2", whole=whole)
        elif head.startswith(_INT_PICKLES):
            yield from _of_legacy(make(path, str(path)), path, whole=whole)
        else:
            yield from _of_one(make(path, str(path)), str(path), "pickle", whole=whole)


def _of_pickle(reader: PickleReader, container: str, *, whole: bool) -> Generator[Part, None, None]:
    if whole:
        yield Part(container, (), reader.read())
    else:
        for where, value in reader.items():
            yield Part(container, where, value)


def _of_one(
    reader: PickleReader, what: str, container: str, *, whole: bool
) -> Generator[Part, None, None]:
    """Yield the parts of a stream of one object; reading on to its end checks its checksum."""
    with _damage_named(reader, what):
        yield from _of_pickle(reader, container, whole=whole)
        _expect_end(reader, what)


def _expect_end(reader: PickleReader, what: str) -> None:
    if not reader.at_end():
        raise SourceError(
            f"{what}: expected the end after the object, found more (byte {reader.offset})"
        )


@contextmanager
def _damage_named(reader: PickleReader, what: str) -> Iterator[None]:
    """Say of what an unpacking stream raises where it happened."""
    try:
        yield
    except (EOFError, zipfile.BadZipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        place = f"byte {reader.offset}"
        if reader.cells:
            place += f", after {reader.cells} architectures"
        kind = "truncated file" if isinstance(error, EOFError) else "damaged"
        reason = str(error) or "the data end in the middle of a pickle"
        raise SourceError(f"{what}: {kind}: {reason} ({place})") from None


def _of_legacy(reader: PickleReader, path: Path, *, whole: bool) -> Generator[Part, None, None]:
    """Yield the parts of the object of a file as torch wrote it before 1.6."""
    _expect(path, "magic number", reader.read(), TORCH_MAGIC)
    _expect(path, "protocol version", reader.read(), TORCH_PROTOCOL)
    system = reader.read()
    if type(system) is not dict or system.get("little_endian") is not True:
        raise SourceError(f"{path}: expected a torch file of a little-endian machine")
    yield from _of_pickle(reader, "torch-legacy", whole=whole)
    keys = reader.read()
    if type(keys) is not list:
        raise SourceError(f"{path}: expected the list of torch's storage keys behind the object")
    if not keys:
        _expect_end(reader, str(path))


def _expect(path: Path, what: str, found: object, expected: int) -> None:
    if type(found) is not int or found != expected:
        shown = hex(found) if type(found) is int and found.bit_length() < 128 else "another"
        raise SourceError(f"{path}: torch {what}: expected {expected:#x}, found {shown}")


def _of_zip(
    stream: BinaryIO, path: Path, make: MakeReader, *, whole: bool
) -> Generator[Part, None, None]:
    """Yield the parts of the object of a file as torch writes it since 1.6."""
    try:
        with zipfile.ZipFile(stream) as archive:
            pickled = _checked_member(archive, path)
            with archive.open(pickled) as member:
                what = f"{path} ({pickled.filename})"
                yield from _of_one(make(member, what), what, "torch-zip", whole=whole)
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
