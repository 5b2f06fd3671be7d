"""Best so far by simulated seconds, from integer counts of the best cell at each time of a grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import SettingsError
from nb201store.search.summary import weighted_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nb201store.search.result import Result

MOST_GRID = 1_000
"""Times at most: 1,000 of them take 130 MB of counts of tss."""


@dataclass(frozen=True, eq=False, repr=False)
class OverTime:
    """One reported accuracy of the best cell so far, over runs, at G times. Percent; NaN where no run has a cell yet.

    The best cell so far is the one with the highest reward (of the evaluations that the algorithm ranks: all but those
    of BOHB's small budgets); the accuracy is the reported one.
    """

    dataset: str
    split: str
    schedule: int
    times_s: NDArray[np.float64]
    """float64 [G]: simulated seconds; the last is the budget."""
    n: NDArray[np.int64]
    """int64 [G]: runs that have evaluated a cell by then: the mean is over these."""
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    """float64 [G]: population standard deviation."""
    quantiles: tuple[float, ...]
    values: NDArray[np.float64]
    """float64 [Q, G]: of each quantile q the smallest value that at least a share q of the runs does not pass
    (numpy's method "inverted_cdf": always the value of a run, never one between two)."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain Python objects."""
        return {
            "dataset": self.dataset, "split": self.split, "schedule": self.schedule,
            "times_s": self.times_s.tolist(), "n": self.n.tolist(), "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "quantiles": [
                {"q": q, "values": row.tolist()}
                for q, row in zip(self.quantiles, self.values, strict=True)
            ],
        }  # fmt: skip


def best_over_time(
    result: Result, dataset: str | None, split: str | None, quantiles: Sequence[float]
) -> OverTime:
    """Return the means and quantiles of one column; exact, for they follow from integers."""
    changes, settings, report = result.runs.changes, result.settings, result.report
    if not len(changes):
        raise SettingsError(
            "best so far was not counted: run with grid=150 (times) for over_time()"
        )
    shares = _checked(quantiles)
    place = _column(result, dataset, split)
    column, values = report.columns[place], report.values[place]
    points = len(changes) - 1
    order = np.argsort(values, kind="stable")  # NaN, which no run has, last
    counts = np.zeros(len(values), np.int64)
    n = np.zeros(points, np.int64)
    mean, std = np.full(points, np.nan), np.full(points, np.nan)
    found = np.full((len(shares), points), np.nan)
    for point in range(points):
        counts += changes[point]
        means, stds, n[point] = weighted_moments(values[None], counts)
        mean[point], std[point] = means[0], stds[0]
        if n[point]:
            below = np.cumsum(counts[order])
            places = [max(math.ceil(int(n[point]) * q - 1), 0) for q in shares]
            found[:, point] = values[order[np.searchsorted(below, places, side="right")]]
    return OverTime(
        *column, times_s=grid_times(settings["budget_s"], points), n=n, mean=mean, std=std, quantiles=shares,
        values=found,
    )  # fmt: skip


def grid_times(budget_s: float, points: int) -> NDArray[np.float64]:
    """Return the times of a grid, float64 [G]: equal parts of the budget, down to whole microseconds."""
    budget = round(budget_s * 1e6)
    return np.array([budget * (point + 1) // points for point in range(points)]) / 1e6


def _column(result: Result, dataset: str | None, split: str | None) -> int:
    """The column asked for; of none named the one nearest to what was searched."""
    report, settings = result.report, result.settings
    if dataset is not None or split is not None:
        return report.place(settings["dataset"] if dataset is None else dataset, split)
    searched = (settings["dataset"], settings["split"])
    names = [(column.dataset, column.split) for column in report.columns]
    return names.index(searched) if searched in names else 0


def _checked(quantiles: Sequence[float]) -> tuple[float, ...]:
    wanted = tuple(quantiles) if isinstance(quantiles, (list, tuple, np.ndarray)) else (quantiles,)
    for q in wanted:
        if isinstance(q, bool) or not isinstance(q, (int, float, np.number)) or not 0 <= q <= 1:
            raise SettingsError(f"quantiles must be numbers between 0 and 1, found {shown(q)}")
    return tuple(float(q) for q in wanted)
