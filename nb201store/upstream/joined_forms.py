"""The forms of what several sources hold parts of: a trial with fields of several, a cell with the trials of all.

The first form is kept, and takes over what it lacks. Forms that no official reader wrote say nothing that could be
taken over: the first of those stays as it is.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from nb201store.upstream.forms import form_json
from nb201store.upstream.series import SERIES_FIELDS

# Official fields by part of a trial (`merging.parts`): what is taken from one source or from another together.
PART_FIELDS = {
    "train scores": ("train_acc1es", "train_losses"),
    "train top5": ("train_acc5es",),
    "train time": ("train_times",),
    "evaluation scores": ("eval_acc1es", "eval_losses", "eval_names"),
    "evaluation top5": (),
    "evaluation time": ("eval_times",),
    "params_m": ("params",),
    "flops_m": ("flop",),
    "latency_s": ("latency",),
}
_FILLED = ("eval_names", "arch_config")
_OF_A_TRIAL = frozenset(
    ("type", "fields", "seed_width", *SERIES_FIELDS, *_FILLED, "params", "flop", "latency", "weights")
)  # fmt: skip

# The words of NAS-Bench-201's files for what NATS-Bench numbers.
_WORDS = {"200": "full", "12": "less"}
_NUMBERS = {word: number for number, word in _WORDS.items()}


@lru_cache(4096)
def joined_trial_form(forms: tuple[str, ...], taken: tuple[tuple[str, int], ...]) -> str:
    """Return the form of a trial whose parts come from several sources.

    Parameters
    ----------
    forms : of the trial, by source
    taken : (part, place of the source that it comes from in `forms`); other parts are the first's
    """
    parsed = [_parsed(form, _OF_A_TRIAL) for form in forms]
    sound = [form for form in parsed if form is not None]
    if len(sound) < len(forms):
        return forms[0]
    first = sound[0]
    joined = dict(first)
    for part, place in taken:
        for field in PART_FIELDS[part]:
            joined[field] = sound[place][field]
    for field in _FILLED:
        found = [form[field] for form in (joined, *sound) if form[field] is not None]
        joined[field] = found[0] if found else None
    joined["weights"] = any(form["weights"] for form in sound)
    listed = [field for form in sound for field in form["fields"]]
    joined["fields"] = [
        field
        for field in dict.fromkeys(listed)
        if field in first["fields"] or joined.get(field) is not None
    ]
    return form_json(joined)


@lru_cache(4096)
def joined_cell_form(forms: tuple[str, ...]) -> str:
    """Return the form of a cell that holds the trials of all: the first's, and behind them what each other adds."""
    sound = [form for form in (_parsed(form, {"schedules"}) for form in forms) if form is not None]
    if len(sound) < len(forms):
        return forms[0]
    joined = sound[0]
    try:
        names = {part["hp"] for part in joined["schedules"]}
        held = {part["schedule"]: part for part in joined["schedules"]}
        for other in sound[1:]:
            for part in other["schedules"]:
                if part["schedule"] not in held:
                    named = _named_like(names, part["hp"])
                    held[part["schedule"]] = part | {"hp": named}
                    joined["schedules"].append(held[part["schedule"]])
                else:
                    _extend(held[part["schedule"]], part)
    except (LookupError, TypeError, ValueError):
        return forms[0]
    return form_json(joined)


def _extend(held: dict[str, Any], part: dict[str, Any]) -> None:
    """Add the trials of one schedule that another source has."""
    _, trials = held["all_results"]
    trials.extend(trial for trial in part["all_results"][1] if trial not in trials)
    _, by_dataset = held["dataset_seed"]
    seeds_of = dict(by_dataset)
    for dataset, seeds in part["dataset_seed"][1]:
        if dataset in seeds_of:
            seeds_of[dataset].extend(seed for seed in seeds if seed not in seeds_of[dataset])
        else:
            by_dataset.append([dataset, list(seeds)])


def _named_like(names: set[str], hp: str) -> str:
    """How a file that has `names` would call these hyper-parameters: `full` and `less`, or 200 and 12."""
    return (_WORDS if names & _NUMBERS.keys() else _NUMBERS).get(hp, hp)


def _parsed(form: str, needed: frozenset[str] | set[str]) -> dict[str, Any] | None:
    """A form as a reader of official files wrote it, made anew; None of every other text."""
    try:
        parsed = json.loads(form)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) and needed <= parsed.keys() else None
