"""The honest lower bound: all numbers already decoded, in NumPy arrays or nested dicts in RAM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    import nb201store as nb
    from nb201bench.inputs import Batch, Column


class PlainColumn:
    """One metric as float64 [cells, seeds, epochs], NaN where there is none."""

    def __init__(self, store: nb.Store, column: Column, seeds: Sequence[int]) -> None:
        self.seeds = list(seeds)
        self.epochs = list(store.epochs(*column[:3], schedule=column.schedule))
        codes = np.arange(len(store.space))
        per_seed = (
            store.curve(codes, *column[:3], schedule=column.schedule, seed=seed, missing="mask")
            for seed in self.seeds
        )
        self.values = np.stack([found.filled(np.nan) for found in per_seed], axis=1)
        self.seed_place = {seed: place for place, seed in enumerate(self.seeds)}

    def places(
        self, batch: Batch
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Questions as indices of `values`; seeds and epochs were looked up before, as a NumPy user would."""
        return (
            batch.codes,
            np.searchsorted(self.seeds, batch.seeds),
            np.searchsorted(self.epochs, batch.epochs),
        )


def nested(store: nb.Store, column: Column, epoch: int, seed: int) -> dict[str, Any]:
    """{dataset: {split: {metric: {schedule: {epoch: {seed: {code: float}}}}}}} of one epoch and seed."""
    values = store.column(*column[:3], schedule=column.schedule, epoch=epoch, seed=seed).array(
        missing="mask"
    )
    by_code = {code: value for code, value in enumerate(values.tolist()) if value is not None}
    return {
        column.dataset: {column.split: {column.metric: {column.schedule: {epoch: {seed: by_code}}}}}
    }
