"""What the runs of one search found, and everything that is asked of it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.search.fairness import Rule, fairness
from nb201store.search.over_time import OverTime, best_over_time
from nb201store.search.packing import MICROSECONDS
from nb201store.search.reporting import chunks, found_cells, values_at_budget
from nb201store.search.summary import Summary, summarise

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from nb201store.search.reporting import Report
    from nb201store.search.runner import Runs
    from nb201store.search.traces import Traces

QUANTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, eq=False)
class Result:
    """What R runs of one search found; made by `search.run`, or read back by `search.load`.

    R is the number of runs that were finished: fewer than were asked for after an interruption (`interrupted`).
    """

    settings: dict[str, Any]
    """All that is needed to run the search again, as plain Python objects: algorithm and all parameters, what was
    searched and reported, budget and rules, runs, rng_seed, the file (path, size, hash, sources), versions."""
    runs: Runs
    """What the kernels wrote."""
    report: Report
    """The accuracies of every cell that are reported."""
    traces: Traces | None = None
    """Every evaluation of the first runs, if `traces` asked for them."""

    def __repr__(self) -> str:
        settings = self.settings
        return f"<search.Result {settings['algorithm']} on {settings['dataset']}: {self.runs.done} runs>"

    @property
    def codes(self) -> NDArray[np.int32]:
        """int32 [R]: the cell each run found, the first evaluated among the best; -1 if none was ranked."""
        return self.runs.codes

    @property
    def evaluations(self) -> NDArray[np.int32]:
        """int32 [R]"""
        return self.runs.evaluations

    @property
    def seconds(self) -> NDArray[np.float64]:
        """float64 [R]: simulated seconds that each run spent."""
        return self.runs.clocks / MICROSECONDS

    @property
    def mean_seconds(self) -> float:
        """Mean of `seconds`, from a sum of integers; NaN where no run was finished."""
        total = sum(int(self.runs.clocks[some].sum()) for some in chunks(self.runs.done))
        return total / self.runs.done / MICROSECONDS if self.runs.done else math.nan

    @property
    def wall_s(self) -> float:
        """Seconds that the runs took here, compilation or loading of the kernel included."""
        return self.runs.seconds

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C came before all runs were done."""
        return self.runs.done < int(self.settings["runs_asked"])

    def summary(self) -> Summary:
        """Return the paper's table row: mean, population standard deviation, n, optimum and regret of each column."""
        return summarise(self)

    def over_time(
        self, dataset: str | None = None, split: str | None = None,
        quantiles: Sequence[float] = QUANTILES,
    ) -> OverTime:  # fmt: skip
        """Return best so far by simulated seconds: n, mean, population standard deviation and quantiles over runs.

        Parameters
        ----------
        dataset, split : a column of the report; the validation column of the data set searched if none is named
        quantiles : numbers 0..1, as numpy's method "inverted_cdf"

        Raises
        ------
        SettingsError  no such column (it lists them), or the search ran with grid=0
        """
        return best_over_time(self, dataset, split, quantiles)

    def accuracies(self, dataset: str, split: str) -> NDArray[np.float64]:
        """Return the reported accuracy of what each run found: float64 [R], percent; NaN if it evaluated no cell.

        With the budget rule "overshoot" the value is interpolated at the budget, as in `summary`.
        """
        values = self.report.values[[self.report.place(dataset, split)]]
        out = np.empty(self.runs.done)
        for some in chunks(self.runs.done):
            out[some] = values_at_budget(self.runs, values, some)[0]
        return out

    def regret(self, dataset: str, split: str) -> NDArray[np.float64]:
        """Return how far each run stayed below the best cell of this column: float64 [R], percent."""
        out = self.accuracies(dataset, split)
        np.subtract(self.report.optima[self.report.place(dataset, split)], out, out=out)
        return out

    def found(self) -> list[tuple[int, int]]:
        """Return (code, runs that found it), the most frequent first, then by code."""
        counts = found_cells(self.runs, self.report.values.shape[1])
        codes = np.flatnonzero(counts)
        codes = codes[np.argsort(-counts[codes], kind="stable")]
        return list(zip(codes.tolist(), counts[codes].tolist(), strict=True))

    def fairness(self) -> tuple[Rule, ...]:
        """Return the benchmark's three rules of a fair comparison, and which of them this result can attest."""
        return fairness(self.settings, int(np.count_nonzero(self.runs.codes >= 0)))

    def as_dict(self) -> dict[str, Any]:
        """Return what `to_json` writes, as plain Python objects; NaN where there is no number."""
        return {
            "settings": self.settings,
            "summary": self.summary().as_dict(),
            "over_time": self.over_time().as_dict() if len(self.runs.changes) else None,
            "found": [list(pair) for pair in self.found()],
            "fairness": [rule.as_dict() for rule in self.fairness()],
            "wall_s": self.wall_s,
        }

    def to_json(self, indent: int | None = None) -> str:
        """Return settings, summary, best over time, found cells as [code, runs], and the fairness rules as JSON text.

        No arrays of one entry a run: the text of ten million runs is as long as that of ten thousand. Of numbers that
        do not exist (no run has found a cell yet) null.
        """
        return json.dumps(_finite(self.as_dict()), indent=indent, allow_nan=False)

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one row a run (its index): what it found and what that is worth.

        code (int32, -1 for none), official_index (int32, likewise), arch_str (a categorical), evaluations (int32),
        seconds, then a float64 column of percent for each column of the report, named as in `Store.table`.
        SettingsError if pandas is not installed.
        """
        from nb201store.search.frame import frame

        return frame(self)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write everything to one file (.npz, no pickles) that `search.load` reads; it appears whole or not at all.

        Raises
        ------
        SettingsError    the name does not end in .npz
        FileExistsError  the file exists, and not `overwrite`
        """
        from nb201store.search.saving import save

        save(self, path, overwrite=overwrite)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
