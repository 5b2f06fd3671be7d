"""Names, dtypes, chunks and codecs of the archive: what its writer and its reader must agree on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from nb201store.records import Merged
from nb201store.schema import Benchmark, Dataset, Split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ARCHIVE_VERSION = 1

# Readers go through the codes in blocks of so many; every chunk is a whole number of them.
CODES_PER_BLOCK = 2048

# Few, large chunks: a reader wants whole columns, and Zarr pays for each chunk.
MOST_CHUNK_BYTES = 1 << 22
BLOSC_BLOCK_BYTES = 1 << 21


def hits_dtype(images: int) -> np.dtype[Any]:
    """The unsigned integer that holds 0..images and a fill value above them."""
    return np.dtype("<u2" if images < 0xFFFF else "<u4")


def fill_of(dtype: np.dtype[Any]) -> Any:
    """What stands where nothing is present: False, NaN, or the largest integer."""
    if dtype.kind == "b":
        return False
    return np.nan if dtype.kind == "f" else np.iinfo(dtype).max


def chunk_codes(size: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """How many codes a chunk of an array [size codes, *shape] holds: all, or what fits into MOST_CHUNK_BYTES."""
    code_bytes = math.prod(shape) * dtype.itemsize
    codes = CODES_PER_BLOCK
    while codes < size and 2 * codes * code_bytes <= MOST_CHUNK_BYTES:
        codes *= 2
    return codes


def order(dimensions: int) -> list[Any]:
    """Filters that lay out a chunk of dimensions (code, seed, epoch or another) seed by seed.

    The trials that a seed lacks lie in long runs then. Without a third dimension there is nothing to gain: the seeds of
    a cell have nearly the same costs, and lie best side by side.
    """
    from zarr.codecs import TransposeCodec

    return [TransposeCodec(order=(1, 0, *range(2, dimensions)))] if dimensions > 2 else []


def codecs(
    dtype: np.dtype[Any], elements: int, *, epochs: bool = True, quick: bool = False
) -> list[Any]:
    """Compressors of chunks of so many elements: blosc-zstd, and a checksum so that damage is found when read.

    `epochs` tells values of an epoch from those of a whole trial: of these, floats come again and again as they are
    (seeds and splits share times, cells share costs), and any shuffle would hide that.

    `quick` ones are ten times as fast and a quarter larger: for an archive that is only a step to an image.

    Level, shuffle and blocks are measured (docs/benchmarks-codecs.md). Hits change little from epoch to epoch, so their
    high bytes are alike and pack best in one piece; of float32 losses, and of last hits, single bits are alike. The
    bits that are left of a float are noise, on which a higher level is lost.

    Blosc leaves a block unshuffled, in silence, where bitshuffle does not come out even: it takes eight elements at a
    time. Chunks of values do (2,048 codes and more); coordinates mostly do not, and are shuffled by bytes.
    """
    from zarr.codecs import BloscCodec, Crc32cCodec

    by_bits = elements % 8 == 0 and dtype in (np.float32, np.uint8)
    as_it_is = dtype.itemsize == 1 or (dtype.kind == "f" and not epochs)
    shuffle: Literal["noshuffle", "bitshuffle", "shuffle"] = (
        "bitshuffle" if by_bits else "noshuffle" if as_it_is else "shuffle"
    )
    return [
        BloscCodec(
            cname="lz4" if quick else "zstd",
            clevel=1 if quick else 3 if dtype.kind == "u" else 2,
            shuffle=shuffle,
            typesize=dtype.itemsize,
            blocksize=0 if quick else BLOSC_BLOCK_BYTES,
        ),
        Crc32cCodec(),
    ]


def benchmark_to_json(benchmark: Benchmark) -> dict[str, Any]:
    """Describe a benchmark in plain JSON, as the archive's root attributes hold it."""
    return {
        "name": benchmark.name,
        "space": benchmark.space,
        "channels": benchmark.channels,
        "cells": benchmark.cells,
        "in_channels": benchmark.in_channels,
        "batch": benchmark.batch,
        "schedules": list(benchmark.schedules),
        "datasets": [
            {
                "name": d.name,
                "classes": d.classes,
                "image_size": d.image_size,
                "meaning": d.meaning,
                "splits": [
                    {"name": s.name, "images": s.images, "meaning": s.meaning} for s in d.splits
                ],
            }
            for d in benchmark.datasets
        ],
    }


def benchmark_from_json(data: Mapping[str, Any]) -> Benchmark:
    """Rebuild a benchmark; KeyError or TypeError where something is missing (the caller says where)."""
    datasets = tuple(
        Dataset(
            str(d["name"]), int(d["classes"]), int(d["image_size"]),
            tuple(Split(str(s["name"]), int(s["images"]), str(s["meaning"])) for s in d["splits"]),
            str(d["meaning"]),
        )
        for d in data["datasets"]
    )  # fmt: skip
    return Benchmark(
        str(data["name"]), str(data["space"]), int(data["channels"]), int(data["cells"]),
        int(data["in_channels"]), int(data["batch"]),
        tuple(int(e) for e in data["schedules"]), datasets,
    )  # fmt: skip


def merged_from_json(data: Mapping[str, Any] | None) -> Merged | None:
    """Rebuild what an archive says of the merge that it was made by; errors as of `benchmark_from_json`."""
    if data is None:
        return None
    counts = {str(metric): int(count) for metric, count in dict(data["differing_trials"]).items()}
    return Merged(tuple(map(str, data["first_wins"])), counts)


def runs_of(epochs: Iterable[int]) -> list[list[int]]:
    """Ascending epochs as [start, stop) runs: 0..199 is [[0, 200]]."""
    runs: list[list[int]] = []
    for epoch in epochs:
        if runs and runs[-1][1] == epoch:
            runs[-1][1] = epoch + 1
        else:
            runs.append([epoch, epoch + 1])
    return runs


def epochs_of(runs: Iterable[Iterable[int]]) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The epochs that `runs_of` folded."""
    pieces = [np.arange(start, stop, dtype=np.int32) for start, stop in runs]
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int32)
