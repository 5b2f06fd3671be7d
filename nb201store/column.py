"""A handle of one metric at one epoch and seed, for every cell."""

from __future__ import annotations

from nb201store import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from nb201store.gaps import Codes, Missing
    from nb201store.store import Store


class Column(_core.Column):
    """One metric at one epoch and seed, or a user column, for every cell; made by `Store.column`, cheap to ask again.

    `col[code]` is one value as a float, the published double bit for bit (losses: as the image holds them): ArchError
    outside the space, MissingDataError where the cell has none. It is the fastest question there is. `len(col)` is
    the number of cells. A column keeps its file open, may be asked from any thread, and pickles as its store does.
    """

    __slots__ = ("_store", "_words")

    def __init__(self, store: Store, *words: Any) -> None:
        super().__init__(store._image, *words)
        self._store = store
        self._words = words

    def __repr__(self) -> str:
        return f"<nb201store.Column {self._name()}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Column, (self._store, *self._words)

    def _name(self) -> str:
        if len(self._words) == 1:
            return f"user column {self._words[0]!r}"
        dataset, split, metric, schedule, epoch, seed = self._words
        if split is None:
            return f"{dataset}, {metric}, schedule {schedule}, seed {seed}"
        return f"{dataset}, {split}, {metric}, schedule {schedule}, epoch {epoch}, seed {seed}"

    def take(  # type: ignore[override]  # the core's flags become a mask or an error here
        self, codes: Codes, *, missing: Missing = "raise", threads: int = 1
    ) -> NDArray[np.float64]:
        """Return the values of many cells: float64, of the shape of `codes` (integers of any width).

        Parameters
        ----------
        missing : "raise" raises MissingDataError, naming the first hole and how many there are; "mask" gives a numpy
            masked array
        threads : how many threads a large batch may use

        Raises
        ------
        ArchError  the first code outside the space, with its position
        """
        import numpy as np

        from nb201store.gaps import filled

        values, present = super().take(codes, threads)
        return filled(
            values,
            present,
            missing,
            lambda at: f"{self._name()}: no value of code {np.ravel(np.asarray(codes))[at]}",
        )

    def array(self, *, missing: Missing = "raise") -> NDArray[np.float64]:  # type: ignore[override]  # likewise
        """Return the values of all cells, float64 [len(space)]; `missing` as for `take`."""
        from nb201store.gaps import filled

        values, present = super().array()
        return filled(values, present, missing, lambda at: f"{self._name()}: no value of code {at}")
