"""What belongs to a trial and not to its epochs, in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.trial_rows import costs_of, latencies_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nb201store.records import TrialRecord

    Array = np.ndarray[Any, np.dtype[Any]]


class TrialColumns(NamedTuple):
    """One entry a trial, in no order.

    `codes`, `seeds`: int32. `forms`: uint16, by `Forms.arrival`. `params_m`, `flops_m`: float64, and bool where they
    are known. `latency_count`: uint16; `latency_s`: that many float64 of each trial in turn. `time_set`, by split,
    uint16: place plus one, by arrival, of the set of epochs that have times, 0 of none. `time_constant`, by split,
    float64: their seconds where all are the same, else NaN.
    """

    codes: Array
    seeds: Array
    forms: Array
    params_m: Array
    params_m_known: Array
    flops_m: Array
    flops_m_known: Array
    latency_count: Array
    latency_s: Array
    time_set: Mapping[str, Array]
    time_constant: Mapping[str, Array]


def columns_of(
    trials: Sequence[TrialRecord],
    forms: Sequence[int],
    time_set: Mapping[str, Array],
    time_constant: Mapping[str, Array],
) -> TrialColumns:
    """Return the columns of trials; what their times are comes from the caller."""
    counts, seconds = latencies_of(trial.latency_s for trial in trials)
    return TrialColumns(
        np.array([trial.code for trial in trials], dtype=np.int32),
        np.array([trial.seed for trial in trials], dtype=np.int32),
        np.array(forms, dtype=np.uint16),
        *costs_of(trial.params_m for trial in trials),
        *costs_of(trial.flops_m for trial in trials),
        counts.astype(np.uint16),
        seconds,
        time_set,
        time_constant,
    )


def joined(pieces: Sequence[TrialColumns]) -> TrialColumns:
    """Return all of one or more pieces of the same splits as one."""
    whole: dict[str, Any] = {}
    for name in TrialColumns._fields:
        columns = [getattr(piece, name) for piece in pieces]
        if name.startswith("time_"):
            whole[name] = {
                split: np.concatenate([column[split] for column in columns]) for split in columns[0]
            }
        else:
            whole[name] = np.concatenate(columns)
    return TrialColumns(**whole)
