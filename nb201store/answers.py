"""Answers of more than one part. Not loaded on the way to a first number: `typing` costs more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Ranked(NamedTuple):
    """A cell and the value it is ranked by."""

    code: int
    value: float


class BestEpoch(NamedTuple):
    """Where a metric was best: int and float of one cell, int64 and float64 arrays of many."""

    epoch: Any
    value: Any


class Neighbours(NamedTuple):
    """Cells that differ in one place: int64 and float64 [..., 24] (tss) or [..., 35] (sss)."""

    codes: NDArray[np.int64]
    values: NDArray[np.float64]


class RecordedCost(NamedTuple):
    """Millions of parameters and multiply-adds, as upstream wrote them into a trial."""

    params_m: float
    flops_m: float


class Cost(NamedTuple):
    """Closed forms in millions, and measured seconds (None where there are none); see `Store.cost`."""

    params_m: float
    flops_m: float
    latency_s: float | None
    train_epoch_s: float | None
    eval_s: dict[str, float | None]
