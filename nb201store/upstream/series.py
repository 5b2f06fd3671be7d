"""The official dicts of epochs as Series, and back.

Training metrics are keyed by epoch, evaluation metrics by '<split>@<epoch>'. A Series is in
ascending epochs; the order of the dict, its container and its value type are its part of the
trial's form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SourceError
from nb201store.records import Series, SplitRecord
from nb201store.schema import TRAIN
from nb201store.upstream.forms import MAKE_DICT, container, shown, typed, values_of
from nb201store.upstream.orders import epoch_keys, epoch_order, split_keys, split_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nb201store.upstream.orders import Places

# metric of a record by official field
TRAIN_FIELDS = {
    "train_acc1es": "accuracy",
    "train_acc5es": "top5",
    "train_losses": "loss",
    "train_times": "time",
}
EVAL_FIELDS = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "time"}


def read_series(
    state: Mapping[str, Any], schedule: int, splits: Mapping[str, dict[str, Series]]
) -> tuple[tuple[str, Any], ...]:
    """Put all series of a trial into `splits`; return their part of the form by field."""
    orders = []
    for field, metric in (*TRAIN_FIELDS.items(), *EVAL_FIELDS.items()):
        found = state.get(field)
        read = _read_train if field in TRAIN_FIELDS else _read_eval
        try:
            orders.append((field, None if found is None else read(found, metric, schedule, splits)))
        except SourceError as error:
            raise SourceError(f"{field}: {error}") from None
    for split, series in splits.items():
        _check_shared_epochs(split, series)
    return tuple(orders)


def _read_train(
    found: Any, metric: str, schedule: int, splits: Mapping[str, dict[str, Series]]
) -> tuple[Any, ...]:
    """Put one dict keyed by epoch into `splits`; return its part of the form."""
    kind = container(found)
    if len(found) > schedule:
        raise SourceError(f"{len(found)} epochs in a run of {schedule}")
    if not all(type(key) is int for key in found):
        raise SourceError("expected int epochs as keys")
    order = epoch_order(tuple(found))
    value_type, values = values_of(found.values())
    if order.places is not None:
        splits[TRAIN][metric] = _series(values, order.places, schedule)
    return kind, value_type, order.runs


def _read_eval(
    found: Any, metric: str, schedule: int, splits: Mapping[str, dict[str, Series]]
) -> tuple[Any, ...]:
    """Put one dict keyed by '<split>@<epoch>' into `splits`; return its part of the form."""
    kind = container(found)
    if not all(type(key) is str for key in found):
        raise SourceError("expected '<split>@<epoch>' as keys")
    order = split_order(tuple(found))
    value_type, values = values_of(found.values())
    for split, places in order.places.items():
        if split not in splits or split == TRAIN:
            known = ", ".join(name for name in splits if name != TRAIN)
            raise SourceError(f"split {shown(split)} is not one of {known}")
        splits[split][metric] = _series(values, places, schedule)
    return kind, value_type, order.runs


def _series(values: NDArray[np.float64], places: Places, schedule: int) -> Series:
    if places.last >= schedule:
        raise SourceError(f"epoch {places.last} is beyond a run of {schedule} epochs (0-based)")
    return Series(places.epochs, values if places.positions is None else values[places.positions])


def _check_shared_epochs(split: str, series: Mapping[str, Series]) -> None:
    accuracy, loss = series.get("accuracy"), series.get("loss")
    if accuracy is None and loss is None:
        return
    if accuracy is None or loss is None or not np.array_equal(accuracy.epochs, loss.epochs):
        raise SourceError(f"split {split}: accuracy and loss are not there for the same epochs")


def _restored_train(form: Any, series: Series | None) -> dict[int, float] | None:
    if form is None:
        return None
    kind, value_type, runs = form
    values = _by_epoch(series)
    keys = epoch_keys(runs)
    return MAKE_DICT[kind](zip(keys, typed([values[key] for key in keys], value_type), strict=True))


def _restored_eval(form: Any, series: Mapping[str, Series | None]) -> dict[str, float] | None:
    if form is None:
        return None
    kind, value_type, runs = form
    values = {split: _by_epoch(found) for split, found in series.items()}
    keys = split_keys(runs)
    made = typed([values[split][epoch] for split, epoch in keys], value_type)
    names = [f"{split}@{epoch}" for split, epoch in keys]
    return MAKE_DICT[kind](zip(names, made, strict=True))


def _by_epoch(series: Series | None) -> dict[int, float]:
    if series is None:
        return {}
    return dict(zip(series.epochs.tolist(), series.values.tolist(), strict=True))


def restored_series(form: Mapping[str, Any], splits: Mapping[str, SplitRecord]) -> dict[str, Any]:
    """Return the official dicts of all series again, by field; None where they were None."""
    named = {split: record.series() for split, record in splits.items()}
    made: dict[str, Any] = {}
    for field, metric in TRAIN_FIELDS.items():
        made[field] = _restored_train(form[field], named.get(TRAIN, {}).get(metric))
    for field, metric in EVAL_FIELDS.items():
        of_split = {split: series.get(metric) for split, series in named.items()}
        made[field] = _restored_eval(form[field], of_split)
    return made
