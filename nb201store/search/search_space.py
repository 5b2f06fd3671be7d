"""What an algorithm in Python may know before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.search.packing import MICROSECONDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.search_problem import PackedProblem


@dataclass(frozen=True, eq=False)
class SearchSpace:
    """The cells of a search, and how far it may go; nothing of what a cell is worth or costs."""

    cells: int
    """C: codes are 0..C-1."""
    positions: int
    """P: digits of a code, the most significant first: 6 edges (tss) or 5 layers (sss)."""
    choices: int
    """A digit is 0..choices-1: an operation or a width. Which is which, a fair search does not use."""
    neighbours: NDArray[np.int16]
    """int16 [C, N]: the cells that differ from each in one digit."""
    budget_s: float
    """Simulated seconds of one run."""
    unit_percent: float
    """Percent: rewards are multiples of it."""

    @property
    def ops(self) -> NDArray[np.int64]:
        """int64 [C, P]: the digits of each cell."""
        return _digits(self.cells, self.positions, self.choices)

    def codes(self, ops: Any) -> NDArray[np.int64]:
        """Return the codes of cells given by their digits: an array [..., P] as one of [...]."""
        codes: NDArray[np.int64] = np.asarray(ops) @ _weights(self.positions, self.choices)
        return codes


def search_space(packed: PackedProblem) -> SearchSpace:
    """Return what an algorithm may know of a problem."""
    return SearchSpace(
        packed.cells, packed.positions, packed.choices, packed.neighbours, packed.budget / MICROSECONDS, packed.percent
    )  # fmt: skip


@cache
def _weights(positions: int, choices: int) -> NDArray[np.int64]:
    return choices ** np.arange(positions - 1, -1, -1, dtype=np.int64)


@cache
def _digits(cells: int, positions: int, choices: int) -> NDArray[np.int64]:
    digits = np.arange(cells)[:, None] // _weights(positions, choices) % choices
    digits.flags.writeable = False
    return digits
