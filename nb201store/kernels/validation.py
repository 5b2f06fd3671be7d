"""What kernels require, checked once for a whole batch; kernels themselves bound only what the file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import ArchError, MissingDataError, Nb201Error, SettingsError
from nb201store.kernels.column_value import (
    DICTIONARY,
    HITS,
    LIST,
    PACKED_HITS,
    PER_CELL,
    PER_IMAGE,
    PER_TRIAL,
    VALUE,
)
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
    PER_IMAGE: ("f8",),
    DICTIONARY: ("u2",),
    LIST: ("u4",),
}
"""Element types of `data` by encoding."""


def check_views(column: ColumnViews, name: str) -> None:
    """Refuse what is not a column as `Store.views` gives it. Costs microseconds: no number of the file is read."""
    if not isinstance(column, ColumnViews):
        raise SettingsError(f"{name} must be what Store.views gives, found {shown(column)}")
    if column.encoding not in _DATA:
        raise SettingsError(f"{name}: encoding must be 1..8, found {shown(column.encoding)}")
    for field, array in zip(column._fields[:7], column, strict=False):
        if not isinstance(array, np.ndarray) or array.ndim == 0:
            raise SettingsError(f"{name}: {field} must be an array, found {shown(array)}")
    cells, epochs = column.rows.shape[0], max(len(column.epochs), 1)
    per_epoch = (column.trials, epochs)
    data = {PER_CELL: (cells, 1), PER_IMAGE: (cells, 1), LIST: (column.trials + 1, 1)}.get(
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
    if column.encoding in {HITS, PACKED_HITS, PER_IMAGE} and column.images < 1:
        raise SettingsError(f"{name}: images must be 1 or more, found {column.images}")
    recorded = column.epochs
    bad = (recorded < 0) | (recorded >= column.schedule)
    bad[1:] |= np.diff(recorded) <= 0
    what = f"{name}: epochs must be ascending, 0..{column.schedule - 1}, found {{found}}"
    _refuse_first(bad, recorded, SettingsError, what)


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


def _bounded(values: object, first: int, last: int, what: str, error: type[Nb201Error]) -> Any:
    """Return integers as int64, every one first..last; the error names the first other one and its position."""
    array = _integers(values, what, error)
    _refuse_first((array < first) | (array > last), array, error, what + ", found {found}")
    return array.astype(np.int64)


def _refuse_first(
    bad: NDArray[np.bool_], asked: Integers, error: type[Nb201Error], message: str
) -> None:
    """Raise where any element is bad; `{found}` in the message becomes the first one and its position in C order."""
    if bad.any():
        at = int(bad.ravel().argmax())
        position = f" at position {at}" if asked.ndim else ""
        raise error(message.format(found=f"{asked.ravel()[at]}{position}"))


def code_array(codes: object, cells: int) -> NDArray[np.int64]:
    """Return codes as int64, every one in the space; ArchError names the first that is not."""
    checked: NDArray[np.int64] = _bounded(
        codes, 0, cells - 1, f"code must be an integer 0..{cells - 1}", ArchError
    )
    return checked


def seed_places(seeds: object, column: ColumnViews) -> NDArray[np.int64]:
    """Return the places of seeds in the column's group; MissingDataError names the first that no trial has."""
    asked = _integers(seeds, 'seed must be an integer or "mean"', SettingsError)
    places = np.full(asked.shape, -1, dtype=np.int64)
    for place, seed in enumerate(column.seeds.tolist()):
        places[asked == seed] = place
    known = ", ".join(map(str, column.seeds.tolist()))
    message = f"seed {{found}} was not recorded, only {known}"
    _refuse_first(places < 0, asked, MissingDataError, message)
    return places


def epoch_places(epochs: object, column: ColumnViews) -> NDArray[np.int64]:
    """Return the places of epochs, negative ones from the end of the schedule, among those recorded.

    A metric of the trial has one value, which stands for every epoch. SettingsError names the first epoch outside the
    schedule, MissingDataError the first that no cell has.
    """
    schedule = column.schedule
    what = f"epoch must be {-schedule}..{schedule - 1} for schedule {schedule}"
    asked = _bounded(epochs, -schedule, schedule - 1, what, SettingsError)
    places = np.full(schedule, 0 if len(column.epochs) == 0 else -1, dtype=np.int64)
    places[column.epochs] = np.arange(len(column.epochs))
    found: NDArray[np.int64] = places[asked]  # numpy counts negative ones from the end, too
    message = f"epoch {{found}} was not recorded; epochs recorded: {_ranges(column.epochs)}"
    _refuse_first(found < 0, asked, MissingDataError, message)
    return found


def trained_epochs(epochs: object, train: ColumnViews) -> NDArray[np.int64]:
    """Return 0-based epochs up to which all of training was recorded; MissingDataError names the first other one."""
    places = epoch_places(epochs, train)
    recorded = _ranges(train.epochs)
    message = (
        f"the cost at epoch {{found}} needs all training epochs up to it; recorded: {recorded}"
    )
    _refuse_first(train.epochs[places] != places, train.epochs[places], MissingDataError, message)
    return places


def _ranges(numbers: NDArray[np.int64]) -> str:
    """Ascending numbers for a message: runs as first-last."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs if len(r))


def broadcast(**arrays: NDArray[Any]) -> tuple[tuple[int, ...], list[NDArray[Any]]]:
    """Return the common shape and each array in it, flat and C-contiguous; SettingsError where there is none."""
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise SettingsError(f"shapes must broadcast, found {found}") from None
    return shape, [np.ascontiguousarray(np.broadcast_to(a, shape)).ravel() for a in arrays.values()]
