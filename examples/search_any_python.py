"""A search algorithm of one's own in plain Python: simulated annealing, one run at a time.

    python examples/search_any_python.py IMAGE.nb201

The function is called once a run. It may use any object and any library; what it asks of the benchmark goes through
its `episode`, which charges the simulated seconds and ends the run: nothing has to watch the budget. Seed a generator
of another library with `episode.random.getrandbits(32)`, and the run can be repeated.

The benchmark's first rule of fairness: no operation is preferred. A neighbour is one digit away, all of them equally
likely; which operation a digit means is never asked.
"""

import math
import sys

import nb201store as nb
from nb201store import search


def annealing(episode, hot, cold):
    """Walk to a random neighbour, always if it is better, and less and less often if it is worse."""
    space, random = episode.space, episode.random
    here = random.below(space.cells)
    reward = episode.evaluate(here)
    while math.isnan(reward):  # a cell that takes no part: only where the benchmark is incomplete
        here = random.below(space.cells)
        reward = episode.evaluate(here)
    while episode.going:
        spent = episode.clock_s / space.budget_s
        temperature = hot * (cold / hot) ** spent  # percent of accuracy
        neighbours = space.neighbours[here]
        there = int(neighbours[random.below(len(neighbours))])
        found = episode.evaluate(there)  # in percent; NaN, like a bad cell, is walked past
        if found >= reward or random.unit() < math.exp((found - reward) / temperature):
            here, reward = there, found


ANNEALING = search.register_function(
    "annealing",
    annealing,
    parameters=(
        search.Parameter("hot", 5.0, "percent: temperature at first", least=0.001, most=100.0),
        search.Parameter("cold", 0.2, "percent: temperature at last", least=0.001, most=100.0),
    ),
    symmetric=True,
)

if __name__ == "__main__":
    bench = nb.open(sys.argv[1])
    result = search.run("annealing", bench, preset="nas-bench-201", runs=1000, rng_seed=0)
    print(result.summary())
