"""Constants and records of the image file; docs/format.md is their description, byte by byte."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAGIC = b"\x89NB201\r\n"
READER_VERSION = 1
WRITER_VERSION = 1
ALIGNMENT = 64
HEADER_SIZE = 64
ENTRY_SIZE = 128
NONE = 0xFFFFFFFF
MOST_SECTIONS = 4096
MOST_IMAGES = 0xFFFFFF

# Part of the file format: append only.
DTYPES = {"u1": 1, "u2": 2, "u4": 3, "i4": 4, "f4": 5, "f8": 6}
TEXT = 7
METRICS = {
    "accuracy": 1,
    "top5": 2,
    "loss": 3,
    "time": 4,
    "params_m": 5,
    "flops_m": 6,
    "latency_s": 7,
}
ENCODINGS = {
    "hits": 1, "packed_hits": 2, "value": 3, "per_trial": 4, "per_cell": 5, "dictionary": 6, "list": 7,
    "per_image": 8,
}  # fmt: skip


def align(offset: int) -> int:
    """The next multiple of 64."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def header(section_count: int, file_size: int, table: bytes) -> bytes:
    """Return the 64 bytes of the header."""
    fields = struct.pack(
        "<8sHHIQQI24x",
        MAGIC,
        READER_VERSION,
        WRITER_VERSION,
        section_count,
        file_size,
        HEADER_SIZE,
        _core.crc32c(table),
    )
    return fields + struct.pack("<I", _core.crc32c(fields))


def entry(
    name: str,
    dtype: int,
    shape: tuple[int, ...],
    *,
    required: bool,
    crc: int,
    offset: int,
    size: int,
) -> bytes:
    """Return the 128 bytes of one entry of the section table."""
    dimensions = (*shape, 1, 1)[:3]
    return struct.pack(
        "<64sBBHIQQ3Q16x",
        _text(name, 64),
        dtype,
        len(shape),
        int(required),
        crc,
        offset,
        size,
        *dimensions,
    )


def space_record(
    name: str,
    cells: int,
    positions: int,
    choices: int,
    channels: int,
    stage_cells: int,
    in_channels: int,
    batch: int,
) -> bytes:
    """The one row of `space`."""
    numbers = (cells, positions, choices, channels, stage_cells, in_channels, batch)
    return struct.pack("<16s7I20x", _text(name, 16), *numbers)


def dataset_record(name: str, classes: int, image_size: int) -> bytes:
    """A row of `datasets`."""
    return struct.pack("<40sII16x", _text(name, 40), classes, image_size)


def split_record(name: str, dataset: int, images: int, last_batch: int) -> bytes:
    """A row of `splits`."""
    if not 1 <= images <= MOST_IMAGES:
        raise FormatError(f"split {name}: {images} images; an image file holds 1 to {MOST_IMAGES}")
    return struct.pack("<40sIII12x", _text(name, 40), dataset, images, last_batch)


def trials_record(
    schedule: int, dataset: int, seeds: int, first_seed: int, rows: int, row_table: int
) -> bytes:
    """A row of `trials`."""
    return struct.pack("<6I40x", schedule, dataset, seeds, first_seed, rows, row_table)


def column_record(
    group: int,
    split: int,
    metric: str,
    encoding: str,
    first_epoch: int,
    epochs: int,
    data: int,
    extra: int,
    present: int,
) -> bytes:
    """A row of `columns`."""
    numbers = (METRICS[metric], ENCODINGS[encoding], first_epoch, epochs, data, extra, present)
    return struct.pack("<9I28x", group, split, *numbers)


def user_column_record(name: str, unit: str, data: int, present: int) -> bytes:
    """A row of `user_columns`."""
    return struct.pack(
        "<64s32sII24x", _text(name, 64), _text(unit, 32) if unit else b"", data, present
    )


def choice_record(name: str) -> bytes:
    """A row of `choices`."""
    return _text(name, 32)


def _text(text: str, size: int) -> bytes:
    """ASCII, zero-padded, with at least one zero byte."""
    encoded = text.encode("ascii", errors="replace")
    if not text.isascii() or not text or len(encoded) >= size:
        raise FormatError(f"name {text!r}: an image file holds 1 to {size - 1} ASCII bytes here")
    return encoded.ljust(size, b"\0")


def bitmap(present: np.ndarray[Any, np.dtype[np.bool_]]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Presence [rows, epochs] as bits, lowest bit first; no epochs count as one."""
    return np.packbits(present, axis=1, bitorder="little")


def rows_of(records: Iterable[bytes]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Equal-sized records as a u8 array [records, bytes]."""
    listed = list(records)
    return np.frombuffer(b"".join(listed), dtype=np.uint8).reshape(len(listed), -1)
