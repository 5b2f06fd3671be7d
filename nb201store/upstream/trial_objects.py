"""The official state of a trial, put together again from its form and its numbers."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.upstream.forms import MAKE_DICT, MAKE_VALUE, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class RestoredNumbers(NamedTuple):
    """What a state holds besides its series and what the form says."""

    dataset: str
    schedule: int
    seed: int
    arch_str: str
    params_m: float | None
    flops_m: float | None
    latency_s: Sequence[float]


def assembled_trial(
    form: Mapping[str, Any], own: RestoredNumbers, series: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the state of a trial by its parsed form; `series`: the official dicts by field."""
    made: dict[str, Any] = {
        "name": own.dataset,
        "net_state_dict": None,
        "seed": str(own.seed).zfill(form["seed_width"]),
        "epochs": own.schedule,
        "eval_names": None if form["eval_names"] is None else list(form["eval_names"]),
        "arch_config": _restored_config(form["arch_config"], own.arch_str),
        "params": _restored_number(own.params_m, form["params"]),
        "flop": _restored_number(own.flops_m, form["flop"]),
        "latency": None,
        **series,
    }
    if form["latency"] is not None:  # of an empty list archive and image keep no number
        made["latency"] = typed(own.latency_s, form["latency"][1])
    return MAKE_DICT[form["type"]]((field, made[field]) for field in form["fields"])


@lru_cache(4096)
def parsed_form(form: str) -> dict[str, Any]:
    """Return the form of a trial, parsed; not to be changed."""
    parsed: dict[str, Any] = json.loads(form)
    return parsed


def _restored_number(value: float | None, value_type: str | None) -> float | None:
    return None if value is None or value_type is None else MAKE_VALUE[value_type](value)


def _restored_config(form: Any, arch_str: str) -> dict[str, Any] | None:
    if form is None:
        return None
    kind, items = form
    return MAKE_DICT[kind]((item[0], item[1] if len(item) == 2 else arch_str) for item in items)
