"""Regularised (ageing) evolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import element, loop
from nb201store.kernels.rng import (
    high_half,
    low_half,
    one_of,
    random_word,
    rest_of,
    run_key,
)
from nb201store.kernels.run_state import evaluated, finish, fresh_run
from nb201store.kernels.search_problem import CODE_MASK, COST_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int
    from nb201store.kernels.search_problem import PackedProblem, RunRecords

MEMBER_BITS = 40
IDENTITY_MASK = (1 << MEMBER_BITS) - 1


@element
def picks_of_half(population: Int) -> Int:
    """Return how many members are drawn from 32 random bits: at least 1, at most 6, at most 20 bits' worth."""
    picks: Int = 1
    while picks < 6 and population ** (picks + 1) <= 1 << 20:
        picks += 1
    return picks


@element
def best_of_sample(
    key: np.uint64, step: Int, half: Int, members: NDArray[np.int64], sample_size: Int, a_half: Int
) -> Int:  # fmt: skip
    """Return the best of `sample_size` members drawn with replacement, the first drawn among equals."""
    population = members.shape[0]
    parent: Int = members[np.uint64(one_of(half, population))]
    left = sample_size - 1
    room = a_half - 1
    next_half = 1
    while left > 0:
        for _ in range(min(left, room)):
            half = rest_of(half, population)
            member = members[np.uint64(one_of(half, population))]
            parent = member if member >> MEMBER_BITS > parent >> MEMBER_BITS else parent
        left -= room
        room = a_half
        if left > 0:
            word = random_word(key, step + (next_half + 1) // 2)
            half = high_half(word) if next_half % 2 == 1 else low_half(word)
            next_half += 1
            member = members[np.uint64(one_of(half, population))]
            parent = member if member >> MEMBER_BITS > parent >> MEMBER_BITS else parent
            left -= 1
            room = a_half - 1
    return parent


@loop
def rea(
    problem: PackedProblem, records: RunRecords, rng_seed: np.uint64, first_run: int,
    population: int, sample_size: int,
) -> None:  # fmt: skip
    """Run R searches, first_run and on.

    `population` random cells are evaluated; then the best of `sample_size` members drawn with replacement (the first
    drawn among equals) is mutated in one digit, and the child, once evaluated, takes the place of the oldest member.

    Draw i uses words i * W to i * W + W - 1. While the population is filled, the upper half of the first word gives the
    cell and its lower half the trial. Then the upper half gives the mutation and the trial; the lower half, and both
    halves of the other words, upper first, give up to `picks_of_half` members each. No member's probability is off by
    more than 2**-12, relatively; of ten members, three drawn, by less than 2**-22.

    Sources: Real et al., "Regularized Evolution for Image Classifier Architecture Search" (AAAI 2019); mutation as
    NAS-Bench-201's R_EA.py does it. REQUIRES: 1 <= population <= 2**20, sample_size >= 1.
    """
    problem = borrowed(problem)
    records = borrowed(records)
    full = problem.answers[-1]
    trials = problem.trials
    mutations = problem.mutation_shifts.shape[0]
    a_half = picks_of_half(population)
    words = 1 + (sample_size + a_half - 1) // a_half // 2
    # reward << 40 | identity: a member is one number, and the better of two has the greater reward above it.
    members = np.empty(population, np.int64)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        state = fresh_run()
        oldest = 0
        filled = 0
        while state.going:
            step = state.draws * words
            word = random_word(key, step)
            upper = high_half(word)
            half = low_half(word)
            if filled < population:
                identity = problem.identities[np.uint64(one_of(upper, problem.cells))]
                trial = one_of(half, trials)
            else:
                parent = best_of_sample(key, step, half, members, sample_size, a_half)
                mutation = one_of(upper, mutations)
                digit = (parent >> problem.mutation_shifts[np.uint64(mutation)]) & 7
                identity = (parent & IDENTITY_MASK) + problem.mutation_steps[
                    np.uint64(mutation * 8 + digit)
                ]
                trial = one_of(rest_of(upper, mutations), trials)
            code = identity & CODE_MASK
            answer = full[np.uint64(code * trials + trial)]
            before = state.evaluations
            state = evaluated(problem, records, place, state, code, answer, 1)
            if state.evaluations != before:
                members[np.uint64(oldest)] = (answer >> COST_BITS) << MEMBER_BITS | identity
                oldest = oldest + 1 if oldest + 1 < population else 0
                filled += 1
        finish(problem, records, place, state)
