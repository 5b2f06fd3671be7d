"""Zarr asked directly: the archive that the image was packed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import hits

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nb201bench.inputs import Column


class ArchiveColumn:
    """Accuracies of one split through zarr-python; chunks are read and decompressed at every question."""

    def __init__(self, archive: Path, column: Column) -> None:
        import zarr

        if column.metric != "accuracy":
            raise ValueError(f"this baseline decodes accuracies, not {column.metric}")
        path = f"{column.schedule}/{column.dataset}/{column.split}"
        group = zarr.open_group(archive, mode="r", path=path)
        self._hits = group["hits"]
        self._last_hits = group.get("last_hits")
        self._present = group["present"]
        self._images = int(group.attrs["images"])
        self._last = int(group.attrs["last_batch"]) if self._last_hits is not None else 0
        self._seed = {seed: place for place, seed in enumerate(group["seed"][:].tolist())}
        self._epoch = {epoch: place for place, epoch in enumerate(group["epoch"][:].tolist())}

    def values(self, code: Any, seed: int, epoch: Any) -> NDArray[np.float64]:
        """Percent, NaN where there is none; `code` and `epoch` are indices or slices, epochs by number."""
        where = (code, self._seed[seed], self._epoch[epoch] if isinstance(epoch, int) else epoch)
        last = None if self._last_hits is None else np.asarray(self._last_hits[where])
        found = hits.decode(np.asarray(self._hits[where]), last, self._images, self._last)
        return np.where(self._present[where], found, np.nan)
