"""The scores of one split, encoded in the width they are stored in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store import hits as hits_codec
from nb201store.archive.layout import hits_dtype
from nb201store.archive.row_tables import Tables
from nb201store.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from nb201store.archive.row_tables import Array, Encoded
    from nb201store.schema import Split

MOST_IN_LAST_BATCH = 255


class Rows(NamedTuple):
    """Which trials the rows of an array are of, and at which epochs; int32 all three."""

    codes: Array
    seeds: Array
    epochs: Array

    def where(self, row: int, column: int) -> str:
        """Name one value for a message."""
        return f"code {self.codes[row]}, seed {self.seeds[row]}, epoch {self.epochs[column]}"


class SplitStage:
    """Accuracy, loss and top-5 of one split in one (schedule, data set)."""

    def __init__(self, where: str, split: Split, batch: int, loss_dtype: np.dtype[Any]) -> None:
        self.split = split
        self.last = hits_codec.last_batch(split.images, batch)
        if self.last > MOST_IN_LAST_BATCH:
            raise SettingsError(
                f"{where}/{split.name}: {split.images} images in batches of {batch} leave {self.last} in the last; "
                f"its hits are kept in a byte, for at most {MOST_IN_LAST_BATCH}"
            )
        self.loss_dtype = loss_dtype
        self._where = where
        self.scores = Tables()
        self.top5 = Tables()

    def encode_scores(self, rows: Rows, accuracy: Array, loss: Array) -> Encoded:
        """Encode doubles [rows, epochs]; SourceError, with the value's place, at what cannot be held exactly."""
        encoded = self._hits(rows, accuracy, "accuracy", "")
        encoded["loss"] = self._loss(rows, loss)
        return encoded

    def encode_top5(self, rows: Rows, percent: Array) -> Encoded:
        """Likewise."""
        return self._hits(rows, percent, "top5", "top5_")

    def _hits(self, rows: Rows, percent: Array, metric: str, prefix: str) -> Encoded:
        hits, last_hits, ok = hits_codec.encode(percent, self.split.images, self.last)
        if not ok.all():
            row, column = (int(i) for i in np.argwhere(~ok)[0])
            raise SourceError(
                f"{self._where}/{self.split.name}, {rows.where(row, column)}: {metric} "
                f"{float(percent[row, column])!r} is not the percentage of any number of hits "
                f"out of {self.split.images} images"
            )
        encoded: Encoded = {f"{prefix}hits": hits.astype(hits_dtype(self.split.images))}
        if self.last:
            encoded[f"{prefix}last_hits"] = last_hits.astype(np.uint8)
        return encoded

    def _loss(self, rows: Rows, loss: Array) -> Array:
        with np.errstate(over="ignore"):
            stored: Array = loss.astype(self.loss_dtype)
        lost = np.isinf(stored) & np.isfinite(loss)
        if lost.any():
            row, column = (int(i) for i in np.argwhere(lost)[0])
            raise SourceError(
                f"{self._where}/{self.split.name}, {rows.where(row, column)}: loss "
                f"{float(loss[row, column])!r} is too large for float32; convert with --loss float64"
            )
        return stored
