"""From a store to the table that kernels read: hits, microseconds, equal chances of trials, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nb201store.errors import MissingDataError, Nb201Error, SettingsError
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED
from nb201store.search import Problem

IMAGES = 25_000
SEEDS = [[888], [777, 888], [777, 888, 999]]  # of the three cells, at schedule 200


@pytest.fixture
def make(bench):
    """Return a problem of the three cells, 200 epochs; keywords change it."""

    def problem(**changed):
        words = {"schedule": 200, "budget_s": 20_000.0, "allow_missing": True} | changed
        return Problem(bench, words.pop("dataset", "cifar10-valid"), **words)

    return problem


def expected_answer(bench, code, seed, **at):
    """(hits, microseconds) as the store answers them one by one."""
    accuracy = bench.accuracy(code, "cifar10-valid", "x-valid", seed=seed, **at)
    seconds = bench.simulated_cost(code, "cifar10-valid", "x-valid", seed=seed, **at)
    return round(accuracy * IMAGES / 100), round(1e6 * seconds)


def answers_of(packed, code, fidelity=-1):
    """[(reward, cost)] of one cell, trial by trial."""
    words = packed.answers[fidelity].reshape(packed.cells, packed.trials)[code].tolist()
    return [(word >> COST_BITS, word & COST_MASK) for word in words]


def test_answers_are_hits_and_microseconds_and_trials_have_equal_chances(
    bench, make, recorded_codes
) -> None:
    packed = make().packed()
    assert (packed.answers.dtype, packed.answers.shape) == (np.int64, (1, 15_625 * 6))
    assert (packed.trials, packed.cells, packed.percent) == (6, 15_625, 100 / IMAGES)
    for code, seeds in zip(recorded_codes, SEEDS, strict=True):
        once = [expected_answer(bench, code, seed, schedule=200) for seed in seeds]
        assert len(set(once)) == len(seeds)
        assert answers_of(packed, code) == once * (6 // len(seeds))
        accuracy = bench.accuracy(code, "cifar10-valid", "x-valid", schedule=200, seed=seeds[0])
        assert math.isclose(answers_of(packed, code)[0][0] * packed.percent, accuracy, rel_tol=1e-6)


def test_cells_of_equally_many_trials_are_not_repeated(bench, make, recorded_codes) -> None:
    packed = make(schedule=12).packed()
    assert packed.trials == 2
    for code in recorded_codes:
        once = [expected_answer(bench, code, seed, schedule=12) for seed in (111, 777)]
        assert answers_of(packed, code) == once


def test_other_cells_are_excluded(make, recorded_codes) -> None:
    problem = make()
    words = problem.packed().answers.reshape(15_625, 6)
    assert np.flatnonzero((words != EXCLUDED).any(axis=1)).tolist() == sorted(recorded_codes)
    assert np.flatnonzero(~problem.excluded).tolist() == sorted(recorded_codes)


def test_every_epoch_of_a_schedule_can_be_a_fidelity(bench, make, recorded_codes) -> None:
    problem = make()
    packed = problem.packed((0, 99, 199))
    assert packed.answers.shape == (3, 15_625 * 6)
    for code, seeds in zip(recorded_codes, SEEDS, strict=True):
        for fidelity, epoch in enumerate((0, 99, 199)):
            once = [expected_answer(bench, code, s, schedule=200, epoch=epoch) for s in seeds]
            assert answers_of(packed, code, fidelity)[: len(seeds)] == once
    assert np.array_equal(packed.answers[-1], problem.packed().answers[0])
    assert problem.packed((0, 99, 199)) is packed
    early = make(epoch=99).packed()
    assert np.array_equal(early.answers[0], packed.answers[1])


def test_means_lose_no_hit(bench, make, recorded_codes) -> None:
    packed = make(reward_seed="mean").packed()
    assert (packed.trials, packed.percent) == (1, 100 / (IMAGES * 6))
    for code, seeds in zip(recorded_codes, SEEDS, strict=True):
        each = [expected_answer(bench, code, seed, schedule=200) for seed in seeds]
        hits, costs = map(sum, zip(*each, strict=True))
        assert answers_of(packed, code) == [(hits * 6 // len(seeds), round(costs / len(seeds)))]
        mean = bench.accuracy(code, "cifar10-valid", "x-valid", schedule=200, seed="mean")
        assert math.isclose(answers_of(packed, code)[0][0] * packed.percent, mean, rel_tol=1e-6)


@pytest.mark.parametrize(("seed", "having"), [(888, 3), (777, 2), (999, 1)])
def test_a_seed_as_reward_is_that_trial_alone(bench, make, recorded_codes, seed, having) -> None:
    problem = make(reward_seed=seed)
    assert problem.packed().trials == 1
    assert np.count_nonzero(~problem.excluded) == having
    for code, seeds in zip(recorded_codes, SEEDS, strict=True):
        if seed in seeds:
            answer = expected_answer(bench, code, seed, schedule=200)
            assert answers_of(problem.packed(), code) == [answer]
        else:
            assert problem.excluded[code]


@pytest.mark.parametrize("reward_seed", ["random", "mean", 888])
def test_overhead_is_charged_for_every_evaluation(make, recorded_codes, reward_seed) -> None:
    bare = make(reward_seed=reward_seed).packed()
    charged = make(reward_seed=reward_seed, overhead_s=1.25).packed()
    less = make(reward_seed=reward_seed, overhead_s=4e-7).packed()  # rounds to no microsecond
    assert np.array_equal(less.answers, bare.answers)
    for code in recorded_codes:
        expected = [(reward, cost + 1_250_000) for reward, cost in answers_of(bare, code)]
        assert answers_of(charged, code) == expected
    assert np.array_equal(charged.answers == EXCLUDED, bare.answers == EXCLUDED)


def test_a_budget_is_whole_microseconds_and_overshoot_ends_when_it_is_reached(make) -> None:
    discard = make(budget_s=12_345.678_901_4).packed()
    overshoot = make(budget_s=12_345.678_901_4, budget_rule="overshoot").packed()
    assert (discard.budget, discard.limit, discard.overshoot) == (12_345_678_901, 12_345_678_901, 0)
    assert (overshoot.budget, overshoot.limit, overshoot.overshoot) == (12_345_678_901, 12_345_678_900, 1)  # fmt: skip
    assert np.array_equal(discard.answers, overshoot.answers)


def test_the_cheapest_cell_is_the_least_budget(make, recorded_codes) -> None:
    packed = make().packed()
    cheapest = min(cost for code in recorded_codes for _, cost in answers_of(packed, code))
    assert make(budget_s=cheapest / 1e6).budget == cheapest
    with pytest.raises(SettingsError, match=r"cheapest cell, found"):
        make(budget_s=(cheapest - 1) / 1e6)
    with pytest.raises(SettingsError, match=f"at least {(cheapest + 500_000) / 1e6:g}, the cost"):
        make(budget_s=cheapest / 1e6, overhead_s=0.5)


def test_tables_cannot_be_written_to(make) -> None:
    packed = make().packed()
    for array in packed[:5]:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_missing_cells_are_refused_by_number_unless_they_may_be_left_out(make, recorded_codes) -> None:  # fmt: skip
    first_missing = min(set(range(4)) - set(recorded_codes))
    expected = (
        f"15622 of 15625 cells, code {first_missing} the first, .* schedule 200; allow_missing"
    )
    with pytest.raises(MissingDataError, match=expected):
        make(allow_missing=False)
    with pytest.raises(MissingDataError, match="15624 of 15625 cells"):
        make(allow_missing=False, reward_seed=999)


def test_a_seed_that_no_cell_has_is_refused(make) -> None:
    with pytest.raises(MissingDataError, match="seed 111 was not recorded, only 777, 888, 999"):
        make(reward_seed=111)


def test_a_table_without_a_single_cell_is_refused(bench) -> None:
    class Emptied:
        def __getattr__(self, name):
            return getattr(bench, name)

        def gather(self, *words, **more):
            return np.ma.array(bench.gather(*words, **more), mask=True)

    with pytest.raises(MissingDataError, match="no cell has an accuracy and its cost at"):
        Problem(Emptied(), "cifar10-valid", 12_000.0, schedule=200, allow_missing=True)


@pytest.mark.parametrize("split", ["train", "x-test", "ori-test", "valid+test"])
def test_no_search_selects_by_a_test_split_or_by_training(make, split) -> None:
    with pytest.raises(SettingsError, match="split must be a validation split"):
        make(dataset="cifar100", split=split)


BUDGETS = [
    0,
    0.0,
    -1,
    -0.5,
    math.nan,
    math.inf,
    -math.inf,
    2e9,
    True,
    "12000",
    None,
    [12_000],
    1e-3,
]


@pytest.mark.parametrize("budget_s", BUDGETS, ids=repr)
def test_budgets_that_are_none_are_refused(make, budget_s) -> None:
    with pytest.raises(SettingsError, match=r"^budget_s must be "):
        make(budget_s=budget_s)


@pytest.mark.parametrize("overhead_s", [-1, math.nan, math.inf, True, "0", None], ids=repr)
def test_overheads_that_are_none_are_refused(make, overhead_s) -> None:
    with pytest.raises(SettingsError, match=r"^overhead_s must be "):
        make(overhead_s=overhead_s)


@pytest.mark.parametrize("number", [np.float32(2e4), np.int64(20_000), 20_000], ids=repr)
def test_budgets_may_be_any_number(make, number) -> None:
    assert make(budget_s=number).budget == 20_000_000_000


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        ({"budget_rule": "stop"}, "budget_rule must be one of discard, overshoot, found 'stop'"),
        ({"reward_seed": "median"}, 'reward_seed must be "random", "mean" or a seed'),
        ({"reward_seed": True}, 'reward_seed must be "random", "mean" or a seed'),
        ({"reward_seed": 1.5}, 'reward_seed must be "random", "mean" or a seed'),
        ({"dataset": "cifar11"}, "cifar11"),
        ({"split": "y-valid"}, "y-valid"),
        ({"schedule": 90}, "90"),
        ({"epoch": 200}, "epoch"),
        ({"epoch": -201}, "epoch"),
        ({"dataset": "cifar10"}, "x-valid"),
        ({"dataset": "cifar100", "epoch": 50}, "epoch 50"),
    ],
    ids=str,
)
def test_other_words_are_refused_by_name(make, wrong, about) -> None:
    with pytest.raises(Nb201Error, match=about):
        make(**wrong)


def test_costs_that_fit_no_table_are_refused(make, monkeypatch) -> None:
    # The table holds 51 days; no cell of the image is that slow.
    monkeypatch.setattr("nb201store.search.packing.EXCLUDED", 1000 * 10**6)
    with pytest.raises(SettingsError, match="must cost between a microsecond and 1000 s"):
        make(overhead_s=1000.0)
