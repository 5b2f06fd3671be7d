"""The value of one cell: of one trial, or the mean over its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.column_value import row_value
from nb201store.kernels.compiling import element
from nb201store.kernels.status import DAMAGED, MISSING, OK

if TYPE_CHECKING:
    from nb201store.kernels.compiling import Int
    from nb201store.views import ColumnViews


@element
def trial_row(column: ColumnViews, code: Int, seed: Int) -> tuple[Int, int]:
    """Return (row, status) of a trial; the row is 0 <= row < column.trials where the status is OK.

    REQUIRES: 0 <= code < cells; 0 <= seed < len(column.seeds), a place.
    """
    row = np.int64(column.rows[code, seed])
    status = OK
    if row < 0 or row >= column.trials:
        status = MISSING if row == -1 else DAMAGED
    return row, status


@element
def seed_value(column: ColumnViews, code: Int, seed: Int, epoch: Int) -> tuple[float, int]:
    """Return (value, status) of one trial at one epoch; float64, NaN unless the status is OK.

    REQUIRES: 0 <= code < cells; 0 <= seed < len(column.seeds) and 0 <= epoch < max(E, 1), places.
    """
    value = np.nan
    row, status = trial_row(column, code, seed)
    if status == OK:
        value, status = row_value(column, code, row, epoch)
    return value, status


@element
def mean_value(column: ColumnViews, code: Int, epoch: Int) -> tuple[float, int]:
    """Return (value, status) of the mean over the seeds that have the value at one epoch.

    The values are added in ascending order of seed and divided by their number; one damaged value damages the mean.
    REQUIRES: 0 <= code < cells; 0 <= epoch < max(E, 1), a place.
    """
    value = np.nan
    status = MISSING
    total = 0.0
    count = 0
    for seed in range(column.rows.shape[1]):
        one, one_status = seed_value(column, code, seed, epoch)
        if one_status == DAMAGED:
            status = DAMAGED
        elif one_status == OK:
            total += one
            count += 1
    if status != DAMAGED and count != 0:
        value = total / count
        status = OK
    return value, status
