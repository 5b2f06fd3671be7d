"""All workloads by name."""

from __future__ import annotations

from nb201bench.workloads import one_by_one, opening, rows_and_columns

WORKLOADS = [*opening.WORKLOADS, *one_by_one.WORKLOADS, *rows_and_columns.WORKLOADS]
