"""Records gathered in compact rows, before they are laid out as arrays.

Which seeds and epochs exist is known only when the last record has come, so each metric keeps tables of rows that
share one set of epochs. A row is encoded once, many rows at a time, and held in its final width from then on.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import hits as hits_codec
from nb201store.archive.layout import hits_dtype
from nb201store.errors import SettingsError, SourceError
from nb201store.records import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nb201store.records import TrialRecord
    from nb201store.schema import Benchmark, Dataset, Split

    Array = np.ndarray[Any, np.dtype[Any]]
    Encoded = dict[str, Array]
    Encode = Callable[["Table", Array], Encoded]

_BUFFER_ROWS = 128
MOST_IN_LAST_BATCH = 255


class Table:
    """Rows of one metric (or of two that share their epochs) at one set of epochs.

    `codes`, `seeds`: int32 [n], one a row, in the order of arrival. `columns()`: encoded arrays [n, epochs].
    """

    def __init__(self, epochs: Array, inputs: int, encode: Encode) -> None:
        self.epochs = epochs
        self._encode = encode
        self._buffer = np.empty((inputs, _BUFFER_ROWS, len(epochs)))
        self._filled = 0
        self._codes = array("i")
        self._seeds = array("i")
        self._chunks: list[Encoded] = []

    def add(self, code: int, seed: int, rows: Sequence[Array]) -> None:
        """Append one row of doubles for each input."""
        if self._filled == _BUFFER_ROWS:
            self._flush()
        for place, row in enumerate(rows):
            self._buffer[place, self._filled] = row
        self._filled += 1
        self._codes.append(code)
        self._seeds.append(seed)

    def _flush(self) -> None:
        if self._filled:
            self._chunks.append(self._encode(self, self._buffer[:, : self._filled]))
            self._filled = 0

    def where(self, row: int, column: int) -> str:
        """Name a value of the buffer that is being encoded, for a message."""
        row += len(self._codes) - self._filled
        return f"code {self._codes[row]}, seed {self._seeds[row]}, epoch {self.epochs[column]}"

    def finish(self) -> tuple[Array, Array, Encoded]:
        """Return (codes, seeds, arrays), rows in ascending code."""
        self._flush()
        codes = np.array(self._codes, dtype=np.int32)
        seeds = np.array(self._seeds, dtype=np.int32)
        order = np.lexsort((seeds, codes))
        names = self._chunks[0] if self._chunks else {}
        arrays = {
            name: np.concatenate([chunk[name] for chunk in self._chunks])[order] for name in names
        }
        self._chunks.clear()
        return codes[order], seeds[order], arrays


class Tables:
    """All tables of one metric of one split: a table for each set of epochs that trials have."""

    def __init__(self, inputs: int, encode: Encode) -> None:
        self._inputs = inputs
        self._encode = encode
        self._by_epochs: dict[bytes, Table] = {}

    def add(self, code: int, seed: int, epochs: Array, rows: Sequence[Array]) -> None:
        key = epochs.tobytes()
        table = self._by_epochs.get(key)
        if table is None:
            table = self._by_epochs[key] = Table(epochs, self._inputs, self._encode)
        table.add(code, seed, rows)

    def epochs(self) -> Array:
        """Every epoch that some row has, ascending."""
        sets = [table.epochs for table in self._by_epochs.values()]
        return np.unique(np.concatenate(sets)) if sets else np.empty(0, dtype=np.int32)

    def __iter__(self) -> Iterator[Table]:
        return iter(self._by_epochs.values())

    def __bool__(self) -> bool:
        return bool(self._by_epochs)


class SplitStage:
    """Accuracy, loss and top-5 of one split in one (schedule, data set), encoded as they come."""

    def __init__(self, where: str, split: Split, batch: int, loss_dtype: np.dtype[Any]) -> None:
        self.split = split
        self.last = hits_codec.last_batch(split.images, batch)
        if self.last > MOST_IN_LAST_BATCH:
            raise SettingsError(
                f"{where}/{split.name}: {split.images} images in batches of {batch} leave {self.last} in the last; "
                f"its hits are kept in a byte, for at most {MOST_IN_LAST_BATCH}"
            )
        self.loss_dtype = loss_dtype
        self._where = where
        self.scores = Tables(2, self._encode_scores)
        self.top5 = Tables(1, self._encode_top5)

    def _encode_scores(self, table: Table, rows: Array) -> Encoded:
        encoded = self._hits(table, rows[0], "accuracy", "")
        encoded["loss"] = self._loss(table, rows[1])
        return encoded

    def _encode_top5(self, table: Table, rows: Array) -> Encoded:
        return self._hits(table, rows[0], "top5", "top5_")

    def _hits(self, table: Table, percent: Array, metric: str, prefix: str) -> Encoded:
        hits, last_hits, ok = hits_codec.encode(percent, self.split.images, self.last)
        if not ok.all():
            row, column = (int(i) for i in np.argwhere(~ok)[0])
            raise SourceError(
                f"{self._where}/{self.split.name}, {table.where(row, column)}: {metric} "
                f"{float(percent[row, column])!r} is not the percentage of any number of hits "
                f"out of {self.split.images} images"
            )
        encoded: Encoded = {f"{prefix}hits": hits.astype(hits_dtype(self.split.images))}
        if self.last:
            encoded[f"{prefix}last_hits"] = last_hits.astype(np.uint8)
        return encoded

    def _loss(self, table: Table, loss: Array) -> Array:
        with np.errstate(over="ignore"):
            stored: Array = loss.astype(self.loss_dtype)
        lost = np.isinf(stored) & np.isfinite(loss)
        if lost.any():
            row, column = (int(i) for i in np.argwhere(lost)[0])
            raise SourceError(
                f"{self._where}/{self.split.name}, {table.where(row, column)}: loss "
                f"{float(loss[row, column])!r} is too large for float32; convert with --loss float64"
            )
        return stored


class GroupStage:
    """Every trial of one schedule on one data set."""

    def __init__(
        self, schedule: int, dataset: Dataset, batch: int, loss_dtype: np.dtype[Any]
    ) -> None:
        self.schedule = schedule
        self.dataset = dataset
        where = f"{schedule}/{dataset.name}"
        self.splits = {s.name: SplitStage(where, s, batch, loss_dtype) for s in dataset.splits}
        self.codes = array("i")
        self.seeds = array("i")
        self.forms = array("H")  # by `Forms.arrival`
        self.params_m: list[float | None] = []
        self.flops_m: list[float | None] = []
        self.latency_s: list[tuple[float, ...]] = []
        self._time_sets: dict[bytes, int] = {}
        # One entry a trial and split, split by split: set of epochs by arrival plus one (0: no times; `time_sets`
        # sorts them), and the constant.
        self.time_set = {s.name: array("H") for s in dataset.splits}
        self.time_constant = {s.name: array("d") for s in dataset.splits}
        self.varying_times = {s.name: Tables(1, _encode_times) for s in dataset.splits}

    def add(self, trial: TrialRecord, form: int) -> int:
        """Take one trial; return how many values it held."""
        self.codes.append(trial.code)
        self.seeds.append(trial.seed)
        self.forms.append(form)
        self.params_m.append(trial.params_m)
        self.flops_m.append(trial.flops_m)
        self.latency_s.append(trial.latency_s or ())
        for name in trial.splits:
            if name not in self.splits:
                known = ", ".join(self.splits)
                raise SourceError(
                    f"{trial.name}: unknown split {name!r}; {trial.dataset} has {known}"
                )
        values = (
            (trial.params_m is not None) + (trial.flops_m is not None) + len(trial.latency_s or ())
        )
        for name, stage in self.splits.items():
            record = trial.splits.get(name)
            series = record.series() if record is not None else {}
            self._add_scores(trial, stage, series.get("accuracy"), series.get("loss"))
            if "top5" in series:
                stage.top5.add(
                    trial.code, trial.seed, series["top5"].epochs, [series["top5"].values]
                )
            self._add_times(trial, name, series.get("time"))
            values += sum(len(s.epochs) for s in series.values())
        return values

    def time_sets(self) -> tuple[list[tuple[int, ...]], Array]:
        """Return (distinct sets of epochs that have times, sorted; the place plus one in it of each `time_set`)."""
        found = [tuple(np.frombuffer(key, dtype=np.int32).tolist()) for key in self._time_sets]
        listed = sorted(found)
        return listed, np.array([0, *(listed.index(one) + 1 for one in found)], dtype=np.uint16)

    def _add_scores(
        self, trial: TrialRecord, stage: SplitStage, accuracy: Series | None, loss: Series | None
    ) -> None:
        if accuracy is None and loss is None:
            return
        if accuracy is None or loss is None or not np.array_equal(accuracy.epochs, loss.epochs):
            raise SourceError(
                f"{trial.name}: accuracy and loss of {stage.split.name} exist at different epochs"
            )
        if len(accuracy.epochs):
            stage.scores.add(
                trial.code, trial.seed, accuracy.epochs, [accuracy.values, loss.values]
            )

    def _add_times(self, trial: TrialRecord, split: str, time: Series | None) -> None:
        if time is None or not len(time.epochs):
            self.time_set[split].append(0)
            self.time_constant[split].append(np.nan)
            return
        arrival = self._time_sets.setdefault(
            np.asarray(time.epochs, dtype=np.int32).tobytes(), len(self._time_sets)
        )
        self.time_set[split].append(arrival + 1)
        bits = time.values.view(np.uint64)  # equal as bits, so that -0.0 and NaN stay what they are
        if (bits == bits[0]).all():
            self.time_constant[split].append(float(time.values[0]))
        else:
            self.time_constant[split].append(np.nan)
            self.varying_times[split].add(trial.code, trial.seed, time.epochs, [time.values])


def _encode_times(_: Table, rows: Array) -> Encoded:
    return {"epoch_time": rows[0].copy()}


class Forms:
    """Distinct forms, numbered as they appear; stored sorted, so that the order of arrival leaves no trace."""

    def __init__(self) -> None:
        self._arrivals: dict[str, int] = {}

    def arrival(self, form: str) -> int:
        """The number of a form until all have come."""
        arrival = self._arrivals.setdefault(form, len(self._arrivals))
        if arrival > 0xFFFE:
            raise SourceError("more than 65,535 different forms of objects: not an official file")
        return arrival

    def listed(self) -> list[str]:
        """Every form, sorted."""
        return sorted(self._arrivals)

    def places(self, arrivals: Iterable[int]) -> Array:
        """The places in `listed()` of forms known by `arrival`, uint16."""
        place = {form: place for place, form in enumerate(self.listed())}
        by_arrival = np.array([place[form] for form in self._arrivals], dtype=np.uint16)
        return by_arrival[np.fromiter(arrivals, dtype=np.int64)]


class Stage:
    """Everything that was read so far."""

    def __init__(self, benchmark: Benchmark, loss_dtype: np.dtype[Any]) -> None:
        self.benchmark = benchmark
        self.loss_dtype = loss_dtype
        self.groups: dict[tuple[int, str], GroupStage] = {}
        self.trial_forms = Forms()
        self.cell_forms = Forms()
        self.cell_form: dict[int, int] = {}

    def add(self, trial: TrialRecord) -> int:
        """Take one trial into its group; return how many values it held."""
        key = (trial.schedule, trial.dataset)
        group = self.groups.get(key)
        if group is None:
            dataset = self.benchmark.dataset(trial.dataset)
            group = GroupStage(trial.schedule, dataset, self.benchmark.batch, self.loss_dtype)
            self.groups[key] = group
        return group.add(trial, self.trial_forms.arrival(trial.form))

    def ordered_groups(self) -> list[GroupStage]:
        """Groups by (schedule, data set as described)."""
        order = [dataset.name for dataset in self.benchmark.datasets]
        return [
            self.groups[key] for key in sorted(self.groups, key=lambda k: (k[0], order.index(k[1])))
        ]
