"""What holds for every algorithm of the registry and of the examples: the rules, and the same answers always.

Problems are invented and small (search_problems.py), a run some twenty evaluations; each kernel's own behaviour is
tested against its twin.
"""

from __future__ import annotations

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest
import search_any_python
import search_ask_tell
import search_kernel
from search_problems import packed, records

from nb201store import search
from nb201store.errors import SettingsError
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED
from nb201store.search import runner

EXAMPLES = [search_ask_tell.GENETIC, search_any_python.ANNEALING, search_kernel.BANDITS]
for (
    example
) in EXAMPLES:  # importing registered them; tests of other files expect the package's own alone
    search.unregister(example.name)

# space, trials (1: reward_seed "mean" or a seed), overshoot, share of cells that take no part
CASES = [("tss", 2, 0, 0.0), ("tss", 1, 1, 0.2), ("sss", 2, 1, 0.0), ("sss", 1, 0, 0.2)]
RUNS = 60
LONGEST = 1000
GRID = 20


@pytest.fixture(params=[*search.ALGORITHMS.values(), *EXAMPLES], ids=lambda one: one.name)
def algorithm(request):
    """Each algorithm; its blocks of any size, for what is tested here is that their size does not matter."""
    return dataclasses.replace(request.param, smallest_block=1)


@pytest.fixture(params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request):
    """A space, trials, budget rule and share of gaps."""
    return request.param


def problem_for(algorithm, case=CASES[0], parameters=None, **more):
    """A problem with as many fidelities as the algorithm evaluates cells at."""
    space, trials, overshoot, excluded = case
    stand_in = SimpleNamespace(
        schedule=12, epoch=-1, budget_rule=("discard", "overshoot")[overshoot]
    )
    chosen = algorithm.checked(parameters or {})
    epochs = (algorithm.epochs and algorithm.epochs(stand_in, chosen)) or (11,)
    return packed(
        np.random.default_rng(5), space=space, trials=trials, overshoot=overshoot, excluded=excluded,
        fidelities=len(epochs), **more,
    )  # fmt: skip


def ran(algorithm, problem, *, first=0, runs=RUNS, rng_seed=3, **parameters):
    """The records of one block, everything recorded."""
    out = records(problem, runs, grid=GRID, longest=LONGEST)
    algorithm.run_block(problem, out, rng_seed, first, algorithm.checked(parameters))
    return out


def traces(out):
    """(clocks, codes, rewards) of each run's evaluations."""
    for place in range(len(out.codes)):
        n = np.count_nonzero(out.trace_clocks[place] >= 0)
        assert (out.trace_clocks[place, n:] == -1).all()
        yield out.trace_clocks[place, :n], out.trace_codes[place, :n], out.trace_rewards[place, :n]


BY_RUN = (
    "codes", "evaluations", "clocks", "stranded", "around", "nearest_share", "trace_clocks", "trace_codes",
    "trace_rewards",
)  # fmt: skip


def test_a_run_is_the_same_alone_and_among_others_and_in_any_order(algorithm, case) -> None:
    problem = problem_for(algorithm, case)
    whole = ran(algorithm, problem)
    parts = [
        (first, ran(algorithm, problem, first=first, runs=runs))
        for first, runs in ((59, 1), (13, 46), (0, 1), (1, 12))
    ]
    parts = [part for _, part in sorted(parts, key=lambda pair: pair[0])]
    for name in BY_RUN:
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)
    np.testing.assert_array_equal(sum(part.changes for part in parts), whole.changes)


@pytest.mark.parametrize(("first_block", "threads"), [(1, 1), (16, 3), (1000, 2)])
def test_blocks_and_threads_do_not_matter(algorithm, monkeypatch, first_block, threads) -> None:
    problem = problem_for(algorithm)
    whole = ran(algorithm, problem)
    monkeypatch.setattr(runner, "FIRST_BLOCK", first_block)
    found = runner.run_blocks(
        algorithm, problem, RUNS, 3, algorithm.checked({}), grid=GRID, threads=threads
    )
    assert found.done == RUNS
    for name in ("codes", "evaluations", "clocks", "stranded", "changes"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name), err_msg=name)


def test_another_rng_seed_gives_other_runs(algorithm) -> None:
    problem = problem_for(algorithm)
    one, other = ran(algorithm, problem), ran(algorithm, problem, rng_seed=4)
    assert np.mean(one.codes != other.codes) > 0.9
    assert len(np.unique(one.codes)) > RUNS // 2


def test_the_budget_rule_holds(algorithm, case) -> None:
    problem = problem_for(algorithm, case)
    out = ran(algorithm, problem)
    assert not out.stranded.any()
    for place, (clocks, _, _) in enumerate(traces(out)):
        assert out.clocks[place] == clocks[-1]
        assert (np.diff(clocks, prepend=0) > 0).all()
        if problem.overshoot:
            assert clocks[-1] >= problem.budget
            assert (clocks[:-1] < problem.budget).all()
        else:
            dearest = (problem.answers[problem.answers != EXCLUDED] & COST_MASK).max()
            assert problem.budget - dearest < clocks[-1] <= problem.budget


def test_each_evaluation_answers_and_costs_what_a_trial_of_its_cell_does(algorithm, case) -> None:
    problem = problem_for(algorithm, case)
    by_cell = problem.answers.reshape(len(problem.answers), problem.cells, problem.trials)
    used = set()
    for clocks, codes, rewards in traces(ran(algorithm, problem)):
        answers = rewards.astype(np.int64) << COST_BITS | np.diff(clocks, prepend=0)
        among = by_cell[:, codes] == answers[:, None]
        assert among.any(axis=(0, 2)).all()
        assert (answers != EXCLUDED).all()
        used |= set(np.nonzero(among)[2].tolist())
    assert used == set(range(problem.trials))


def test_a_run_finds_the_first_of_its_best_cells(algorithm, case) -> None:
    problem = problem_for(algorithm, case)
    out = ran(algorithm, problem)
    for place, (_, codes, rewards) in enumerate(traces(out)):
        assert len(codes) == out.evaluations[place] > 0
        if algorithm.ranks_all:
            assert out.codes[place] == codes[rewards.argmax()]
        else:
            assert out.codes[place] in {-1, *codes.tolist()}


def test_counts_over_time_are_those_of_the_traces(algorithm, case) -> None:
    problem = problem_for(algorithm, case)
    out = ran(algorithm, problem)
    last = np.bincount(out.codes[out.codes >= 0], minlength=problem.cells)
    np.testing.assert_array_equal(out.changes.sum(axis=0), last)
    if not algorithm.ranks_all:  # a trace does not say which evaluations may be the best
        return
    expected = np.zeros((GRID, problem.cells), np.int64)
    for clocks, codes, rewards in traces(out):
        for row in range(GRID):
            seen = rewards[clocks <= problem.budget * (row + 1) // GRID]
            if len(seen):
                expected[row, codes[seen.argmax()]] += 1
    np.testing.assert_array_equal(out.changes.cumsum(axis=0)[:-1], expected)


def test_a_cell_that_takes_no_part_is_drawn_again(algorithm) -> None:
    problem = problem_for(algorithm, ("tss", 1, 0, 0.7))
    gaps = problem.answers[0] == EXCLUDED
    assert 0.65 < gaps.mean() < 0.75
    out = ran(algorithm, problem)
    assert (out.evaluations >= problem.budget // 200_000_000).all()
    assert not out.stranded.any()
    for _, codes, _ in traces(out):
        assert not gaps[codes].any()


def test_parameters_it_does_not_have_are_refused_with_those_it_has(algorithm) -> None:
    known = ", ".join(parameter.name for parameter in algorithm.parameters) or "none"
    message = f"{algorithm.name} has no parameter 'tempo'; its parameters: {known}"
    with pytest.raises(SettingsError, match=f"^{re.escape(message)}$"):
        algorithm.checked({"tempo": 3})


def test_each_parameter_works_at_its_bounds_and_not_beyond(algorithm) -> None:
    for parameter in algorithm.parameters:
        bounds = [
            bound for bound in (parameter.least, parameter.most) if abs(bound) != float("inf")
        ]
        for value in parameter.choices or bounds:
            kind = type(parameter.default)
            chosen = {parameter.name: kind(value)}
            problem = problem_for(algorithm, parameters=chosen, budget_s=1000.0)
            out = ran(algorithm, problem, runs=2, **chosen)
            assert (out.evaluations > 0).all(), chosen
        if not parameter.choices:
            beyond = [parameter.least - 1, *(bound + 1 for bound in bounds[1:])]
            for value in beyond:
                with pytest.raises(SettingsError, match=f"^{parameter.name} must be "):
                    algorithm.checked({parameter.name: type(parameter.default)(value)})


@pytest.mark.parametrize(
    "algorithm",
    [one for one in [*search.ALGORITHMS.values(), *EXAMPLES] if one.symmetric],
    ids=lambda one: one.name,
)
def test_one_that_calls_itself_symmetric_does_as_well_whichever_operation_is_good(
    algorithm,
) -> None:
    """The benchmark's first rule. Operation 2 and another one are worth the same, until there are four of that other:
    who breaks ties by the smaller digit does better where it is 0 than where it is 4.
    """
    base = problem_for(algorithm, ("tss", 1, 0, 0.0), budget_s=4000.0)
    digits = np.arange(base.cells)[:, None] // 5 ** np.arange(5, -1, -1) % 5
    runs = 2000
    means, errors = [], []
    for good in (0, 4):
        rewards = ((digits == good) | (digits == 2)).sum(axis=1)
        rewards += 10 * ((digits == good).sum(axis=1) >= 4)
        answers = np.broadcast_to(rewards << COST_BITS | 50_000_000, base.answers.shape).copy()
        answers.flags.writeable = False
        out = records(base, runs)
        algorithm.run_block(base._replace(answers=answers), out, good, 0, algorithm.checked({}))
        found = rewards[out.codes]
        means.append(found.mean())
        errors.append(found.std() / np.sqrt(runs))
    assert abs(means[0] - means[1]) < 4 * np.hypot(*errors)
