"""From a cell to those one step away: the tables by which kernels mutate and look around."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.search_problem import CODE_BITS, DIGIT_BITS
from nb201store.space import EDGES, SPACES

if TYPE_CHECKING:
    from numpy.typing import NDArray

Moves = tuple["NDArray[np.int16]", "NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"]


@cache
def moves(space_name: str) -> Moves:
    """Return (neighbours, identities, mutation_shifts, mutation_steps) of a space, as `PackedProblem` says."""
    space = SPACES[space_name]
    codes = np.arange(len(space))
    digit_shifts = DIGIT_BITS * np.arange(space.positions - 1, -1, -1) + CODE_BITS
    identities = (space.ops(codes).astype(np.int64) << digit_shifts).sum(axis=1) + codes
    shifts, steps = [], []
    for position, choice in mutations(space_name):
        shift, weight = int(digit_shifts[position]), space.weights[position]
        shifts.append(shift)
        for digit in range(1 << DIGIT_BITS):
            new = choice + (choice >= digit) if space_name == "tss" else choice
            steps.append((new - digit) * ((1 << shift) + weight))
    return (
        space.neighbours(codes).astype(np.int16),
        identities,
        np.array(shifts, dtype=np.int64),
        np.array(steps, dtype=np.int64),
    )


def mutations(space_name: str) -> list[tuple[int, int]]:
    """Return equally likely mutations, (position, choice), as the published scripts draw them.

    tss: a node, then one of its incoming edges, then one of the four other operations, each uniformly: an edge into
    node n has probability 1 / 3n, and `choice` counts the operations without the present one. sss: a position, then any
    of the eight widths, the present one included.
    """
    if space_name == "tss":
        return [
            (edge, choice)
            for edge, (node, _) in enumerate(EDGES)
            for _ in range(6 // node)
            for choice in range(4)
        ]
    space = SPACES[space_name]
    return [
        (place, choice) for place in range(space.positions) for choice in range(len(space.choices))
    ]
