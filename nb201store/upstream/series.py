"""The official dicts of epochs as Series, and back.

Training metrics are keyed by epoch, evaluation metrics by '<split>@<epoch>'. A Series is in
ascending epochs; the order of the dict, its container and its value type are its part of the
trial's form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.errors import SourceError
from nb201store.laid_out import Layout, SeriesPlace
from nb201store.schema import TRAIN
from nb201store.upstream.forms import MAKE_DICT, shown, typed
from nb201store.upstream.orders import epoch_keys, epoch_order, split_keys, split_order
from nb201store.upstream.packed import PackedDict, pack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nb201store.records import Series, SplitRecord
    from nb201store.upstream.orders import Places

# metric of a record by official field
TRAIN_FIELDS = {
    "train_acc1es": "accuracy",
    "train_acc5es": "top5",
    "train_losses": "loss",
    "train_times": "time",
}
EVAL_FIELDS = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "time"}


SERIES_FIELDS = (*TRAIN_FIELDS, *EVAL_FIELDS)
_METRICS = {**TRAIN_FIELDS, **EVAL_FIELDS}


class Order(NamedTuple):
    """What the dicts of a trial hold besides values.

    `layout`: where the series stand in the arrays of those fields that are not None, in the order of SERIES_FIELDS.
    `form`: the fields' part of the trial's form.
    """

    layout: Layout
    form: tuple[tuple[str, Any], ...]


def packed_series(state: Mapping[str, Any]) -> list[PackedDict | None]:
    """Return the dicts of all series of a trial, by SERIES_FIELDS; None where they are None or absent."""
    found = [state.get(field) for field in SERIES_FIELDS]
    return [
        one if one is None or type(one) is PackedDict else _packed(field, one)
        for field, one in zip(SERIES_FIELDS, found, strict=True)
    ]


def _packed(field: str, found: Any) -> PackedDict:
    try:
        return pack(found)
    except SourceError as error:
        raise SourceError(f"{field}: {error}") from None


def read_order(packed: Sequence[PackedDict | None], schedule: int, splits: Sequence[str]) -> Order:
    """Return where the series of a trial stand, after checking that all keys are of `schedule` and `splits`."""
    places: dict[str, dict[str, SeriesPlace]] = {split: {} for split in splits}
    form: list[tuple[str, Any]] = []
    array = 0
    for field, found in zip(SERIES_FIELDS, packed, strict=True):
        if found is None:
            form.append((field, None))
            continue
        read = _read_train if field in TRAIN_FIELDS else _read_eval
        try:
            runs = read(found.keys, _METRICS[field], array, schedule, places)
        except SourceError as error:
            raise SourceError(f"{field}: {error}") from None
        form.append((field, (found.kind, found.value_type, runs)))
        array += 1
    for split, series in places.items():
        _check_shared_epochs(split, series)
    return Order(
        Layout(tuple(p for by_metric in places.values() for p in by_metric.values())), tuple(form)
    )


def _read_train(
    keys: Any, metric: str, array: int, schedule: int, places: Mapping[str, dict[str, SeriesPlace]]
) -> tuple[Any, ...]:
    """Put the place of one dict keyed by epoch into `places`; return its runs."""
    if len(keys) > schedule:
        raise SourceError(f"{len(keys)} epochs in a run of {schedule}")
    if not all(type(key) is int for key in keys):
        raise SourceError("expected int epochs as keys")
    order = epoch_order(keys)
    if order.places is not None:
        places[TRAIN][metric] = _place(TRAIN, metric, array, order.places, schedule)
    return order.runs


def _read_eval(
    keys: Any, metric: str, array: int, schedule: int, places: Mapping[str, dict[str, SeriesPlace]]
) -> tuple[Any, ...]:
    """Put the places of one dict keyed by '<split>@<epoch>' into `places`; return its runs."""
    if not all(type(key) is str for key in keys):
        raise SourceError("expected '<split>@<epoch>' as keys")
    order = split_order(keys)
    for split, found in order.places.items():
        if split not in places or split == TRAIN:
            known = ", ".join(name for name in places if name != TRAIN)
            raise SourceError(f"split {shown(split)} is not one of {known}")
        places[split][metric] = _place(split, metric, array, found, schedule)
    return order.runs


def _place(split: str, metric: str, array: int, found: Places, schedule: int) -> SeriesPlace:
    if found.last >= schedule:
        raise SourceError(f"epoch {found.last} is beyond a run of {schedule} epochs (0-based)")
    return SeriesPlace(split, metric, found.epochs, array, found.positions)


def _check_shared_epochs(split: str, series: Mapping[str, SeriesPlace]) -> None:
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
