"""What `archive.write` says of records that were made by hand: each count, and none where there is nothing to say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nb201store import archive, cost
from nb201store.archive import GroupSummary
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.schema import Benchmark, Dataset, Split

DATASET = Dataset("plain", 10, 32, (Split("train", 50_000), Split("ori-test", 10_000)))
BENCHMARK = Benchmark("small", "tss", 16, 5, 3, 256, (2, 5), (DATASET,))
SOURCE = Source("nats-folder", "small", 1, "0" * 32, "0" * 64, "bz2")


def series(epochs, value) -> Series:
    return Series(np.array(epochs, dtype=np.int32), np.full(len(epochs), float(value)))


def split(epochs, **others) -> SplitRecord:
    return SplitRecord(series(epochs, 10), series(epochs, 2), time=series(epochs, 1.5), **others)


def trial(code, seed, schedule=2, **changed) -> TrialRecord:
    """A trial that gives no reason to say anything, or one with `changed` fields."""
    params, flops = cost.count("tss", code, classes=10, image_size=32)
    epochs = range(schedule)
    fields = {
        "splits": {"train": split(epochs, top5=series(epochs, 50)), "ori-test": split(epochs)},
        "params_m": params / 1e6, "flops_m": flops / 1e6, "latency_s": (0.01,),
        "form": json.dumps({"weights": False}),
    } | changed  # fmt: skip
    return TrialRecord(code, "plain", schedule, seed, **fields)


@pytest.fixture
def summarize(tmp_path):
    """Return summarize(trials, benchmark=...) -> Summary of an archive of them."""

    def write(trials, benchmark=BENCHMARK):
        codes = sorted({one.code for one in trials})
        cells = [CellRecord(c, tuple(t for t in trials if t.code == c), "cell") for c in codes]
        return archive.write(tmp_path / "x.zarr", benchmark, cells, SOURCE, durable=False)

    return write


def only(summary) -> GroupSummary:
    (group,) = summary.groups
    return group


ANOMALIES = (
    "sparse", "without_times", "without_top5", "without_latency", "wrong_params", "wrong_flops",
    "cells_of_two_costs", "weights",
)  # fmt: skip


def test_a_sound_trial_gives_no_reason_to_say_anything(summarize) -> None:
    group = only(summarize([trial(7, 777)]))
    assert [getattr(group, name) for name in ANOMALIES] == [0] * len(ANOMALIES)
    assert group.dense == group.trials == group.cells == 1


EPOCHS = range(2)
LAST_ONLY = {"train": split(EPOCHS, top5=series(EPOCHS, 50)), "ori-test": split([1])}
NO_SPLIT = {"train": split(EPOCHS, top5=series(EPOCHS, 50))}
NO_TOP5 = {"train": split(EPOCHS), "ori-test": split(EPOCHS)}
BARE = SplitRecord(series(EPOCHS, 10), series(EPOCHS, 2))
NO_TIMES = {"train": SplitRecord(BARE.accuracy, BARE.loss, series(EPOCHS, 50)), "ori-test": BARE}
NOT_EVEN_ACCURACY = {"train": SplitRecord(time=series(EPOCHS, 1.5))}


@pytest.mark.parametrize(
    ("changed", "counted"),
    [
        ({"splits": LAST_ONLY}, {"sparse"}),
        ({"splits": NO_SPLIT}, {"sparse"}),
        ({"splits": NO_TOP5}, {"without_top5"}),
        ({"splits": NO_TIMES}, {"without_times"}),
        ({"splits": NOT_EVEN_ACCURACY}, {"sparse", "without_top5"}),
        ({"latency_s": None}, {"without_latency"}),
        ({"latency_s": ()}, {"without_latency"}),
        ({"latency_s": (0.1, 0.2)}, set()),
        ({"params_m": None, "flops_m": None}, set()),
        ({"params_m": 0.5}, {"wrong_params"}),
        ({"flops_m": float("nan")}, {"wrong_flops"}),
        ({"form": '{"weights":true}'}, {"weights"}),
        ({"form": '{"weights":"true"}'}, set()),
        ({"form": "of another kind"}, set()),
        ({"form": "[1]"}, set()),
    ],
)
def test_one_trial_of_two_is_counted(summarize, changed, counted) -> None:
    group = only(summarize([trial(7, 777), trial(8, 777, **changed)]))
    found = {name for name in ANOMALIES if getattr(group, name)}
    assert found == counted
    assert all(getattr(group, name) == 1 for name in counted)
    assert group.dense + group.sparse == group.trials == 2


def test_a_difference_too_small_for_a_whole_parameter_is_none(summarize) -> None:
    params = cost.count("tss", 7, classes=10, image_size=32)[0]
    near, off = (trial(7, s, params_m=(params + d) / 1e6) for s, d in ((1, 0.01), (2, 1)))
    group = only(summarize([near, off]))
    assert (group.wrong_params, group.cells_of_two_costs) == (1, 1)


def test_costs_that_differ_between_seeds_are_counted_once_a_cell(summarize) -> None:
    trials = [
        *(trial(3, seed, params_m=0.5) for seed in (1, 2)),  # wrong and alike
        trial(4, 1), trial(4, 2, params_m=0.5), trial(4, 3, params_m=0.6, flops_m=1.0),
        trial(5, 1), trial(5, 2, flops_m=1.0),
        trial(4, 1, 5), trial(4, 2, 5, flops_m=1.0),
        trial(6, 1, 2), trial(6, 1, 5, params_m=0.5),  # of two schedules
        trial(9, 1), trial(9, 2, params_m=None),
        *(trial(10, seed, params_m=float("nan")) for seed in (1, 2)),
    ]  # fmt: skip
    summary = summarize(trials)
    assert [group.cells_of_two_costs for group in summary.groups] == [2, 1]
    assert summary.cells_of_two_costs == 2


def test_seeds_cells_and_values(summarize) -> None:
    seeds = {0: (888,), 5: (777, 888), 15_624: (777, 888, 999), 40: (888,)}
    trials = [trial(code, seed) for code, of_code in seeds.items() for seed in of_code]
    summary = summarize([*trials, trial(5, 111, 5)])
    short, long = summary.groups
    assert (short.schedule, short.dataset, short.cells, short.trials) == (2, "plain", 4, 7)
    assert short.seeds == {777: 2, 888: 4, 999: 1}
    assert short.cells_by_seeds == {1: 2, 2: 1, 3: 1}
    assert (long.schedule, long.cells, long.seeds, long.cells_by_seeds) == (5, 1, {111: 1}, {1: 1})
    assert summary.seeds["2/plain/888"] == 4
    assert summary.trials == 8
    assert summary.values == 7 * (7 * 2 + 3) + 7 * 5 + 3
    assert (summary.cells, summary.missing, summary.space_cells) == (4, 15_621, 15_625)


def test_the_first_missing_cells_by_official_index(summarize) -> None:
    from nb201store.space import tss

    have = [index for index in range(12) if index not in (2, 4, 9)]
    summary = summarize([trial(tss.from_official_index(index), 1) for index in have])
    assert summary.first_missing == (2, 4, 9, 12, 13)


def test_networks_too_large_to_count_are_no_anomaly(summarize) -> None:
    huge = Benchmark("huge", "tss", 2**32 - 1, 2**32 - 1, 3, 256, (2,), (DATASET,))
    group = only(summarize([trial(7, 1)], huge))
    assert (group.wrong_params, group.wrong_flops) == (0, 0)
