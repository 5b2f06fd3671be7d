"""One trial's numbers, typed, with everything that is missing explicit.

Readers (`upstream/`) and trainers make records, `archive/` stores them and gives them back. A record holds what was
measured; what remains of an official object (orders of keys, what was None, container types) is its *form*, a short
canonical JSON text that thousands of trials share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric at the epochs where it exists.

    `epochs`: int32, shape (n,), 0-based, strictly ascending. `values`: float64, shape (n,), in the metric's unit.
    """

    epochs: NDArray[np.int32]
    values: NDArray[np.float64]

    def same_bits(self, other: Series) -> bool:
        """Whether both hold the same doubles, bit for bit (NaNs included), at the same epochs."""
        return (
            np.array_equal(self.epochs, other.epochs)
            and self.values.tobytes() == other.values.tobytes()
        )


@dataclass(frozen=True, slots=True, eq=False)
class SplitRecord:
    """What one trial recorded on one split; None where upstream has no such metric at all.

    `accuracy` and `loss` share their epochs. `top5` has its own, and so has `time`: official files keep seconds of
    evaluations whose accuracy they dropped.
    """

    accuracy: Series | None = None
    loss: Series | None = None
    top5: Series | None = None
    time: Series | None = None

    def series(self) -> dict[str, Series]:
        """The metrics that exist, by name."""
        named = {"accuracy": self.accuracy, "loss": self.loss, "top5": self.top5, "time": self.time}
        return {name: series for name, series in named.items() if series is not None}


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPlace:
    """Where one series of a trial stands: `arrays[array][positions]` (all of it where that is None) at `epochs`.

    `epochs`: int32, ascending, read-only. `positions`: int64, one an epoch.
    """

    split: str
    metric: str
    epochs: NDArray[np.int32]
    array: int
    positions: NDArray[np.int64] | None


@dataclass(frozen=True, eq=False)
class Layout:
    """Which series the arrays of a trial hold, and where. Thousands of trials share one: it is known by identity."""

    places: tuple[SeriesPlace, ...]

    @cached_property
    def splits(self) -> dict[str, tuple[SeriesPlace, ...]]:
        """The places by split, in their order."""
        names = dict.fromkeys(place.split for place in self.places)
        return {name: tuple(p for p in self.places if p.split == name) for name in names}


class LaidOut(Mapping[str, SplitRecord]):
    """The splits of a trial as the arrays they came in, float64, taken apart only where one is asked for.

    Most trials go from a file to an archive, hundreds of rows at a time: a Series of each would be made for nothing.
    """

    __slots__ = ("arrays", "layout")

    def __init__(self, layout: Layout, arrays: tuple[NDArray[np.float64], ...]) -> None:
        self.layout = layout
        self.arrays = arrays

    def __getitem__(self, split: str) -> SplitRecord:
        """The record of one split, made anew."""
        series = {}
        for place in self.layout.splits[split]:
            values = self.arrays[place.array]
            picked = values if place.positions is None else values[place.positions]
            series[place.metric] = Series(place.epochs, picked)
        return SplitRecord(**series)

    def __iter__(self) -> Iterator[str]:
        """Names of the splits."""
        return iter(self.layout.splits)

    def __len__(self) -> int:
        """How many splits there are."""
        return len(self.layout.splits)


@dataclass(frozen=True, slots=True, eq=False)
class TrialRecord:
    """One training run. `latency_s` may hold several measurements (v1_0) or be None; costs are as recorded."""

    code: int
    dataset: str
    schedule: int
    seed: int
    splits: Mapping[str, SplitRecord]
    params_m: float | None
    flops_m: float | None
    latency_s: tuple[float, ...] | None
    form: str

    @property
    def name(self) -> str:
        """How messages call this trial."""
        return f"code {self.code}, {self.dataset}, schedule {self.schedule}, seed {self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class CellRecord:
    """All trials of one cell, in ascending (schedule, dataset as described, seed), and the form of what held them."""

    code: int
    trials: tuple[TrialRecord, ...]
    form: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from.

    `kind` is one of `upstream.KINDS`; `md5` and `sha256` are hexadecimal, of a folder over its sorted
    "name sha256" lines (md5 over the same lines); `size` in bytes. `container` tells how the objects were wrapped.
    """

    kind: str
    name: str
    size: int
    md5: str
    sha256: str
    container: str
