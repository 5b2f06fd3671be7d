"""REINFORCE: kernel, twin, and torch's own Adam on the same cells; and that it learns."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
import search_problems
import search_twin
from numba import njit
from search_twin_reinforce import normals, reinforce

from nb201store.errors import SettingsError
from nb201store.kernels.normal import fill_normals
from nb201store.kernels.search_problem import COST_BITS
from nb201store.search import ALGORITHMS
from nb201store.space import SPACES

RATES = [0.01, 0.1, 0.5]


def kernel_and_twin(problem, runs, *, rng_seed=0, first_run=0, longest=1000, **parameters):
    """Assert that both evaluate the same cells; the kernel's records and the twin's runs."""
    algorithm = ALGORITHMS["reinforce"]
    found = search_problems.records(problem, runs, longest=longest)
    algorithm.run_block(problem, found, rng_seed, first_run, algorithm.checked(parameters))
    numbers = range(first_run, first_run + runs)
    twins = search_twin.search(reinforce, problem, rng_seed, numbers, **parameters)
    for place, run in enumerate(twins):
        n = len(run.trace)
        assert n <= longest
        clocks, codes, rewards = (
            row[place, :n].tolist()
            for row in (found.trace_clocks, found.trace_codes, found.trace_rewards)
        )
        assert list(zip(clocks, codes, rewards, strict=True)) == run.trace
        assert found.codes[place] == run.best_code
        assert found.evaluations[place] == n
        assert found.clocks[place] == run.clock
        assert found.stranded[place] == run.stranded
    return found, twins


@pytest.mark.parametrize("learning_rate", RATES)
@pytest.mark.parametrize("overshoot", [0, 1], ids=["discard", "overshoot"])
@pytest.mark.parametrize("trials", [1, 2])
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_a_kernel_runs_as_its_twin_does(space, trials, overshoot, learning_rate) -> None:
    excluded = 0.0 if trials == 1 else 0.3
    problem = search_problems.packed(
        np.random.default_rng(5), space=space, trials=trials, overshoot=overshoot, excluded=excluded, levels=100
    )  # fmt: skip
    found, twins = kernel_and_twin(
        problem, 12, rng_seed=2**64 - 5, first_run=3, learning_rate=learning_rate
    )
    assert found.evaluations.min() > 15
    missed = sum(run.draws - len(run.trace) for run in twins)
    assert missed > 60 if excluded else missed == (0 if overshoot else 12)


@pytest.mark.parametrize("space", ["tss", "sss"])
@pytest.mark.parametrize(
    ("learning_rate", "ema_momentum"),
    [(0.5, 0.9), (0.0, 0.9), (1000.0, 0.9), (0.1, 0.0), (0.1, 0.999)],
)
def test_long_runs_and_extreme_parameters_are_the_twins(space, learning_rate, ema_momentum) -> None:
    problem = search_problems.packed(np.random.default_rng(6), space=space, budget_s=12_000.0)
    found, twins = kernel_and_twin(
        problem, 10, learning_rate=learning_rate, ema_momentum=ema_momentum
    )
    assert found.evaluations.min() > 60
    moved = [run.logits != run.first_logits for run in twins]
    # A baseline without memory is the reward itself: nothing is learnt.
    assert moved == [learning_rate > 0.0 and ema_momentum > 0.0] * 10
    assert all(map(math.isfinite, (x for run in twins for x in run.logits)))


def test_excluded_cells_are_drawn_again_and_teach_nothing() -> None:
    problem = search_problems.packed(np.random.default_rng(10), excluded=0.95, budget_s=2000.0)
    found, twins = kernel_and_twin(problem, 8, learning_rate=0.5)
    assert sum(run.draws for run in twins) > 10 * found.evaluations.sum()


@pytest.mark.peers
@pytest.mark.parametrize("learning_rate", RATES)
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_the_policy_is_what_torch_makes_of_the_same_cells_and_rewards(space, learning_rate) -> None:  # fmt: skip
    import torch

    problem = search_problems.packed(np.random.default_rng(7), space=space, budget_s=6000.0)
    described = SPACES[space]
    shape = problem.positions, problem.choices
    _, twins = kernel_and_twin(problem, 6, learning_rate=learning_rate)
    for run in twins:
        logits = torch.tensor(run.first_logits, dtype=torch.float64).reshape(shape).requires_grad_()
        adam = torch.optim.Adam([logits], lr=learning_rate)
        numerator = denominator = 0.0
        for _, code, reward in run.trace:
            percent = reward * problem.percent
            numerator = 0.9 * numerator + (1 - 0.9) * percent
            denominator = 0.9 * denominator + (1 - 0.9)
            drawn = torch.tensor([int(digit) for digit in described.ops(code)])
            log_probability = torch.distributions.Categorical(logits=logits).log_prob(drawn).sum()
            adam.zero_grad()
            (-log_probability * (percent - numerator / denominator)).backward()
            adam.step()
        assert len(run.trace) > 40
        np.testing.assert_allclose(
            np.reshape(run.logits, shape), logits.detach().numpy(), rtol=1e-9, atol=1e-12
        )


def test_without_learning_every_choice_is_drawn_equally_often() -> None:
    problem = search_problems.packed(np.random.default_rng(8), budget_s=12_000.0)
    found = search_problems.records(problem, 2000, longest=50)
    algorithm = ALGORITHMS["reinforce"]
    algorithm.run_block(problem, found, 1, 0, algorithm.checked({"learning_rate": 0.0}))
    codes = found.trace_codes
    assert codes.min() >= 0
    for position in range(6):
        counts = np.bincount((codes // 5**position % 5).ravel(), minlength=5)
        # 100,000 draws: 20,000 each, standard deviation 126; parameters of 1e-3 change it by 0.1 percent at most
        assert np.abs(counts - 20_000).max() < 600
    pairs = np.bincount((codes % 25).ravel(), minlength=25)
    assert np.abs(pairs - 4000).max() < 300


@pytest.mark.parametrize(("space", "best"), [("tss", 3), ("sss", 6)])
def test_it_learns_which_choice_is_rewarded(space, best) -> None:
    table = search_problems.packed(np.random.default_rng(9), space=space, budget_s=30_000.0)
    choices = table.choices
    codes = np.arange(table.cells)[:, None] // choices ** np.arange(table.positions)
    good = (codes % choices == best).sum(axis=1)
    # 50 percent, and 5 more for each position that has the good choice
    rewards = np.repeat(12_500 + 1250 * good, table.trials)
    answers = (rewards << COST_BITS | np.int64(100_000_000))[None]
    answers.flags.writeable = False
    found = search_problems.records(table._replace(answers=answers), 500, longest=300)
    algorithm = ALGORITHMS["reinforce"]
    algorithm.run_block(
        table._replace(answers=answers), found, 0, 0, algorithm.checked({"learning_rate": 0.1})
    )
    assert (found.evaluations == 300).all()
    goods = good[found.trace_codes]
    # The first cell is random: 500 runs, standard deviation at most 0.05 of the mean.
    assert abs(goods[:, 0].mean() - table.positions / choices) < 0.2
    means = goods.reshape(500, 6, 50).mean(axis=(0, 2))
    assert (np.diff(means) > 0.0).all()
    assert means[0] < 0.5 * table.positions
    assert means[-1] > 0.9 * table.positions


def test_the_kernels_normal_numbers_are_the_twins() -> None:
    @njit
    def filled(key, numbers):
        fill_normals(key, 2**40, numbers)

    for run, count in ((0, 30), (1, 40), (2, 31), (3, 1)):
        key = search_twin.run_key(77, run)
        numbers = np.empty(count)
        filled(np.uint64(key), numbers)
        source = normals(lambda step, key=key: search_twin.random_word(key, step), 2**40)
        assert numbers.tolist() == [next(source) for _ in range(count)]


def test_normal_numbers_are_standard_normal_and_independent() -> None:
    @njit
    def filled(key, numbers):
        fill_normals(key, 2**40, numbers)

    n = 200_000
    numbers = np.empty(n)
    filled(np.uint64(search_twin.run_key(3, 0)), numbers)
    assert abs(numbers.mean()) < 4 / n**0.5
    assert abs(numbers.var() - 1.0) < 4 * (2 / n) ** 0.5
    assert abs((numbers**4).mean() - 3.0) < 4 * (96 / n) ** 0.5
    # Kolmogorov and Smirnov: 1.95 / sqrt(n) is passed once in a thousand
    expected = np.array([NormalDist().cdf(x) for x in np.sort(numbers)])
    steps = np.arange(n + 1) / n
    distance = max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())
    assert distance < 1.95 / n**0.5
    for lag in (1, 2):  # of a pair, and of neighbouring pairs
        assert abs((numbers[lag:] * numbers[:-lag]).mean()) < 4 / n**0.5


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("learning_rate", -0.1), ("learning_rate", 1001), ("learning_rate", math.nan), ("learning_rate", "0.1"),
        ("ema_momentum", 1.0), ("ema_momentum", -0.5),
    ],
)  # fmt: skip
def test_parameters_that_are_no_policy_are_refused(parameter, value) -> None:
    with pytest.raises(SettingsError, match=f"{parameter} must be a number, 0 to "):
        ALGORITHMS["reinforce"].checked({parameter: value})
