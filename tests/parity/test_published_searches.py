"""Searches of the measured numbers give the accuracies that an independent slow program found on the same numbers.

That program ran the published settings of NAS-Bench-201 (12,000 s, 12 epochs, cifar10-valid), by the rules alone.
"""

from __future__ import annotations

import os
from math import sqrt

import pytest

import nb201store as nb
from nb201store import search
from nb201store.kernels.search_problem import COST_BITS, COST_MASK

pytestmark = pytest.mark.realdata

RUNS = 100_000
C10_V, C10_T = ("cifar10-valid", "x-valid"), ("cifar10", "ori-test")
C100_T, IN16_T = ("cifar100", "x-test"), ("ImageNet16-120", "x-test")

# (algorithm, parameters, runs of the reference, {column: (mean, population standard deviation) of percents}).
REFERENCE = [
    ("random", {}, 1000, {C10_V: (90.96, 0.34), C10_T: (93.75, 0.35), C100_T: (71.16, 1.06), IN16_T: (44.73, 1.23)}),
    ("rea", {"sample_size": 3}, 1000,
     {C10_V: (91.16, 0.42), C10_T: (93.93, 0.42), C100_T: (71.88, 1.24), IN16_T: (45.39, 1.29)}),
    ("rea", {"sample_size": 10}, 1000, {C10_V: (91.26, 0.33), C10_T: (94.05, 0.34)}),
    ("reinforce", {"learning_rate": 0.5}, 500, {C10_V: (90.31, 0.94), C10_T: (93.21, 0.83)}),
    ("reinforce", {"learning_rate": 0.1}, 500, {C10_V: (91.19, 0.32), C10_T: (93.96, 0.33)}),
    ("reinforce", {"learning_rate": 0.01}, 500, {C10_V: (91.01, 0.32), C10_T: (93.78, 0.32)}),
]  # fmt: skip
ROUNDING = 0.005
"""The reference is known to two decimals."""

FULL_IMAGE = os.environ.get("NB201_FULL_IMAGE")


@pytest.fixture(scope="module", params=["measured", *(["full"] if FULL_IMAGE else [])])
def bench(request):
    """The image of measured numbers; and one made of the official layout, all columns in it, if it is named."""
    path = FULL_IMAGE if request.param == "full" else request.getfixturevalue("measured_image")
    with nb.open(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("algorithm", "parameters", "n", "columns"),
    REFERENCE,
    ids=[" ".join([name, *map(str, parameters.values())]) for name, parameters, _, _ in REFERENCE],
)
def test_mean_and_spread_are_those_of_the_independent_reference(
    bench, algorithm, parameters, n, columns
) -> None:
    result = search.run(
        algorithm, bench, preset="nas-bench-201", runs=RUNS, rng_seed=0, grid=0, **parameters
    )
    summary = result.summary()
    assert summary.n == RUNS
    for names, (mean, std) in columns.items():
        ours = summary[names]
        error = sqrt(std**2 / n + ours.std**2 / RUNS)
        assert abs(ours.mean - mean) <= 3 * error + ROUNDING, names
        # How well n runs tell a standard deviation depends on the tails, which 100,000 runs show: a kurtosis of 7 to 12
        # where it is 3 for normal numbers.
        apart = result.accuracies(*names) - ours.mean
        kurtosis = (apart**4).mean() / ours.std**4
        assert abs(ours.std - std) <= 4 * ours.std * sqrt((kurtosis - 1) / (4 * n)) + ROUNDING, (
            names
        )


def test_the_mean_cell_costs_113_seconds_and_random_search_makes_106_evaluations(bench) -> None:
    found = search.run("random", bench, preset="nas-bench-201", runs=RUNS, rng_seed=0, grid=0)
    costs = search.Problem(bench, "cifar10-valid", 12_000.0).packed().answers & COST_MASK
    assert round(costs.mean() / 1e6) == 113
    assert abs(found.evaluations.mean() - 106) < 0.5
    # What is left of the budget is less than the dearest cell costs: the next evaluation would have passed it.
    assert 12_000.0 - costs.max() / 1e6 < found.seconds.min() <= found.seconds.max() <= 12_000.0


def test_an_evaluation_has_no_noise_of_reward_here_but_hits_of_two_trials_that_differ_by_at_most_one(
    bench,
) -> None:
    answers = search.Problem(bench, "cifar10-valid", 12_000.0).packed().answers
    rewards = (answers >> COST_BITS).reshape(-1, 2)
    difference = abs(rewards[:, 0] - rewards[:, 1])
    assert difference.max() == 1
    # docs/search.md says so: the two published trials were averaged before they were exported.
    assert 0.4 < difference.mean() < 0.6
