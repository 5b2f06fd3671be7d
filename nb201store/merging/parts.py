"""What several sources hold of one trial, part by part: which has most, and what must be equal.

A part is what is taken from one source together: accuracy and loss of the evaluations (their epochs are one set), the
seconds of the training epochs, and so on. Trials of thousands of cells have the same few layouts, so what follows from
layouts alone is worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.laid_out import MOST_LAYOUTS, LaidOut, Layout, SeriesPlace
from nb201store.schema import TRAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Array = np.ndarray[Any, np.dtype[Any]]


class Held(NamedTuple):
    """Where values of one source stand: `arrays[array][positions]` of the trial of source `place`; None: all."""

    place: int
    array: int
    positions: NDArray[np.int64] | None

    def values(self, laid_out: Sequence[LaidOut]) -> Array:
        """The values, float64, one an epoch."""
        values = laid_out[self.place].arrays[self.array]
        return np.ascontiguousarray(values if self.positions is None else values[self.positions])


class Pair(NamedTuple):
    """One series that two sources have, at the epochs (int32) that both have."""

    split: str
    metric: str
    epochs: NDArray[np.int32]
    fullest: Held
    other: Held


class Alone(NamedTuple):
    """Epochs at which one source has a metric of a part and the other has not: how many, and the first of them."""

    place: int
    epochs: int
    split: str
    epoch: int


class Gap(NamedTuple):
    """A metric of which the fullest source of the part does not have all epochs: what either has alone."""

    metric: str
    alone: tuple[Alone, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the trials of some layouts.

    `fullest`: place of the first source that has all of it, if `gaps` is empty. `first`: of the first that has any.
    """

    name: str
    fullest: int
    first: int
    pairs: tuple[Pair, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, eq=False)
class LayoutParts:
    """The parts of trials that have these layouts, one a source."""

    layouts: tuple[Layout, ...]
    parts: tuple[Part, ...]
    _joined: dict[tuple[int, ...], Layout] = field(default_factory=dict)

    def joined(self, chosen: tuple[int, ...], laid_out: Sequence[LaidOut]) -> LaidOut:
        """The splits of a trial whose parts, in turn, are those of the sources at the places `chosen`."""
        used = sorted(set(chosen)) or [0]
        if len(used) == 1:
            return laid_out[used[0]]
        layout = self._joined.get(chosen)
        if layout is None:
            layout = self._joined[chosen] = self._join(chosen, used, laid_out)
        return LaidOut(layout, tuple(array for place in used for array in laid_out[place].arrays))

    def _join(
        self, chosen: tuple[int, ...], used: Sequence[int], laid_out: Sequence[LaidOut]
    ) -> Layout:
        counts = [len(laid_out[place].arrays) for place in used]
        offset = dict(zip(used, np.cumsum([0, *counts[:-1]]).tolist(), strict=True))
        from_source = {part.name: place for part, place in zip(self.parts, chosen, strict=True)}
        places = [
            SeriesPlace(p.split, p.metric, p.epochs, p.array + offset[place], p.positions)
            for place in used
            for p in self.layouts[place].places
            if from_source.get(part_name(p.split, p.metric)) == place
        ]
        return Layout(tuple(places))


class KnownParts:
    """The parts of all layouts that were met together."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], LayoutParts] = {}

    def of(self, laid_out: Sequence[LaidOut]) -> LayoutParts:
        """The parts of trials, one a source."""
        key = tuple([id(one.layout) for one in laid_out])
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_LAYOUTS:
                self._known.clear()
            layouts = tuple(one.layout for one in laid_out)  # kept, so that their ids stay theirs
            known = self._known[key] = LayoutParts(layouts, _parts(layouts))
        return known


def part_name(split: str, metric: str) -> str:
    """The part that a series belongs to; `upstream.joined_forms` names the official fields of each."""
    what = "scores" if metric in ("accuracy", "loss") else metric
    return f"{'train' if split == TRAIN else 'evaluation'} {what}"


def _parts(layouts: Sequence[Layout]) -> tuple[Part, ...]:
    held: dict[str, dict[int, dict[tuple[str, str], SeriesPlace]]] = {}
    for place, layout in enumerate(layouts):
        for series in layout.places:
            if len(series.epochs):
                of_part = held.setdefault(part_name(series.split, series.metric), {})
                of_part.setdefault(place, {})[series.split, series.metric] = series
    return tuple(_part(name, by_place) for name, by_place in sorted(held.items()))


def _part(name_of_part: str, by_place: Mapping[int, Mapping[tuple[str, str], SeriesPlace]]) -> Part:
    sizes = {
        place: sum(len(s.epochs) for s in series.values()) for place, series in by_place.items()
    }
    fullest = max(sizes, key=lambda place: (sizes[place], -place))
    pairs, gaps = [], []
    for place, series in sorted(by_place.items()):
        if place == fullest:
            continue
        gaps += _gaps({fullest: by_place[fullest], place: series}, fullest, place)
        for name, other in sorted(series.items()):
            full = by_place[fullest].get(name)
            if full is not None:
                common = np.intersect1d(full.epochs, other.epochs).astype(np.int32)
                if len(common):
                    one, two = _held(fullest, full, common), _held(place, other, common)
                    pairs.append(Pair(*name, common, one, two))
    return Part(name_of_part, fullest, min(by_place), tuple(pairs), tuple(gaps))


def _gaps(
    by_place: Mapping[int, Mapping[tuple[str, str], SeriesPlace]], fullest: int, other: int
) -> list[Gap]:
    """The metrics of which the fullest does not have all that the other has."""
    found = []
    for metric in sorted({metric for _, metric in by_place[other]}):
        keys = {
            place: {
                (split, epoch)
                for (split, name), one in series.items()
                if name == metric
                for epoch in one.epochs.tolist()
            }
            for place, series in by_place.items()
        }
        if keys[other] <= keys[fullest]:
            continue
        alone = [
            Alone(place, len(only), *min(only))
            for place, only in (
                (fullest, keys[fullest] - keys[other]),
                (other, keys[other] - keys[fullest]),
            )
            if only
        ]
        found.append(Gap(metric, tuple(sorted(alone))))
    return found


def _held(place: int, series: SeriesPlace, epochs: NDArray[np.int32]) -> Held:
    """Where a series has its values of `epochs`, all of which it has."""
    if len(epochs) == len(series.epochs):
        return Held(place, series.array, series.positions)
    at = np.searchsorted(series.epochs, epochs)
    return Held(place, series.array, at if series.positions is None else series.positions[at])
