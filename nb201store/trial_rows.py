"""Trials as rows: what an archive or an image gives of many trials at once, to whoever compares or counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]


class TrialNumbers(NamedTuple):
    """What belongs to a trial and not to its epochs; one entry a trial.

    `forms`: texts. `params_m`, `flops_m`: float64, and bool where they are known. `latency_count`: int64;
    `latency_s`: that many float64 of each trial in turn.
    """

    forms: Sequence[str]
    params_m: Array
    params_m_known: Array
    flops_m: Array
    flops_m_known: Array
    latency_count: Array
    latency_s: Array


class SeriesRows(NamedTuple):
    """One metric on one split: `epochs` int32 [E], ascending; `values` float64 and `present` bool, both [trials, E]."""

    epochs: Array
    values: Array
    present: Array


class TrialTable(Protocol):
    """All trials of one schedule on one data set. Methods raise FormatError at numbers that cannot be right."""

    @property
    def codes(self) -> Array:
        """The code of each row, int64."""
        ...

    @property
    def seeds(self) -> Array:
        """The seed of each row, int64."""
        ...

    @property
    def series_names(self) -> Sequence[tuple[str, str]]:
        """(split, metric) of every series that some trial may have."""
        ...

    def find(self, codes: Array, seeds: Array) -> Array:
        """The rows of trials, int64, -1 where there is no such trial."""
        ...

    def numbers(self, rows: Array) -> TrialNumbers:
        """What belongs to these trials."""
        ...

    def series(self, split: str, metric: str, rows: Array) -> SeriesRows:
        """One of `series_names` of these trials."""
        ...


def costs_of(values: Iterable[float | None]) -> tuple[Array, Array]:
    """(float64, NaN where they are not known; whether they are)."""
    listed = list(values)
    known = np.array([value is not None for value in listed], dtype=bool)
    return np.array([np.nan if value is None else value for value in listed], dtype=float), known


def latencies_of(values: Iterable[Sequence[float] | None]) -> tuple[Array, Array]:
    """(how many each has, int64; all of them in turn, float64)."""
    listed = [value or () for value in values]
    counts = np.array(list(map(len, listed)), dtype=np.int64)
    return counts, np.array([seconds for value in listed for seconds in value], dtype=np.float64)
