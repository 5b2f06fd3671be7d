"""One official trial (the state dict of a `ResultsCount`) as a TrialRecord, and back.

The numbers go to the record, everything else to its `form`: JSON that holds no number of the trial and no name of the
cell, so that all trials of one kind share one text. With both, `trial_state` makes the very dict again: the same keys
in the same order, the same containers, the same value types. Only weights are not kept.

What the form holds:

| key           | content                                                                                           |
|---------------|---------------------------------------------------------------------------------------------------|
| `type`        | container of the state: `dict` or `OrderedDict`                                                   |
| `fields`      | the state's keys in order; what is not listed is absent                                           |
| `seed_width`  | how many characters the zero-padded seed text has                                                 |
| `train_...`   | null (None), or [container, value type, runs of epochs], see orders.py                            |
| `eval_...`    | null, or [container, value type, runs of '<split>@<epoch>']                                       |
| `eval_names`  | null or the list                                                                                  |
| `arch_config` | null, or [container, [[key, value], ...]]; a key without a value has the cell's string            |
| `params`...   | null or value type; `latency`: null or ["list", value type]; null type: nothing in the container |
| `weights`     | whether the trial came with weights, which are not kept                                           |
"""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import SourceError
from nb201store.records import Series, SplitRecord, TrialRecord
from nb201store.schema import TRAIN
from nb201store.upstream.orders import (
    epoch_keys,
    epoch_order,
    split_keys,
    split_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from nb201store.schema import Dataset
    from nb201store.upstream.orders import Places

    Values = NDArray[np.float64]

# metric of a record by official field
TRAIN_FIELDS = {
    "train_acc1es": "accuracy",
    "train_acc5es": "top5",
    "train_losses": "loss",
    "train_times": "time",
}
EVAL_FIELDS = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "time"}
_OTHER_FIELDS = (
    "name", "net_state_dict", "arch_config", "params", "flop", "seed", "epochs", "latency", "eval_names",
)  # fmt: skip
# Upstream pads to 4; a bound, so that a form cannot be made to ask for gigabytes of zeros.
_SEED_WIDTH = 16
FIELDS = frozenset((*TRAIN_FIELDS, *EVAL_FIELDS, *_OTHER_FIELDS))
_REQUIRED = ("name", "seed", "epochs")

_VALUE_TYPES: dict[type, str] = {float: "float", np.float64: "float64"}
_MAKE_VALUE: dict[str, Callable[[float], float]] = {"float": float, "float64": np.float64}
MAKE_DICT: dict[str, type[dict[Any, Any]]] = {"dict": dict, "OrderedDict": OrderedDict}


def form_json(form: dict[str, Any]) -> str:
    """Return a form as canonical JSON: the same form is the same text."""
    return json.dumps(form, separators=(",", ":"))


def container(value: object) -> str:
    """Return "dict" or "OrderedDict", whichever `value` is; refuse everything else."""
    if type(value) is dict:
        return "dict"
    if isinstance(value, OrderedDict):
        return "OrderedDict"
    raise SourceError(f"expected a dict, found {type(value).__name__}")


def trial_record(
    state: Any, *, code: int, arch_str: str, dataset: Dataset, schedule: int, seed: int
) -> TrialRecord:
    """Return the record of one official trial.

    Parameters
    ----------
    state : dict, as `ResultsCount.state_dict()` returns it
    code, arch_str : the cell, as said by what holds the trial
    dataset, schedule, seed : likewise; what the trial says of itself must agree

    Raises
    ------
    SourceError   the state contradicts these, or holds what a record cannot; the message names the field
    """
    state_type = container(state)
    _check_fields(state)
    _check_equal("name", state["name"], dataset.name)
    _check_equal("epochs", state["epochs"], schedule)
    splits: dict[str, dict[str, Series]] = {split.name: {} for split in dataset.splits}
    orders = _read_series(state, schedule, splits)
    latency = state.get("latency")
    key = (
        state_type,
        tuple(state),
        _seed_width(state["seed"], seed),
        orders,
        _eval_names(state.get("eval_names"), dataset),
        _arch_config(state.get("arch_config"), arch_str),
        _number_type(state.get("params"), "params"),
        _number_type(state.get("flop"), "flop"),
        _latency_type(latency),
        state.get("net_state_dict") is not None,
    )
    return TrialRecord(
        code=code,
        dataset=dataset.name,
        schedule=schedule,
        seed=seed,
        splits={split: SplitRecord(**series) for split, series in splits.items() if series},
        params_m=_number(state.get("params")),
        flops_m=_number(state.get("flop")),
        latency_s=None if latency is None else tuple(map(float, latency)),
        form=_form_text(*key),
    )


def trial_state(record: TrialRecord, arch_str: str) -> dict[str, Any]:
    """Return the official state dict of a trial again, exactly; `net_state_dict` is None."""
    form = _parsed_form(record.form)
    made: dict[str, Any] = {
        "name": record.dataset,
        "net_state_dict": None,
        "seed": str(record.seed).zfill(form["seed_width"]),
        "epochs": record.schedule,
        "eval_names": None if form["eval_names"] is None else list(form["eval_names"]),
        "arch_config": _restored_config(form["arch_config"], arch_str),
        "params": _restored_number(record.params_m, form["params"]),
        "flop": _restored_number(record.flops_m, form["flop"]),
        "latency": None,
    }
    if form["latency"] is not None and record.latency_s is not None:
        made["latency"] = _typed(record.latency_s, form["latency"][1])
    train = record.splits.get(TRAIN, SplitRecord()).series()
    for field, metric in TRAIN_FIELDS.items():
        made[field] = _restored_train(form[field], train.get(metric))
    for field, metric in EVAL_FIELDS.items():
        series = {name: split.series().get(metric) for name, split in record.splits.items()}
        made[field] = _restored_eval(form[field], series)
    return MAKE_DICT[form["type"]]((field, made[field]) for field in form["fields"])


# ------------------------------------------------------------------------ series: dict to record


def _read_series(
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
    value_type, values = _values(found.values())
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
    value_type, values = _values(found.values())
    for split, places in order.places.items():
        if split not in splits or split == TRAIN:
            known = ", ".join(name for name in splits if name != TRAIN)
            raise SourceError(f"split {shown(split)} is not one of {known}")
        splits[split][metric] = _series(values, places, schedule)
    return kind, value_type, order.runs


def _values(found: Iterable[Any]) -> tuple[str | None, Values]:
    """Return the one type of the values (None of no values) and the values."""
    values = list(found)
    kinds = set(map(type, values))
    if not kinds:
        return None, np.zeros(0)
    kind = kinds.pop()
    if kinds:
        names = ", ".join(sorted(other.__name__ for other in (kind, *kinds)))
        raise SourceError(f"values of more than one type: {names}")
    if kind not in _VALUE_TYPES:
        raise SourceError(f"expected float values, found {kind.__name__}")
    return _VALUE_TYPES[kind], np.array(values, dtype=np.float64)


def _series(values: Values, places: Places, schedule: int) -> Series:
    if places.last >= schedule:
        raise SourceError(f"epoch {places.last} is beyond a run of {schedule} epochs (0-based)")
    return Series(places.epochs, values if places.positions is None else values[places.positions])


def _check_shared_epochs(split: str, series: Mapping[str, Series]) -> None:
    accuracy, loss = series.get("accuracy"), series.get("loss")
    if accuracy is None and loss is None:
        return
    if accuracy is None or loss is None or not np.array_equal(accuracy.epochs, loss.epochs):
        raise SourceError(f"split {split}: accuracy and loss are not there for the same epochs")


# ------------------------------------------------------------------------- other fields to record


def _check_fields(state: Mapping[str, Any]) -> None:
    unknown = [field for field in state if field not in FIELDS]
    if unknown:
        raise SourceError(f"unknown field {shown(unknown[0])}")
    for field in _REQUIRED:
        if field not in state:
            raise SourceError(f"{field}: missing")


def _check_equal(field: str, found: object, expected: str | int) -> None:
    if type(found) is not type(expected) or found != expected:
        raise SourceError(f"{field}: expected {expected!r}, found {shown(found)}")


def _seed_width(text: object, seed: int) -> int:
    """Return the width of the zero-padded seed text, which must spell the seed of the trial's key."""
    if type(text) is not str or text != str(seed).zfill(len(text)) or len(text) > _SEED_WIDTH:
        raise SourceError(f"seed: expected a text of {seed}, as {seed:04d}, found {shown(text)}")
    return len(text)


def _eval_names(names: object, dataset: Dataset) -> tuple[str, ...] | None:
    if names is None:
        return None
    known = [split.name for split in dataset.splits if split.name != TRAIN]
    if type(names) is not list or not all(type(name) is str and name in known for name in names):
        raise SourceError(f"eval_names: expected some of {', '.join(known)}, found {shown(names)}")
    return tuple(names)


def _arch_config(config: Any, arch_str: str) -> tuple[Any, ...] | None:
    """Return the form of an arch_config, each value with its type: 16, 16.0 and True are equal keys to a cache."""
    if config is None:
        return None
    try:
        kind = container(config)
    except SourceError as error:
        raise SourceError(f"arch_config: {error}") from None
    if config.get("arch_str", arch_str) != arch_str:
        raise SourceError(
            f"arch_config: arch_str: expected {arch_str}, found {shown(config['arch_str'])}"
        )
    items: list[tuple[Any, ...]] = []
    for key, value in config.items():
        if type(key) is not str or type(value) not in (str, int, bool):
            raise SourceError(f"arch_config: {shown(key)}: no place for {shown(value)}")
        items.append((key,) if value == arch_str else (key, type(value).__name__, value))
    return kind, tuple(items)


def _number_type(value: object, field: str) -> str | None:
    if value is None:
        return None
    if type(value) not in _VALUE_TYPES:
        raise SourceError(f"{field}: expected a float, found {shown(value)}")
    return _VALUE_TYPES[type(value)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _latency_type(latency: object) -> tuple[str, str | None] | None:
    if latency is None:
        return None
    if type(latency) is not list:
        raise SourceError(f"latency: expected a list, found {type(latency).__name__}")
    try:
        return "list", _values(latency)[0]
    except SourceError as error:
        raise SourceError(f"latency: {error}") from None


@lru_cache(4096)
def _form_text(
    state_type: str,
    fields: tuple[str, ...],
    seed_width: int,
    orders: tuple[tuple[str, Any], ...],
    eval_names: tuple[str, ...] | None,
    arch_config: tuple[Any, ...] | None,
    params: str | None,
    flop: str | None,
    latency: tuple[str, str | None] | None,
    weights: bool,
) -> str:
    """Return the form of all trials that share these; one str object for all of them."""
    if arch_config is not None:
        kind, items = arch_config
        arch_config = kind, [(key, *typed[1:]) for key, *typed in items]
    form = {
        "type": state_type,
        "fields": fields,
        "seed_width": seed_width,
        **dict(orders),
        "eval_names": eval_names,
        "arch_config": arch_config,
        "params": params,
        "flop": flop,
        "latency": latency,
        "weights": weights,
    }
    return form_json(form)


# ------------------------------------------------------------------------------- record to fields


@lru_cache(4096)
def _parsed_form(form: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(form)
    return parsed


def _typed(values: Iterable[float], value_type: str | None) -> list[float]:
    """`values` as Python objects of the official type; None is the type of no values."""
    return [] if value_type is None else list(map(_MAKE_VALUE[value_type], values))


def _restored_number(value: float | None, value_type: str | None) -> float | None:
    return None if value is None or value_type is None else _MAKE_VALUE[value_type](value)


def _restored_config(form: Any, arch_str: str) -> dict[str, Any] | None:
    if form is None:
        return None
    kind, items = form
    return MAKE_DICT[kind]((item[0], item[1] if len(item) == 2 else arch_str) for item in items)


def _restored_train(form: Any, series: Series | None) -> dict[int, float] | None:
    if form is None:
        return None
    kind, value_type, runs = form
    values = _by_epoch(series)
    keys = epoch_keys(runs)
    return MAKE_DICT[kind](
        zip(keys, _typed([values[key] for key in keys], value_type), strict=True)
    )


def _restored_eval(form: Any, series: Mapping[str, Series | None]) -> dict[str, float] | None:
    if form is None:
        return None
    kind, value_type, runs = form
    values = {split: _by_epoch(found) for split, found in series.items()}
    keys = split_keys(runs)
    typed = _typed([values[split][epoch] for split, epoch in keys], value_type)
    names = [f"{split}@{epoch}" for split, epoch in keys]
    return MAKE_DICT[kind](zip(names, typed, strict=True))


def _by_epoch(series: Series | None) -> dict[int, float]:
    if series is None:
        return {}
    return dict(zip(series.epochs.tolist(), series.values.tolist(), strict=True))
