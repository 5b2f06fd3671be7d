"""The trials of one group in two archives or images, compared a block of rows at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.difference.report import MetricDifference
from nb201store.difference.unlike_forms import first_unlike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.difference.report import Difference, GroupDifference
    from nb201store.trial_rows import Array, SeriesRows, TrialNumbers, TrialTable

# So many trials are compared at once: of 200 epochs some 7 MB a side.
_ROWS = 1 << 12


class _Both(NamedTuple):
    """Trials that both have: their rows in each table, and what they are, int64."""

    rows_a: Array
    rows_b: Array
    codes: Array
    seeds: Array

    def block(self, first: int) -> _Both:
        """Some of them."""
        part = slice(first, first + _ROWS)
        return _Both(self.rows_a[part], self.rows_b[part], self.codes[part], self.seeds[part])


class GroupComparison:
    """Compares one group; counts go to `group`, the first differences by name to `found`."""

    def __init__(
        self,
        group: GroupDifference,
        found: Difference,
        names: tuple[str, str],
        loss: np.dtype[Any],
    ) -> None:
        self._group = group
        self._found = found
        self._names = names
        self._loss = loss

    def compare(self, a: TrialTable, b: TrialTable) -> None:
        """Compare both tables, block by block."""
        both = self._match(a, b)
        of_trial = {name: self._metric(None, name) for name in ("params_m", "flops_m", "latency_s")}
        for first in range(0, len(both.rows_a), _ROWS):
            block = both.block(first)
            self._compare_numbers(block, a.numbers(block.rows_a), b.numbers(block.rows_b), of_trial)
        of_series = [
            (split, metric, self._metric(split, metric))
            for split, metric in dict.fromkeys((*a.series_names, *b.series_names))
        ]
        for split, metric, counted in of_series:
            for first in range(0, len(both.rows_a), _ROWS):
                block = both.block(first)
                self._compare_series(block, *_series_of_both(a, b, split, metric, block), counted)
        compared = [*of_trial.values(), *(counted for *_, counted in of_series)]
        self._group.values = sum(counted.values for counted in compared)
        self._group.metrics = [counted for counted in compared if not counted.same]

    def _metric(self, split: str | None, metric: str) -> MetricDifference:
        return MetricDifference(self._group.schedule, self._group.dataset, split, metric)

    def _match(self, a: TrialTable, b: TrialTable) -> _Both:
        """Count and name the trials that one of them lacks; return the others."""
        keys_a, keys_b = (table.codes << 32 | table.seeds for table in (a, b))
        keys, rows_a, rows_b = np.intersect1d(
            keys_a, keys_b, assume_unique=True, return_indices=True
        )
        only = np.setdiff1d(keys_a, keys_b), np.setdiff1d(keys_b, keys_a)
        self._group.trials = len(keys)
        self._group.only_a, self._group.only_b = map(len, only)
        for name, alone in zip(self._names, only, strict=True):
            for key in alone[: self._found.room].tolist():
                self._found.name(f"{self._trial(key >> 32, key & 0xFFFFFFFF)}: only in {name}")
        return _Both(rows_a, rows_b, keys >> 32, keys & 0xFFFFFFFF)

    def _compare_numbers(
        self,
        block: _Both,
        a: TrialNumbers,
        b: TrialNumbers,
        of_trial: dict[str, MetricDifference],
    ) -> None:
        for one, two in zip(a.forms, b.forms, strict=True):
            if one != two and one and two:  # slices have none
                self._group.forms += 1
                place, *texts = first_unlike(one, two)
                self._found.count_forms(
                    f"trials: {place}: {texts[0]} in {self._names[0]}, {texts[1]} in {self._names[1]}"
                )
        for name in ("params_m", "flops_m"):
            known_a, known_b = getattr(a, f"{name}_known"), getattr(b, f"{name}_known")
            values_a, values_b = getattr(a, name), getattr(b, name)
            wrong = known_a & known_b & ~_same_bits(values_a, values_b)
            self._count(block, known_a, known_b, wrong, of_trial[name], values_a, values_b)
        lists_a, lists_b = _lists(a), _lists(b)
        wrong = np.array(
            [x.tobytes() != y.tobytes() for x, y in zip(lists_a, lists_b, strict=True)]
        )
        has_a, has_b = a.latency_count > 0, b.latency_count > 0
        self._count(
            block, has_a, has_b, wrong & has_a & has_b, of_trial["latency_s"], lists_a, lists_b
        )

    def _count(
        self,
        block: _Both,
        has_a: Array,
        has_b: Array,
        wrong: Array,
        counted: MetricDifference,
        values_a: Sequence[Any] | Array,
        values_b: Sequence[Any] | Array,
    ) -> None:
        """Count one number (or list) a trial, and name the first differences."""
        counted.values += int((has_a & has_b).sum())
        counted.differing += int(wrong.sum())
        counted.only_a += int((has_a & ~has_b).sum())
        counted.only_b += int((has_b & ~has_a).sum())
        for place in np.flatnonzero(wrong | (has_a != has_b))[: self._found.room].tolist():
            said = [
                f"{_shown(values[place]) if has[place] else 'none'} in {name}"
                for values, has, name in zip(
                    (values_a, values_b), (has_a, has_b), self._names, strict=True
                )
            ]
            self._found.name(f"{self._name(block, place)}, {counted.metric}: {', '.join(said)}")

    def _compare_series(
        self, block: _Both, a: SeriesRows, b: SeriesRows, counted: MetricDifference
    ) -> None:
        epochs, (values_a, there_a), (values_b, there_b) = _aligned(a, b)
        wrong = there_a & there_b
        counted.values += int(wrong.sum())
        if counted.metric == "loss":
            with np.errstate(over="ignore"):
                wrong &= ~_same_bits(values_a.astype(self._loss), values_b.astype(self._loss))
        else:
            wrong &= ~_same_bits(values_a, values_b)
        counted.differing += int(wrong.sum())
        counted.only_a += int((there_a & ~there_b).sum())
        counted.only_b += int((there_b & ~there_a).sum())
        unlike = wrong | (there_a != there_b)
        for place in np.flatnonzero(unlike.any(axis=1))[: self._found.room].tolist():
            at = int(np.flatnonzero(unlike[place])[0])
            said = [
                f"{float(values[place, at])!r} in {name}" if there[place, at] else f"none in {name}"
                for values, there, name in (
                    (values_a, there_a, self._names[0]),
                    (values_b, there_b, self._names[1]),
                )
            ]
            of = int((there_a | there_b)[place].sum())
            self._found.name(
                f"{self._name(block, place)}, {counted.split}, {counted.metric}, epoch {epochs[at]}: "
                f"{', '.join(said)} ({int(unlike[place].sum())} of {of} epochs differ)"
            )

    def _name(self, block: _Both, place: int) -> str:
        return self._trial(int(block.codes[place]), int(block.seeds[place]))

    def _trial(self, code: int, seed: int) -> str:
        return f"code {code}, {self._group.dataset}, schedule {self._group.schedule}, seed {seed}"


def _series_of_both(
    a: TrialTable, b: TrialTable, split: str, metric: str, block: _Both
) -> tuple[SeriesRows, SeriesRows]:
    """One series of some trials; nothing is present of it where a table does not have it at all."""
    has_a, has_b = ((split, metric) in table.series_names for table in (a, b))
    if has_a and has_b:
        return a.series(split, metric, block.rows_a), b.series(split, metric, block.rows_b)
    table, rows = (a, block.rows_a) if has_a else (b, block.rows_b)
    held = table.series(split, metric, rows)
    nothing = held._replace(present=np.zeros_like(held.present))
    return (held, nothing) if has_a else (nothing, held)


def _aligned(
    a: SeriesRows, b: SeriesRows
) -> tuple[Array, tuple[Array, Array], tuple[Array, Array]]:
    """(epochs of either, (values, present) of a at them, the same of b)."""
    if np.array_equal(a.epochs, b.epochs):
        return a.epochs, (a.values, a.present), (b.values, b.present)
    epochs = np.union1d(a.epochs, b.epochs)
    sides = []
    for side in (a, b):
        shape = (len(side.values), len(epochs))
        values, present = np.zeros(shape), np.zeros(shape, dtype=bool)
        at = np.searchsorted(epochs, side.epochs)
        values[:, at], present[:, at] = side.values, side.present
        sides.append((values, present))
    return epochs, sides[0], sides[1]


def _same_bits(one: Array, other: Array) -> Array:
    """Whether floats of one width are equal as bits, NaNs too."""
    bits = f"u{one.dtype.itemsize}"
    same: Array = np.ascontiguousarray(one).view(bits) == np.ascontiguousarray(other).view(bits)
    return same


def _lists(numbers: TrialNumbers) -> list[Array]:
    """The latencies of each trial."""
    return np.split(numbers.latency_s, np.cumsum(numbers.latency_count)[:-1])


def _shown(value: Any) -> str:
    """A number, or the first few of a list."""
    if np.ndim(value) == 0:
        return repr(float(value))
    more = f" and {len(value) - 3} more" if len(value) > 3 else ""
    return f"[{', '.join(map(repr, value[:3].tolist()))}]{more}"
