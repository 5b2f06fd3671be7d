"""Local search: climb to the best neighbour; from a summit, start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import loop
from nb201store.kernels.rng import high_half, low_half, one_of, random_word, run_key
from nb201store.kernels.run_state import evaluated, finish, fresh_run
from nb201store.kernels.search_problem import COST_BITS, EXCLUDED

if TYPE_CHECKING:
    from nb201store.kernels.search_problem import PackedProblem, RunRecords


@loop
def local_search(
    problem: PackedProblem, records: RunRecords, rng_seed: np.uint64, first_run: int
) -> None:  # fmt: skip
    """Run R searches, first_run and on.

    A random cell is evaluated, then all its neighbours in the order of `Space.neighbours`. If the best of them, the
    first among equals, has a greater reward than the cell, the search moves there, keeping the reward it saw, and looks
    around again; else it starts again from another random cell.

    Draw i is word i: for a start the upper half gives the cell and the lower half the trial; for a neighbour the lower
    half gives the trial. An excluded neighbour uses up its word; an excluded start is drawn again.

    Source: White, Nolen, Savani, "Local Search is State of the Art for Neural Architecture Search Benchmarks" (2020),
    algorithm 1. Their published code differs: it evaluates no cell twice, while here a cell met again is charged
    again, as for all algorithms of this benchmark; and it starts from the best of several random cells.
    """
    problem = borrowed(problem)
    records = borrowed(records)
    full = problem.answers[-1]
    trials = problem.trials
    size = problem.neighbours.shape[1]
    asked = np.empty(size, np.int64)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        state = fresh_run()
        while state.going:
            word = random_word(key, state.draws)
            code = one_of(high_half(word), problem.cells)
            answer = full[np.uint64(code * trials + one_of(low_half(word), trials))]
            state = evaluated(problem, records, place, state, code, answer, 1)
            reward = answer >> COST_BITS
            climbing = answer != EXCLUDED
            while climbing and state.going:
                around = problem.neighbours[np.uint64(code)]
                step = state.draws
                # Apart from the evaluations, since without an exit from the loop these are vectors: a third faster.
                for n in range(size):
                    half = low_half(random_word(key, step + n))
                    asked[n] = np.int64(around[n]) * trials + one_of(half, trials)
                best = reward
                for n in range(size):
                    neighbour = np.int64(around[np.uint64(n)])
                    answer = full[np.uint64(asked[n])]
                    state = evaluated(problem, records, place, state, neighbour, answer, 1)
                    # An excluded cell's reward reads 0, which is greater than none. No branch: it would be a guess.
                    found = answer >> COST_BITS
                    code = neighbour if found > best else code
                    best = max(best, found)
                    if not state.going:
                        break
                climbing = best > reward
                reward = best
        finish(problem, records, place, state)
