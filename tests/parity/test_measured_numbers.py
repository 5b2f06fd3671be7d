"""The benchmark's own published numbers, gathered by others, through convert, pack and the Store."""

from __future__ import annotations

import numpy as np
import pytest

import nb201store as nb

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

CELLS = 300
OPTIONS = {"v1_1": (), "nats-dir": ("--wrong-cost", "0.1")}

PER_SEED = {
    "c10valid_xvalid_acc_200": ("cifar10-valid", "x-valid"),
    "c10_test_acc_200": ("cifar10", "ori-test"),
    "c100_valtest_acc_200": ("cifar100", "ori-test"),
    "in16_valtest_acc_200": ("ImageNet16-120", "ori-test"),
}
OF_SEED_888 = {
    "c10valid_oritest_acc_200_s888": ("cifar10-valid", "ori-test"),
    "c100_xtest_acc_200_s888": ("cifar100", "x-test"),
    "in16_xtest_acc_200_s888": ("ImageNet16-120", "x-test"),
}
OF_12_EPOCHS = {
    "c10_test_acc_12": ("cifar10", "ori-test"),
    "c100_xvalid_acc_12": ("cifar100", "x-valid"),
    "c100_xtest_acc_12": ("cifar100", "x-test"),
    "in16_xvalid_acc_12": ("ImageNet16-120", "x-valid"),
    "in16_xtest_acc_12": ("ImageNet16-120", "x-test"),
}


@pytest.fixture(scope="module")
def table(data_dir):
    import pandas as pd

    rows = pd.read_parquet(data_dir / "nb201_measured.parquet").sort_values("index")
    return rows[rows["index"] < CELLS]


@pytest.fixture(scope="module", params=["v1_1", "nats-dir"])
def bench(request, make_official, data_dir, converted):
    options = (
        *OPTIONS[request.param],
        "--measured",
        str(data_dir / "nb201_measured.parquet"),
    )
    with nb.open(converted(make_official(request.param, CELLS, *options))[1]) as store:
        yield store


@pytest.fixture(scope="module")
def codes(table):
    return nb.tss.from_official_index(table["index"].to_numpy())


def met(bench, codes, expected, question, schedule, seed) -> int:
    """How many cells have the value; those must be within 1e-6 of what was measured."""
    column = bench.column(*question, "accuracy", schedule=schedule, seed=seed)
    found = column.take(codes, missing="mask")
    there = ~np.ma.getmaskarray(found)
    assert np.abs(found.data[there] - expected.to_numpy()[there]).max() <= 1e-6
    return int(there.sum())


@pytest.mark.parametrize("name", PER_SEED)
@pytest.mark.parametrize("seed", [777, 888, 999])
def test_every_seed_of_200_epochs(bench, table, codes, name, seed) -> None:
    there = met(bench, codes, table[f"{name}_s{seed}"], PER_SEED[name], 200, seed)
    trained = sum(seed in bench.seeds(int(code), PER_SEED[name][0], 200) for code in codes)
    assert there == trained > 50


@pytest.mark.parametrize("name", OF_SEED_888)
def test_seed_888(bench, table, codes, name) -> None:
    assert met(bench, codes, table[name], OF_SEED_888[name], 200, 888) == CELLS


@pytest.mark.parametrize("name", OF_12_EPOCHS)
def test_12_epochs(bench, table, codes, name) -> None:
    assert met(bench, codes, table[name], OF_12_EPOCHS[name], 12, 111) == CELLS


def test_12_epochs_of_cifar10_valid_are_the_mean_of_two_seeds(bench, table, codes) -> None:
    question = ("cifar10-valid", "x-valid")
    expected = table["c10valid_xvalid_acc_12"]
    assert met(bench, codes, expected, question, 12, "mean") == CELLS


def test_seconds_of_a_training_epoch(bench, table, codes) -> None:
    found = bench.column("cifar10-valid", "train", "time", schedule=200, seed="mean").take(codes)
    expected = table["c10valid_train_time_per_epoch_200"].to_numpy()
    assert np.abs(found / expected - 1).max() <= 1e-12


def test_costs_counted_and_recorded(bench, table, codes) -> None:
    for code, (_, row) in zip(codes.tolist(), table.iterrows(), strict=True):
        first = bench.seeds(code, "cifar100", 200)[0]
        recorded = bench.recorded_cost(code, "cifar100", schedule=200, seed=first)
        assert abs(recorded.params_m - row["c100_params_M_recorded_200"]) <= 1e-6
        assert abs(bench.cost(code, "cifar100").params_m - row["c100_params_M"]) <= 1e-6
