"""The storages of torch tensors where a file holds them, read when a tensor is asked for.

* `torch-legacy`: behind the object, one after another;
* `torch-zip`: a member each, `<name>/data/<key>`;
* `bz2`, `pickle`: inside of the object, each as bytes that are a legacy torch file. Bytes further back are reached by
  unpacking again from the start: who reads in the file's order unpacks it once more, besides the parsing.
"""

from __future__ import annotations

import io
import zipfile
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from nb201store._core import PickleReader
from nb201store.errors import SourceError
from nb201store.upstream.bz2_stream import Bz2Stream
from nb201store.upstream.forms import shown
from nb201store.upstream.packed import PackedDict
from nb201store.upstream.torch_legacy import COUNT_BYTES, ELEMENT_BYTES, read_head, storage_places
from nb201store.upstream.torch_zip import opened_storages
from nb201store.upstream.watching import check_unchanged, file_state, path_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from nb201store.upstream.torch_zip import StorageMembers

MOST_TRIAL_BYTES = 1 << 28
"""Bytes of all storages of a trial; those of the largest official networks have 6 MB."""


class WeightsPart(NamedTuple):
    """What a tensor was made of, as the pickle says it: nothing of it is checked.

    `what`: "tensor", "parameter", "storage" (of a torch file), "loaded" (a storage pickled as bytes) or "bytes"
    (offset and size of such bytes in the data).
    """

    what: str
    arguments: tuple[Any, ...]


class Stored(NamedTuple):
    """A storage: torch's name of its type, how many elements it has, and their bytes, little-endian."""

    kind: str
    elements: int
    data: bytes


class StorageFile:
    """Where a file that was parsed holds its storages; `places` those of a legacy torch file."""

    def __init__(self, path: Path, container: str, places: Mapping[str, int]) -> None:
        self._path = path
        self._container = container
        self._places = places
        self._state = file_state(path)

    @contextmanager
    def opened(self) -> Iterator[Storages]:
        """Open the file; SourceError where it has changed since it was parsed, or changes until it is closed."""
        path = self._path
        with ExitStack() as stack:
            stack.enter_context(path_named(path))
            stream = stack.enter_context(path.open("rb"))
            check_unchanged(path, self._state)
            read: Callable[[WeightsPart], Stored]
            if self._container == "torch-legacy":
                read = _Legacy(stream, self._places).read
            elif self._container == "torch-zip":
                read = _Zip(stack.enter_context(opened_storages(stream, path))).read
            else:
                unpacked = Bz2Stream(stream) if self._container == "bz2" else stream
                read = _Pickled(unpacked).read
            yield Storages(read)
            check_unchanged(path, self._state)


class Storages:
    """The storages of an open file. Those of one trial are kept, so that tensors can share them."""

    def __init__(self, read: Callable[[WeightsPart], Stored]) -> None:
        self._read = read
        self._kept: dict[WeightsPart, Stored] = {}
        self._bytes = 0

    def forget(self) -> None:
        """Begin with another trial."""
        self._kept.clear()
        self._bytes = 0

    def stored(self, part: Any) -> Stored:
        """Return a storage; SourceError where what stands for it is none, or is not what the file holds."""
        if type(part) is not WeightsPart or part.what not in ("storage", "loaded"):
            raise SourceError(f"expected a torch storage, found {shown(part)}")
        try:
            known = self._kept.get(part)
        except TypeError:  # a list among its arguments
            raise SourceError(f"expected a torch storage, found {shown(part)}") from None
        if known is None:
            try:
                known = self._read(part)
            except (EOFError, zipfile.BadZipFile, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise SourceError(f"a storage cannot be read: {error}") from None
            self._bytes += len(known.data)
            if self._bytes > MOST_TRIAL_BYTES:
                raise SourceError(
                    f"expected storages of at most {MOST_TRIAL_BYTES:,} bytes in a trial, found more"
                )
            self._kept[part] = known
        return known


class _Legacy:
    def __init__(self, stream: BinaryIO, places: Mapping[str, int]) -> None:
        self._stream = stream
        self._places = places

    def read(self, part: WeightsPart) -> Stored:
        kind, key, count = _reference(part)
        if key not in self._places:
            raise SourceError(f"expected storage {key!r} behind the object, found none")
        self._stream.seek(self._places[key])
        return Stored(kind, count, _counted(self._stream, kind, count, f"storage {key!r}"))


class _Zip:
    def __init__(self, members: StorageMembers) -> None:
        self._members = members

    def read(self, part: WeightsPart) -> Stored:
        kind, key, count = _reference(part)
        return Stored(kind, count, self._members.read(key, count * ELEMENT_BYTES[kind]))


class _Pickled:
    def __init__(self, stream: BinaryIO | io.RawIOBase) -> None:
        self._stream = stream
        self._reader: PickleReader | None = None

    def read(self, part: WeightsPart) -> Stored:
        """Take out the bytes of a pickled storage: a torch file whose object is that storage."""
        packed = part.arguments[0] if len(part.arguments) == 1 else None
        if part.what != "loaded" or type(packed) is not WeightsPart or packed.what != "bytes":
            raise SourceError(f"expected a storage pickled as bytes, found {shown(part)}")
        offset, size = (
            packed.arguments
        )  # of at most 64 MiB, all there: the pickle machine has been behind them
        self._stream.seek(offset)
        data = _exactly(self._stream, size)
        what = f"its pickled storage at byte {offset:,}"
        reader = self._opened(io.BytesIO(data), what)
        read_head(reader, what)
        held = reader.read()
        if type(held) is not WeightsPart or held.what != "storage":
            raise SourceError(f"{what}: expected a torch storage, found {shown(held)}")
        kind, key, count = _reference(held)
        stream = io.BytesIO(data)
        places = storage_places(reader, reader.storages(), what, size)
        stream.seek(places[key])
        return Stored(kind, count, _counted(stream, kind, count, what))

    def _opened(self, source: Any, what: str) -> PickleReader:
        if self._reader is None:
            self._reader = PickleReader(
                source, what, packed=PackedDict, weights=None, parts=WeightsPart
            )
        else:
            self._reader.open(source, what)
        return self._reader


def _reference(part: WeightsPart) -> tuple[str, str, int]:
    """Return (type, key, count) of a persistent id: ("storage", type, key, device, count), perhaps None behind it."""
    sound = part.what == "storage" and len(part.arguments) in (5, 6)
    if not sound or part.arguments[5:] not in ((), (None,)):
        raise SourceError(f"expected a torch storage of its own, found {shown(part)}")
    _, kind, key, device, count = part.arguments[:5]
    if (
        type(kind) is not str
        or kind not in ELEMENT_BYTES
        or type(key) is not str
        or type(device) is not str
    ):
        raise SourceError(f"expected type, key and device of a torch storage, found {shown(part)}")
    if type(count) is not int or count < 0 or count * ELEMENT_BYTES[kind] > MOST_TRIAL_BYTES:
        raise SourceError(
            f"storage {key!r}: expected at most {MOST_TRIAL_BYTES:,} bytes, found {shown(count)} elements of {kind}"
        )
    return kind, key, count


def _counted(stream: BinaryIO, kind: str, count: int, what: str) -> bytes:
    """Read a storage as a legacy torch file has it."""
    found = int.from_bytes(_exactly(stream, COUNT_BYTES), "little", signed=True)
    if found != count:
        raise SourceError(f"{what}: expected {count} elements, found {found}")
    return _exactly(stream, count * ELEMENT_BYTES[kind])


def _exactly(stream: BinaryIO | io.RawIOBase, size: int) -> bytes:
    """Read so many bytes; EOFError where there are fewer."""
    pieces, left = [], size
    while left:
        piece = stream.read(left)
        if not piece:
            raise EOFError(f"truncated file: expected {size:,} bytes, found {size - left:,}")
        pieces.append(piece)
        left -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
