"""BOHB as two benchmarks ran it: the budgets, brackets and epochs of either form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb201store.kernels.search_problem import PackedProblem, RunRecords
    from nb201store.search.problem import Problem

NAS_BENCH_201, NATS_BENCH = "nas-bench-201", "nats-bench"
FORMS = (NAS_BENCH_201, NATS_BENCH)
ITERATIONS = {NAS_BENCH_201: 50, NATS_BENCH: 300}
BUDGETS = {NAS_BENCH_201: (12, 200), NATS_BENCH: (1, 12)}
"""Smallest and largest nominal budget. NAS-Bench-201's worker ignores what it is told, so that only their ratio has a
meaning; NATS-Bench's are epochs of the 12-epoch schedule, of another one as many times more."""


def budgets(form: str, eta: int) -> int:
    """Return how many budgets there are, the largest one and those a factor of eta apart that are not too small."""
    least, most = BUDGETS[form]
    number = 1
    while least * eta**number <= most:
        number += 1
    return number


def epochs(problem: Problem, parameters: Mapping[str, Any]) -> tuple[int, ...]:
    """Return which epochs of the schedule the budgets are, 0-based, ascending; () where all are the problem's own.

    The largest budget is all epochs up to the problem's own one; the others are whole epochs of it, rounded down, one
    at least: 12 epochs make 1, 4 and 12.
    """
    if parameters["form"] == NAS_BENCH_201:
        return ()
    last = problem.epoch if problem.epoch >= 0 else problem.schedule + problem.epoch
    eta = parameters["eta"]
    number = budgets(NATS_BENCH, eta)
    return tuple(max((last + 1) // eta**above, 1) - 1 for above in reversed(range(number)))


def run_block(
    packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int, parameters: Mapping[str, Any]
) -> None:  # fmt: skip
    """Run a block of searches (`Algorithm.run_block`)."""
    import numpy as np

    from nb201store.kernels.bohb import Settings, bohb

    form = parameters["form"]
    settings = Settings(
        budgets=budgets(form, parameters["eta"]),
        eta=parameters["eta"],
        iterations=parameters["iterations"] or ITERATIONS[form],
        largest_only=int(form == NAS_BENCH_201),
        top_percent=parameters["top_percent"],
        num_samples=parameters["num_samples"],
        random_fraction=parameters["random_fraction"],
        min_bandwidth=parameters["min_bandwidth"],
    )
    bohb(packed, records, np.uint64(rng_seed), first_run, settings)
