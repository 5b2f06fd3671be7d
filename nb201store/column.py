"""A handle of one column for every cell, and what becomes of gaps in a vectorised answer."""

from __future__ import annotations

from nb201store.errors import MissingDataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal

    import numpy as np
    from numpy.typing import NDArray

    from nb201store import _core

    Missing = Literal["raise", "mask"]
    Codes = NDArray[np.integer[Any]] | Sequence[Any]


class Column:
    """One metric at one epoch and seed, for every cell; made by `Store.column`, cheap to ask again and again."""

    __slots__ = ("_core", "_name")

    def __init__(self, core: _core.Column, name: str) -> None:
        self._core = core
        self._name = name

    def __repr__(self) -> str:
        return f"<nb201store.Column {self._name}>"

    def __len__(self) -> int:
        return len(self._core)

    def __getitem__(self, code: int) -> float:
        """Return the value of one cell; ArchError outside the space, MissingDataError where there is none."""
        return self._core[code]

    def take(self, codes: Codes, *, missing: Missing = "raise") -> NDArray[np.float64]:
        """Return the values of many cells: float64, of the shape of `codes` (integers).

        `missing="raise"` raises MissingDataError naming the first hole and how many there are; "mask" gives a
        numpy masked array.
        """
        import numpy as np

        values, present = self._core.take(codes)
        return filled(
            values,
            present,
            missing,
            lambda at: f"{self._name}: no value of code {np.ravel(codes)[at]}",
        )

    def array(self, *, missing: Missing = "raise") -> NDArray[np.float64]:
        """Return the values of all cells, float64 [len(space)]; `missing` as for `take`."""
        values, present = self._core.array()
        return filled(values, present, missing, lambda at: f"{self._name}: no value of code {at}")


def filled(
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    missing: Missing,
    hole: Callable[[int], str],
) -> NDArray[np.float64]:
    """Apply `missing`; hole(place) describes the first gap by its place in the flat array."""
    if missing not in ("raise", "mask"):
        raise SettingsError(f"missing must be 'raise' or 'mask', found {missing!r}")
    if missing == "mask":
        import numpy as np

        masked: NDArray[np.float64] = np.ma.masked_array(values, ~present)
        return masked
    if not present.all():
        flat = present.ravel()
        gaps = int(flat.size - flat.sum())
        raise MissingDataError(
            f"{hole(int(flat.argmin()))} ({gaps} of {flat.size} missing; missing='mask' masks them)"
        )
    return values
