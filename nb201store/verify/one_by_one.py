"""One record against another: every difference by its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.records import Series, SplitRecord

if TYPE_CHECKING:
    from nb201store.records import CellRecord, TrialRecord
    from nb201store.verify.joined import Joined
    from nb201store.verify.report import Report


def compare_cells(
    source: CellRecord, ours: CellRecord, loss: np.dtype[Any], report: Report
) -> None:
    """Compare one cell; add to `report`."""
    theirs = {(t.schedule, t.dataset, t.seed): t for t in source.trials}
    found = {(t.schedule, t.dataset, t.seed): t for t in ours.trials}
    if source.form != ours.form:
        report.differ(f"code {source.code}: form {ours.form!r}, source {source.form!r}")
    for key, trial in theirs.items():
        report.trials += 1
        if key in found:
            compare_trials(trial, found[key], loss, report)
        else:
            report.differ(f"{trial.name}: missing")
    for key in found.keys() - theirs.keys():
        report.differ(f"{found[key].name}: not in the source")


def compare_trials(
    source: TrialRecord,
    ours: TrialRecord,
    loss: np.dtype[Any],
    report: Report,
    joined: Joined | None = None,
) -> None:
    """Compare one trial, exactly or as `joined` asks; add to `report`."""
    pairs = {
        "params_m": ((source.params_m,), (ours.params_m,)),
        "flops_m": ((source.flops_m,), (ours.flops_m,)),
        "latency_s": (source.latency_s or (), ours.latency_s or ()),
    }
    report.values += count_numbers(source)
    for metric, (theirs, found) in pairs.items():
        if joined is not None and (metric in joined.not_compared or theirs in ((), (None,))):
            continue
        if _bits(theirs) != _bits(found):
            report.differ(f"{source.name}: {metric} {found}, source {theirs}")
    if joined is None and source.form != ours.form:
        report.differ(f"{source.name}: form {ours.form!r}, source {source.form!r}")
    for split in sorted(source.splits.keys() | ours.splits.keys()):
        theirs_split = source.splits.get(split, SplitRecord()).series()
        found_split = ours.splits.get(split, SplitRecord()).series()
        for metric in sorted(theirs_split.keys() | found_split.keys()):
            where = f"{source.name}, {split}, {metric}"
            dtype = loss if metric == "loss" else None
            theirs_series, found_series = theirs_split.get(metric), found_split.get(metric)
            if joined is not None:
                if metric in joined.not_compared or theirs_series is None:
                    continue
                found_series = _at(theirs_series.epochs, found_series)
            _compare_series(where, theirs_series, found_series, dtype, report)


def _at(epochs: np.ndarray[Any, np.dtype[np.int32]], held: Series | None) -> Series | None:
    """A series at no other epochs than these."""
    if held is None:
        return None
    kept = np.isin(held.epochs, epochs)
    return Series(held.epochs[kept], held.values[kept])


def count_numbers(trial: TrialRecord) -> int:
    """How many numbers of a trial are compared that are not of its epochs."""
    return 2 + len(trial.latency_s or ())


def _bits(numbers: tuple[float | None, ...]) -> list[bytes | None]:
    return [None if number is None else np.float64(number).tobytes() for number in numbers]


def _compare_series(
    where: str,
    source: Series | None,
    ours: Series | None,
    dtype: np.dtype[Any] | None,
    report: Report,
) -> None:
    epochs = np.empty(0, np.int32) if source is None else source.epochs
    found_epochs = np.empty(0, np.int32) if ours is None else ours.epochs
    report.values += len(epochs)
    if not np.array_equal(epochs, found_epochs):
        only = sorted(set(epochs.tolist()) ^ set(found_epochs.tolist()))
        report.differ(
            f"{where}: exists on one side only at epochs {only[:5]}, {len(only)} in all", len(only)
        )
        return
    if source is None or ours is None:
        return
    expected = source.values if dtype is None else source.values.astype(dtype).astype(np.float64)
    wrong = np.flatnonzero(expected.view(np.uint64) != ours.values.view(np.uint64))
    if len(wrong):
        first = wrong[0]
        report.differ(
            f"{where}, epoch {epochs[first]}: {float(ours.values[first])!r}, source {float(expected[first])!r} "
            f"({len(wrong)} of {len(epochs)} epochs differ)",
            len(wrong),
        )
