"""Ways to store the chunks of an array: what the archive does, and what it could do instead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numcodecs
import numpy as np
from numcodecs import blosc

from nb201store.archive import layout

Array = np.ndarray[Any, np.dtype[Any]]

SHUFFLES = {
    "noshuffle": blosc.NOSHUFFLE, "shuffle": blosc.SHUFFLE, "bitshuffle": blosc.BITSHUFFLE,
}  # fmt: skip
OURS, PCODEC, UNORDERED = "the archive's", "pcodec, level 8", "code by code, not seed by seed"
CHUNK_OF_CODE, SLOWEST = "a chunk for each code", "zstd level 9"


@dataclass(frozen=True)
class Blosc:
    """A compressor as blosc is told it."""

    cname: str
    clevel: int
    shuffle: str
    blocksize: int
    typesize: int

    def coder(self) -> Any:
        """What encodes and decodes a chunk."""
        return numcodecs.Blosc(
            self.cname, self.clevel, SHUFFLES[self.shuffle], self.blocksize, self.typesize
        )


@dataclass(frozen=True)
class Zstd:
    """Zstandard by itself."""

    level: int

    def coder(self) -> Any:
        return numcodecs.Zstd(self.level)


@dataclass(frozen=True)
class Pcodec:
    """pcodec, which reads the chunk as numbers; Zarr has it as an extension (`numcodecs.pcodec`)."""

    level: int

    def coder(self) -> Any:
        return self

    def encode(self, chunk: Array) -> bytes:
        from pcodec import ChunkConfig, standalone

        numbers = chunk.view(np.uint8) if chunk.dtype == np.bool_ else chunk
        # Zarr's extension knows no numbers of one byte; pcodec itself does.
        config = ChunkConfig(compression_level=self.level, enable_8_bit=True)
        return bytes(standalone.simple_compress(numbers.ravel(), config))

    def decode(self, data: bytes) -> Array:
        from pcodec import standalone

        return standalone.simple_decompress(data)


@dataclass(frozen=True)
class Way:
    """How the chunks of one array are stored.

    codes : in a chunk; where that is more than the array has, the chunk is filled up, as Zarr does
    order : of the dimensions within a chunk; None: as they are
    """

    compressor: Blosc | Zstd | Pcodec
    codes: int
    order: tuple[int, ...] | None

    def chunks(self, values: Array) -> list[Array]:
        """The chunks of an array, the last one filled up."""
        found = [values[i : i + self.codes] for i in range(0, len(values), self.codes)]
        if lack := self.codes - len(found[-1]):
            fill = layout.fill_of(values.dtype)
            rest = np.full((lack, *values.shape[1:]), fill, dtype=values.dtype)
            found[-1] = np.concatenate([found[-1], rest])
        return found

    def encode(self, chunk: Array) -> bytes:
        """The bytes of a chunk, without the checksum that Zarr puts behind them."""
        laid = chunk if self.order is None else chunk.transpose(self.order)
        return bytes(_coder(self.compressor).encode(np.ascontiguousarray(laid)))

    def decode(self, data: bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """A chunk of an array [code, *shape]; a view where its dimensions were turned round."""
        whole = (self.codes, *shape)
        values = np.frombuffer(_coder(self.compressor).decode(data), dtype=dtype)
        if self.order is None:
            return values.reshape(whole)
        laid = values.reshape([whole[dimension] for dimension in self.order])
        return laid.transpose(np.argsort(self.order))


_coder = cache(lambda compressor: compressor.coder())


def one_thread() -> None:
    """Have blosc compress on the thread that asks it, as Zarr's threads do."""
    blosc.use_threads = False


def ours(size: int, shape: tuple[int, ...], dtype: np.dtype[Any], *, epochs: bool) -> Way:
    """What the archive does with an array [size codes, *shape], of epochs or of whole trials."""
    codes = layout.chunk_codes(size, shape, dtype)
    compressor = layout.codecs(dtype, codes * math.prod(shape), epochs=epochs)[0]
    filters = layout.order(1 + len(shape))
    return Way(
        Blosc(
            compressor.cname.value, compressor.clevel, compressor.shuffle.value,
            compressor.blocksize, compressor.typesize,
        ),
        codes,
        tuple(filters[0].order) if filters else None,
    )  # fmt: skip


def _compressed(**changed: Any) -> Callable[[Way, Array], Way]:
    return lambda way, _: replace(way, compressor=replace(way.compressor, **changed))


def _chunked(codes: Callable[[Array], int]) -> Callable[[Way, Array], Way]:
    return lambda way, values: replace(way, codes=codes(values))


def _within(values: Array, most: int) -> int:
    """Codes of a chunk of at most so many bytes, a power of two times 2,048."""
    codes = layout.CODES_PER_BLOCK
    while codes < len(values) and 2 * codes * values[0].nbytes <= most:
        codes *= 2
    return codes


# Each changes one thing of the archive's way.
CHANGES: dict[str, Callable[[Way, Array], Way]] = {
    UNORDERED: lambda way, _: replace(way, order=None),
    "zstd level 1": _compressed(clevel=1),
    "zstd level 2": _compressed(clevel=2),
    "zstd level 3": _compressed(clevel=3),
    "zstd level 5": _compressed(clevel=5),
    SLOWEST: _compressed(clevel=9),
    "lz4, level 5": _compressed(cname="lz4", clevel=5),
    "not shuffled": _compressed(shuffle="noshuffle"),
    "shuffled by bytes": _compressed(shuffle="shuffle"),
    "shuffled by bits": _compressed(shuffle="bitshuffle"),
    "blosc's own blocks": _compressed(blocksize=0),
    "blocks of 256 KiB": _compressed(blocksize=1 << 18),
    "blocks of 8 MiB": _compressed(blocksize=1 << 23),
    "zstd without blosc, level 3": lambda way, _: replace(way, compressor=Zstd(3)),
    "chunks of 2,048 codes": _chunked(lambda _: layout.CODES_PER_BLOCK),
    "chunks of 16 MiB": _chunked(lambda values: _within(values, 1 << 24)),
    "one chunk of all codes": _chunked(len),
    CHUNK_OF_CODE: _chunked(lambda _: 1),
    PCODEC: lambda way, _: replace(way, compressor=Pcodec(8)),
}


def ways(values: Array, *, epochs: bool) -> dict[str, Way]:
    """The archive's way with an array, then every change of it; some come to the same."""
    held = ours(len(values), values.shape[1:], values.dtype, epochs=epochs)
    return {OURS: held} | {name: change(held, values) for name, change in CHANGES.items()}
