"""What a cell costs: closed forms of its network, and the seconds that were measured."""

from __future__ import annotations

from collections import namedtuple
from contextlib import suppress
from math import fsum

from nb201store import cost
from nb201store.errors import MissingDataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from nb201store import _core

    class Cost(NamedTuple):
        params_m: float
        flops_m: float
        latency_s: float | None
        train_epoch_s: float | None
        eval_s: dict[str, float | None]
else:
    Cost = namedtuple("Cost", "params_m flops_m latency_s train_epoch_s eval_s")


def measured_cost(image: _core.Image, code: int, dataset: str) -> Cost:
    """Return the cost of one cell on one data set; see `Store.cost`."""
    described = image.describe()
    info = _named(described["datasets"], dataset, image.path)
    schedules = [g["schedule"] for g in described["groups"] if g["dataset"] == dataset]
    params, flops = cost.count(
        described["space"], code, classes=info["classes"], image_size=info["image_size"],
        channels=described["channels"], cells=described["cells_per_stage"],
        in_channels=described["in_channels"],
    )  # fmt: skip
    longest_first = sorted(schedules, reverse=True)
    seconds = {
        split["name"]: _seconds(image, code, dataset, split["name"], longest_first)
        for split in info["splits"]
    }
    train = seconds.pop("train", None)
    latency = _latency(image, code, dataset, longest_first)
    return Cost(params / 1e6, flops / 1e6, latency, train, seconds)


def _latency(image: _core.Image, code: int, dataset: str, schedules: list[int]) -> float | None:
    """Mean latency over seeds, in the first of `schedules` that recorded any."""
    for schedule in schedules:
        values = []
        for seed in image.seeds(code, dataset, schedule):
            with suppress(MissingDataError):
                values.append(image.value(code, dataset, None, "latency_s", schedule, -1, seed))
        if values:
            return _mean(values)
    return None


def _seconds(
    image: _core.Image, code: int, dataset: str, split: str, schedules: list[int]
) -> float | None:
    """Mean seconds of one epoch over epochs and seeds, in the first of `schedules` that recorded any."""
    for schedule in schedules:
        values: list[float] = []
        for seed in image.seeds(code, dataset, schedule):
            with suppress(MissingDataError):
                curve, present = image.curve(code, dataset, split, "time", schedule, seed)
                values += curve[present].tolist()
        if values:
            return _mean(values)
    return None


def _mean(values: list[float]) -> float:
    """The mean; of equal values that value, which a sum divided by their number need not be."""
    return values[0] if len(set(values)) == 1 else fsum(values) / len(values)


def _named(entries: list[Any], name: str, path: str) -> Any:
    for entry in entries:
        if entry["name"] == name:
            return entry
    known = ", ".join(entry["name"] for entry in entries)
    raise SettingsError(f"{path}: no data set {name!r}; it holds {known}")
