"""The simulated cost of an answer: what training up to an epoch and one evaluation pass took, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.column_value import row_value
from nb201store.kernels.compiling import element, loop
from nb201store.kernels.status import DAMAGED, MISSING, OK
from nb201store.kernels.trial_value import seed_value, trial_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int
    from nb201store.views import ColumnViews


@element
def seed_cost(
    train: ColumnViews, evaluation: ColumnViews, code: Int, seed: Int, epoch: Int, eval_place: Int
) -> tuple[float, int]:
    """Return (seconds, status): the times of training epochs 0..epoch, added one by one, plus one evaluation pass.

    REQUIRES: two time columns of one group; 0 <= code < cells; 0 <= seed < len(train.seeds), a place; the training
    time recorded at epochs 0..epoch, so that places are epochs; 0 <= eval_place < E, the place of that epoch in
    `evaluation`. The first number that is missing or damaged decides the status.
    """
    seconds = 0.0
    row, status = trial_row(train, code, seed)
    place = 0
    while status == OK and place <= epoch:
        one, status = row_value(train, code, row, place)
        seconds += one
        place += 1
    if status == OK:
        one, status = seed_value(evaluation, code, seed, eval_place)
        seconds += one
    return seconds if status == OK else np.nan, status


@element
def mean_cost(
    train: ColumnViews, evaluation: ColumnViews, code: Int, epoch: Int, eval_place: Int
) -> tuple[float, int]:
    """Return (seconds, status) of the mean over the seeds that have the cost, added in ascending order.

    REQUIRES: as `seed_cost`.
    """
    value = np.nan
    status = MISSING
    total = 0.0
    count = 0
    for seed in range(train.rows.shape[1]):
        one, one_status = seed_cost(train, evaluation, code, seed, epoch, eval_place)
        if one_status == DAMAGED:
            status = DAMAGED
        elif one_status == OK:
            total += one
            count += 1
    if status != DAMAGED and count != 0:
        value = total / count
        status = OK
    return value, status


@loop
def fill_costs(
    train: ColumnViews, evaluation: ColumnViews,
    codes: NDArray[np.int64], seeds: NDArray[np.int64], epochs: NDArray[np.int64], eval_places: NDArray[np.int64],
    values: NDArray[np.float64], status: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Write the simulated cost in seconds and the status of element i.

    REQUIRES: as `gathering.fill_values`; epochs up to which training was recorded without a gap; eval_places
    places in `evaluation`. Checked by `questions.simulated_cost`.
    """
    train = borrowed(train)
    evaluation = borrowed(evaluation)
    for i in range(codes.size):
        value, found = seed_cost(train, evaluation, codes[i], seeds[i], epochs[i], eval_places[i])
        values[i] = value
        status[i] = found


@loop
def fill_mean_costs(
    train: ColumnViews, evaluation: ColumnViews,
    codes: NDArray[np.int64], epochs: NDArray[np.int64], eval_places: NDArray[np.int64],
    values: NDArray[np.float64], status: NDArray[np.uint8],
) -> None:  # fmt: skip
    """Write the mean over seeds of the simulated cost in seconds, and the status, of element i.

    REQUIRES: as `fill_costs`.
    """
    train = borrowed(train)
    evaluation = borrowed(evaluation)
    for i in range(codes.size):
        value, found = mean_cost(train, evaluation, codes[i], epochs[i], eval_places[i])
        values[i] = value
        status[i] = found
