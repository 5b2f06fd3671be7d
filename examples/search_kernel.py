"""A search algorithm of one's own as a numba kernel: a bandit at every position of a code, millions of runs.

    python examples/search_kernel.py IMAGE.nb201

A kernel runs a block of searches: it fills place 0, 1, ... of `records` with runs first_run, first_run + 1, ... Random
numbers are words of (rng_seed, run, step), 64 bits each; which word serves which purpose is up to the kernel, as long
as none serves two. Nothing is checked in compiled code: indices must be right.

The benchmark's first rule of fairness: no operation is preferred. Among equally good choices the bandit takes the first
from a random one on; taking the smallest digit would be a preference.
"""

import sys

import numba
import numpy as np

import nb201store as nb
from nb201store import search
from nb201store.kernels import searching as s


@numba.njit(nogil=True, error_model="numpy")
def bandits(problem, records, rng_seed, first_run, exploration):
    """At each position, take the choice of the best mean reward so far, or with some probability a random one."""
    problem = s.borrowed(problem)  # arrays without their reference counts: several times faster
    records = s.borrowed(records)
    full = problem.answers[-1]
    trials, positions, choices = problem.trials, problem.positions, problem.choices
    sums = np.empty((positions, choices))
    counts = np.empty((positions, choices))
    digits = np.empty(positions, np.int64)
    for place in range(records.codes.shape[0]):
        key = s.run_key(rng_seed, first_run + place)
        state = s.fresh_run()
        sums[:] = 0.0
        counts[:] = 0.0
        while state.going:
            step = state.draws * (2 * positions + 1)  # 13 words for each cell drawn
            code = 0
            for position in range(positions):
                digit = s.one_of(s.high_half(s.random_word(key, step)), choices)
                if s.unit(s.random_word(key, step + 1)) >= exploration:
                    digit = best_choice(sums[position], counts[position], digit)
                digits[position] = digit
                code = code * choices + digit
                step += 2
            trial = s.one_of(s.high_half(s.random_word(key, step)), trials)
            answer = full[code * trials + trial]
            missed = state.missed
            state = s.evaluated(problem, records, place, state, code, answer, 1)
            if state.missed == missed:  # neither excluded nor past the budget: learn
                for position in range(positions):
                    sums[position, digits[position]] += answer >> s.COST_BITS
                    counts[position, digits[position]] += 1.0
        s.finish(problem, records, place, state)


@numba.njit(error_model="numpy")
def best_choice(sums, counts, first):
    """The choice of the highest mean, one never tried before any other; from `first` on among equals."""
    best = first
    highest = -1.0
    for offset in range(len(sums)):
        choice = (first + offset) % len(sums)
        mean = sums[choice] / counts[choice] if counts[choice] > 0.0 else np.inf
        if mean > highest:
            best, highest = choice, mean
    return best


BANDITS = search.register_kernel(
    "bandits",
    bandits,
    parameters=(search.Parameter("exploration", 0.5, "probability of a random choice", most=1.0),),
    symmetric=True,
)

if __name__ == "__main__":
    bench = nb.open(sys.argv[1])
    result = search.run("bandits", bench, preset="nas-bench-201", runs=100_000, rng_seed=0)
    print(result.summary())
