"""Every kernel does, run by run and evaluation by evaluation, what its twin in plain Python does.

A new algorithm adds its twin to `TWINS`: tests over all kinds of problems follow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import search_problems
import search_twin
from search_twin_bohb import bohb
from search_twin_local import local_search
from search_twin_random import random_search, rea
from search_twin_reinforce import reinforce

from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED, MOST_SKIPS
from nb201store.search import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Callable

GRID = 13


@dataclass(frozen=True)
class Twin:
    """An algorithm of the registry, its twin, and a setting of both: about 110 s an evaluation.

    `epochs` says at how many epochs it evaluates cells. A twin that knows evaluations after the end, as
    `Run.at_budget` takes them, leaves them in `run.later`.
    """

    name: str
    twin: Callable[..., None]
    parameters: dict[str, Any] = field(default_factory=dict)
    budget_s: float = 3000.0
    runs: int = 40
    epochs: int = 1

    def __str__(self):
        return "-".join([self.name, *map(str, self.parameters.values())])


def sized(population, sample_size, **sizes):
    """Ageing evolution of this size."""
    return Twin("rea", rea, {"population": population, "sample_size": sample_size}, **sizes)


def in_form(form, *, epochs=1, budget_s=9000.0, runs=10, **parameters):
    """BOHB, long enough for a model of the larger budgets."""
    return Twin("bohb", bohb, {"form": form, **parameters}, budget_s, runs, epochs)


TWINS = [
    Twin("random", random_search),
    Twin("local-search", local_search, budget_s=12_000.0, runs=25),
    sized(10, 3),
    sized(10, 10),
    sized(100, 7, budget_s=14_000.0, runs=10),
    sized(2000, 3, budget_s=230_000.0, runs=1),
    sized(1, 1),
    sized(7, 40, runs=20),
    Twin("reinforce", reinforce, {"learning_rate": 0.01}, runs=10),
    Twin("reinforce", reinforce, {"learning_rate": 0.5}, budget_s=6000.0, runs=5),
    in_form("nas-bench-201"),
    in_form("nats-bench", epochs=3, budget_s=4000.0),
    in_form("nats-bench", epochs=3, budget_s=4000.0, random_fraction=0.3),
]

PROBLEMS = {
    f"{space}, {trials} a cell, {rule}, {gaps}": {
        "space": space,
        "trials": count,
        "overshoot": int(rule == "overshoot"),
        "excluded": share,
    }
    for space in ("tss", "sss")
    for count, trials in ((1, "one trial"), (2, "two trials"), (6, "six trials"))
    for rule in ("discard", "overshoot")
    for share, gaps in ((0.0, "whole"), (0.3, "with gaps"))
}


def compare(pair, problem, runs, *, rng_seed=0, first_run=0):
    """Assert that kernel and twin agree in every record of these runs; the kernel's records and the twin's runs."""
    algorithm = ALGORITHMS[pair.name]
    parameters = algorithm.checked(pair.parameters)
    twins = search_twin.search(
        pair.twin, problem, rng_seed, range(first_run, first_run + runs), **parameters
    )
    longest = max(len(run.trace) for run in twins) + 1
    found = search_problems.records(problem, runs, grid=GRID, longest=longest)
    algorithm.run_block(problem, found, rng_seed, first_run, parameters)
    assert found.codes.tolist() == [run.best_code for run in twins]
    assert found.evaluations.tolist() == [len(run.trace) for run in twins]
    assert found.clocks.tolist() == [run.clock for run in twins]
    assert found.stranded.tolist() == [run.stranded for run in twins]
    traces = zip(found.trace_clocks, found.trace_codes, found.trace_rewards, strict=True)
    for run, (clocks, codes, rewards) in zip(twins, traces, strict=True):
        n = len(run.trace)
        steps = zip(clocks.tolist(), codes.tolist(), rewards.tolist(), strict=True)
        assert list(steps)[:n] == run.trace
        assert (clocks[n:] == -1).all()
        assert (codes[n:] == -1).all()
    counts = found.changes.cumsum(axis=0)
    best = [{int(c): int(row[c]) for c in np.flatnonzero(row)} for row in counts[:GRID]]
    assert best == [dict(row) for row in search_twin.best_counts(twins, GRID)]
    last = Counter(run.best_code for run in twins if run.best)
    assert {int(c): int(counts[-1, c]) for c in np.flatnonzero(counts[-1])} == dict(last)
    if problem.overshoot:
        at_budget = [
            run.at_budget(getattr(run, "later", ())) if run.best else ((-1, -1), 1.0)
            for run in twins
        ]
        assert [tuple(row) for row in found.around.tolist()] == [cells for cells, _ in at_budget]
        assert found.nearest_share.tolist() == [np.float32(share) for _, share in at_budget]
    else:
        assert found.around.shape == (0, 0)
    return found, twins


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("pair", TWINS, ids=str)
def test_a_kernel_runs_as_its_twin_does(pair, problem) -> None:
    rng = np.random.default_rng(list(PROBLEMS.values()).index(problem))
    table = search_problems.packed(
        rng, fidelities=pair.epochs, budget_s=pair.budget_s, levels=100, **problem
    )
    found, _ = compare(pair, table, pair.runs, rng_seed=int(rng.integers(2**63)), first_run=10**7)
    assert not found.stranded.any()
    assert found.evaluations.min() > pair.budget_s / 200 - 1
    assert found.evaluations.max() > pair.parameters.get("population", 1)
    over = found.clocks >= table.budget
    assert over.all() if problem["overshoot"] else (found.clocks[over] == table.budget).all()


def left(rng, cells, *, space="tss", **about):
    """A problem of which all cells but these are excluded."""
    table = search_problems.packed(rng, space=space, trials=2, budget_s=500.0, **about)
    answers = table.answers.copy()
    gone = np.setdiff1d(np.arange(table.cells), cells)
    answers.reshape(len(answers), table.cells, 2)[:, gone] = EXCLUDED
    answers.flags.writeable = False
    return table._replace(answers=answers)


@pytest.mark.parametrize("overshoot", [0, 1], ids=["discard", "overshoot"])
@pytest.mark.parametrize("pair", [TWINS[0], TWINS[1], sized(2, 2)], ids=str)
def test_short_runs_whose_clocks_meet_the_grid_and_the_budget_are_the_twins(pair, overshoot) -> None:  # fmt: skip
    table = search_problems.packed(np.random.default_rng(6), budget_s=10.0 * GRID * 3)
    step = 10_000_000
    rewards, costs = table.answers >> COST_BITS, table.answers & COST_MASK
    answers = rewards << COST_BITS | (costs // step + 1) * step
    answers.flags.writeable = False
    table = table._replace(answers=answers, limit=table.budget - overshoot, overshoot=overshoot)
    found, _ = compare(pair, table, 800)
    met = found.clocks == table.budget
    assert 50 < met.sum() < 400
    assert np.isin(found.trace_clocks, np.arange(1, GRID) * table.budget // GRID).sum() > 500
    if overshoot:
        # Nearest to the budget: one on each side, the last two before it, or two equally near.
        assert len(np.unique(found.nearest_share)) > 20
        assert (found.nearest_share == 0.5).any()
        assert (found.nearest_share > 1.0).any()


@pytest.mark.parametrize("pair", TWINS[:3], ids=str)
def test_what_is_recorded_beside_the_results_changes_nothing(pair) -> None:
    algorithm, table = ALGORITHMS[pair.name], search_problems.packed(np.random.default_rng(3))
    parameters = algorithm.checked(pair.parameters)
    whole = search_problems.records(table, 30, grid=GRID, longest=1000)
    short = search_problems.records(table, 30, longest=5)
    bare = search_problems.records(table, 30)
    for found in (whole, short, bare):
        algorithm.run_block(table, found, 7, 0, parameters)
    assert whole.evaluations.min() > 5
    for found in (short, bare):
        assert np.array_equal(found.codes, whole.codes)
        assert np.array_equal(found.clocks, whole.clocks)
        assert np.array_equal(found.evaluations, whole.evaluations)
    assert np.array_equal(short.trace_codes, whole.trace_codes[:, :5])
    assert np.array_equal(short.trace_clocks, whole.trace_clocks[:, :5])
    assert np.array_equal(short.trace_rewards, whole.trace_rewards[:, :5])


FEW_LEFT = [TWINS[0], TWINS[1], sized(2, 2)]


@pytest.mark.parametrize("overshoot", [0, 1], ids=["discard", "overshoot"])
@pytest.mark.parametrize("pair", FEW_LEFT, ids=str)
def test_where_few_cells_are_left_runs_are_stranded_as_the_twins_are(pair, overshoot) -> None:
    rng = np.random.default_rng(4)
    # Two neighbours, and three alone.
    table = left(rng, [77, 78, 5_000, 9_999, 12_345], overshoot=overshoot)
    # 50,000 random draws miss all five once in nine million times; children of a cell without neighbours always do.
    found, _ = compare(pair, table, 12)
    assert found.stranded.any() == (pair.name == "rea")
    assert found.evaluations.min() >= 1


@pytest.mark.parametrize("pair", FEW_LEFT[:2], ids=str)
def test_where_one_cell_is_left_some_runs_are_stranded_and_some_are_not(pair) -> None:
    table = left(np.random.default_rng(5), [4_321], overshoot=1)
    found, twins = compare(pair, table, 16, rng_seed=2**64 - 1)
    assert 0 < found.stranded.sum() < 16
    assert set(found.codes.tolist()) <= {-1, 4_321}
    assert all(run.draws >= MOST_SKIPS for run in twins if run.stranded)
