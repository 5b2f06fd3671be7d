"""What a caller may pass as one cell or as many, told apart without loading numpy."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import TypeIs

NOT_MANY = (int, str, bytes, bytearray, dict, set, frozenset)
"""Types that have a length and yet are not a row of cells (int: a short cut for the usual case)."""


def as_int(value: object) -> int | None:
    """Return `value` as an int where it is one, numpy's included; None for bool and float."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "i") not in "iu":
        return None
    from operator import index  # not free, and seldom needed

    try:
        return index(value)  # type: ignore[arg-type]  # what lacks __index__ raises TypeError
    except TypeError:
        return None


def is_many(value: object) -> TypeIs[NDArray[Any] | Sequence[Any]]:
    """Return whether `value` is a list, tuple, range or array (of one dimension or more)."""
    return (
        not isinstance(value, NOT_MANY)
        and hasattr(value, "__len__")
        and getattr(value, "ndim", 1) > 0
    )


def elements(values: Any) -> list[Any]:
    """Return the elements of what `is_many`, as plain Python objects where it is an array."""
    return values.tolist() if hasattr(values, "tolist") else list(values)


def int_array(values: Sequence[Any]) -> NDArray[np.int64]:
    """Return `values` as an int64 array: the one place that loads numpy for plain ints."""
    import numpy as np

    return np.array(values, dtype=np.int64)


def shown(value: object) -> str:
    """Return `value` as it appears in an error: one line, at most about 120 characters."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # an int of more digits than Python is willing to print
        text = "an int of thousands of digits"
    return text if len(text) <= 120 else text[:117] + "..."
