"""One trial's numbers, typed, with everything that is missing explicit.

Readers (`upstream/`) and trainers make records, `archive/` stores them and gives them back. A record holds what was
measured; what remains of an official object (orders of keys, what was None, container types) is its *form*, a short
canonical JSON text that thousands of trials share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One metric at the epochs where it exists.

    `epochs`: int32, shape (n,), 0-based, strictly ascending. `values`: float64, shape (n,), in the metric's unit.
    """

    epochs: NDArray[np.int32]
    values: NDArray[np.float64]

    def same_bits(self, other: Series) -> bool:
        """Whether both hold the same doubles, bit for bit (NaNs included), at the same epochs."""
        return (
            np.array_equal(self.epochs, other.epochs)
            and self.values.tobytes() == other.values.tobytes()
        )


@dataclass(frozen=True, slots=True, eq=False)
class SplitRecord:
    """What one trial recorded on one split; None where upstream has no such metric at all.

    `accuracy` and `loss` share their epochs. `top5` has its own, and so has `time`: official files keep seconds of
    evaluations whose accuracy they dropped.
    """

    accuracy: Series | None = None
    loss: Series | None = None
    top5: Series | None = None
    time: Series | None = None

    def series(self) -> dict[str, Series]:
        """The metrics that exist, by name."""
        named = {"accuracy": self.accuracy, "loss": self.loss, "top5": self.top5, "time": self.time}
        return {name: series for name, series in named.items() if series is not None}


@dataclass(frozen=True, slots=True, eq=False)
class TrialRecord:
    """One training run. `latency_s` may hold several measurements (v1_0) or be None; costs are as recorded."""

    code: int
    dataset: str
    schedule: int
    seed: int
    splits: Mapping[str, SplitRecord]
    params_m: float | None
    flops_m: float | None
    latency_s: tuple[float, ...] | None
    form: str

    @property
    def name(self) -> str:
        """How messages call this trial."""
        return f"code {self.code}, {self.dataset}, schedule {self.schedule}, seed {self.seed}"


@dataclass(frozen=True, slots=True, eq=False)
class CellRecord:
    """All trials of one cell, in ascending (schedule, dataset as described, seed), and the form of what held them."""

    code: int
    trials: tuple[TrialRecord, ...]
    form: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where records came from.

    `kind` is one of `upstream.KINDS`; `md5` and `sha256` are hexadecimal, of a folder over its sorted
    "name sha256" lines (md5 over the same lines); `size` in bytes. `container` tells how the objects were wrapped.
    """

    kind: str
    name: str
    size: int
    md5: str
    sha256: str
    container: str


@dataclass(frozen=True, slots=True)
class Merged:
    """How several sources became one.

    `first_wins`: metrics in which the first source's numbers stand where sources differ. `differing_trials`: trials in
    which that was so, by metric.
    """

    first_wins: tuple[str, ...]
    differing_trials: Mapping[str, int]
