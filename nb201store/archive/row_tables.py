"""Tables of encoded rows: what was read of one metric, in its final width, before it is laid out as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]
    Encoded = dict[str, Array]


class Table:
    """Rows of one metric (or of two that share their epochs) at one set of epochs; they may come in any order."""

    def __init__(self, epochs: Array) -> None:
        self.epochs = epochs
        self._pieces: list[tuple[Array, Array, Encoded]] = []

    def append(self, codes: Array, seeds: Array, encoded: Encoded) -> None:
        """Take rows of `codes` and `seeds`, int32 [n]; the encoded arrays are [n, epochs]. Safe from any thread."""
        self._pieces.append((codes, seeds, encoded))

    def trials(self) -> tuple[Array, Array]:
        """Return (codes, seeds) of all rows in no order; before `finish`."""
        codes, seeds = ([piece[column] for piece in self._pieces] for column in (0, 1))
        nothing = np.empty(0, dtype=np.int32)
        return np.concatenate([nothing, *codes]), np.concatenate([nothing, *seeds])

    def finish(self) -> tuple[Array, Array, Encoded]:
        """Return (codes, seeds, arrays), rows in ascending (code, seed); they are not kept here any longer."""
        pieces, self._pieces = self._pieces, []
        if not pieces:
            nothing = np.empty(0, dtype=np.int32)
            return nothing, nothing, {}
        codes = np.concatenate([piece[0] for piece in pieces])
        seeds = np.concatenate([piece[1] for piece in pieces])
        order = np.lexsort((seeds, codes))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        arrays: Encoded = {}
        for name in list(pieces[0][2]):
            sample = pieces[0][2][name]
            sorted_rows = arrays[name] = np.empty((len(order), *sample.shape[1:]), sample.dtype)
            first = 0
            for _, _, encoded in pieces:
                rows = encoded.pop(name)  # it is let go at once: else all would be held twice
                sorted_rows[place[first : first + len(rows)]] = rows
                first += len(rows)
        return codes[order], seeds[order], arrays


class Tables:
    """All tables of one metric of one split: a table for each set of epochs that trials have."""

    def __init__(self) -> None:
        self._by_epochs: dict[bytes, Table] = {}

    def table(self, epochs: Array) -> Table:
        """The table of these epochs, int32 ascending."""
        key = epochs.tobytes()
        table = self._by_epochs.get(key)
        if table is None:
            table = self._by_epochs[key] = Table(epochs)
        return table

    def epochs(self) -> Array:
        """Every epoch of some table, ascending."""
        sets = [table.epochs for table in self._by_epochs.values()]
        return np.unique(np.concatenate(sets)) if sets else np.empty(0, dtype=np.int32)

    def trials(self) -> list[tuple[Array, Array, Array]]:
        """Return (epochs, codes, seeds) of each table, rows in no order; before `finish`."""
        return [(table.epochs, *table.trials()) for table in self._by_epochs.values()]

    def finish(self) -> list[tuple[Array, Array, Array, Encoded]]:
        """Return (epochs, codes, seeds, arrays) of each table that has rows, and keep none."""
        finished = [(table.epochs, *table.finish()) for table in self._by_epochs.values()]
        return [table for table in finished if len(table[1])]

    def __bool__(self) -> bool:
        return bool(self._by_epochs)
