"""What a cell costs: closed forms of its network, and the seconds that were measured."""

from __future__ import annotations

from contextlib import suppress
from math import fsum

from nb201store.answers import Cost
from nb201store.errors import MissingDataError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nb201store import _core


def measured_cost(image: _core.Image, code: int, dataset: str) -> Cost:
    """Return the cost of one cell on one data set; see `Store.cost`."""
    params_m, flops_m = image.cost(code, dataset)
    described = image.describe()
    info = next(entry for entry in described["datasets"] if entry["name"] == dataset)
    schedules = [g["schedule"] for g in described["groups"] if g["dataset"] == dataset]
    longest_first = sorted(schedules, reverse=True)
    seconds = {
        split["name"]: _seconds(image, code, dataset, split["name"], longest_first)
        for split in info["splits"]
    }
    train = seconds.pop("train", None)
    latency = _latency(image, code, dataset, longest_first)
    return Cost(params_m, flops_m, latency, train, seconds)


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
