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
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        state = fresh_run()
        while state.going:
            word = random_word(key, state.draws)
            code = one_of(high_half(word), problem.cells)
            answer = full[np.uint64(code * problem.trials + one_of(low_half(word), problem.trials))]
            state = evaluated(problem, records, place, state, code, answer, 1)
        finish(problem, records, place, state)
