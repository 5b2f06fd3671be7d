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
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int
    from nb201store.kernels.search_problem import PackedProblem, RunRecords

NOWHERE = np.int64(1 << 62)
"""A distance in time that no evaluation has."""


class RunState(NamedTuple):
    """One run so far: few numbers, so that a compiled loop keeps them in registers. The rest is in `records.notes`."""

    going: Int
    """1 until the run has ended."""
    draws: Int
    """Cells drawn so far: the step of the random numbers."""
    missed: Int
    """Those of them that were not evaluated: excluded, or discarded at the end. A kernel that learns compares it."""
    clock: Int
    """Microseconds spent."""
    reward: Int
    """The best one; -1 before the first."""
    code: Int
    """The first cell that had it; -1 before the first."""
    bar: Int
    """A reward that is not above it needs no look: the best one, or -1 where every evaluation is looked at."""


# Places in `records.notes`, what a run seldom needs: 0..3 are the clocks after its last evaluations, the one after
# evaluation n at n % 4; then since which evaluation the best cell is the best, and the two that were so before it.
SINCE, CODE_1, SINCE_1, CODE_2, SKIPS, SKIPPED_AT = range(4, 10)
NOTES = 10


def fresh_notes() -> NDArray[np.int64]:
    """Return notes as a run finds them, int64 [10]; `finish` leaves them so."""
    notes = np.zeros(NOTES, np.int64)
    notes[CODE_1] = notes[CODE_2] = -1
    return notes


@element
def fresh_run() -> RunState:
    """Return the state of a run before its first evaluation."""
    return RunState(1, 0, 0, 0, -1, -1, -1)


@element
def evaluated(
    problem: PackedProblem, records: RunRecords, place: Int, state: RunState, code: Int, answer: Int, ranked: Int
) -> RunState:  # fmt: skip
    """Return the state after `code` was evaluated with this answer, or was found excluded, or passed the budget.

    An excluded cell costs nothing and is to be drawn again; after `MOST_SKIPS` of them in a row the run is stranded and
    ends. `ranked` 0 keeps the cell from becoming the best one.

    REQUIRES: state.going; 0 <= place < R; 0 <= code < cells; an answer of that cell.
    """
    draws = state.draws + 1
    missed = state.missed
    going: Int = 1
    counted = True
    clock = state.clock + (answer & COST_MASK)
    best_reward = state.reward
    best_code = state.code
    bar = state.bar
    notes = records.notes
    if clock > problem.limit:
        excluded = answer == EXCLUDED
        going = 0
        if excluded:
            notes[SKIPS] = notes[SKIPS] + 1 if notes[SKIPPED_AT] == draws - missed else 1
            notes[SKIPPED_AT] = draws - missed
            going = int(notes[SKIPS] < MOST_SKIPS)
        if excluded or problem.overshoot == 0:
            counted = False
            missed += 1
            clock = state.clock
    if counted:
        reward = answer >> COST_BITS
        if reward > bar:
            evaluation = draws - missed
            if records.in_detail:
                notes[evaluation & 3] = clock
                if evaluation <= records.trace_clocks.shape[1]:
                    records.trace_clocks[place, evaluation - 1] = clock
                    records.trace_codes[place, evaluation - 1] = code
                    records.trace_rewards[place, evaluation - 1] = reward
            if ranked != 0 and reward > best_reward:
                if records.changes.shape[0] != 0:
                    grid = records.changes.shape[0] - 1
                    # The first grid time budget * (g + 1) // grid that is not before the clock.
                    row = min((clock * grid + problem.budget - 1) // problem.budget - 1, grid)
                    records.changes[row, code] += 1
                    if best_code >= 0:
                        records.changes[row, best_code] -= 1
                notes[CODE_2] = notes[CODE_1]
                notes[SINCE_1] = notes[SINCE]
                notes[CODE_1] = best_code
                notes[SINCE] = evaluation
                best_reward = reward
                best_code = code
                bar = -1 if records.in_detail else reward
    return RunState(going, draws, missed, clock, best_reward, best_code, bar)


@element
def best_at(records: RunRecords, code: Int, evaluation: Int) -> Int:
    """Return which cell was the best after this many evaluations; `code` is so now.

    REQUIRES: one of the last three evaluations, 1 or more.
    """
    notes = records.notes
    best = code
    if evaluation < notes[SINCE]:
        best = notes[CODE_1] if evaluation >= notes[SINCE_1] else notes[CODE_2]
    return best


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
    notes = records.notes
    records.codes[place] = state.code
    records.evaluations[place] = state.draws - state.missed
    records.clocks[place] = state.clock
    records.stranded[place] = notes[SKIPS] == MOST_SKIPS
    if records.around.shape[0] != 0:
        # The two evaluations nearest in time; of equally near ones the earlier first (NATS-Bench's own rule).
        n = state.draws - state.missed
        first = second = NOWHERE
        evaluation: Int
        clock: Int
        first_clock = second_clock = first_code = second_code = np.int64(-1)
        for evaluation, clock in (
            (n - 2, notes[(n - 2) & 3]),
            (n - 1, notes[(n - 1) & 3]),
            (n, state.clock),
            (n + 1, next_clock),
        ):
            exists = evaluation >= 1 and clock >= 0
            distance = np.int64(abs(clock - problem.budget)) if exists else NOWHERE
            code = np.int64(
                best_at(records, state.code, evaluation) if evaluation <= n else next_code
            )
            if distance < first:
                second, second_clock, second_code = first, first_clock, first_code
                first, first_clock, first_code = distance, np.int64(clock), code
            elif distance < second:
                second, second_clock, second_code = distance, np.int64(clock), code
        share = 1.0
        # A run that ended long before the budget keeps what it has: a line through its last two evaluations, drawn on
        # to the budget, would pass 100 percent.
        if second == NOWHERE or state.clock < problem.budget:
            second_code = first_code
        else:
            share = (second_clock - problem.budget) / (second_clock - first_clock)
        records.around[place, 0] = first_code
        records.around[place, 1] = second_code
        records.nearest_share[place] = share
    notes[SKIPS] = notes[SINCE] = notes[SINCE_1] = 0
    notes[CODE_1] = notes[CODE_2] = -1
