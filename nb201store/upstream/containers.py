"""What the pickles of the official files are wrapped in, recognised by the first bytes.

* `torch-legacy`, a pickled int: magic, protocol, system; the object; storage keys, raw storages;
* `torch-zip`, "PK": a zip file, nothing compressed; the object is in `<name>/data.pkl`;
* `bz2`, "BZh": one pickle, packed;
* `pickle`, anything else: one pickle.

Torch is not needed. Raw storages are the weights: they are not read here, but by `storages`, a trial at a time.
The pickles are read by the machine of the core, which can execute nothing (docs/design.md).
"""

from __future__ import annotations

import re
import threading
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store._core import PickleReader
from nb201store.errors import SourceError
from nb201store.upstream.bz2_stream import Bz2Stream, UnpackingLimitError
from nb201store.upstream.packed import PackedDict
from nb201store.upstream.storages import StorageFile, WeightsPart
from nb201store.upstream.torch_legacy import read_head, storage_places
from nb201store.upstream.torch_zip import opened_pickle
from nb201store.upstream.watching import path_named

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    MakeReader = Callable[[Any, str], PickleReader]

# How our own images begin (docs/format.md): told apart, because they are handed over by mistake.
IMAGE_START = b"\x89NB2"

# The first pickle of a legacy torch file is an int, so it starts as one of these; the official
# object never does.
_INT_PICKLES = (b"\x80\x02\x8a", b"\x80\x03\x8a", b"\x80\x04\x8a", b"\x80\x05\x8a")

# A hundred times those of a file without weights.
_MOST_TEXTS = 1 << 16

# How an error ends that says how many architectures were read before it.
_COUNTED = re.compile(r"after \d+ architectures?\)$")


class Weights:
    """Stands for network weights where they are not wanted."""

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
    """The object of a file, the name of the container it came in, and where the file holds weights."""

    value: Any
    container: str
    storages: StorageFile


def parts(path: Path) -> Generator[Part, None, None]:
    """Yield the object that a file holds part by part, in the file's order; one cell at a time is in memory.

    Dicts of numbers are PackedDicts. A key that the file repeats comes again: who keeps parts must look.

    Raises
    ------
    SourceError   the file is empty, cut off, not one of the containers, or names what it must not
    OSError       it is not there, or cannot be read
    """
    return _parts(path, _new_reader, {}, whole=False)


class Loader:
    """Loads whole files, one after another. Each thread keeps its reader, which knows the orders of keys it has met.

    With `weights` tensors come as the WeightsParts that they are made of, else as WEIGHTS.
    """

    def __init__(self, *, weights: bool = False) -> None:
        self._weights = weights
        self._kept = threading.local()

    def load(self, path: Path) -> Loaded:
        """Return the object that a file holds; errors as of `parts`."""
        places: dict[str, int] = {}
        (found,) = _parts(path, self._reader, places, whole=True)
        return Loaded(found.value, found.container, StorageFile(path, found.container, places))

    def _reader(self, source: Any, what: str) -> PickleReader:
        reader: PickleReader | None = getattr(self._kept, "reader", None)
        # The keys of storages are other texts in every file, and the reader keeps them all.
        if reader is None or reader.texts > _MOST_TEXTS:
            reader = self._kept.reader = _new_reader(source, what, weights=self._weights)
        else:
            reader.open(source, what)
        return reader


def load(path: Path) -> Loaded:
    """Return the object that a file holds; errors as of `parts`."""
    return Loader().load(path)


def _new_reader(source: Any, what: str, *, weights: bool = False) -> PickleReader:
    parts = WeightsPart if weights else None
    return PickleReader(source, what, packed=PackedDict, weights=WEIGHTS, parts=parts)


def _parts(
    path: Path, make: MakeReader, places: dict[str, int], *, whole: bool
) -> Generator[Part, None, None]:
    """As `parts`; `places` becomes where the storages of a legacy torch file lie."""
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
        what = str(path)
        if head[:2] == b"PK":
            with opened_pickle(stream, path) as (member, name):
                what = f"{path} ({name})"
                reader = make(member, what)
                of_file = _of_one(reader, what, "torch-zip", whole=whole)
                yield from _located(of_file, reader, what, whole=whole)
            return
        if head[:3] == b"BZh":
            what = f"{path} (unpacked)"
            reader = make(Bz2Stream(stream), what)
            of_file = _of_one(reader, what, "bz2", whole=whole)
        elif head.startswith(_INT_PICKLES):
            reader = make(path, what)
            of_file = _of_legacy(reader, path, places, whole=whole)
        else:
            reader = make(path, what)
            of_file = _of_one(reader, what, "pickle", whole=whole)
        yield from _located(of_file, reader, what, whole=whole)


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
    yield from _of_pickle(reader, container, whole=whole)
    _expect_end(reader, what)


def _expect_end(reader: PickleReader, what: str) -> None:
    if not reader.at_end():
        raise SourceError(
            f"{what}: expected the end after the object, found more (byte {reader.offset})"
        )


def _located(
    found: Iterator[Part], reader: PickleReader, what: str, *, whole: bool
) -> Iterator[Part]:
    """Yield the parts of an object; say of every error where it happened, and after how many architectures.

    Not after how many where a file is read whole: it is one architecture then.
    """
    cells = 0
    try:
        for part in found:
            cells += len(part.where) == 2
            yield part
    except SourceError as error:
        # The machine says it of the pickle that holds the cells, from where they begin.
        if whole or _COUNTED.search(str(error)):
            raise
        before = str(error)
        place = "," if before.endswith(")") else f" (byte {reader.offset},"
        raise SourceError(f"{before.removesuffix(')')}{place} {_after(cells)})") from None
    except (EOFError, zipfile.BadZipFile, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        kind = "truncated file" if isinstance(error, EOFError) else "damaged"
        if isinstance(error, UnpackingLimitError):
            kind = "refused"
        reason = str(error) or "the data end in the middle of a pickle"
        place = f"byte {reader.offset}" + ("" if whole else f", {_after(cells)}")
        raise SourceError(f"{what}: {kind}: {reason} ({place})") from None


def _after(cells: int) -> str:
    return f"after {cells} architecture" + ("" if cells == 1 else "s")


def _of_legacy(
    reader: PickleReader, path: Path, places: dict[str, int], *, whole: bool
) -> Generator[Part, None, None]:
    """Yield the parts of the object of a file as torch wrote it before 1.6."""
    what = str(path)
    read_head(reader, what)
    yield from _of_pickle(reader, "torch-legacy", whole=whole)
    places |= storage_places(reader, reader.storages(), what, path.stat().st_size)
    if not places:
        _expect_end(reader, what)
