"""The official states of many trials at once, from rows of an archive or an image.

What a form says is worked out once for all trials that share it: from then on a series is one array of a hundred
trials, and a trial's dict is made of a list of keys that all of them share and one row.
"""

from __future__ import annotations

import sys
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.errors import FormatError
from nb201store.schema import TRAIN
from nb201store.upstream.forms import MAKE_DICT, typed
from nb201store.upstream.orders import epoch_keys, split_keys
from nb201store.upstream.series import EVAL_FIELDS, SERIES_FIELDS, TRAIN_FIELDS
from nb201store.upstream.trial_objects import RestoredNumbers, assembled_trial, parsed_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from nb201store.schema import Dataset
    from nb201store.trial_rows import Array, SeriesRows, TrialNumbers, TrialTable

DAMAGED_FORM = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What comes of a form that is no form of ours."""

_MOST_SEED_WIDTH = 16


class _Field(NamedTuple):
    """A dict of a state: its container and value type, its keys, and where their values stand.

    `sources`: (split, metric) of the series, put beside each other; `places`: int64, into them, one a key.
    """

    kind: str
    value_type: str | None
    keys: list[Any]
    sources: list[tuple[str, str]]
    places: Array


class _Plan(NamedTuple):
    """What trials of one form have in common. `expected`: bool, which epochs of each series they have."""

    form: Mapping[str, Any]
    fields: dict[str, _Field | None]
    expected: dict[tuple[str, str], Array]


class TrialStates:
    """Makes the states of trials of one schedule and data set of `file`.

    `count`: how many were made. `weights`: how many of them had weights, which are not kept.
    """

    def __init__(self, file: Path, table: TrialTable, schedule: int, dataset: Dataset) -> None:
        self.count = 0
        self.weights = 0
        self._file = file
        self._table = table
        self._schedule = schedule
        self._dataset = dataset
        self._plans: dict[str, _Plan] = {}
        self._epochs: dict[tuple[str, str], Array] = {}

    def states(self, rows: Array, arch_strs: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (place in `rows`, state) of trials of the table, in no order.

        Parameters
        ----------
        rows : int64 [n], rows of the table
        arch_strs : the architecture of each

        Raises
        ------
        FormatError   a form that is damaged, or that tells of numbers which the file does not hold
        """
        numbers = self._table.numbers(rows)
        of_form: dict[str, list[int]] = {}
        for place, form in enumerate(numbers.forms):
            of_form.setdefault(form, []).append(place)
        for form, listed in of_form.items():
            try:
                yield from self._of_one_form(form, np.array(listed), rows, numbers, arch_strs)
            except FormatError:
                raise
            except DAMAGED_FORM as problem:
                self._refuse(rows[listed[0]], f"its form is damaged: {problem!r}", problem)

    def _of_one_form(
        self, form: str, places: Array, rows: Array, numbers: TrialNumbers, arch_strs: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        series = {
            name: self._table.series(*name, rows[places]) for name in self._table.series_names
        }
        plan = self._plans.get(form)
        if plan is None:
            plan = self._plans[form] = self._planned(form, series)
        self._check(plan, series, rows[places], numbers, places)
        dicts = {field: _dicts(held, series, len(places)) for field, held in plan.fields.items()}
        ends = np.cumsum(numbers.latency_count)
        for place in places.tolist():
            own = RestoredNumbers(
                self._dataset.name,
                self._schedule,
                int(self._table.seeds[rows[place]]),
                arch_strs[place],
                numbers.params_m[place].item() if numbers.params_m_known[place] else None,
                numbers.flops_m[place].item() if numbers.flops_m_known[place] else None,
                numbers.latency_s[
                    ends[place] - numbers.latency_count[place] : ends[place]
                ].tolist(),
            )
            of_trial = {field: next(made) for field, made in dicts.items()}
            yield place, assembled_trial(plan.form, own, of_trial)
        self.count += len(places)
        self.weights += len(places) if plan.form["weights"] else 0

    def _planned(self, text: str, series: Mapping[tuple[str, str], SeriesRows]) -> _Plan:
        form = parsed_form(text)
        if not 0 <= form["seed_width"] <= _MOST_SEED_WIDTH:
            raise ValueError(f"a seed of {form['seed_width']} characters")
        expected = {name: np.zeros(len(held.epochs), dtype=bool) for name, held in series.items()}
        fields = {
            field: None
            if form[field] is None
            else self._field(field, form[field], series, expected)
            for field in SERIES_FIELDS
        }
        return _Plan(form, fields, expected)

    def _field(
        self,
        field: str,
        form: Any,
        series: Mapping[tuple[str, str], SeriesRows],
        expected: Mapping[tuple[str, str], Array],
    ) -> _Field:
        kind, value_type, runs = form
        keys: list[Any]
        if field in TRAIN_FIELDS:
            _check_length(sum(abs(last - first) + 1 for first, last in runs), self._schedule)
            keys = epoch_keys(runs)
            wanted = [(TRAIN, epoch) for epoch in keys]
            metric = TRAIN_FIELDS[field]
        else:
            most = self._schedule * len(self._dataset.splits)
            _check_length(
                sum((last - first + 1) * len(splits) for splits, first, last in runs), most
            )
            wanted = split_keys(runs)
            # One text for all trials of a cell: it is written once.
            keys = [sys.intern(f"{split}@{epoch}") for split, epoch in wanted]
            metric = EVAL_FIELDS[field]
        sources = [(split, metric) for split in dict.fromkeys(split for split, _ in wanted)]
        places = np.empty(len(wanted), dtype=np.int64)
        first_place: dict[tuple[int | str, int], int] = {}
        for source in sources:
            offset = len(first_place)
            epochs = series[source].epochs.tolist() if source in series else []
            first_place |= {(source[0], e): offset + nth for nth, e in enumerate(epochs)}
        for nth, (split, epoch) in enumerate(wanted):
            if (split, epoch) not in first_place:
                raise FormatError(
                    f"{self._file}: {self._dataset.name}, schedule {self._schedule}: no {metric} of {split} "
                    f"at epoch {epoch} is stored, which its trials had: {_SLICE}"
                )
            places[nth] = first_place[split, epoch]
            source_epochs = series[split, metric].epochs
            expected[split, metric][np.searchsorted(source_epochs, epoch)] = True
        return _Field(kind, value_type, keys, sources, places)

    def _check(
        self,
        plan: _Plan,
        series: Mapping[tuple[str, str], SeriesRows],
        rows: Array,
        numbers: TrialNumbers,
        places: Array,
    ) -> None:
        """Refuse trials that hold other numbers than their form tells of."""
        wrong = np.zeros(len(rows), dtype=bool)
        for (split, metric), held in series.items():
            wrong |= (held.present != plan.expected[split, metric]).any(axis=1)
        for field, known in (("params", numbers.params_m_known), ("flop", numbers.flops_m_known)):
            wrong |= known[places] != (plan.form[field] is not None)
        counts = numbers.latency_count[places]
        latency = plan.form["latency"]
        wrong |= counts > 0 if latency is None else (counts > 0) != (latency[1] is not None)
        if wrong.any():
            row = rows[np.flatnonzero(wrong)[0]]
            self._refuse(row, f"it holds other numbers than the official object had: {_SLICE}")

    def _refuse(self, row: int, why: str, problem: BaseException | None = None) -> NoReturn:
        code, seed = int(self._table.codes[row]), int(self._table.seeds[row])
        raise FormatError(
            f"{self._file}: code {code}, {self._dataset.name}, schedule {self._schedule}, seed {seed}: {why}"
        ) from problem


_SLICE = "only a whole archive or image can be restored, no slice of one"


def _dicts(
    held: _Field | None, series: Mapping[tuple[str, str], SeriesRows], count: int
) -> Iterator[dict[Any, float] | None]:
    """Yield one field of each of `count` trials."""
    if held is None:
        yield from repeat(None, count)
        return
    beside = [series[source].values for source in held.sources] or [np.empty((count, 0))]
    whole = beside[0] if len(beside) == 1 else np.concatenate(beside, axis=1)
    for values in whole.take(held.places, axis=1).tolist():
        made = values if held.value_type == "float" else typed(values, held.value_type)
        yield MAKE_DICT[held.kind](zip(held.keys, made, strict=True))


def _check_length(keys: int, most: int) -> None:
    """Refuse a form that would ask for more keys than a trial can have."""
    if keys > most:
        raise ValueError(f"{keys} keys, of {most} that there can be")
