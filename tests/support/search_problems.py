"""Packed search problems of invented numbers, without a file: any space, trials, fidelities, rules and gaps."""

from __future__ import annotations

import numpy as np

from nb201store.kernels.search_problem import COST_BITS, EXCLUDED, PackedProblem
from nb201store.search.moves import moves
from nb201store.search.runner import empty_records
from nb201store.space import SPACES

IMAGES = 25_000


def packed(
    rng,
    *,
    space="tss",
    trials=2,
    fidelities=1,
    overshoot=0,
    budget_s=3000.0,
    excluded=0.0,
    levels=1000,
) -> PackedProblem:
    """Return a problem whose rewards take few values, so that ties are common, and whose cells cost 20 to 200 s.

    `excluded` is the share of cells that take no part; a cell costs less at an earlier fidelity.
    """
    described = SPACES[space]
    cells = len(described)
    rewards = rng.integers(0, levels, (fidelities, cells, trials)) * (IMAGES // levels)
    seconds = rng.uniform(20.0, 200.0, (1, cells, trials))
    share = np.linspace(0.2, 1.0, fidelities)[:, None, None] if fidelities > 1 else 1.0
    costs = np.rint(seconds * share * 1e6).astype(np.int64)
    answers = rewards << COST_BITS | costs
    answers[:, rng.random(cells) < excluded] = EXCLUDED
    neighbours, identities, shifts, steps = moves(space)
    budget = round(budget_s * 1e6)
    problem = PackedProblem(
        answers.reshape(fidelities, -1), neighbours, identities, shifts, steps, cells, trials,
        described.positions, len(described.choices), budget, budget - overshoot, overshoot, 100.0 / IMAGES,
    )  # fmt: skip
    for array in problem[:5]:
        array.flags.writeable = False
    return problem


def records(problem, runs, *, grid=0, longest=0):
    """Return records for so many runs, with over-time changes and traces if asked for."""
    empty = empty_records(problem, runs, longest)
    if grid:
        empty = empty._replace(changes=np.zeros((grid + 1, problem.cells), np.int32))
    return empty
