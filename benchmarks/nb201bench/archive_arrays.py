"""The arrays of an archive by kind: what is alike in them, and so compresses alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.archive import layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import zarr

    Array = np.ndarray[Any, np.dtype[Any]]

SAMPLE = 3  # arrays of a kind that are timed
_COUNTS = {"hits": "hits", "last_hits": "hits of the last batch", "loss": "losses"}
FLAGS = "flags, forms and counts"


class Stored(NamedTuple):
    """An array [code, ...] of an archive: its name, where its chunks lie, and Zarr's view of it."""

    name: str
    folder: Path
    array: zarr.Array[Any]

    def is_of_epochs(self) -> bool:
        """Whether a value belongs to an epoch, not to a whole trial."""
        return "epoch" in self.array.metadata.dimension_names

    def chunk_files(self) -> dict[int, Path]:
        """The files of its chunks, by their place along the codes."""
        files = (file for file in self.folder.glob("c/**/*") if file.is_file())
        return {int(file.relative_to(self.folder).parts[1]): file for file in files}


def arrays(archive: Path) -> list[Stored]:
    """Every array of numbers or flags whose rows are the codes, coordinates left out; by name."""
    import zarr

    root = zarr.open_group(archive, mode="r")
    found = [
        Stored(name, archive / name, node)
        for name, node in root.members(max_depth=None)
        if isinstance(node, zarr.Array)
    ]
    held = [
        stored for stored in found
        if stored.array.metadata.dimension_names[0] == "code" and stored.array.dtype.kind in "buf"
    ]  # fmt: skip
    return sorted(held)


def kind(stored: Stored) -> str:
    """What an array holds, in words."""
    dtype = stored.array.dtype
    name = stored.name.rpartition("/")[2].removeprefix("top5_")
    if name in _COUNTS:
        size = f"{dtype.itemsize} bytes" if dtype.itemsize > 1 else "1 byte"
        return f"{_COUNTS[name]}, {size}"
    return "times, latencies and costs, 8 bytes" if dtype.kind == "f" else FLAGS


def by_kind(stored: Sequence[Stored]) -> dict[str, list[Stored]]:
    """Arrays by kind, that of most bytes first."""
    found: dict[str, list[Stored]] = defaultdict(list)
    for each in stored:
        found[kind(each)].append(each)
    order = sorted(found, key=lambda name: sum(each.array.nbytes for each in found[name]))
    return {name: found[name] for name in reversed(order)}


def is_of_curves(name: str) -> bool:
    """Whether a kind holds a value for each epoch."""
    return name.startswith(tuple(_COUNTS.values()))


def smallest(stored: Sequence[Stored]) -> list[Stored]:
    """One small array of each kind."""
    kinds = by_kind(stored).values()
    return sorted(min(each, key=lambda one: one.array.nbytes) for each in kinds)


def sample(name: str, stored: Sequence[Stored]) -> list[Stored]:
    """What is timed of a kind: up to three of the largest arrays of curves, all arrays of other kinds."""
    if not is_of_curves(name):
        return list(stored)
    most = max(each.array.nbytes for each in stored)
    largest = [each for each in stored if each.array.nbytes == most]
    spread = np.linspace(0, len(largest) - 1, min(SAMPLE, len(largest)))
    return [largest[place] for place in spread.round().astype(int)]


def values_held(values: Array) -> int:
    """How many elements are values; the others are fill."""
    if values.dtype.kind == "b":
        return values.size
    if values.dtype.kind == "f":
        return int(np.count_nonzero(~np.isnan(values)))
    return int(np.count_nonzero(values != layout.fill_of(values.dtype)))


def curves(archive: Path) -> dict[tuple[str, int], Array]:
    """{(kind, epochs): the curves that exist, [trial, 1, epoch]} of hits and losses."""
    found: dict[tuple[str, int], list[Array]] = defaultdict(list)
    for stored in arrays(archive):
        if stored.name.rpartition("/")[2].removeprefix("top5_") in _COUNTS:
            values = np.asarray(stored.array[:])
            rows = values.reshape(-1, values.shape[-1])
            fill = np.isnan(rows) if rows.dtype.kind == "f" else rows == layout.fill_of(rows.dtype)
            if len(kept := rows[~fill.any(axis=1)]):
                found[kind(stored), kept.shape[1]].append(kept)
    return {key: np.concatenate(rows)[:, None, :] for key, rows in found.items()}
