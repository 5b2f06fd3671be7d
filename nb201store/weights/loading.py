"""One trial's weights from the file beside an image."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

from nb201store.errors import FormatError, MissingDataError, SettingsError
from nb201store.space import SPACES
from nb201store.trial_weights import TrialKey
from nb201store.weights.encoding import decode, require
from nb201store.weights.naming import file_name

if TYPE_CHECKING:
    from nb201store import _core

FRAMEWORKS = ("torch", "numpy")


def load_weights(
    image: _core.Image, code: int, dataset: str, schedule: int, seed: object, framework: str
) -> OrderedDict[str, Any]:
    """Return the tensors of a trial, in the state dict's order; see `Store.weights`."""
    if framework not in FRAMEWORKS:
        raise SettingsError(f"framework must be torch or numpy, found {framework!r}")
    if seed == "mean":
        raise SettingsError("weights have no mean over seeds: name a seed")
    if not isinstance(seed, SupportsIndex):
        raise SettingsError(f"seed must be an integer, found {seed!r}")
    seeds = image.seeds(code, dataset, schedule)
    trial = TrialKey(index(code), dataset, index(schedule), index(seed))
    if trial.seed not in seeds:
        there = ", ".join(map(str, seeds)) or "none"
        raise MissingDataError(f"{trial.name}: no such trial; seeds of that cell: {there}")
    path = _folder(image) / file_name(trial)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if _came_without(image, trial):
            raise MissingDataError(
                f"{trial.name}: this trial has no weights: the official archive holds none of it"
            ) from None
        raise FileNotFoundError(
            f"{path}: no such file; {image.path} says that its weights lie in {path.parents[2]}"
        ) from None
    try:
        about, tensors = decode(data)
        _check_trial(about, trial, SPACES[image.space].arch_str(trial.code))
    except FormatError as problem:
        raise FormatError(f"{path}: not the weights of {trial.name}: {problem}") from problem
    made = OrderedDict((name, array.copy()) for name, array in tensors.items())
    if framework == "numpy":
        return made
    torch = require("torch")
    return OrderedDict((name, torch.from_numpy(array)) for name, array in made.items())


def _folder(image: _core.Image) -> Path:
    """Where the weights lie that the image lists."""
    listed = _json(image, "about").get("weights")
    if listed is None:
        raise MissingDataError(
            f"{image.path}: this image lists no weights: convert the official archive with --weights"
        )
    folder = listed.get("folder") if isinstance(listed, dict) else None
    if not isinstance(folder, str) or "\0" in folder:
        raise FormatError(
            f"{image.path}: section 'about': weights: expected a folder, found {folder!r}"
        )
    return Path(os.path.normpath(Path(image.path).resolve().parent / folder))


def _came_without(image: _core.Image, trial: TrialKey) -> bool:
    """Whether the form of a trial says that it came without weights."""
    section = f"{trial.schedule}/{trial.dataset}/form"
    if not image.has_section(section) or not image.has_section("forms"):
        return False
    rows, places = image.row_table(trial.dataset, trial.schedule), image.section(section)
    seeds = next(
        g["seeds"]
        for g in image.describe()["groups"]
        if (g["schedule"], g["dataset"]) == (trial.schedule, trial.dataset)
    )
    try:
        place = places[rows[trial.code, list(seeds).index(trial.seed)]]
        form = json.loads(_json(image, "forms")["trial"][place])
        return form.get("weights") is False
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return False  # a form that no official reader wrote


def _json(image: _core.Image, section: str) -> dict[str, Any]:
    if not image.has_section(section):
        return {}
    try:
        found = json.loads(bytes(image.section(section)))
    except (ValueError, RecursionError) as problem:
        raise FormatError(f"{image.path}: section '{section}': not JSON: {problem}") from problem
    return found if isinstance(found, dict) else {}


def _check_trial(about: dict[str, Any], trial: TrialKey, arch_str: str) -> None:
    """Raise FormatError where a file is of another trial."""
    for field, expected in (*trial._asdict().items(), ("arch_str", arch_str)):
        if about.get(field) != expected:
            raise FormatError(f"{field}: expected {expected!r}, found {about.get(field)!r}")
