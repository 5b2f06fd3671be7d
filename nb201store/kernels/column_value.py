"""The value of one row of a column, whatever its encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.compiling import element
from nb201store.kernels.percent import percent
from nb201store.kernels.status import DAMAGED, MISSING, OK

if TYPE_CHECKING:
    from nb201store.kernels.compiling import Int
    from nb201store.views import ColumnViews

# Part of the file format (docs/format.md): append only.
HITS, PACKED_HITS, VALUE, PER_TRIAL, PER_CELL, DICTIONARY, LIST, PER_IMAGE = range(1, 9)


@element
def is_present(column: ColumnViews, row: Int, epoch: Int) -> bool:
    """Return whether a row has an epoch place. REQUIRES: as `row_value`."""
    present = True
    if column.present.shape[0] != 0:
        present = (column.present[row, epoch >> 3] >> (epoch & 7)) & 1 != 0
    return present


@element
def hits_value(column: ColumnViews, row: Int, epoch: Int) -> tuple[float, int]:
    """Return (percent, status). REQUIRES: as `row_value`; encoding HITS or PACKED_HITS."""
    value = np.nan
    status = DAMAGED
    hits = np.int64(column.data[row, epoch])
    last_hits = np.int64(0)
    if column.encoding == PACKED_HITS:
        last_hits = hits >> 24
        hits &= 0xFFFFFF
    elif column.last_batch != 0:
        last_hits = np.int64(column.last_hits[row, epoch])
    if hits <= column.images and last_hits <= column.last_batch and last_hits <= hits:
        value = percent(hits, last_hits, column.images, column.last_batch)
        status = OK
    return value, status


@element
def dictionary_value(column: ColumnViews, row: Int) -> tuple[float, int]:
    """Return (value, status). REQUIRES: as `row_value`; encoding DICTIONARY."""
    value = np.nan
    status = DAMAGED
    place = np.int64(column.data[row, 0])
    if place < column.values.shape[0]:
        value = column.values[place]
        status = OK
    return value, status


@element
def list_mean(column: ColumnViews, row: Int) -> tuple[float, int]:
    """Return (mean of the row's list, status); an empty list is missing. REQUIRES: as `row_value`; encoding LIST."""
    value = np.nan
    status = DAMAGED
    begin = np.int64(column.data[row, 0])
    end = np.int64(column.data[row + 1, 0])
    if begin == end and end <= column.values.shape[0]:
        status = MISSING
    elif begin < end <= column.values.shape[0]:
        total = 0.0
        for i in range(begin, end):
            total += column.values[i]
        value = total / (end - begin)
        status = OK
    return value, status


@element
def row_value(column: ColumnViews, code: Int, row: Int, epoch: Int) -> tuple[float, int]:
    """Return (value, status) of one trial at one epoch place: float64, NaN unless the status is OK.

    REQUIRES: `column` as `Store.views` gives it; 0 <= code < cells; 0 <= row < column.trials; 0 <= epoch < E (0 for a
    metric of the trial). What the file says (hits, places, offsets) is bounded here.
    """
    value = np.nan
    status = OK
    encoding = column.encoding
    if not is_present(column, row, epoch):
        status = MISSING
    elif encoding <= PACKED_HITS:
        value, status = hits_value(column, row, epoch)
    elif encoding == VALUE:
        value = np.float64(column.data[row, epoch])
    elif encoding == PER_TRIAL:
        value = np.float64(column.data[row, 0])
    elif encoding == PER_CELL:
        value = np.float64(column.data[code, 0])
    elif encoding == PER_IMAGE:
        value = np.float64(column.data[code, 0]) * np.float64(column.images)
    elif encoding == DICTIONARY:
        value, status = dictionary_value(column, row)
    else:
        value, status = list_mean(column, row)
    return value, status
