"""The file that torch wrote before 1.6, also inside of pickled storages: its head, and where its storages lie.

Pickles of a magic number, the protocol and the system; the object; a pickle of the storages' keys; then each storage
in the order of the keys: the number of its elements, an int64, and its bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201store.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb201store._core import PickleReader

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PROTOCOL = 1001
COUNT_BYTES = 8

ELEMENT_BYTES = {
    "BFloat16Storage": 2, "BoolStorage": 1, "ByteStorage": 1, "CharStorage": 1, "DoubleStorage": 8,
    "FloatStorage": 4, "HalfStorage": 2, "IntStorage": 4, "LongStorage": 8, "ShortStorage": 2,
}  # fmt: skip
"""The storages that the pickle machine knows."""


def read_head(reader: PickleReader, what: str) -> None:
    """Read what comes before the object; SourceError where torch did not write it, or another machine did."""
    _expect(what, "magic number", reader.read(), TORCH_MAGIC)
    _expect(what, "protocol version", reader.read(), TORCH_PROTOCOL)
    system = reader.read()
    if type(system) is not dict or system.get("little_endian") is not True:
        raise SourceError(f"{what}: expected a torch file of a little-endian machine")


def storage_places(
    reader: PickleReader, sizes: Mapping[str, tuple[str, int]], what: str, size: int
) -> dict[str, int]:
    """Read the keys behind the object; return at which byte each storage begins, its number of elements first.

    `sizes` are the reader's `storages()` of the object, `size` is that of all the data. SourceError where they end
    before the storages do, or go on: nothing of the storages is read.
    """
    keys: Any = reader.read()
    if type(keys) is not list:
        raise SourceError(f"{what}: expected the list of torch's storage keys behind the object")
    if (
        any(type(key) is not str for key in keys)
        or set(keys) != set(sizes)
        or len(set(keys)) != len(keys)
    ):
        raise SourceError(
            f"{what}: expected the keys of the {len(sizes)} storages that the object names, found others"
        )
    place, places = int(reader.offset), {}
    for key in keys:
        kind, count = sizes[key]
        if count < 0:
            raise SourceError(
                f"{what}: storage {key!r}: expected a number of elements, found {count}"
            )
        places[key] = place
        place += COUNT_BYTES + count * ELEMENT_BYTES[kind]
    if keys and place != size:
        found = "truncated file" if place > size else "something follows"
        raise SourceError(
            f"{what}: the storages of its weights end at byte {place:,}, the data at byte {size:,}: {found}"
        )
    return places


def _expect(what: str, part: str, found: object, expected: int) -> None:
    if type(found) is not int or found != expected:
        shown = hex(found) if type(found) is int and found.bit_length() < 128 else "another"
        raise SourceError(f"{what}: torch {part}: expected {expected:#x}, found {shown}")
