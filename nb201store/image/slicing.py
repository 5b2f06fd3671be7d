"""A part of an archive, chosen by words: what a smaller image holds, and the same part of records."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SettingsError
from nb201store.laid_out import LaidOut, Layout, SeriesPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nb201store.archive.reader import Archive
    from nb201store.records import TrialRecord

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of an archive an image holds; of what is empty, everything.

    Attributes
    ----------
    schedules : epochs of the training runs that are kept
    datasets, splits : names of those that are kept; a data set without any of `splits` is left out
    last_epoch : schedules of which accuracy, top5 and loss are kept at the last epoch only. Seconds stay at every
        epoch: they are mostly one number, and what a search pays is their sum.
    """

    schedules: tuple[int, ...] = ()
    datasets: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    last_epoch: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(
            self
        ):  # the same part in other words is the same slice, and the same bytes
            object.__setattr__(self, field.name, tuple(sorted(set(getattr(self, field.name)))))

    @property
    def whole(self) -> bool:
        """Whether everything is kept."""
        return self == Slice()

    def holds_group(self, schedule: int, dataset: str, splits: Iterable[str]) -> bool:
        """Whether trials of a schedule on a data set, which has these splits, are kept."""
        return (
            (not self.schedules or schedule in self.schedules)
            and (not self.datasets or dataset in self.datasets)
            and (not self.splits or not set(self.splits).isdisjoint(splits))
        )

    def holds_split(self, split: str) -> bool:
        """Whether the series of a split are kept."""
        return not self.splits or split in self.splits

    def held(self, schedule: int, metric: str, epochs: Array) -> Array:
        """Which of these epochs of a metric are kept, bool [n]."""
        if metric == "time" or schedule not in self.last_epoch:
            return np.ones(len(epochs), dtype=bool)
        last: Array = epochs == schedule - 1
        return last

    def to_json(self) -> dict[str, list[Any]]:
        """The words as an image holds them."""
        return {name: list(chosen) for name, chosen in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Any) -> Slice:
        """Rebuild a slice; LookupError, TypeError or ValueError where it is none (the caller says where)."""
        return cls(
            tuple(int(epochs) for epochs in data["schedules"]),
            tuple(str(name) for name in data["datasets"]),
            tuple(str(name) for name in data["splits"]),
            tuple(int(epochs) for epochs in data["last_epoch"]),
        )


def check_slice(chosen: Slice, archive: Archive) -> None:
    """Raise SettingsError where an archive has nothing of a word that was said, or nothing of all together."""
    groups = archive.groups
    datasets = list(dict.fromkeys(group.dataset.name for group in groups))
    splits = list(dict.fromkeys(split.name for group in groups for split in group.dataset.splits))
    schedules = sorted({group.schedule for group in groups})
    said: list[tuple[str, tuple[Any, ...], list[Any]]] = [
        ("schedule", chosen.schedules, schedules),
        ("data set", chosen.datasets, datasets),
        ("split", chosen.splits, splits),
        ("last epoch", chosen.last_epoch, list(chosen.schedules) or schedules),
    ]
    for word, values, known in said:
        for value in values:
            if value not in known:
                listed = ", ".join(map(str, known))
                raise SettingsError(f"{archive.path}: {word} {value}: it has {listed}")
    if not any(
        chosen.holds_group(g.schedule, g.dataset.name, [s.name for s in g.dataset.splits])
        for g in groups
    ):
        raise SettingsError(f"{archive.path}: nothing is left of it by these choices")


class Slicer:
    """Takes the same part of records: what an image of `chosen` holds of a trial."""

    def __init__(self, chosen: Slice, splits: Mapping[str, Sequence[str]]) -> None:
        """`splits`: names of the splits that each data set has."""
        self._chosen = chosen
        self._splits = splits
        self._layouts: dict[tuple[Layout, int], Layout] = {}

    def holds(self, trial: TrialRecord) -> bool:
        """Whether a trial is kept."""
        splits = self._splits.get(trial.dataset, ())
        return self._chosen.holds_group(trial.schedule, trial.dataset, splits)

    def part(self, trial: TrialRecord, laid_out: LaidOut) -> tuple[TrialRecord, LaidOut]:
        """The kept part of a trial and of its splits. A slice keeps no forms: they are of the whole."""
        key = (laid_out.layout, trial.schedule)
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = self._part_of(laid_out.layout, trial.schedule)
        part = LaidOut(layout, laid_out.arrays)
        return replace(trial, splits=part, form=""), part

    def _part_of(self, layout: Layout, schedule: int) -> Layout:
        places = []
        for place in layout.places:
            held = self._chosen.held(schedule, place.metric, place.epochs)
            if not self._chosen.holds_split(place.split) or not held.any():
                continue
            positions = np.flatnonzero(held) if place.positions is None else place.positions[held]
            places.append(
                SeriesPlace(place.split, place.metric, place.epochs[held], place.array, positions)
            )
        return Layout(tuple(places))
