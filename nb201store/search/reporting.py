"""What a report says of the cells that were found: the accuracies after the long schedule, on every data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.arguments import as_int, shown
from nb201store.errors import MissingDataError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nb201store.search.runner import Runs
    from nb201store.store import Store

CHUNK = 1 << 16
"""Runs that are looked at together: millions of runs are never held as float64 at once."""


class ReportColumn(NamedTuple):
    """One column of the paper's table row: accuracy at the last epoch of a schedule, mean over seeds."""

    dataset: str
    split: str
    schedule: int

    def __str__(self) -> str:
        return f"{self.dataset} {self.split}"

    @property
    def name(self) -> str:
        """As `Store.table` calls this column."""
        return f"{self.schedule}/{self.dataset}/{self.split}/accuracy/mean"


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The columns of a report, and what every cell has there."""

    columns: tuple[ReportColumn, ...]
    values: NDArray[np.float64]
    """float64 [K, C]: percent; NaN where a cell has none."""
    taking_part: NDArray[np.bool_]
    """bool [C]: cells that can be found."""

    def place(self, dataset: str, split: str | None = None) -> int:
        """Return the number of a column, of no split named: of the data set's first; SettingsError lists them all."""
        for place, column in enumerate(self.columns):
            if column.dataset == dataset and split in (None, column.split):
                return place
        asked = shown(dataset) if split is None else f"{shown(dataset)}, {shown(split)}"
        known = "; ".join(f"{column.dataset}, {column.split}" for column in self.columns)
        raise SettingsError(f"the report has no column {asked}; it has {known}")

    @property
    def optima(self) -> NDArray[np.float64]:
        """float64 [K]: each column's own maximum over the cells that take part."""
        best: NDArray[np.float64] = self.values[:, self.taking_part].max(axis=1)
        return best


def report_columns(bench: Store, schedule: int | None = None) -> list[ReportColumn]:
    """Return the columns of a report at the last epoch of a schedule, None for the longest one that has any.

    Of each data set the validation split, then the test split: `x-test` where it exists, for otherwise the images of
    validation would be among those of test. `D-valid` is `D` trained on half of its images: where `D` itself has no
    validation split, `D-valid` gives the validation column and `D` the test column, as in the published tables.
    """
    recorded: dict[int, dict[str, list[str]]] = {}
    for column in bench.describe()["columns"]:
        split, at = column["split"], column["schedule"]
        evaluated = column["metric"] == "accuracy" and split not in (None, "train")
        if evaluated and at - 1 in column["epochs"]:
            recorded.setdefault(at, {}).setdefault(column["dataset"], []).append(split)
    if not recorded:
        raise SettingsError(
            f"{bench.path}: no validation or test accuracy at the last epoch of a schedule"
        )
    if schedule is None:
        schedule = max(recorded)
    elif as_int(schedule) not in recorded:
        raise SettingsError(
            f"report_schedule must be one that has accuracies at its last epoch: {', '.join(map(str, recorded))}; "
            f"found {shown(schedule)}"
        )
    return [ReportColumn(*names, int(schedule)) for names in _row(recorded[int(schedule)])]


def _row(splits: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """(data set, split) of each column, in the order of the image."""
    has_validation = {name for name, known in splits.items() if not all(map(is_test, known))}
    for dataset, known in splits.items():
        whole = dataset.removesuffix("-valid")
        tests = [split for split in known if is_test(split)]
        if whole != dataset and whole in splits and whole not in has_validation:
            tests = []
        yield from ((dataset, split) for split in known if not is_test(split))
        yield from (
            (dataset, split) for split in tests if split == "x-test" or "x-test" not in tests
        )


def is_test(split: str) -> bool:
    """Return whether no search may select by this split."""
    return "test" in split


def reported(
    bench: Store, schedule: int | None, *, allow_missing: bool
) -> tuple[tuple[ReportColumn, ...], NDArray[np.float64]]:
    """Return the columns, and every cell's percent: float64 [K, C], NaN where a cell has none.

    A column that no cell has a value of is none. Raises MissingDataError if cells lack one, and not `allow_missing`.
    """
    columns, rows = [], []
    for column in report_columns(bench, schedule):
        handle = bench.column(
            column.dataset, column.split, "accuracy", schedule=column.schedule, seed="mean"
        )
        found = np.ma.filled(handle.array(missing="mask"), np.nan)
        if not np.isnan(found).all():
            columns.append(column)
            rows.append(found)
    if not columns:
        raise MissingDataError(f"{bench.path}: no cell has an accuracy to report")
    values = np.stack(rows)
    lacking = without_value(values)
    if lacking.any() and not allow_missing:
        raise MissingDataError(
            f"{bench.path}: {lacking.sum()} of {len(lacking)} cells, code {lacking.argmax()} the first, lack an "
            f"accuracy that is reported (schedule {columns[0].schedule}: {', '.join(map(str, columns))}); "
            "allow_missing (--allow-missing) leaves them out of the search"
        )
    return tuple(columns), values


def without_value(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which cells lack a value of a column, bool [C], of `values` [K, C]."""
    lacking: NDArray[np.bool_] = np.logical_or.reduce(np.isnan(values), axis=0)
    return lacking


def found_cells(runs: Runs, cells: int) -> NDArray[np.int64]:
    """Return how many runs found each cell, int64 [C]."""
    counts = np.zeros(cells + 1, np.int64)
    for some in chunks(runs.done):
        counts += np.bincount(runs.codes[some] + 1, minlength=cells + 1)
    return counts[1:]


def chunks(runs: int) -> Iterator[slice]:
    """Give slices that cover so many runs."""
    for first in range(0, runs, CHUNK):
        yield slice(first, min(first + CHUNK, runs))


def values_at_budget(runs: Runs, values: NDArray[np.float64], some: slice) -> NDArray[np.float64]:
    """Return what these runs are worth, float64 [K, runs], of `values` [K, C]; NaN for a run that found no cell.

    Of the cell found; under the rule "overshoot" interpolated at the budget, as NATS-Bench does it: between the best
    cells at the two evaluations nearest in time. A run that ended before its budget is worth the cell it found.
    """
    codes = runs.codes[some]
    if not len(runs.around):
        out = values[:, codes]
        out[:, codes < 0] = np.nan
        return out
    around = runs.around[some].astype(np.int64)
    share = runs.nearest_share[some]
    out = share * values[:, around[:, 0]] + (1.0 - share) * values[:, around[:, 1]]
    out[:, (codes < 0) | (around < 0).any(axis=1)] = np.nan
    return out
