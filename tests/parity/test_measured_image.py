"""The image that tests of searches read: what convert and pack make of the same measurements, for every cell."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nb201store as nb

pytestmark = pytest.mark.realdata

CELLS = 300
SEEDS = {12: (111,), 200: (777, 888, 999)}
EVALUATED = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}
# Of CIFAR-10's test images after 12 epochs only those of the network trained on all training images were measured.
ACCURACIES = [
    (schedule, dataset, split)
    for schedule in (12, 200)
    for dataset, splits in EVALUATED.items()
    for split in splits
    if (schedule, dataset, split) != (12, "cifar10-valid", "ori-test")
]
TIMES = [
    (schedule, dataset, split)
    for schedule in (12, 200)
    for dataset, splits in EVALUATED.items()
    for split in ("train", *splits)
]
# Best means over the seeds as golden.json names them.
BEST = {
    "cifar10-valid x-valid NATS mean": (200, "cifar10-valid", "x-valid"),
    "cifar10 test (ori-test) NATS mean": (200, "cifar10", "ori-test"),
    "cifar100 x-valid (derived) NATS mean": (200, "cifar100", "x-valid"),
    "cifar100 x-test NATS mean": (200, "cifar100", "x-test"),
    "ImageNet16-120 x-valid (derived) NATS mean": (200, "ImageNet16-120", "x-valid"),
    "ImageNet16-120 x-test NATS mean": (200, "ImageNet16-120", "x-test"),
    "cifar10-valid x-valid 12 epochs NATS mean": (12, "cifar10-valid", "x-valid"),
    "cifar10 test 12 epochs NATS mean": (12, "cifar10", "ori-test"),
}


@pytest.fixture(scope="module")
def bench(measured_image):
    """The image of every cell."""
    with nb.open(measured_image, check=True) as store:
        yield store


@pytest.fixture(scope="module")
def converted_bench(make_official, data_dir, converted):
    """The first cells through the peers' objects, convert and pack; made with the options of test_measured_numbers."""
    options = ("--wrong-cost", "0.1", "--measured", str(data_dir / "nb201_measured.parquet"))
    with nb.open(converted(make_official("nats-dir", CELLS, *options))[1]) as store:
        yield store


@pytest.fixture(scope="module")
def both(bench, converted_bench):
    """The image of every cell, and the oracle of its first."""
    return bench, converted_bench


@pytest.fixture(scope="module")
def codes():
    """The cells of both images."""
    return nb.tss.from_official_index(np.arange(CELLS))


def seeds_of(schedule, dataset):
    return (111, 777) if (schedule, dataset) == (12, "cifar10-valid") else SEEDS[schedule]


def same_bits(found, expected) -> int:
    """How many values there are; both arrays have the same gaps and, elsewhere, the same doubles."""
    there = ~np.ma.getmaskarray(expected)
    assert np.array_equal(~np.ma.getmaskarray(found), there)
    assert np.array_equal(found.data[there].view("<u8"), expected.data[there].view("<u8"))
    return int(there.sum())


def test_what_is_recorded(bench) -> None:
    described = bench.describe()
    columns = {
        (c["metric"], c["schedule"], c["dataset"], c["split"]): tuple(c["epochs"])
        for c in described["columns"]
    }
    assert columns == {("accuracy", *a): (a[0] - 1,) for a in ACCURACIES} | {
        ("time", *t): tuple(range(t[0])) for t in TIMES
    }
    trials = {(g["schedule"], g["dataset"]): g["rows"] for g in described["groups"]}
    assert trials == {(12, d): 15_625 * (1 + (d == "cifar10-valid")) for d in EVALUATED} | {
        (200, d): 2 * 7_456 + 3 * 8_169 for d in EVALUATED
    }


@pytest.mark.peers
@pytest.mark.parametrize("schedule", [12, 200])
def test_seeds_are_those_of_the_converted_image(both, codes, schedule) -> None:
    for code in codes.tolist():
        for dataset in EVALUATED:
            found, expected = (b.seeds(code, dataset, schedule) for b in both)
            assert found == expected


@pytest.mark.peers
@pytest.mark.parametrize(("schedule", "dataset", "split"), ACCURACIES)
def test_accuracies_are_those_of_the_converted_image(both, codes, schedule, dataset, split) -> None:
    for seed in (*seeds_of(schedule, dataset), "mean"):
        where = {"schedule": schedule, "seed": seed, "missing": "mask"}
        found, expected = (b.accuracy(codes, dataset, split, **where) for b in both)
        assert same_bits(found, expected) > (50 if seed == 999 else CELLS - 1)


@pytest.mark.peers
@pytest.mark.parametrize(("schedule", "dataset", "split"), ACCURACIES)
def test_hits_are_those_of_the_converted_image(both, codes, schedule, dataset, split) -> None:
    ours, theirs = (b.views(dataset, split, "accuracy", schedule=schedule) for b in both)
    rows, their_rows = ours.rows[codes], theirs.rows[codes]
    exists = rows >= 0
    assert np.array_equal(exists, their_rows >= 0)
    for name in ("data", "last_hits"):
        held, wanted = getattr(ours, name), getattr(theirs, name)
        assert held.dtype == wanted.dtype
        assert bool(held.size) == bool(wanted.size)
        if held.size:
            assert np.array_equal(held[rows[exists], -1], wanted[their_rows[exists], -1])


@pytest.mark.peers
@pytest.mark.parametrize(("schedule", "dataset", "split"), TIMES)
def test_seconds_are_those_of_the_converted_image(both, codes, schedule, dataset, split) -> None:
    for seed in (*seeds_of(schedule, dataset), "mean"):
        where = {"schedule": schedule, "seed": seed, "missing": "mask"}
        found, expected = (b.curve(codes, dataset, split, "time", **where) for b in both)
        assert same_bits(found, expected) >= 50 * schedule


@pytest.mark.peers
@pytest.mark.parametrize(("schedule", "dataset", "split"), [t for t in TIMES if t[2] != "train"])
def test_simulated_costs_are_those_of_the_converted_image(
    both, codes, schedule, dataset, split
) -> None:
    for seed in (*seeds_of(schedule, dataset), "mean"):
        where = {"schedule": schedule, "seed": seed, "missing": "mask"}
        found, expected = (b.simulated_cost(codes, dataset, split, **where) for b in both)
        assert same_bits(found, expected) > (50 if seed == 999 else CELLS - 1)


@pytest.mark.parametrize("seed", [777, 888, 999])
def test_every_cell_has_what_was_measured(bench, data_dir, seed) -> None:
    import pandas as pd

    table = pd.read_parquet(data_dir / "nb201_measured.parquet")
    codes = nb.tss.from_official_index(table["index"].to_numpy())
    found = bench.accuracy(codes, "cifar10-valid", "x-valid", schedule=200, seed=seed, missing="mask")  # fmt: skip
    expected = table[f"c10valid_xvalid_acc_200_s{seed}"].to_numpy()
    there = ~np.ma.getmaskarray(found)
    assert int(there.sum()) == (8_169 if seed == 999 else 15_625)
    assert np.abs(found.data[there] - expected[there]).max() <= 1e-6


@pytest.mark.parametrize("name", BEST)
def test_best_cells(bench, data_dir, name) -> None:
    golden = json.loads((data_dir / "golden.json").read_text())
    best = next(f["value"] for f in golden["facts"] if f["what"] == f"best {name}")
    schedule, dataset, split = BEST[name]
    accuracy = bench.accuracy(np.arange(len(nb.tss)), dataset, split, schedule=schedule, seed="mean")  # fmt: skip
    assert accuracy.max() == pytest.approx(best["value"], abs=1e-6)
    highest = np.flatnonzero(accuracy == accuracy.max())
    assert best["index"] in nb.tss.official_index(highest)
    assert len(highest) <= 2  # CIFAR-10's best test mean is that of two cells


def test_the_published_best_cells(bench) -> None:
    """NASBENCH201.md's rows: 94.37 % of CIFAR-10's test images; of ImageNet16-120, 46.73 % valid and 46.20 % test."""
    where = {"schedule": 200, "seed": "mean"}
    for index in (6111, 13714):
        code = nb.tss.from_official_index(index)
        assert round(bench.accuracy(code, "cifar10", "ori-test", **where), 2) == 94.37
    code = nb.tss.from_official_index(10676)
    pair = [bench.accuracy(code, "ImageNet16-120", split, **where) for split in ("x-valid", "x-test")]  # fmt: skip
    assert [round(accuracy, 2) for accuracy in pair] == [46.73, 46.20]
