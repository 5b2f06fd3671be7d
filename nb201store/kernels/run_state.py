"""The rules that all searches share: what an evaluation costs, when a run ends, which cell was best.

A kernel goes through its runs like this (random_search.py is the shortest one):

    state = fresh_run()
    while state.going:
        state = evaluated(problem, records, place, state, code, answer, 1)
    finish(problem, records, place, state)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.kernels.compiling import element
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED, MOST_SKIPS

if TYPE_CHECKING:
    from nb201store.kernels.compiling import Int
    from nb201store.kernels.search_problem import PackedProblem, RunRecords

NOWHERE = np.int64(1 << 62)
"""A distance in time that no evaluation has."""


class RunState(NamedTuple):
    """One run so far: numbers only, so that a compiled loop keeps them in registers."""

    going: Int
    """1 until the run has ended."""
    draws: Int
    """Cells drawn, those that were excluded or discarded among them: the step of the random numbers."""
    evaluations: Int
    clock: Int
    """Microseconds spent."""
    reward: Int
    """The best one; -1 before the first."""
    code: Int
    """The first cell that had it; -1 before the first."""
    skips: Int
    """Excluded cells drawn since the last evaluation."""

    # For the value at the budget: the two evaluations before the last, and which cells were best then.
    clock_1: Int
    clock_2: Int
    since: Int
    """Evaluations when `code` became the best; below, the two best cells before it, and since when they were."""
    code_1: Int
    since_1: Int
    code_2: Int


@element
def fresh_run() -> RunState:
    """Return the state of a run before its first evaluation."""
    return RunState(1, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, 0, -1)


@element
def evaluated(
    problem: PackedProblem, records: RunRecords, place: Int, state: RunState, code: Int, answer: Int, ranked: Int
) -> RunState:  # fmt: skip
    """Return the state after `code` was evaluated with this answer, or was found excluded, or passed the budget.

    Of these only an evaluation adds to `evaluations`: a kernel that learns compares it. An excluded cell costs nothing
    and is to be drawn again. `ranked` 0 keeps the cell from becoming the best one.

    REQUIRES: state.going; 0 <= place < R; 0 <= code < cells; an answer of that cell.
    """
    clock = state.clock + (answer & COST_MASK)
    reward = answer >> COST_BITS
    going: Int = 1
    counted = True
    skips: Int = 0
    if clock > problem.limit:
        excluded = answer == EXCLUDED
        counted = problem.overshoot != 0 and not excluded
        skips = state.skips + 1
        going = int(excluded and skips < MOST_SKIPS)
    if counted:
        evaluations = state.evaluations + 1
        if state.evaluations < records.trace_clocks.shape[1]:
            records.trace_clocks[place, state.evaluations] = clock
            records.trace_codes[place, state.evaluations] = code
            records.trace_rewards[place, state.evaluations] = reward
        if ranked != 0 and reward > state.reward:
            if records.changes.shape[0] != 0:
                grid = records.changes.shape[0] - 1
                # The first grid time budget * (g + 1) // grid that is not before the clock.
                row = min((clock * grid + problem.budget - 1) // problem.budget - 1, grid)
                records.changes[row, code] += 1
                if state.code >= 0:
                    records.changes[row, state.code] -= 1
            state = RunState(
                going, state.draws + 1, evaluations, clock, reward, code, 0, state.clock,
                state.clock_1, evaluations, state.code, state.since, state.code_1,
            )  # fmt: skip
        else:
            state = RunState(
                going, state.draws + 1, evaluations, clock, state.reward, state.code, 0, state.clock,
                state.clock_1, state.since, state.code_1, state.since_1, state.code_2,
            )  # fmt: skip
    else:
        state = RunState(
            going, state.draws + 1, state.evaluations, state.clock, state.reward, state.code, skips, state.clock_1,
            state.clock_2, state.since, state.code_1, state.since_1, state.code_2,
        )  # fmt: skip
    return state


@element
def best_at(state: RunState, evaluation: Int) -> Int:
    """Return which cell was the best after this many evaluations. REQUIRES: one of the last three, 1 or more."""
    code = state.code_2
    if state.since <= evaluation:
        code = state.code
    elif state.since_1 <= evaluation:
        code = state.code_1
    return code


@element
def finish(problem: PackedProblem, records: RunRecords, place: Int, state: RunState) -> None:
    """Write the records of a run that has ended. REQUIRES: 0 <= place < R."""
    finish_before(problem, records, place, state, -1, -1)


@element
def finish_before(
    problem: PackedProblem, records: RunRecords, place: Int, state: RunState, next_clock: Int, next_code: Int
) -> None:  # fmt: skip
    """Write the records of a run of which one more evaluation is known, for the value at the budget alone.

    `next_clock` is the clock after it, or -1 if there is none; `next_code` the best cell then.
    """
    records.codes[place] = state.code
    records.evaluations[place] = state.evaluations
    records.clocks[place] = state.clock
    records.stranded[place] = state.skips >= MOST_SKIPS
    if records.around.shape[0] != 0:
        # The two evaluations nearest in time; of equally near ones the earlier first (NATS-Bench's own rule).
        n = state.evaluations
        first = second = NOWHERE
        evaluation: Int
        clock: Int
        first_clock = second_clock = first_code = second_code = np.int64(-1)
        for evaluation, clock in (
            (n - 2, state.clock_2),
            (n - 1, state.clock_1),
            (n, state.clock),
            (n + 1, next_clock),
        ):
            exists = evaluation >= 1 and clock >= 0
            distance = np.int64(abs(clock - problem.budget)) if exists else NOWHERE  # type: ignore[arg-type]
            code = np.int64(best_at(state, evaluation) if evaluation <= n else next_code)
            if distance < first:
                second, second_clock, second_code = first, first_clock, first_code
                first, first_clock, first_code = distance, np.int64(clock), code
            elif distance < second:
                second, second_clock, second_code = distance, np.int64(clock), code
        share = 1.0
        if second == NOWHERE:
            second_code = first_code
        else:
            share = (second_clock - problem.budget) / (second_clock - first_clock)
        records.around[place, 0] = first_code
        records.around[place, 1] = second_code
        records.nearest_share[place] = share
