"""Records gathered in compact rows, before they are laid out as arrays.

Which seeds and epochs exist is known only when the last record has come. Trials that hold the same series (one Layout)
wait until there are some hundred of them; then their values are encoded together, and held in their final width from
then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive.forms import Forms
from nb201store.archive.layout_stage import LayoutStage
from nb201store.archive.row_tables import Tables
from nb201store.archive.split_stage import SplitStage
from nb201store.archive.trial_columns import TrialColumns, joined
from nb201store.laid_out import MOST_LAYOUTS, Layouts
from nb201store.threads import Workers

if TYPE_CHECKING:
    from nb201store.archive.row_tables import Array
    from nb201store.laid_out import Layout
    from nb201store.records import TrialRecord
    from nb201store.schema import Benchmark, Dataset

# So many rows are encoded at once: what is made of them on the way fits into a cache.
_ROWS = 128
_MOST_WAITING_BYTES = 1 << 26


class GroupStage:
    """Every trial of one schedule on one data set."""

    def __init__(
        self, schedule: int, dataset: Dataset, batch: int, loss_dtype: np.dtype[Any]
    ) -> None:
        self.schedule = schedule
        self.dataset = dataset
        where = f"{schedule}/{dataset.name}"
        self.splits = {s.name: SplitStage(where, s, batch, loss_dtype) for s in dataset.splits}
        self.varying_times = {s.name: Tables() for s in dataset.splits}
        self._time_sets: dict[bytes, int] = {}
        self._pieces: list[TrialColumns] = []

    def append(self, columns: TrialColumns) -> None:
        """Take what belongs to some trials. Safe from any thread."""
        self._pieces.append(columns)

    def columns(self) -> TrialColumns:
        """What belongs to all trials."""
        self._pieces = [joined(self._pieces)]
        return self._pieces[0]

    def time_set(self, epochs: Array) -> int:
        """The place plus one, by arrival, of a set of epochs that have times."""
        key = epochs.astype(np.int32).tobytes()
        return self._time_sets.setdefault(key, len(self._time_sets)) + 1

    def time_sets(self) -> tuple[list[tuple[int, ...]], Array]:
        """Return (distinct sets of epochs that have times, sorted; the place plus one in it of each `time_set`)."""
        found = [tuple(np.frombuffer(key, dtype=np.int32).tolist()) for key in self._time_sets]
        listed = sorted(found)
        return listed, np.array([0, *(listed.index(one) + 1 for one in found)], dtype=np.uint16)


class Stage:
    """Everything that was read so far. `finish()` comes after the last trial."""

    def __init__(self, benchmark: Benchmark, loss_dtype: np.dtype[Any], workers: Workers) -> None:
        self.benchmark = benchmark
        self.loss_dtype = loss_dtype
        self.groups: dict[tuple[int, str], GroupStage] = {}
        self.trial_forms = Forms()
        self.cell_forms = Forms()
        self.cell_form: dict[int, int] = {}
        self._workers = workers
        self._layouts: dict[tuple[int, int, str], LayoutStage] = {}
        self._equal_layouts = Layouts()
        self._waiting_bytes = 0

    def add(self, trial: TrialRecord) -> int:
        """Take one trial into its group; return how many values it holds."""
        laid_out = self._equal_layouts.laid_out(trial.splits)
        layout, arrays = laid_out.layout, laid_out.arrays
        stage = self._layouts.get((id(layout), trial.schedule, trial.dataset))
        if stage is None:
            stage = self._layout_stage(layout, trial)
        stage.waiting.append((trial, arrays, self.trial_forms.arrival(trial.form)))
        if len(stage.waiting) == _ROWS:
            self._encode(stage)
        else:
            self._waiting_bytes += 8 * stage.values
            if self._waiting_bytes > _MOST_WAITING_BYTES:
                self._encode_all()
        values = stage.values + (trial.params_m is not None) + (trial.flops_m is not None)
        return values if trial.latency_s is None else values + len(trial.latency_s)

    def finish(self) -> None:
        """Encode what still waits; SourceError where some value of any trial cannot be held exactly."""
        self._encode_all()
        self._workers.finish()

    def ordered_groups(self) -> list[GroupStage]:
        """Groups by (schedule, data set as described)."""
        order = [dataset.name for dataset in self.benchmark.datasets]
        return [
            self.groups[key] for key in sorted(self.groups, key=lambda k: (k[0], order.index(k[1])))
        ]

    def _encode(self, stage: LayoutStage) -> None:
        waiting, stage.waiting = stage.waiting, []
        self._waiting_bytes -= 8 * stage.values * (len(waiting) - 1)
        self._workers.run(lambda: stage.encode(waiting))

    def _encode_all(self) -> None:
        for stage in self._layouts.values():
            if stage.waiting:
                self._encode(stage)
        self._waiting_bytes = 0

    def _layout_stage(self, layout: Layout, trial: TrialRecord) -> LayoutStage:
        """Make the place of a layout that was not met before."""
        if len(self._layouts) >= MOST_LAYOUTS:
            self._encode_all()
            self._layouts.clear()
        group = self.groups.get((trial.schedule, trial.dataset))
        if group is None:
            dataset = self.benchmark.dataset(trial.dataset)
            group = GroupStage(trial.schedule, dataset, self.benchmark.batch, self.loss_dtype)
            self.groups[trial.schedule, trial.dataset] = group
        stage = LayoutStage(group, layout, trial)
        self._layouts[id(layout), trial.schedule, trial.dataset] = stage
        return stage
