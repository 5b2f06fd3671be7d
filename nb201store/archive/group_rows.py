"""The trials of one group of an archive as rows: of an image, or to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive import layout

if TYPE_CHECKING:
    from nb201store.archive.group import Group
    from nb201store.archive.reader import Archive

    Array = np.ndarray[Any, np.dtype[Any]]


_MOST_KEPT_BYTES = 1 << 22


class GroupRows:
    """The trials that exist in one group, as rows in ascending (code, seed).

    `codes`, `slots` (places among the group's seeds): int64 [rows]. `read(name)` gives an archive array [rows, ...],
    reading it block by block.
    """

    def __init__(self, archive: Archive, group: Group) -> None:
        self.cells = len(archive.space)
        self._group = group
        present = group.read_present()
        self._present = present
        self.codes, self.slots = np.nonzero(present)
        self.count = len(self.codes)
        self._kept: dict[str, Array] = {}

    def table(self) -> Array:
        """The row of each (code, seed), int32, or -1."""
        table = np.full(self._present.shape, -1, dtype="<i4")
        table[self.codes, self.slots] = np.arange(self.count, dtype="<i4")
        return table

    def read(self, name: str) -> Array:
        """Return an archive array as rows; those of trials are kept, since several columns are made of each."""
        if name not in self._kept:
            values = self._read(name)
            if "/" in name or values.nbytes > _MOST_KEPT_BYTES:
                return values
            self._kept[name] = values
        return self._kept[name]

    def _read(self, name: str) -> Array:
        step = layout.CODES_PER_BLOCK
        pieces = []
        for block in np.unique(self.codes // step).tolist():
            first, past = block * step, min((block + 1) * step, self.cells)
            pieces.append(self._group.read(name, first, past)[self._present[first:past]])
        return np.concatenate(pieces)
