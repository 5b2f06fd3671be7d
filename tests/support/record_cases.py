"""Records made by hand: every kind of gap and mixture that a benchmark of one's own may have."""

from __future__ import annotations

import numpy as np

from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.schema import Benchmark, Dataset, Split

EPOCHS = 5
BENCHMARK = Benchmark(
    "small", "tss", 16, 5, 3, 256, (2, EPOCHS),
    (
        Dataset("wide", 10, 32, (Split("train", 151_700), Split("x-valid", 3_000))),
        Dataset("plain", 10, 32, (Split("train", 50_000), Split("ori-test", 10_000))),
    ),
)  # fmt: skip
SOURCE = Source("nats-folder", "small", 1, "0" * 32, "0" * 64, "bz2")


def series(values, epochs=None) -> Series:
    epochs = range(len(values)) if epochs is None else epochs
    return Series(np.array(epochs, dtype=np.int32), np.array(values, dtype=np.float64))


def trial(code, dataset, schedule, seed, **changed) -> TrialRecord:
    """A dense trial with everything recorded, or with `changed` fields."""
    images = {"wide": ("train", "x-valid"), "plain": ("train", "ori-test")}[dataset]
    rng = np.random.default_rng([code, schedule, seed])
    splits = {
        name: SplitRecord(
            accuracy=series(np.sort(rng.integers(0, 100, schedule)).astype(float)),
            loss=series(rng.random(schedule)),
            time=series([1.5] * schedule),
        )
        for name in images
    }
    fields = {
        "splits": splits, "params_m": 0.5, "flops_m": 70.0, "latency_s": (0.01,), "form": "usual",
    } | changed  # fmt: skip
    return TrialRecord(code, dataset, schedule, seed, **fields)


def cell(code, *trials, form="cell") -> CellRecord:
    return CellRecord(code, trials, form)


def sparse(schedule=EPOCHS) -> dict[str, SplitRecord]:
    """Old style: one split at every epoch, the other at the last only, seconds everywhere."""
    every = SplitRecord(
        series([10.0] * schedule), series([2.0] * schedule), time=series([1.0] * schedule)
    )
    last = SplitRecord(
        series([27.366666666666667], [schedule - 1]), series([1.5], [schedule - 1]),
        time=series([0.1] * schedule),
    )  # fmt: skip
    return {"train": every, "x-valid": last}


def with_top5(code) -> TrialRecord:
    usual = trial(code, "plain", 2, 777)
    train = usual.splits["train"]
    some = SplitRecord(train.accuracy, train.loss, series([50.0, 100.0]), train.time)
    return trial(code, "plain", 2, 777, splits={**usual.splits, "train": some})


CASES = {
    "one dense trial": [cell(0, trial(0, "plain", 2, 777))],
    "first and last code": [cell(c, trial(c, "wide", 2, 777)) for c in (0, 15_624)],
    "one, two and three seeds": [
        cell(c, *(trial(c, "plain", EPOCHS, s) for s in seeds))
        for c, seeds in ((5, (888,)), (2_047, (777, 888)), (2_048, (777, 888, 999)))
    ],
    "dense and sparse trials mixed": [
        cell(1, trial(1, "wide", EPOCHS, 777), trial(1, "wide", EPOCHS, 888, splits=sparse()))
    ],
    "schedules and data sets by cell": [
        cell(3, trial(3, "wide", 2, 777)), cell(4, trial(4, "plain", EPOCHS, 777)),
    ],
    "no times, no costs, no latency": [
        cell(9, trial(9, "plain", 2, 1, params_m=None, latency_s=None, splits={
            "train": SplitRecord(series([1.0, 2.0]), series([0.5, 0.25])),
        })),
        cell(10, trial(10, "plain", 2, 1, flops_m=None)),
    ],
    "only times": [cell(11, trial(11, "plain", 2, 1, splits={"train": SplitRecord(time=series([3.0, 3.0]))}))],
    "times that vary beside constant ones": [
        cell(12, trial(12, "plain", 2, 1), trial(12, "plain", 2, 2, splits={
            "train": SplitRecord(time=series([1.0, np.nextafter(1.0, 2.0)])),
            "ori-test": SplitRecord(time=series([-0.0], [1])),
        })),
    ],
    "lists of latencies": [
        cell(13, trial(13, "plain", 2, 1, latency_s=tuple(np.arange(1, 39) / 1000.0)),
             trial(13, "plain", 2, 2, latency_s=None), trial(13, "plain", 2, 3, latency_s=(0.5,)))
    ],
    "losses that are NaN or infinite": [
        cell(14, trial(14, "plain", 2, 1, splits={
            "train": SplitRecord(series([0.0, 100.0]), series([np.nan, np.inf])),
        }))
    ],
    "top-5 in some trials only": [cell(15, with_top5(15)), cell(16, trial(16, "plain", 2, 777))],
    "forms of their own": [
        cell(17, trial(17, "plain", 2, 1, form="b"), form="z"), cell(18, trial(18, "plain", 2, 1, form="a"), form="y"),
    ],
}  # fmt: skip
