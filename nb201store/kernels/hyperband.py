"""Hyperband's brackets of successive halving: how many configurations run at which budget, and which are promoted.

Budgets are numbered 0..B-1 from the smallest, a factor of eta apart. Bracket i starts at budget i mod B, with
floor(B / (s + 1)) * eta**s configurations where s = B - 1 - i mod B budgets are above it; each rung keeps one in eta.
With B = 3 and eta = 3: 9, 3, 1 from the smallest budget; 3, 1 from the next; 3 at the largest; and again.

Sources: Li et al., "Hyperband" (JMLR 2018); the numbers are those of hpbandster 0.7.4, optimizers/bohb.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.kernels.compiling import element, loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int


class Rung(NamedTuple):
    """Where in the brackets a run is."""

    bracket: Int
    budget: Int
    size: Int
    """Configurations that run at this budget."""
    filled: Int
    """Those that have done so."""


class Members(NamedTuple):
    """The configurations of the rung in work, M or fewer: the largest size of a rung."""

    codes: NDArray[np.int64]
    """int64 [M]: cells, in the order in which they run."""
    rewards: NDArray[np.int64]
    """int64 [M]: what those that have run answered."""
    moved: NDArray[np.int64]
    """int64 [M]: scratch."""


@element
def first_rung(bracket: Int, budgets: Int, eta: Int) -> Rung:
    """Return the first rung of a bracket."""
    budget = bracket % budgets
    above = budgets - 1 - budget
    return Rung(bracket, budget, budgets // (above + 1) * eta**above, 0)


@element
def is_first(rung: Rung, budgets: Int) -> bool:
    """Say whether the configurations of a rung are new ones."""
    return rung.budget == rung.bracket % budgets


@loop
def members_for(budgets: int, eta: int) -> Members:
    """Return room for the largest rung."""
    size: Int = 1
    for bracket in range(budgets):
        size = max(size, first_rung(bracket, budgets, eta).size)
    return Members(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64))


@loop
def promote(members: Members, size: Int, kept: Int) -> None:
    """Keep the `kept` best of the first `size` members, in their order; the first ones among equals."""
    filled = 0
    for place in range(size):
        rank = 0
        reward = members.rewards[place]
        for other in range(size):
            better = members.rewards[other] > reward
            rank += int(better or (members.rewards[other] == reward and other < place))
        if rank < kept:
            members.moved[filled] = members.codes[place]
            filled += 1
    for place in range(kept):
        members.codes[place] = members.moved[place]


@element
def after_result(rung: Rung, members: Members, code: Int, reward: Int, budgets: Int, eta: Int) -> Rung:  # fmt: skip
    """Return where a run is after the next configuration has run; at the end of a rung, promote."""
    members.codes[rung.filled] = code
    members.rewards[rung.filled] = reward
    following = Rung(rung.bracket, rung.budget, rung.size, rung.filled + 1)
    if rung.filled + 1 == rung.size:
        if rung.budget == budgets - 1:
            following = first_rung(rung.bracket + 1, budgets, eta)
        else:
            promote(members, rung.size, rung.size // eta)
            following = Rung(rung.bracket, rung.budget + 1, rung.size // eta, 0)
    return following
