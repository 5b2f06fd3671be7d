"""The paper's table row: mean and spread of the accuracies that the runs found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.search.reporting import chunks, found_cells, values_at_budget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.search.result import Result


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column of the row, all in percent (n: runs)."""

    dataset: str
    split: str
    schedule: int
    mean: float
    std: float
    """Population standard deviation over the runs (ddof 0)."""
    n: int
    optimum: float
    """The column's own maximum over the cells that take part."""
    regret: float
    """optimum - mean"""

    def __str__(self) -> str:
        return f"{self.mean:.2f} +- {self.std:.2f}"


@dataclass(frozen=True, slots=True)
class Summary:
    """Mean +- population standard deviation of each reported column over the runs that found a cell."""

    algorithm: str
    parameters: dict[str, Any]
    dataset: str
    columns: tuple[ColumnSummary, ...]
    n: int
    """Runs that the means are over."""
    runs: int
    """Runs that were finished."""
    runs_asked: int
    without_cell: int
    """Runs that evaluated no cell, or none that the algorithm ranks (BOHB's small budgets); left out of the means."""
    stranded: int
    """Runs that gave up among cells that take no part before their budget was spent; in the means if they found one."""
    excluded: int
    """Cells that take no part."""
    evaluations: float
    """Mean number of evaluations a run."""
    seconds: float
    """Mean simulated seconds a run spent."""

    @property
    def partial(self) -> bool:
        """Whether the search was interrupted before all runs were done."""
        return self.runs < self.runs_asked

    def __getitem__(self, names: tuple[str, str]) -> ColumnSummary:
        """Return the column of (dataset, split)."""
        for column in self.columns:
            if (column.dataset, column.split) == names:
                return column
        raise KeyError(names)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain Python objects."""
        return {**asdict(self), "columns": [asdict(c) for c in self.columns], "partial": self.partial}  # fmt: skip

    def notes(self) -> list[str]:
        """Return what a reader of the means must know besides: one line each, mostly none."""
        lines = []
        if self.partial:
            lines.append(f"PARTIAL: interrupted after {self.runs} of {self.runs_asked} runs")
        if self.without_cell:
            lines.append(
                f"{self.without_cell} runs found no cell within the budget and are left out"
            )
        if self.stranded:
            lines.append(f"{self.stranded} runs gave up among cells that take no part")
        if self.excluded:
            lines.append(f"{self.excluded} cells lack data and take no part")
        return lines

    def __str__(self) -> str:
        words = "".join(f" {name}={value}" for name, value in self.parameters.items())
        lines = [f"{self.algorithm}{words}, searched on {self.dataset}: n = {self.n} runs"]
        lines += [f"  {note}" for note in self.notes()]
        width = max(len(f"{column.dataset} {column.split}") for column in self.columns)
        lines += [
            f"  {f'{column.dataset} {column.split}':{width}}  {column!s:>15}   optimum {column.optimum:.2f}, "
            f"regret {column.regret:.2f}"
            for column in self.columns
        ]
        lines.append(
            f"  {self.evaluations:.1f} evaluations and {self.seconds:.0f} simulated seconds a run, on average"
        )
        lines.append(
            f"  accuracy in percent, schedule {self.columns[0].schedule}, last epoch, mean over seeds; mean +- "
            "population standard deviation over runs"
        )
        return "\n".join(lines)


def summarise(result: Result) -> Summary:
    """Return the summary of a result; chunk by chunk, in memory of a few MB."""
    runs, report, settings = result.runs, result.report, result.settings
    means, stds, n = _moments(result)
    optima = report.optima
    columns = tuple(
        ColumnSummary(*column, mean, std, n, best, best - mean)
        for column, mean, std, best in zip(
            report.columns, means.tolist(), stds.tolist(), optima.tolist(), strict=True
        )
    )
    evaluations = runs.evaluations.sum(dtype=np.int64) / runs.done if runs.done else np.nan
    return Summary(
        settings["algorithm"], dict(settings["parameters"]), settings["dataset"], columns,
        n=n, runs=runs.done, runs_asked=settings["runs_asked"], without_cell=runs.done - n,
        stranded=int(runs.stranded.sum(dtype=np.int64)), excluded=settings["excluded"],
        evaluations=float(evaluations), seconds=result.mean_seconds,
    )  # fmt: skip


def _moments(result: Result) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """(means [K], population standard deviations [K], runs)."""
    runs, values = result.runs, result.report.values
    if not len(runs.around):
        return weighted_moments(values, found_cells(runs, values.shape[1]))
    n = 0
    means, squares = np.zeros(len(values)), np.zeros(len(values))
    for some in chunks(runs.done):
        found = values_at_budget(runs, values, some)
        found = found[:, ~np.isnan(found[0])]
        count = found.shape[1]
        if count:
            # Two sets of numbers put together: Chan, Golub, LeVeque, "Updating formulae ... for computing variances".
            mean = found.mean(axis=1)
            apart = mean - means
            squares += ((found - mean[:, None]) ** 2).sum(axis=1) + apart**2 * (
                n * count / (n + count)
            )
            n += count
            means += apart * (count / n)
    if not n:
        return np.full(len(values), np.nan), np.full(len(values), np.nan), 0
    return means, np.sqrt(squares / n), n


def weighted_moments(
    values: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return (means [K], population standard deviations [K], n) of `values` [K, C], each cell counted so often."""
    some = counts > 0
    weights, held = counts[some], values[:, some]
    n = int(weights.sum())
    if not n:
        return np.full(len(values), np.nan), np.full(len(values), np.nan), 0
    means = (held * weights).sum(axis=1) / n
    variances = ((held - means[:, None]) ** 2 * weights).sum(axis=1) / n
    return means, np.sqrt(variances), n
