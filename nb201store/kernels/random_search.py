"""Random search: cells drawn uniformly, repeats included, until the budget is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import loop
from nb201store.kernels.rng import high_half, low_half, one_of, random_word, run_key
from nb201store.kernels.run_state import evaluated, finish, fresh_run

if TYPE_CHECKING:
    from nb201store.kernels.search_problem import PackedProblem, RunRecords


CHUNK = 112
"""Draws made at a time: nearly all of a published search, since each end of a chunk is a branch mispredicted."""


@loop
def random_search(
    problem: PackedProblem, records: RunRecords, rng_seed: np.uint64, first_run: int
) -> None:  # fmt: skip
    """Run R searches, first_run and on. Source: NAS-Bench-201 (ICLR 2020), section 5, "RS".

    Draw i of a run is word i: cell and trial together are one of its C * T answers.
    """
    problem = borrowed(problem)
    records = borrowed(records)
    full = problem.answers[-1]
    cells = problem.cells
    trials = problem.trials
    at = np.empty(CHUNK, np.int64)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        state = fresh_run()
        while state.going:
            for i in range(CHUNK):
                word = random_word(key, state.draws + i)
                at[i] = one_of(high_half(word), cells) * trials + one_of(low_half(word), trials)
            i = 0
            while i < CHUNK and state.going:
                # Drawn again, which LLVM does only where the cell is looked at: a better one, or the last.
                code = one_of(high_half(random_word(key, state.draws)), cells)
                answer = full[np.uint64(at[np.uint64(i)])]
                state = evaluated(problem, records, place, state, code, answer, 1)
                i += 1
        finish(problem, records, place, state)
