"""Results put together by hand: what the runs found is what a test says."""

from __future__ import annotations

import numpy as np

from nb201store.search import Result
from nb201store.search.reporting import Report, ReportColumn
from nb201store.search.runner import Runs

VALUES = np.array([[10.0, 20.0, 30.0, np.nan], [1.0, 5.0, 4.0, 9.0]])
"""Percent of four cells in two columns; the last cell takes no part."""


def made_result(
    codes, *, asked=None, stranded=(), around=None, shares=None, changes=None, **settings
) -> Result:
    """Return a result of runs that found these codes."""
    done = len(codes)
    runs = Runs(
        codes=np.array(codes, np.int32),
        evaluations=np.arange(done, dtype=np.int32),
        clocks=np.full(done, 1_500_000, np.int64),
        stranded=np.isin(np.arange(done), stranded).astype(np.uint8),
        around=np.zeros((0, 0), np.int16) if around is None else np.array(around, np.int16),
        nearest_share=np.array([] if shares is None else shares, np.float32),
        changes=np.zeros((0, 0), np.int32) if changes is None else np.array(changes, np.int32),
        done=done,
        seconds=0.5,
    )
    columns = (ReportColumn("toy", "x-valid", 200), ReportColumn("toy", "x-test", 200))
    report = Report(columns, VALUES, np.array([True, True, True, False]))
    said = {
        "algorithm": "random", "parameters": {}, "dataset": "toy", "split": "x-valid", "schedule": 12, "epoch": 11,
        "epochs": [11],
        "report_schedule": 200, "reward_seed": "random", "symmetric": True, "excluded": 1, "budget_s": 3.0,
        "runs_asked": done if asked is None else asked,
    }  # fmt: skip
    return Result(said | settings, runs, report)
