"""BOHB: its brackets, its model, its two forms; that it runs as its twin does, test_twins.py says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import search_problems
import search_twin
import search_twin_bohb

from nb201store.errors import SettingsError
from nb201store.kernels.search_problem import COST_BITS, EXCLUDED
from nb201store.search import ALGORITHMS, bohb, run

BOHB = ALGORITHMS["bohb"]
SECONDS = 1_000_000


def ran(table, runs, *, rng_seed=3, longest=600, **parameters):
    """The records of these runs."""
    found = search_problems.records(table, runs, longest=longest)
    BOHB.run_block(table, found, rng_seed, 0, BOHB.checked(parameters))
    return found


def priced(*seconds, **about):
    """A problem in which every evaluation at fidelity f costs so many seconds, and no two answers are equally good."""
    rng = np.random.default_rng(11)
    about = {"space": "tss", "trials": 1, "budget_s": 2000.0, **about}
    table = search_problems.packed(rng, fidelities=len(seconds), **about)
    rewards = np.array([rng.permutation(table.answers.shape[1]) for _ in seconds])
    answers = rewards << COST_BITS | np.array(seconds)[:, None] * SECONDS
    answers.flags.writeable = False
    return table._replace(answers=answers)


def steps(found, place):
    """[(seconds, code, reward)] of the evaluations of a run."""
    n = int(found.evaluations[place])
    seconds = np.diff(found.trace_clocks[place, :n], prepend=0) // SECONDS
    codes, rewards = found.trace_codes[place, :n], found.trace_rewards[place, :n]
    return list(zip(seconds.tolist(), codes.tolist(), rewards.tolist(), strict=True))


def test_brackets_of_the_nats_bench_form_are_9_3_1_and_3_1_and_3() -> None:
    found = ran(priced(1, 4, 12), 5, form="nats-bench", iterations=6)
    cycle = [1] * 9 + [4] * 3 + [12] + [4] * 3 + [12] + [12] * 3
    for place in range(5):
        assert [seconds for seconds, _, _ in steps(found, place)] == cycle * 2
    assert found.clocks.tolist() == [2 * sum(cycle) * SECONDS] * 5


@pytest.mark.parametrize(
    ("eta", "sizes"),
    [
        (2, [8, 4, 2, 1, 4, 2, 1, 4, 2, 4]),
        (4, [4, 1, 2]),
        (12, [12, 1, 2]),
        (13, [1, 1, 1]),
    ],
)
def test_brackets_follow_from_eta(eta, sizes) -> None:
    budgets = bohb.budgets("nats-bench", eta)
    found = ran(priced(*range(1, budgets + 1)), 3, form="nats-bench", iterations=budgets, eta=eta)
    assert found.evaluations.tolist() == [sum(sizes) if eta < 13 else 1] * 3


def test_the_best_of_a_rung_are_promoted_in_the_order_in_which_they_ran() -> None:
    found = ran(priced(1, 4, 12), 40, form="nats-bench", iterations=1)
    reordered = 0
    for place in range(40):
        walk = steps(found, place)
        rungs = [walk[:9], walk[9:12], walk[12:]]
        for lower, upper in pairwise(rungs):
            best = sorted(lower, key=lambda step: -step[2])[: len(upper)]
            codes = [code for _, code, _ in upper]
            assert codes == [code for _, code, _ in lower if code in {b[1] for b in best}]
            reordered += codes != [code for _, code, _ in best]
    assert reordered > 10


def test_the_nas_bench_201_form_finds_the_best_of_the_largest_budget_alone() -> None:
    table = priced(12, budget_s=12.0 * 57, trials=2)
    found = ran(table, 50)
    assert (found.evaluations == 57).all()
    largest = [12, 16, 17, 18, 19]  # of each 20 evaluations
    passed_over = 0
    for place in range(50):
        walk = steps(found, place)
        counted = [walk[i] for i in range(57) if i % 20 in largest]
        assert found.codes[place] == max(counted, key=lambda step: step[2])[1]
        passed_over += found.codes[place] != max(walk, key=lambda step: step[2])[1]
    assert passed_over > 5


def test_the_nats_bench_form_finds_the_best_of_all_budgets() -> None:
    found = ran(priced(1, 4, 12, budget_s=300.0, overshoot=1), 50, form="nats-bench")
    for place in range(50):
        best = max(steps(found, place), key=lambda step: step[2])
        assert found.codes[place] == best[1]


def test_a_run_of_the_nas_bench_201_form_that_never_reached_its_largest_budget_found_nothing() -> (
    None
):
    found = ran(priced(12, budget_s=12.0 * 12), 5)
    assert found.evaluations.tolist() == [12] * 5
    assert found.codes.tolist() == [-1] * 5


@pytest.mark.parametrize(("form", "evaluations"), [("nas-bench-201", 50), ("nats-bench", 300)])
def test_brackets_run_out_before_a_long_budget_does(form, evaluations) -> None:
    of_three = 20 * (evaluations // 3) + (9 + 3 + 1) * (evaluations % 3 > 0)
    of_three += (3 + 1) * (evaluations % 3 > 1)
    found = ran(priced(1, 1, 1, budget_s=1e6, overshoot=1), 2, form=form, longest=3000)
    assert found.evaluations.tolist() == [of_three] * 2
    assert found.clocks.tolist() == [of_three * SECONDS] * 2


def uniform_shares(table, runs, **parameters):
    """Of the new cells in the first 13 evaluations, and of those after the 60th: the share that was drawn uniformly."""
    found = ran(table, runs, form="nats-bench", rng_seed=5, **parameters)
    width = 2 + 4 * (1 + table.positions)
    early, late = Counter(), Counter()
    for place in range(runs):
        key = search_twin.run_key(5, place)
        for i, (_, code, _) in enumerate(steps(found, place)):
            if i % 20 in (*range(9), 13, 14, 15, 17, 18, 19):
                upper, _ = search_twin.halves(search_twin.random_word(key, i * width))
                part = early if i < 13 else late if i >= 60 else Counter()
                part[search_twin.one_of(upper, table.cells) == code] += 1
    return early[True] / early.total(), late[True] / late.total()


def test_new_cells_are_uniform_until_there_is_a_model_and_proposed_by_it_from_then_on() -> None:
    table = priced(1, 4, 12, budget_s=600.0)
    assert uniform_shares(table, 30) == (1.0, pytest.approx(0.0, abs=0.005))
    early, late = uniform_shares(table, 30, random_fraction=0.3)
    assert early == 1.0
    assert late == pytest.approx(0.3, abs=0.05)  # three standard errors of some 900 draws
    assert uniform_shares(table, 30, random_fraction=1.0) == (1.0, 1.0)


def test_proposals_are_better_than_uniform_cells_where_good_cells_are_alike() -> None:
    table = priced(1, 4, 12, budget_s=2000.0)
    ops = search_twin_bohb.SPACES["tss"].ops(np.arange(15_625))
    rewards = np.tile((ops == 3).sum(axis=1), (3, 1)).astype(np.int64)
    answers = rewards << COST_BITS | table.answers & (2**COST_BITS - 1)
    answers.flags.writeable = False
    found = ran(table._replace(answers=answers), 50, form="nats-bench")
    means = [np.mean([reward for _, _, reward in steps(found, p)][100:]) for p in range(50)]
    assert np.mean(means) > 1.9  # uniform cells have 1.2 of six


OTHER_SETTINGS = [
    {"eta": 2, "fidelities": 4},
    {"eta": 4, "fidelities": 2},
    {"eta": 13, "fidelities": 1},
    {"top_percent": 40},
    {"top_percent": 1},
    {"top_percent": 99},
    {"num_samples": 1},
    {"num_samples": 24},
    {"min_bandwidth": 0.0},
    {"min_bandwidth": 1.0},
    {"iterations": 7},
    {"form": "nas-bench-201", "fidelities": 1, "eta": 2},
]


@pytest.mark.parametrize("space", ["tss", "sss"])
@pytest.mark.parametrize("setting", OTHER_SETTINGS, ids=str)
def test_other_settings_run_as_the_twin_does(setting, space) -> None:
    parameters = {"form": "nats-bench", **setting}
    fidelities = parameters.pop("fidelities", 3)
    rng = np.random.default_rng(17)
    table = search_problems.packed(
        rng, space=space, fidelities=fidelities, budget_s=4000.0, levels=40, overshoot=1, excluded=0.1
    )  # fmt: skip
    checked = BOHB.checked(parameters)
    twins = search_twin.search(search_twin_bohb.bohb, table, 3, range(8), **checked)
    found = ran(table, 8, **parameters)
    for place, twin in enumerate(twins):
        walk = [(code, reward) for _, code, reward in steps(found, place)]
        assert walk == [(code, reward) for _, code, reward in twin.trace]
        cells, share = twin.at_budget(twin.later)
        assert tuple(found.around[place].tolist()) == cells
        assert found.nearest_share[place] == np.float32(share)


def test_the_value_at_the_budget_knows_the_evaluation_after_it() -> None:
    table = priced(10, 10, 10, budget_s=401.0, overshoot=1)
    found = ran(table, 40, form="nats-bench")
    assert (found.clocks == 410 * SECONDS).all()
    # The evaluations at 400 s and 410 s are nearest: one after the end, at 420 s, is not.
    assert found.nearest_share.tolist() == [pytest.approx(0.9)] * 40
    table = priced(10, 10, 10, budget_s=410.0, overshoot=1)
    found = ran(table, 40, form="nats-bench")
    twins = search_twin.search(
        search_twin_bohb.bohb, table, 3, range(40), **BOHB.checked({"form": "nats-bench"})
    )
    assert [run.later[0][0] for run in twins] == [420 * SECONDS] * 40
    assert found.nearest_share.tolist() == [1.0] * 40


def test_a_run_that_is_out_of_brackets_before_its_budget_keeps_what_it_found() -> None:
    table = search_problems.packed(np.random.default_rng(2), budget_s=1e6, overshoot=1)
    found = ran(table, 100, form="nats-bench", iterations=2)
    assert (found.clocks < table.budget).all()
    assert found.nearest_share.tolist() == [1.0] * 100
    assert found.around.tolist() == [[code, code] for code in found.codes.tolist()]


def test_where_few_evaluations_are_ranked_the_value_at_the_budget_is_that_of_the_twin() -> None:
    table = search_problems.packed(np.random.default_rng(2), budget_s=1600.0, overshoot=1)
    twins = search_twin.search(search_twin_bohb.bohb, table, 3, range(400), **BOHB.checked({}))
    found = ran(table, 400)
    expected = [twin.at_budget(twin.later) for twin in twins]
    assert [tuple(cells) for cells in found.around.tolist()] == [cells for cells, _ in expected]
    assert found.nearest_share.tolist() == [np.float32(share) for _, share in expected]
    none_yet = (found.around < 0).sum(axis=1)
    assert set(none_yet.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("form", bohb.FORMS)
def test_what_is_recorded_beside_the_results_changes_nothing(form) -> None:
    table = search_problems.packed(np.random.default_rng(8), fidelities=3, budget_s=6000.0)
    traced, bare = (ran(table, 50, form=form, longest=longest) for longest in (600, 0))
    assert bare.trace_codes.size == 0
    assert traced.codes.tolist() == bare.codes.tolist()
    assert traced.clocks.tolist() == bare.clocks.tolist()
    assert traced.evaluations.tolist() == bare.evaluations.tolist()


def test_a_run_that_finds_no_cell_is_stranded() -> None:
    table = search_problems.packed(np.random.default_rng(1), trials=1, budget_s=2000.0)
    answers = table.answers.copy()
    answers[:, np.arange(15_625) != 4_321] = EXCLUDED
    answers.flags.writeable = False
    found = ran(table._replace(answers=answers), 8)
    assert found.stranded.any()
    assert set(found.codes.tolist()) <= {-1, 4_321}
    assert (found.trace_codes[found.trace_codes >= 0] == 4_321).all()


@pytest.mark.parametrize(
    ("epoch", "schedule", "epochs"),
    [(-1, 12, (0, 3, 11)), (-1, 200, (21, 65, 199)), (-1, 90, (9, 29, 89)), (5, 12, (0, 1, 5)), (-1, 1, (0, 0, 0))],
)  # fmt: skip
def test_budgets_of_the_nats_bench_form_are_whole_epochs(epoch, schedule, epochs) -> None:
    problem = SimpleNamespace(epoch=epoch, schedule=schedule)
    assert bohb.epochs(problem, {"form": "nats-bench", "eta": 3}) == epochs
    assert bohb.epochs(problem, {"form": "nas-bench-201", "eta": 3}) == ()


def test_both_forms_search_an_image(search_image) -> None:
    import nb201store as nb

    with nb.open(search_image) as bench:
        first = run("bohb", bench, preset="nas-bench-201", runs=20, rng_seed=1)
        assert first.settings["parameters"]["form"] == "nas-bench-201"
        assert (first.seconds > 11_000).all()
        assert (first.seconds <= 12_000).all()
        other = run("bohb", bench, preset="nats-bench", dataset="cifar100", runs=20, rng_seed=1)
        assert other.settings["parameters"]["form"] == "nats-bench"
        assert (other.seconds >= 40_000).all()
        for result, dataset in ((first, "cifar10-valid"), (other, "cifar100")):
            column = bench.column(dataset, "x-valid", "accuracy", schedule=12, seed=111)
            assert column.take(result.codes).mean() > np.quantile(column.array(), 0.99)
        with pytest.raises(SettingsError, match="form must be one of nas-bench-201, nats-bench"):
            run(
                "bohb", bench, preset="nats-bench", dataset="cifar100", runs=1, rng_seed=1, form="x"
            )
