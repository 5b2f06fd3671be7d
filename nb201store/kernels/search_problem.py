"""What a search kernel reads and writes, as tuples of arrays and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COST_BITS = 42
COST_MASK = (1 << COST_BITS) - 1
DIGIT_BITS = 3
CODE_BITS = 16
CODE_MASK = (1 << CODE_BITS) - 1
EXCLUDED = COST_MASK
"""Answer of a cell that takes no part: its cost, 4.4e6 s, passes every budget, and is found by that check."""

MOST_REWARD = (1 << (63 - COST_BITS)) - 1
MOST_SKIPS = 50_000
"""Draws of excluded cells in a row after which a run gives up: it is stranded among them."""


class PackedProblem(NamedTuple):
    """A search problem as kernels read it; made by `nb201store.search.Problem`.

    C cells, T trials a cell, F fidelities (epochs at which a cell can be evaluated, the last one the full one).
    """

    answers: NDArray[np.int64]
    """int64 [F, C * T], at code * T + trial: what an evaluation answers, reward << 42 | cost. The reward is an integer
    (hits; for means a multiple), the cost whole microseconds. Where cells have unequal numbers of trials, each is
    repeated equally often up to T, the least common multiple: uniform over T is uniform over those that exist."""

    neighbours: NDArray[np.int16]
    """int16 [C, N]: the codes that differ in one digit, in the order of `Space.neighbours`."""

    identities: NDArray[np.int64]
    """int64 [C]: digits << 16 | code, the digits three bits each, the most significant first: what a mutation needs."""

    mutation_shifts: NDArray[np.int64]
    """int64 [M]: (identity >> shift) & 7 is the digit that mutation m changes. All M are equally likely, so that some
    stand for the same change."""

    mutation_steps: NDArray[np.int64]
    """int64 [M * 8], at m * 8 + digit: what to add to the identity of a cell to make that of its child."""

    cells: int
    trials: int
    positions: int
    choices: int
    """A code has `positions` digits 0..choices-1, the most significant first."""

    budget: int
    """Microseconds."""
    limit: int
    """The latest clock at which a run goes on: `budget`, or one less where the last evaluation may overshoot."""
    overshoot: int
    """1: the evaluation that reaches the budget counts; 0: one that would pass it is discarded."""

    percent: float
    """Percent a unit of reward."""


class RunRecords(NamedTuple):
    """What kernels write of n runs, R; arrays of size 0 are not asked for."""

    codes: NDArray[np.int32]
    """int32 [R]: the best cell, the first among equals; -1 if the run evaluated none."""
    evaluations: NDArray[np.int32]
    """int32 [R]"""
    clocks: NDArray[np.int64]
    """int64 [R]: microseconds at the end."""
    stranded: NDArray[np.uint8]
    """uint8 [R]: 1 where a run gave up among excluded cells."""

    around: NDArray[np.int16]
    """int16 [R, 2] or [0, 0]: best cells at the two evaluations nearest to the budget in time, the nearest first."""
    nearest_share: NDArray[np.float32]
    """float32 [R] or [0]: the weight of the nearest one in the value at the budget; the other's is 1 minus it."""

    changes: NDArray[np.int32]
    """int32 [G + 1, C] or [0, 0]: at the first grid time at or after an improvement, +1 for the new best cell and -1
    for the old one, added up over runs; row G is after the budget. Its running sum counts runs by their best cell."""

    trace_clocks: NDArray[np.int64]
    """int64 [R, L] or [0, 0]: the clock after each evaluation, of as many as fit."""
    trace_codes: NDArray[np.int32]
    """int32, likewise: the cell evaluated."""
    trace_rewards: NDArray[np.int32]
    """int32, likewise: its reward."""

    in_detail: int
    """1 where `around` or a trace is asked for: what has to look at every evaluation."""
    notes: NDArray[np.int64]
    """int64 [10]: scratch of the run in work (run_state.py)."""
