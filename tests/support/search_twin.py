"""What every search does, in plain Python: random numbers, budget rules, best so far. The oracle of the kernels.

Written from the rules (NASBENCH201 section 4, docs/search.md), integers and floats of Python only. `search` runs one
algorithm, a function of a `Run`, over several runs; algorithms are in the modules search_twin_*.py.
"""

from __future__ import annotations

from collections import Counter

from nb201store.kernels.search_problem import COST_BITS, EXCLUDED, MOST_SKIPS

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB


def mixed(word):
    """splitmix64's output function."""
    word = ((word ^ (word >> 30)) * FIRST) & MASK
    word = ((word ^ (word >> 27)) * SECOND) & MASK
    return word ^ (word >> 31)


def run_key(rng_seed, run):
    """The key of a run."""
    return mixed((mixed((rng_seed + GOLDEN) & MASK) + run * FIRST) & MASK)


def random_word(key, step):
    """64 random bits."""
    return mixed((key + (step + 1) * GOLDEN) & MASK)


def one_of(half, n):
    """0..n-1 from 32 random bits."""
    return half * n >> 32


def rest_of(half, n):
    """What is still random in them."""
    return half * n & 0xFFFFFFFF


def halves(word):
    """(upper, lower) 32 bits."""
    return word >> 32, word & 0xFFFFFFFF


class Run:
    """One run: draws words, asks the table, keeps the books."""

    def __init__(self, problem, rng_seed, run):
        self.problem = problem
        self.key = run_key(rng_seed, run)
        self.going = True
        self.draws = 0
        self.clock = 0
        self.skips = 0
        self.stranded = False
        self.trace = []  # (clock, code, reward) of every evaluation
        self.best = []  # (clock, best cell so far) after each
        self.best_reward = -1
        self.best_code = -1

    def word(self, step):
        """Word `step` of this run."""
        return random_word(self.key, step)

    def answer(self, code, trial, fidelity=-1):
        """(reward, microseconds), or None where the cell takes no part."""
        word = int(self.problem.answers[fidelity, code * self.problem.trials + trial])
        return None if word == EXCLUDED else (word >> COST_BITS, word % 2**COST_BITS)

    def evaluate(self, code, trial, *, fidelity=-1, ranked=True):
        """Charge an evaluation; return its reward, or None if it was excluded, or discarded (then the run is over)."""
        found = self.answer(code, trial, fidelity)
        self.draws += 1
        if found is None:
            self.skips += 1
            if self.skips == MOST_SKIPS:
                self.going, self.stranded = False, True
            return None
        reward, cost = found
        clock = self.clock + cost
        if not self.problem.overshoot and clock > self.problem.budget:
            self.going = False
            self.skips += 1
            return None
        self.clock = clock
        self.skips = 0
        if self.problem.overshoot and clock >= self.problem.budget:
            self.going = False
        if ranked and reward > self.best_reward:
            self.best_reward, self.best_code = reward, code
        self.trace.append((clock, code, reward))
        self.best.append((clock, self.best_code))
        return reward

    def at_budget(self, later=()):
        """(two cells, share of the first): NATS-Bench's interpolation between the evaluations nearest to the budget.

        `later`: (clock, best cell) of evaluations after the end that are known.
        """
        budget = self.problem.budget
        nearest = sorted([*self.best, *later], key=lambda point: abs(point[0] - budget))[:2]
        if len(nearest) < 2 or self.clock < budget:  # nothing is interpolated past the end of a run
            return (nearest[0][1], nearest[0][1]), 1.0
        (t1, a1), (t2, a2) = nearest
        return (a1, a2), (t2 - budget) / (t2 - t1)

    def counts(self, grid):
        """The best cell at each grid time budget * (g + 1) // grid, -1 before the first evaluation."""
        times = [self.problem.budget * (g + 1) // grid for g in range(grid)]
        return [max((p for p in self.best if p[0] <= t), default=(0, -1))[1] for t in times]


def search(algorithm, problem, rng_seed, runs, **parameters):
    """Run `algorithm(run, **parameters)` for each number in `runs`; the finished `Run`s."""
    finished = []
    for number in runs:
        run = Run(problem, rng_seed, number)
        algorithm(run, **parameters)
        finished.append(run)
    return finished


def best_counts(finished, grid):
    """[Counter of best cells at each grid time] over runs, runs without a cell left out."""
    rows = [Counter() for _ in range(grid)]
    for run in finished:
        for row, code in zip(rows, run.counts(grid), strict=True):
            if code >= 0:
                row[code] += 1
    return rows
