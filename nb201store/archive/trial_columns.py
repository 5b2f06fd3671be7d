"""What belongs to a trial and not to its epochs, in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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
    latencies = [trial.latency_s or () for trial in trials]
    return TrialColumns(
        np.array([trial.code for trial in trials], dtype=np.int32),
        np.array([trial.seed for trial in trials], dtype=np.int32),
        np.array(forms, dtype=np.uint16),
        *_costs([trial.params_m for trial in trials]),
        *_costs([trial.flops_m for trial in trials]),
        np.array(list(map(len, latencies)), dtype=np.uint16),
        np.array([seconds for latency in latencies for seconds in latency], dtype=np.float64),
        time_set,
        time_constant,
    )


def _costs(values: Sequence[float | None]) -> tuple[Array, Array]:
    """(values, NaN where they are not known; whether they are)."""
    known = np.array([value is not None for value in values])
    return np.array([np.nan if value is None else value for value in values]), known


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
