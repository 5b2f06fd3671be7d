"""Trials that hold the same series, waiting to be encoded together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.archive.split_stage import Rows
from nb201store.archive.trial_columns import columns_of
from nb201store.errors import SourceError
from nb201store.laid_out import StackedArrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.archive.row_tables import Array, Table
    from nb201store.archive.split_stage import SplitStage
    from nb201store.archive.staging import GroupStage
    from nb201store.laid_out import Layout, SeriesPlace
    from nb201store.records import TrialRecord

    Waiting = tuple[TrialRecord, tuple[Array, ...], int]


class _Scores(NamedTuple):
    stage: SplitStage
    table: Table
    accuracy: SeriesPlace
    loss: SeriesPlace


class _Top5(NamedTuple):
    stage: SplitStage
    table: Table
    top5: SeriesPlace


class _Times(NamedTuple):
    varying: Table
    time: SeriesPlace
    time_set: int


class LayoutStage:
    """The trials of one group that share one Layout.

    `values`: how many numbers the series of each hold. `waiting`: (trial, its arrays, its form by arrival). Making one
    checks, by its first trial, that the group has a place for every series.
    """

    def __init__(self, group: GroupStage, layout: Layout, first: TrialRecord) -> None:
        self.layout = layout  # kept, so that its id stays its own
        self.values = sum(len(place.epochs) for place in layout.places)
        self.waiting: list[Waiting] = []
        self._group = group
        self._scores: list[_Scores] = []
        self._top5: list[_Top5] = []
        self._times: dict[str, _Times] = {}
        for split in layout.splits:
            if split not in group.splits:
                known = ", ".join(group.splits)
                raise SourceError(
                    f"{first.name}: unknown split {split!r}; {first.dataset} has {known}"
                )
        for split in group.splits:
            places = {place.metric: place for place in layout.splits.get(split, ())}
            self._plan_scores(split, places.get("accuracy"), places.get("loss"), first)
            self._plan_others(split, places.get("top5"), places.get("time"))

    def _plan_scores(
        self, split: str, accuracy: SeriesPlace | None, loss: SeriesPlace | None, first: TrialRecord
    ) -> None:
        if accuracy is None and loss is None:
            return
        if accuracy is None or loss is None or not np.array_equal(accuracy.epochs, loss.epochs):
            raise SourceError(
                f"{first.name}: accuracy and loss of {split} exist at different epochs"
            )
        if len(accuracy.epochs):
            stage = self._group.splits[split]
            table = stage.scores.table(accuracy.epochs)
            self._scores.append(_Scores(stage, table, accuracy, loss))

    def _plan_others(self, split: str, top5: SeriesPlace | None, time: SeriesPlace | None) -> None:
        if top5 is not None and len(top5.epochs):
            stage = self._group.splits[split]
            self._top5.append(_Top5(stage, stage.top5.table(top5.epochs), top5))
        if time is not None and len(time.epochs):
            varying = self._group.varying_times[split].table(time.epochs)
            self._times[split] = _Times(varying, time, self._group.time_set(time.epochs))

    def encode(self, waiting: Sequence[Waiting]) -> None:
        """Put trials that have waited into the group. Safe from any thread.

        Raises SourceError at a value that cannot be held exactly.
        """
        arrays = StackedArrays([arrays for _, arrays, _ in waiting])
        trials = [trial for trial, _, _ in waiting]
        time_set, constant = {}, {}
        for split in self._group.splits:
            time_set[split] = np.zeros(len(trials), dtype=np.uint16)
            constant[split] = np.full(len(trials), np.nan)
        columns = columns_of(trials, [form for _, _, form in waiting], time_set, constant)
        codes, seeds = columns.codes, columns.seeds
        for stage, table, accuracy, loss in self._scores:
            rows = Rows(codes, seeds, table.epochs)
            encoded = stage.encode_scores(rows, arrays.rows(accuracy), arrays.rows(loss))
            table.append(codes, seeds, encoded)
        for stage, table, top5 in self._top5:
            rows = Rows(codes, seeds, table.epochs)
            table.append(codes, seeds, stage.encode_top5(rows, arrays.rows(top5)))
        for split, (table, time, number) in self._times.items():
            time_set[split][:] = number
            values = arrays.rows(time)
            bits = values.view(np.uint64)  # equal as bits, so that -0.0 and NaN stay what they are
            varies = (bits != bits[:, :1]).any(axis=1)
            constant[split][~varies] = values[~varies, 0]
            if varies.any():
                table.append(codes[varies], seeds[varies], {"epoch_time": values[varies]})
        self._group.append(columns)
