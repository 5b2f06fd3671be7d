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

CHUNK = 96
"""Children drawn at a time: nearly all of a published search, since each end of a chunk is a branch mispredicted."""
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
def draw_samples(
    key: np.uint64, draws: Int, words: Int, a_half: Int, population: Int, halves: NDArray[np.int64],
    samples: NDArray[np.int64],
) -> None:  # fmt: skip
    """Write the members drawn for the next CHUNK children: int64 [sample_size, CHUNK]; `halves` [CHUNK] is scratch.

    One pass over the chunk for each member of a sample: LLVM makes vector instructions of it.
    """
    half = 0
    for pick in range(samples.shape[0]):
        if pick % a_half == 0:
            half += 1
            for i in range(CHUNK):
                word = random_word(key, (draws + i) * words + half // 2)
                halves[i] = low_half(word) if half % 2 == 1 else high_half(word)
        else:
            for i in range(CHUNK):
                halves[i] = rest_of(halves[i], population)
        for i in range(CHUNK):
            samples[pick, i] = one_of(halves[i], population)


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
    samples = np.empty((sample_size, CHUNK), np.int64)
    halves = np.empty(CHUNK, np.int64)
    changes = np.empty(CHUNK, np.int64)
    drawn_trials = np.empty(CHUNK, np.int64)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        state = fresh_run()
        while state.going and state.draws - state.missed < population:
            word = random_word(key, state.draws * words)
            identity = problem.identities[np.uint64(one_of(high_half(word), problem.cells))]
            code = identity & CODE_MASK
            answer = full[np.uint64(code * trials + one_of(low_half(word), trials))]
            members[np.uint64(state.draws - state.missed)] = (
                answer >> COST_BITS
            ) << MEMBER_BITS | identity
            state = evaluated(problem, records, place, state, code, answer, 1)
        oldest = 0
        while state.going:
            draw_samples(key, state.draws, words, a_half, population, halves, samples)
            for i in range(CHUNK):
                upper = high_half(random_word(key, (state.draws + i) * words))
                changes[i] = one_of(upper, mutations)
                drawn_trials[i] = one_of(rest_of(upper, mutations), trials)
            i = 0
            while i < CHUNK and state.going:
                parent = members[np.uint64(samples[0, np.uint64(i)])]
                for pick in range(1, sample_size):
                    member = members[np.uint64(samples[np.uint64(pick), np.uint64(i)])]
                    parent = member if member > parent | IDENTITY_MASK else parent
                mutation = changes[np.uint64(i)]
                digit = (parent >> problem.mutation_shifts[np.uint64(mutation)]) & 7
                identity = (parent & IDENTITY_MASK) + problem.mutation_steps[
                    np.uint64(mutation * 8 + digit)
                ]
                code = identity & CODE_MASK
                answer = full[np.uint64(code * trials + drawn_trials[np.uint64(i)])]
                missed = state.missed
                state = evaluated(problem, records, place, state, code, answer, 1)
                if state.missed == missed:
                    members[np.uint64(oldest)] = (answer >> COST_BITS) << MEMBER_BITS | identity
                    oldest = oldest + 1 if oldest + 1 < population else 0
                i += 1
        finish(problem, records, place, state)
