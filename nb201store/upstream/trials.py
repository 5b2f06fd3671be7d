"""One official trial (the state dict of a `ResultsCount`) as a TrialRecord, and back.

The numbers go to the record, everything else to its `form`: JSON that holds no number of the trial
and no name of the cell, so that all trials of one kind share one text. With both, `trial_state`
makes the very dict again: the same keys in the same order, the same containers, the same value
types. Only weights are not kept.

What the form holds:

* `type`: container of the state, `dict` or `OrderedDict`;
* `fields`: the state's keys in order; what is not listed is absent;
* `seed_width`: how many characters the zero-padded seed text has;
* `train_...`: null (None), or [container, value type, runs of epochs] (orders.py); the value type
  is null where there are no values;
* `eval_...`: null, or [container, value type, runs of '<split>@<epoch>'];
* `eval_names`: null, or the list;
* `arch_config`: null, or [container, [[key, value], ...]]; a key without a value has the cell's
  string;
* `params`, `flop`: null, or the value type;
* `latency`: null, or ["list", value type];
* `weights`: whether the trial came with weights, which are not kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.errors import SourceError
from nb201store.laid_out import LaidOut
from nb201store.records import TrialRecord
from nb201store.schema import TRAIN
from nb201store.upstream.forms import VALUE_TYPES, container, form_json, shown, values_of
from nb201store.upstream.packed import KeyOrders
from nb201store.upstream.series import (
    EVAL_FIELDS,
    TRAIN_FIELDS,
    packed_series,
    read_order,
    restored_series,
)
from nb201store.upstream.trial_objects import RestoredNumbers, assembled_trial, parsed_form

if TYPE_CHECKING:
    from nb201store.schema import Dataset
    from nb201store.upstream.packed import PackedDict
    from nb201store.upstream.series import Order

_OTHER_FIELDS = (
    "name", "net_state_dict", "arch_config", "params", "flop", "seed", "epochs", "latency",
    "eval_names",
)  # fmt: skip
# Upstream pads to 4; a bound, so that a form cannot be made to ask for gigabytes of zeros.
_SEED_WIDTH = 16
FIELDS = frozenset((*TRAIN_FIELDS, *EVAL_FIELDS, *_OTHER_FIELDS))
_REQUIRED = ("name", "seed", "epochs")


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
    SourceError   the state contradicts these, or holds what a record cannot; the message names the
    field
    """
    state_type = container(state)
    fields = tuple(state)
    if fields not in _SOUND_FIELDS:
        _check_fields(fields)
    _check_equal("name", state["name"], dataset.name)
    _check_equal("epochs", state["epochs"], schedule)
    packed = packed_series(state)
    kind = _kind_of(packed, dataset, schedule)
    latency = state.get("latency")
    rest = (
        state_type,
        fields,
        _seed_width(state["seed"], seed),
        _eval_names(state.get("eval_names"), dataset),
        _arch_config(state.get("arch_config"), arch_str),
        _number_type(state.get("params"), "params"),
        _number_type(state.get("flop"), "flop"),
        _latency_type(latency),
        state.get("net_state_dict") is not None,
    )
    form = kind.forms.get(rest)
    if form is None:
        if len(kind.forms) >= _MOST_KINDS:
            kind.forms.clear()
        form = kind.forms[rest] = _form_text(kind.order.form, rest)
    arrays = tuple([one.values for one in packed if one is not None])
    return TrialRecord(
        code=code,
        dataset=dataset.name,
        schedule=schedule,
        seed=seed,
        splits=LaidOut(kind.order.layout, arrays),
        params_m=_number(state.get("params")),
        flops_m=_number(state.get("flop")),
        latency_s=None if latency is None else tuple(map(float, latency)),
        form=form,
    )


def trial_state(record: TrialRecord, arch_str: str) -> dict[str, Any]:
    """Return the official state dict of a trial again, exactly; `net_state_dict` is None."""
    form = parsed_form(record.form)
    own = RestoredNumbers(
        record.dataset,
        record.schedule,
        record.seed,
        arch_str,
        record.params_m,
        record.flops_m,
        record.latency_s or (),
    )
    return assembled_trial(form, own, restored_series(form, record.splits))


# ------------------------------------------------------------------------------ kinds of trials


class _Kind(NamedTuple):
    """What trials have in common that hold the same keys. `kept` are the objects whose ids stand for them."""

    order: Order
    forms: dict[tuple[Any, ...], str]
    kept: tuple[object, ...]


# Genuine files have some dozens of kinds and of lists of fields. A file that has more is only read more slowly.
_MOST_KINDS = 1024
_KINDS: dict[tuple[Any, ...], _Kind] = {}
_ORDERS = KeyOrders()
_SOUND_FIELDS: set[tuple[Any, ...]] = set()


def _kind_of(packed: list[PackedDict | None], dataset: Dataset, schedule: int) -> _Kind:
    """Return the kind of trial that holds these dicts; they are checked when it is first met."""
    shared = [None if one is None else _ORDERS.shared(one.keys) for one in packed]
    known = (
        id(dataset),
        schedule,
        *[
            None if one is None else (id(keys), one.kind, one.value_type)
            for one, keys in zip(packed, shared, strict=True)
        ],
    )
    kind = _KINDS.get(known)
    if kind is None:
        if len(_KINDS) >= _MOST_KINDS:
            _KINDS.clear()
        names = [split.name for split in dataset.splits]
        kind = _Kind(read_order(packed, schedule, names), {}, (dataset, *shared))
        _KINDS[known] = kind
    return kind


# ------------------------------------------------------------------------- other fields to record


def _check_fields(fields: tuple[Any, ...]) -> None:
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        raise SourceError(f"unknown field {shown(unknown[0])}")
    for field in _REQUIRED:
        if field not in fields:
            raise SourceError(f"{field}: missing")
    if len(_SOUND_FIELDS) >= _MOST_KINDS:
        _SOUND_FIELDS.clear()
    _SOUND_FIELDS.add(fields)


def _check_equal(field: str, found: object, expected: str | int) -> None:
    if type(found) is not type(expected) or found != expected:
        raise SourceError(f"{field}: expected {expected!r}, found {shown(found)}")


def _seed_width(text: object, seed: int) -> int:
    """Return the width of the zero-padded seed text, which must spell the key's seed."""
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
    """Return the form of an arch_config, values with types: to a cache 1 and True are equal."""
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
        if type(key) is not str or type(value) not in (str, int, bool, type(None)):
            raise SourceError(f"arch_config: {shown(key)}: no place for {shown(value)}")
        items.append((key,) if value == arch_str else (key, type(value).__name__, value))
    return kind, tuple(items)


def _number_type(value: object, field: str) -> str | None:
    if value is None:
        return None
    if type(value) not in VALUE_TYPES:
        raise SourceError(f"{field}: expected a float, found {shown(value)}")
    return VALUE_TYPES[type(value)]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _latency_type(latency: object) -> tuple[str, str | None] | None:
    if latency is None:
        return None
    if type(latency) is not list:
        raise SourceError(f"latency: expected a list, found {type(latency).__name__}")
    try:
        return "list", values_of(latency)[0]
    except SourceError as error:
        raise SourceError(f"latency: {error}") from None


_BEFORE, _AFTER = ("type", "fields", "seed_width"), (
    "eval_names", "arch_config", "params", "flop", "latency", "weights",
)  # fmt: skip


def _form_text(series: tuple[tuple[str, Any], ...], rest: tuple[Any, ...]) -> str:
    """Return the form of all trials that share these parts."""
    before, after = rest[: len(_BEFORE)], rest[len(_BEFORE) :]
    form = dict((*zip(_BEFORE, before, strict=True), *series, *zip(_AFTER, after, strict=True)))
    if form["arch_config"] is not None:
        kind, items = form["arch_config"]
        form["arch_config"] = kind, [(key, *typed_value[1:]) for key, *typed_value in items]
    return _interned(form_json(form))


@lru_cache(4096)
def _interned(form: str) -> str:
    """Return one str object for equal forms."""
    return form
