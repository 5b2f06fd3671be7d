"""What the runs of one search found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nb201store.search.packing import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from nb201store.search.algorithms import Algorithm
    from nb201store.search.problem import Problem
    from nb201store.search.runner import Runs


@dataclass(frozen=True)
class Result:
    """What R runs found."""

    problem: Problem
    algorithm: Algorithm
    parameters: Mapping[str, Any]
    rng_seed: int
    runs: Runs

    @property
    def codes(self) -> NDArray[np.int32]:
        """int32 [R]: the cell each run found, the first evaluated among the best; -1 if it evaluated none."""
        return self.runs.codes

    @property
    def evaluations(self) -> NDArray[np.int32]:
        """int32 [R]"""
        return self.runs.evaluations

    @property
    def seconds(self) -> NDArray[np.float64]:
        """float64 [R]: simulated seconds that each run spent."""
        return self.runs.clocks / MICROSECONDS
