"""The questions as Python asks them: arguments checked once, then one call of a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.arguments import as_int, shown
from nb201store.errors import FormatError, SettingsError
from nb201store.kernels import validation
from nb201store.kernels.gathering import fill_means, fill_values
from nb201store.kernels.status import DAMAGED, OK
from nb201store.kernels.train_cost import fill_costs, fill_mean_costs

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from nb201store.views import ColumnViews


class Answers(NamedTuple):
    """Values and which of them exist, both of the broadcast shape of the question."""

    values: NDArray[np.float64]
    """float64, in the metric's unit; NaN where there is none."""
    present: NDArray[np.bool_]


def gather(
    column: ColumnViews, codes: ArrayLike, seeds: ArrayLike, epochs: ArrayLike, *, threads: int = 1
) -> Answers:  # fmt: skip
    """Return the values of many (code, seed, epoch).

    Parameters
    ----------
    column : what `Store.views` gives
    codes : integers 0..len(space)-1
    seeds : integers, or "mean" for the mean over the seeds that have the value, added in ascending order
    epochs : integers -schedule..schedule-1, negative ones from the end of the schedule; a metric of the trial has one
        value, which stands for every epoch
    threads : between how many threads the elements are divided; the GIL is released

    `codes`, `seeds` and `epochs` broadcast as numpy does. They are checked before anything is read.

    Returns
    -------
    Answers(values, present) : float64 and bool arrays of the broadcast shape, new ones

    Raises
    ------
    ArchError         a code outside the space; here and below the first is named, with its position in C order
    SettingsError     an epoch outside the schedule, no integer, shapes that do not broadcast
    MissingDataError  an epoch or a seed that was recorded of no cell
    FormatError       the file holds a number that cannot be
    """
    validation.check_views(column, "column")
    if _is_mean(seeds):
        return _means(column, codes, epochs, threads)
    shape, asked = validation.broadcast(
        codes=validation.code_array(codes, column.rows.shape[0]),
        seeds=validation.seed_places(seeds, column),
        epochs=validation.epoch_places(epochs, column),
    )
    return _answers(fill_values, (column,), shape, asked, threads)


def mean(column: ColumnViews, codes: ArrayLike, epochs: ArrayLike, *, threads: int = 1) -> Answers:
    """Return the means over the seeds that have the value: `gather` with seeds="mean"."""
    validation.check_views(column, "column")
    return _means(column, codes, epochs, threads)


def simulated_cost(
    train: ColumnViews, evaluation: ColumnViews, codes: ArrayLike, seeds: ArrayLike, epochs: ArrayLike, *,
    threads: int = 1,
) -> Answers:  # fmt: skip
    """Return what it would have cost to learn a value: seconds of training up to an epoch, and of one evaluation pass.

    Parameters
    ----------
    train, evaluation : columns of metric time of one data set and schedule: of split train, and of the split on which
        the network is evaluated
    codes, seeds, epochs, threads : as for `gather`

    Returns
    -------
    Answers(values, present) : seconds. The times of training epochs 0..epoch are added one by one in their order, then
        the time of one evaluation at that epoch. Missing where any of these was not recorded; "mean" is the mean over
        the seeds that have the cost.

    Raises
    ------
    as `gather`; SettingsError too where the columns are not times, or of different trials
    """
    validation.check_times(train, evaluation)
    codes_ = validation.code_array(codes, train.rows.shape[0])
    places = {} if _is_mean(seeds) else {"seeds": validation.seed_places(seeds, train)}
    shape, asked = validation.broadcast(
        codes=codes_,
        **places,
        epochs=validation.trained_epochs(epochs, train),
        eval_places=validation.epoch_places(epochs, evaluation),
    )
    kernel = fill_costs if places else fill_mean_costs
    return _answers(kernel, (train, evaluation), shape, asked, threads)


def _is_mean(seeds: object) -> bool:
    return isinstance(seeds, str) and seeds == "mean"


def _means(column: ColumnViews, codes: ArrayLike, epochs: ArrayLike, threads: int) -> Answers:
    shape, asked = validation.broadcast(
        codes=validation.code_array(codes, column.rows.shape[0]),
        epochs=validation.epoch_places(epochs, column),
    )
    return _answers(fill_means, (column,), shape, asked, threads)


def _answers(
    kernel: Callable[..., None], columns: tuple[ColumnViews, ...], shape: tuple[int, ...],
    asked: list[NDArray[np.int64]], threads: int,
) -> Answers:  # fmt: skip
    """Call a kernel that fills (values, status) of the flat arrays `asked`, the first of which is of codes."""
    codes = asked[0]
    values = np.empty(codes.size, dtype=np.float64)
    status = np.empty(codes.size, dtype=np.uint8)
    arrays: tuple[NDArray[Any], ...] = (*asked, values, status)
    _divide(codes.size, threads, lambda part: kernel(*columns, *(array[part] for array in arrays)))
    damaged = status == DAMAGED
    if damaged.any():
        at = int(damaged.argmax())
        raise FormatError(
            f"code {codes[at]} at position {at}: the file holds a number that cannot be; "
            "`nb201 verify` names its section and byte"
        )
    return Answers(values.reshape(shape), (status == OK).reshape(shape))


def _divide(count: int, threads: Any, work: Callable[[slice], None]) -> None:
    """Do `work` on the elements 0..count-1, in as many equal parts as there are threads."""
    wanted = as_int(threads)
    if wanted is None or wanted < 1:
        raise SettingsError(f"threads must be 1 or more, found {shown(threads)}")
    workers = min(wanted, count)
    if workers <= 1:
        work(slice(0, count))
        return
    from concurrent.futures import ThreadPoolExecutor

    parts = [slice(count * i // workers, count * (i + 1) // workers) for i in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, parts))
