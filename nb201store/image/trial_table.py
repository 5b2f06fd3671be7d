"""All trials of one group of an image as rows, through the same C++ queries that users ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.trial_rows import SeriesRows, TrialNumbers, costs_of, latencies_of

if TYPE_CHECKING:
    from nb201store.image.reader import ImageRecords
    from nb201store.trial_rows import Array


class ImageTrials:
    """A `trial_rows.TrialTable`."""

    def __init__(self, records: ImageRecords, schedule: int, dataset: str) -> None:
        self._records = records
        self._key = (schedule, dataset)
        self._rows = records.row_table(self._key)
        self._of_group = np.array(records.seeds[self._key], dtype=np.int64)
        self.codes, slots = np.nonzero(self._rows >= 0)
        order = np.argsort(self._rows[self.codes, slots])
        if not np.array_equal(self._rows[self.codes, slots][order], np.arange(len(order))):
            section = f"{schedule}/{dataset}/rows"
            raise records.refusal(section, f"expected every row below {len(order)} once")
        self.codes, self.seeds = self.codes[order], self._of_group[slots[order]]
        self.series_names = records.series_names(self._key)

    def find(self, codes: Array, seeds: Array) -> Array:
        """See `TrialTable`; a row is its place in `codes`."""
        known = np.isin(seeds, self._of_group)
        slots = np.where(known, np.searchsorted(self._of_group, seeds), 0)
        return np.where(known, self._rows[codes, slots].astype(np.int64), -1)

    def numbers(self, rows: Array) -> TrialNumbers:
        """See `TrialTable`."""
        each = [
            self._records.trial_numbers(self._key, code, seed)
            for code, seed in zip(self.codes[rows].tolist(), self.seeds[rows].tolist(), strict=True)
        ]
        forms = [self._records.trial_form(self._key, row) for row in rows.tolist()]
        params, flops, latencies = zip(*each, strict=True)
        return TrialNumbers(forms, *costs_of(params), *costs_of(flops), *latencies_of(latencies))

    def series(self, split: str, metric: str, rows: Array) -> SeriesRows:
        """See `TrialTable`."""
        schedule, dataset = self._key
        epochs = self._records.series_epochs(self._key, split, metric)
        shape = (len(rows), len(epochs))
        values, present = self._records.image.gather(
            np.repeat(self.codes[rows], len(epochs)), dataset, split, metric, schedule,
            np.tile(epochs.astype(np.int64), len(rows)), np.repeat(self.seeds[rows], len(epochs)),
        )  # fmt: skip
        return SeriesRows(epochs, values.reshape(shape), present.reshape(shape))
