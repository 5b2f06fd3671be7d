"""Trials that hold the same series, as arrays: nothing looks at one of them alone.

Most trials go from a file to an archive, or are compared with one, a hundred at a time: thousands share a `Layout`,
which says where each series stands in the arrays that a trial came in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nb201store.records import Series, SplitRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Genuine files have some dozens of layouts; one that has more is only read more slowly.
MOST_LAYOUTS = 512


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
    """The splits of a trial as the arrays they came in, float64, taken apart only where one is asked for."""

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


class Layouts:
    """One Layout for all trials that hold the same series, also for records that were made by hand."""

    def __init__(self) -> None:
        self._equal: dict[tuple[tuple[str, str, bytes], ...], Layout] = {}

    def laid_out(self, splits: Mapping[str, SplitRecord]) -> LaidOut:
        """The splits of a record in the layout that others like it have."""
        if type(splits) is LaidOut:
            return splits
        named = [
            (split, metric, series)
            for split, record in splits.items()
            for metric, series in record.series().items()
        ]
        key = tuple((split, metric, series.epochs.tobytes()) for split, metric, series in named)
        layout = self._equal.get(key)
        if layout is None:
            if len(self._equal) >= MOST_LAYOUTS:
                self._equal.clear()
            places = (
                SeriesPlace(split, metric, series.epochs, array, None)
                for array, (split, metric, series) in enumerate(named)
            )
            layout = self._equal[key] = Layout(tuple(places))
        return LaidOut(layout, tuple([series.values for _, _, series in named]))


class StackedArrays:
    """The arrays of trials of one layout, stacked when first asked for."""

    def __init__(self, by_trial: Sequence[tuple[NDArray[np.float64], ...]]) -> None:
        self._by_trial = by_trial
        self._stacked: dict[int, NDArray[np.float64]] = {}

    def rows(self, place: SeriesPlace) -> NDArray[np.float64]:
        """The values of one series, float64 [trials, epochs]."""
        stacked = self._stacked.get(place.array)
        if stacked is None:
            each = [arrays[place.array] for arrays in self._by_trial]
            if len(set(map(len, each))) != 1:
                raise AssertionError(f"series of one layout with {set(map(len, each))} values")
            stacked = np.concatenate(each).reshape(len(each), -1)
            self._stacked[place.array] = stacked
        return stacked if place.positions is None else stacked.take(place.positions, axis=1)
