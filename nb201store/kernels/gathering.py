"""Values of many (code, seed, epoch), and means of many (code, epoch)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import loop
from nb201store.kernels.trial_value import mean_value, seed_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nb201store.views import ColumnViews


@loop
def fill_values(
    column: ColumnViews, codes: NDArray[np.int64], seeds: NDArray[np.int64], epochs: NDArray[np.int64],
    values: NDArray[np.float64], status: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Write the value and the status of element i: of codes[i], seeds[i], epochs[i].

    REQUIRES: five arrays [n], C-contiguous: 0 <= code < cells; seeds and epochs are places; values and status are
    written. Checked by `questions.gather`.
    """
    column = borrowed(column)
    for i in range(codes.size):
        value, found = seed_value(column, codes[i], seeds[i], epochs[i])
        values[i] = value
        status[i] = found


@loop
def fill_means(
    column: ColumnViews, codes: NDArray[np.int64], epochs: NDArray[np.int64],
    values: NDArray[np.float64], status: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Write the mean over seeds and the status of element i: of codes[i], epochs[i].

    REQUIRES: as `fill_values`.
    """
    column = borrowed(column)
    for i in range(codes.size):
        value, found = mean_value(column, codes[i], epochs[i])
        values[i] = value
        status[i] = found
