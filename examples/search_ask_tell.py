"""A search algorithm of one's own in NumPy: a genetic search, a thousand runs in one pass.

    python examples/search_ask_tell.py IMAGE.nb201

Every array has one row a run, and every line below works on all runs at once: that is what makes it fast. Three things
keep a run independent of those beside it (which nb201store's own tests check of this file):

* random numbers come from `draws`, and are drawn for every run, whether it needs them or not: `np.where` chooses;
* no sum, maximum or sort goes across runs;
* a run that has ended stays in the arrays; `counted` says whose answers to learn from.

The benchmark's first rule of fairness: no operation is preferred. Digits of a code are mere symbols here, all drawn
alike, and ties go to the first *drawn*, which is random, never to the smaller digit.
"""

import sys

import numpy as np

import nb201store as nb
from nb201store import search


class Genetic:
    """A child mixes the digits of two parents, a few digits mutate, and it takes the place of the oldest member."""

    def __init__(self, space, draws, population, sample_size):
        self.space, self.draws = space, draws
        self.population, self.sample_size = population, sample_size
        self.codes = np.zeros((draws.runs, population), np.int64)
        self.rewards = np.full((draws.runs, population), -np.inf)
        self.evaluated = np.zeros(draws.runs, np.int64)

    def ask(self):
        """One code a run: random ones until its population is full, then children."""
        fresh = self.draws.below(self.space.cells)
        mother, father = self.space.ops[self.parent()], self.space.ops[self.parent()]
        digits = self.space.positions
        child = np.where(self.draws.below(2, digits) == 0, mother, father)
        mutates = self.draws.below(digits, digits) == 0  # one of them, on average
        child = np.where(mutates, self.draws.below(self.space.choices, digits), child)
        return np.where(self.evaluated < self.population, fresh, self.space.codes(child))

    def parent(self):
        """The best of a few members drawn at random, the first drawn among equals."""
        drawn = self.draws.below(self.population, self.sample_size)
        best = np.take_along_axis(self.rewards, drawn, axis=1).argmax(axis=1)
        member = np.take_along_axis(drawn, best[:, None], axis=1)
        return np.take_along_axis(self.codes, member, axis=1)[:, 0]

    def tell(self, codes, rewards, counted):
        """Replace the oldest member of each run whose cell was evaluated."""
        runs = np.flatnonzero(counted)
        oldest = self.evaluated[runs] % self.population
        self.codes[runs, oldest] = codes[runs]
        self.rewards[runs, oldest] = rewards[runs]
        self.evaluated[runs] += 1


GENETIC = search.register_ask_tell(
    "genetic",
    Genetic,
    parameters=(
        search.Parameter("population", 10, "members; the oldest dies", least=1, most=1000),
        search.Parameter("sample_size", 3, "members drawn for a parent", least=1, most=1000),
    ),
    symmetric=True,
)

if __name__ == "__main__":
    bench = nb.open(sys.argv[1])
    result = search.run("genetic", bench, preset="nas-bench-201", runs=10_000, rng_seed=0)
    print(result.summary())
