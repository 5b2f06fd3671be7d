"""All workloads by name."""

from __future__ import annotations

from nb201bench.workloads import (
    batches,
    codecs,
    converting,
    one_by_one,
    opening,
    rows_and_columns,
    search_start,
    search_steps,
    simulated_search,
)

WORKLOADS = [
    *opening.WORKLOADS,
    *one_by_one.WORKLOADS,
    *batches.WORKLOADS,
    *rows_and_columns.WORKLOADS,
    *search_steps.WORKLOADS,
    *simulated_search.WORKLOADS,
    *search_start.WORKLOADS,
]
"""Asked of an image."""

CONVERTING = converting.WORKLOADS
"""Asked of official sources: minutes a round at full size, so they have a run and a page of their own."""

CODECS = codecs.WORKLOADS
"""Asked of an archive's arrays."""
