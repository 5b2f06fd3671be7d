"""All trials of one group of an archive as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.archive.group_rows import GroupRows
from nb201store.trial_rows import SeriesRows, TrialNumbers

if TYPE_CHECKING:
    from nb201store.archive.group import Group
    from nb201store.archive.reader import Archive
    from nb201store.archive.row_tables import Array


class ArchiveTrials:
    """A `trial_rows.TrialTable`. Each array is read when first asked for, and its rows are kept.

    Safe from any thread: at worst an array is read twice.
    """

    def __init__(self, archive: Archive, group: Group) -> None:
        self._group = group
        self._held = GroupRows(archive, group)
        self._rows = self._held.table()
        self.codes = self._held.codes
        self.seeds = group.seeds[self._held.slots].astype(np.int64)
        self.series_names = [
            (split.name, metric)
            for split in group.dataset.splits
            for metric in ("accuracy", "loss", "top5", "time")
            if metric == "time" or group.has(f"{split.name}/{_PRESENT[metric]}")
        ]
        self._kept: dict[str, Array] = {}

    def find(self, codes: Array, seeds: Array) -> Array:
        """See `TrialTable`."""
        slots = np.searchsorted(self._group.seeds, seeds)
        known = np.isin(seeds, self._group.seeds)
        found = self._rows[codes, np.where(known, slots, 0)].astype(np.int64)
        return np.where(known, found, -1)

    def numbers(self, rows: Array) -> TrialNumbers:
        """See `TrialTable`."""
        forms = [self._group.form_text(int(place)) for place in self._of("form", rows)]
        params, flops = (self._of(name, rows).astype(float) for name in ("params_m", "flops_m"))
        counts = self._of("latency_count", rows).astype(np.int64)
        kept = np.empty((len(rows), 0))
        if self._group.has("latency_s"):
            kept = self._of("latency_s", rows).astype(float)
        self._group.expect_below("latency_count", counts, kept.shape[1] + 1)
        return TrialNumbers(
            forms,
            params,
            self._of("params_m_present", rows),
            flops,
            self._of("flops_m_present", rows),
            counts,
            kept[np.arange(kept.shape[1]) < counts[:, None]],
        )

    def series(self, split: str, metric: str, rows: Array) -> SeriesRows:
        """See `TrialTable`."""
        group = self._group
        if metric == "time":
            return self._times(split, rows)
        present = self._of(f"{split}/{_PRESENT[metric]}", rows)
        epochs = group.split_epochs[split]
        if metric == "loss":
            return SeriesRows(epochs, self._of(f"{split}/loss", rows).astype(np.float64), present)
        prefix = "top5_" if metric == "top5" else ""
        hits = np.where(present, self._of(f"{split}/{prefix}hits", rows), 0)
        last_hits = None
        if group.last[split]:
            last_hits = np.where(present, self._of(f"{split}/{prefix}last_hits", rows), 0)
        return SeriesRows(epochs, group.percent(split, prefix, hits, last_hits), present)

    def _times(self, split: str, rows: Array) -> SeriesRows:
        """Seconds, unfolded."""
        group, place = self._group, self._group.time_splits.index(split)
        epochs = np.arange(group.schedule, dtype=np.int32)
        which = self._of("time_epoch_set", rows)[:, place]
        group.expect_below("time_epoch_set", which, len(group.time_epoch_sets) + 1)
        sets = np.zeros((len(group.time_epoch_sets) + 1, len(epochs)), dtype=bool)
        for number, held in enumerate(group.time_epoch_sets):
            sets[number + 1, held] = True
        values = np.repeat(
            self._of("time", rows)[:, place, None].astype(float), len(epochs), axis=1
        )
        varies = self._of("time_varies", rows)[:, place] & (which != 0)
        if varies.any():
            group.expect_array("epoch_time", "seconds of the epochs where time_varies")
            values[varies] = self._of("epoch_time", rows[varies])[:, place]
        return SeriesRows(epochs, values, sets[which])

    def _of(self, name: str, rows: Array) -> Array:
        if name not in self._kept:
            self._kept[name] = self._held.read(name)
        return self._kept[name][rows]


_PRESENT = {"accuracy": "present", "loss": "present", "top5": "top5_present"}
