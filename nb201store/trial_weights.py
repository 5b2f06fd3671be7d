"""One trial's weights: what readers of official files make, and what weights files are written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    Tensors = Iterator[tuple[str, np.ndarray[Any, np.dtype[Any]]]]


class TrialKey(NamedTuple):
    """Which trial: code of the cell, name of the data set, epochs of the schedule, seed."""

    code: int
    dataset: str
    schedule: int
    seed: int

    @property
    def name(self) -> str:
        """How messages call the trial: as TrialRecord.name."""
        return f"code {self.code}, {self.dataset}, schedule {self.schedule}, seed {self.seed}"


class TrialWeights(NamedTuple):
    """The state dict of a trial's network.

    `arch_str`: the cell. `tensors()` yields (name, array) in the state dict's order; arrays are contiguous,
    little-endian and exact. They are read when they are asked for, and only until the next trial is: so one trial's
    weights are in memory.
    """

    trial: TrialKey
    arch_str: str
    tensors: Callable[[], Tensors]
