"""What kernels require, checked once for a whole batch; kernels themselves bound only what the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import ArchError, Nb201Error, SettingsError
from nb201store.kernels.column_value import (
    DICTIONARY,
    HITS,
    LIST,
    PACKED_HITS,
    PER_CELL,
    PER_TRIAL,
    VALUE,
)
from nb201store.kernels.status import ABSENT
from nb201store.views import ColumnViews

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.integer[Any]]

_TIME = 4  # docs/format.md

_DATA = {
    HITS: ("u2", "u4"),
    PACKED_HITS: ("u4",),
    VALUE: ("f4", "f8"),
    PER_TRIAL: ("f8",),
    PER_CELL: ("f8",),
    DICTIONARY: ("u2",),
    LIST: ("u4",),
}
"""Element types of `data` by encoding."""


def check_views(column: ColumnViews, name: str) -> None:
    """Refuse what is not a column as `Store.views` gives it. Costs microseconds: no number of the file is read."""
    if not isinstance(column, ColumnViews):
        raise SettingsError(f"{name} must be what Store.views gives, found {shown(column)}")
    if column.encoding not in _DATA:
        raise SettingsError(f"{name}: encoding must be 1..7, found {shown(column.encoding)}")
    cells, epochs = column.rows.shape[0], max(len(column.epochs), 1)
    per_epoch = (column.trials, epochs)
    data = {PER_CELL: (cells, 1), LIST: (column.trials + 1, 1)}.get(
        column.encoding, per_epoch if column.encoding <= VALUE else (column.trials, 1)
    )
    last = per_epoch if column.encoding == HITS and column.last_batch else (0, 0)
    some_absent = column.present.shape != (0, 0)
    wanted = {
        "rows": (("i4",), (cells, len(column.seeds))),
        "data": (_DATA[column.encoding], data),
        "last_hits": (("u1",), last),
        "values": (("f8",), (len(column.values),)),
        "present": (("u1",), (column.trials, (epochs + 7) // 8) if some_absent else (0, 0)),
        "seeds": (("i8",), (len(column.seeds),)),
        "epochs": (("i8",), (len(column.epochs),)),
    }
    for field, (dtypes, shape) in wanted.items():
        array = getattr(column, field)
        if (
            array.dtype.str[1:] not in dtypes
            or array.shape != shape
            or not array.flags.c_contiguous
        ):
            raise SettingsError(
                f"{name}: {field} must be {' or '.join(dtypes)} of shape {shape} in C order, "
                f"found {array.dtype.str[1:]} of shape {array.shape}"
            )
    if column.encoding <= PACKED_HITS and column.images < 1:
        raise SettingsError(f"{name}: images must be 1 or more, found {column.images}")


def check_times(train: ColumnViews, evaluation: ColumnViews) -> None:
    """Refuse two columns that are not times of the same trials."""
    for name, column in (("train", train), ("evaluation", evaluation)):
        check_views(column, name)
        if column.metric != _TIME:
            raise SettingsError(
                f"{name} must be a column of metric time ({_TIME}), found metric {column.metric}"
            )
    if (
        train.rows.shape != evaluation.rows.shape
        or train.schedule != evaluation.schedule
        or not np.array_equal(train.seeds, evaluation.seeds)
    ):
        raise SettingsError(
            "train and evaluation must be of one data set and schedule: expected "
            f"{_group(train)}, found {_group(evaluation)}"
        )


def _group(column: ColumnViews) -> str:
    return (
        f"{column.rows.shape[0]} cells, schedule {column.schedule}, seeds {column.seeds.tolist()}"
    )


def _integers(values: object, what: str, error: type[Nb201Error]) -> Integers:
    """Return `values` as an array of integers; `what` says what they must be. An empty list is one, too."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):  # lists of different lengths
        raise error(f"{what}, found {shown(values)}") from None
    if array.size == 0:
        return np.empty(array.shape, dtype=np.int64)
    if array.dtype.kind not in "iu":
        found = shown(values) if array.ndim == 0 else f"an array of {array.dtype}"
        raise error(f"{what}, found {found}")
    return array


def _bounded(array: Integers, first: int, last: int, what: str, error: type[Nb201Error]) -> Any:
    """Return `array` as int64, every element first..last; the error names the first other one and its position."""
    outside = (array < first) | (array > last)
    if outside.any():
        at = int(outside.ravel().argmax())
        position = f" at position {at}" if array.ndim else ""
        raise error(f"{what}, found {array.ravel()[at]}{position}")
    return array.astype(np.int64)


def code_array(codes: object, cells: int) -> NDArray[np.int64]:
    """Return codes as int64, every one in the space; ArchError names the first that is not."""
    what = f"code must be an integer 0..{cells - 1}"
    checked: NDArray[np.int64] = _bounded(
        _integers(codes, what, ArchError), 0, cells - 1, what, ArchError
    )
    return checked


def seed_places(seeds: object, column: ColumnViews) -> NDArray[np.int64]:
    """Return the places of seeds in the column's group; ABSENT for a seed that no trial has."""
    asked = _integers(seeds, 'seed must be an integer or "mean"', SettingsError)
    places = np.full(asked.shape, ABSENT, dtype=np.int64)
    for place, seed in enumerate(column.seeds.tolist()):
        places[asked == seed] = place
    return places


def _epoch_numbers(epochs: object, column: ColumnViews) -> NDArray[np.int64]:
    """Return epochs as 0-based numbers of the schedule; negative ones count from its end."""
    schedule = column.schedule
    what = f"epoch must be {-schedule}..{schedule - 1} for schedule {schedule}"
    asked = _bounded(
        _integers(epochs, what, SettingsError), -schedule, schedule - 1, what, SettingsError
    )
    numbers: NDArray[np.int64] = np.where(asked < 0, asked + schedule, asked)
    return numbers


def epoch_places(epochs: object, column: ColumnViews) -> NDArray[np.int64]:
    """Return the places of epochs among those recorded; ABSENT where one was not.

    A metric of the trial has no epochs but one place: `epochs` is None for it, and for it alone.
    """
    if len(column.epochs) == 0:
        if epochs is not None:
            raise SettingsError(
                f"epochs must be None for a metric of the trial, found {shown(epochs)}"
            )
        return np.zeros((), dtype=np.int64)
    places = np.full(column.schedule, ABSENT, dtype=np.int64)
    places[column.epochs] = np.arange(len(column.epochs))
    found: NDArray[np.int64] = places[_epoch_numbers(epochs, column)]
    return found


def trained_epochs(epochs: object, train: ColumnViews) -> NDArray[np.int64]:
    """Return 0-based epochs up to which all of training was recorded; ABSENT where an earlier one was not."""
    places = epoch_places(epochs, train)
    gapless: NDArray[np.int64] = np.where(places == _epoch_numbers(epochs, train), places, ABSENT)
    return gapless


def broadcast(**arrays: NDArray[Any]) -> tuple[tuple[int, ...], list[NDArray[Any]]]:
    """Return the common shape and each array in it, flat and C-contiguous; SettingsError where there is none."""
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise SettingsError(f"shapes must broadcast, found {found}") from None
    return shape, [np.ascontiguousarray(np.broadcast_to(a, shape)).ravel() for a in arrays.values()]
