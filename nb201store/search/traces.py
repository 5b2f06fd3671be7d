"""Every evaluation of the first runs of a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.search.packing import MICROSECONDS
from nb201store.search.runner import empty_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nb201store.kernels.search_problem import PackedProblem
    from nb201store.search.algorithms import Algorithm
    from nb201store.search.runner import Runs

MOST_ENTRIES = 20_000_000
"""Evaluations that are kept at most, about 400 MB while they are made."""


@dataclass(frozen=True, eq=False, repr=False)
class Traces:
    """What the first n runs evaluated, in order; row r has `evaluations[r]` entries, what follows them is padding."""

    evaluations: NDArray[np.int32]
    """int32 [n]"""
    clock_s: NDArray[np.float64]
    """float64 [n, L]: simulated seconds after each evaluation; NaN as padding."""
    codes: NDArray[np.int32]
    """int32 [n, L]: the cell evaluated; -1 as padding."""
    rewards: NDArray[np.float64]
    """float64 [n, L]: percent, of the trial that the evaluation drew; NaN as padding."""


def traced(
    algorithm: Algorithm, packed: PackedProblem, runs: Runs, count: int, rng_seed: int,
    parameters: Mapping[str, Any],
) -> Traces:  # fmt: skip
    """Run the first `count` searches once more, for all that they evaluate: a run is always the same.

    Fewer of them where they would have more than `MOST_ENTRIES` evaluations together.
    """
    count = min(count, runs.done)
    longest = int(runs.evaluations[:count].max(initial=1))
    count = min(count, MOST_ENTRIES // longest)
    evaluations = runs.evaluations[:count].copy()
    longest = int(evaluations.max(initial=0))
    records = empty_records(packed, count, longest)
    if count and longest:
        algorithm.run_block(packed, records, rng_seed, 0, parameters)
    there = np.arange(longest) < evaluations[:, None]
    shape = (count, longest)  # records have no traces at all where these are empty
    clocks, codes, rewards = (
        array.reshape(shape)
        for array in (records.trace_clocks, records.trace_codes, records.trace_rewards)
    )
    return Traces(
        evaluations=evaluations,
        clock_s=np.where(there, clocks / MICROSECONDS, np.nan),
        codes=np.where(there, codes, np.int32(-1)),
        rewards=np.where(there, packed.percent * rewards, np.nan),
    )
