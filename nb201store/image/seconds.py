"""Seconds of an epoch as seconds of an image: one number a cell where official files hold one a split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, np.dtype[Any]]

# In official files every constant is a product of the seconds of one image, which were not published. They are found
# again among the neighbours of a quotient; more than two steps away none was seen to be needed.
_STEPS = (0, -1, 1, -2, 2)


def seconds_per_image(columns: Sequence[tuple[int, Array, Array]], cells: int) -> Array | None:
    """Return seconds of one image, float64 [cells], whose products with images are the seconds of every column.

    Parameters
    ----------
    columns : (images of the split, codes int64 [n], seconds float64 [n] of trials of those cells)

    Returns
    -------
    None where a cell has no such number; 0 where no column has a cell. The same columns in another order give the
    same numbers.
    """
    if not columns:
        return None
    start = np.zeros(cells)
    for images, codes, seconds in sorted(columns, key=lambda column: column[0]):
        start[codes] = seconds / images  # the most images come last: they tell it best
    candidates = np.array([_steps_away(start, steps) for steps in _STEPS])
    fits = np.ones(candidates.shape, dtype=bool)
    for images, codes, seconds in columns:
        with np.errstate(all="ignore"):  # a file may hold any double
            products = candidates[:, codes] * float(images)
        wrong = products.view(np.uint64) != np.ascontiguousarray(seconds).view(np.uint64)
        for place, differ in enumerate(wrong):
            fits[place, codes[differ]] = False
    if not fits.any(axis=0).all():
        return None
    found: Array = candidates[fits.argmax(axis=0), np.arange(cells)]
    return found


def _steps_away(start: Array, steps: int) -> Array:
    """The doubles so many places above or below."""
    bits = start.view(np.int64) + np.where(start == 0, 0, steps)
    return bits.view(np.float64)
