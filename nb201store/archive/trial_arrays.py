"""The arrays of a (schedule, data set) group that belong to its trials: existence, costs, latency, times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive import layout
from nb201store.archive.arrays import CodeArrays, scatter, spread, write_coordinate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import zarr

    from nb201store.archive.arrays import Array, Rows
    from nb201store.archive.forms import Forms
    from nb201store.archive.staging import GroupStage


def write_trials(
    arrays: CodeArrays, node: zarr.Group, group: GroupStage, seeds: Array, forms: Forms
) -> None:
    """Write everything but the scores of the splits; `node` has the coordinates code, seed and split."""
    TrialArrays(arrays, node, group, seeds, forms).write()


class TrialArrays:
    """Writes one group; trials lie in a flat [code x seed] order while they are laid out."""

    def __init__(
        self, arrays: CodeArrays, node: zarr.Group, group: GroupStage, seeds: Array, forms: Forms
    ) -> None:
        self._arrays, self._node, self._group, self._seeds = arrays, node, group, seeds
        self._forms = forms
        self._columns = group.columns()
        slots = np.searchsorted(seeds, self._columns.seeds)
        self._flat = self._columns.codes.astype(np.int64) * len(seeds) + slots
        self._size = arrays.size * len(seeds)

    def write(self) -> None:
        """Write all arrays."""
        everywhere, columns = np.ones(len(self._flat), dtype=bool), self._columns
        self._per_trial("present", everywhere, "trial exists")
        forms = self._forms.places(columns.forms)
        self._per_trial("form", forms, "place in the root's trial_forms")
        self._costs("params_m", columns.params_m, columns.params_m_known, "million parameters")
        self._costs("flops_m", columns.flops_m, columns.flops_m_known, "million multiply-adds")
        self._latencies()
        self._times()

    def _per_trial(
        self, name: str, values: Array, long_name: str, units: str | None = None
    ) -> None:
        grid = spread(self._flat, values, self._size).reshape(self._arrays.size, len(self._seeds))
        self._arrays.write(self._node, name, ("seed",), grid, long_name, units)

    def _costs(self, name: str, numbers: Array, known: Array, units: str) -> None:
        self._per_trial(name, numbers, f"{units}, as recorded upstream", "1e6")
        self._per_trial(f"{name}_present", known, f"{name} was recorded")

    def _latencies(self) -> None:
        counts = self._columns.latency_count
        self._per_trial("latency_count", counts, "latency measurements kept")
        most = int(counts.max(initial=0))
        if most == 0:
            return
        laid = np.full((self._size, most), np.nan)
        kept = np.arange(most) < counts[:, None]
        rows = np.full(kept.shape, np.nan)
        rows[kept] = self._columns.latency_s
        laid[self._flat] = rows
        grid = laid.reshape(self._arrays.size, len(self._seeds), most)
        what = "seconds of one evaluation batch"
        self._arrays.write(self._node, "latency_s", ("seed", "measurement"), grid, what, "s")

    def _times(self) -> None:
        """Seconds per epoch, folded to one number where every epoch has the same, and which epochs have them."""
        group, seeds = self._group, self._seeds
        splits = list(group.splits)
        time_sets, sorted_place = group.time_sets()
        self._node.attrs["time_epoch_sets"] = [layout.runs_of(epochs) for epochs in time_sets]
        shape = (self._size, len(splits))
        constant, varies = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
        which = np.full(shape, layout.fill_of(np.dtype(np.uint16)), dtype=np.uint16)
        varying = {split: group.varying_times[split].finish() for split in splits}
        for place, split in enumerate(splits):
            constant[self._flat, place] = self._columns.time_constant[split]
            which[self._flat, place] = sorted_place[self._columns.time_set[split]]
            for _, codes, table_seeds, _ in varying[split]:
                slots = np.searchsorted(seeds, table_seeds)
                varies[codes.astype(np.int64) * len(seeds) + slots, place] = True
        grid = (self._arrays.size, len(seeds), len(splits))
        for name, laid, what, units in (
            ("time", constant, "seconds of one epoch, where all epochs of the trial agree", "s"),
            ("time_epoch_set", which, "place in time_epoch_sets plus one; 0: no times", None),
            ("time_varies", varies, "times differ between epochs: see epoch_time", None),
        ):
            values = laid.reshape(grid)
            self._arrays.write(self._node, name, ("seed", "split"), values, what, units)
        if varies.any():
            self._epoch_times(varying)

    def _epoch_times(self, varying: Mapping[str, Rows]) -> None:
        """Measured seconds of every epoch, of the trials whose times are not one constant."""
        epochs: Array = np.arange(self._group.schedule, dtype=np.int32)
        write_coordinate(self._node, "epoch", epochs, "epoch, 0-based")
        shape = (len(self._seeds), len(varying), len(epochs))

        def block(first: int, past: int) -> np.ndarray[Any, np.dtype[Any]]:
            values = np.full((past - first, *shape), np.nan)
            for place, tables in enumerate(varying.values()):
                scatter(values[:, :, place], tables, "epoch_time", first, self._seeds, epochs)
            return values

        attributes = {"units": "s", "long_name": "seconds of each epoch, where time_varies"}
        dims = ("seed", "split", "epoch")
        self._arrays.write_blocks(
            self._node, "epoch_time", dims, shape, np.dtype("<f8"), attributes, block
        )
