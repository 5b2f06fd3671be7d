"""The benchmark's own published numbers, gathered by others, through convert, pack and an exported table."""

from __future__ import annotations

import numpy as np
import pytest

import nb201store as nb

pytestmark = pytest.mark.realdata

CELLS = 300

# column of the measured table -> column of the exported one
ACCURACY = {
    f"{name}_s{seed}": f"200/{path}/accuracy/{seed}"
    for seed in (777, 888, 999)
    for name, path in {
        "c10valid_xvalid_acc_200": "cifar10-valid/x-valid",
        "c10_test_acc_200": "cifar10/ori-test",
        "c100_valtest_acc_200": "cifar100/ori-test",
        "in16_valtest_acc_200": "ImageNet16-120/ori-test",
    }.items()
}
COST = {
    "c10_params_M": "cifar10/params_m", "c100_params_M": "cifar100/params_m",
    "in16_params_M": "ImageNet16-120/params_m",
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(data_dir):
    import pandas as pd

    return pd.read_parquet(data_dir / "nb201_measured.parquet").set_index("index").sort_index()


@pytest.fixture(scope="module")
def image(make_official, data_dir, converted):
    table = str(data_dir / "nb201_measured.parquet")
    return converted(make_official("v1_1", CELLS, "--measured", table))[1]


@pytest.fixture(scope="module", params=["x.csv", "x.parquet"])
def exported(request, image, tmp_path_factory):
    import pandas as pd

    target = tmp_path_factory.mktemp("exported") / request.param
    with nb.open(image) as bench:
        bench.export(target, schedule=200, seed="all", metrics=("accuracy", "time"), cost=True)
    read = pd.read_csv if target.suffix == ".csv" else pd.read_parquet
    return read(target)


@pytest.mark.parametrize("name", ACCURACY)
def test_accuracies_of_every_seed(exported, measured, name) -> None:
    found = exported.set_index("official_index")[ACCURACY[name]].sort_index()
    there = found[found.notna()]
    assert 50 < len(there) <= CELLS
    assert there.index.max() < CELLS
    expected = measured.loc[there.index, name]
    assert np.abs(there.to_numpy() - expected.to_numpy()).max() <= 1e-6


@pytest.mark.parametrize("name", COST)
def test_counted_costs_of_all_cells(exported, measured, name) -> None:
    found = exported.set_index("official_index")[COST[name]].sort_index()
    assert len(found) == len(measured) == 15_625
    assert np.abs(found.to_numpy() - measured[name].to_numpy()).max() <= 1e-6


def test_seconds_of_a_training_epoch(exported, measured) -> None:
    found = exported.set_index("official_index")["200/cifar10-valid/train/time/888"].dropna()
    assert len(found) == CELLS
    expected = measured.loc[found.index, "c10valid_train_time_per_epoch_200"]
    assert np.abs(found.to_numpy() / expected.to_numpy() - 1).max() <= 1e-12


def test_architecture_strings_join_with_the_measured_table(exported, measured) -> None:
    assert exported.sort_values("official_index")["arch_str"].tolist() == measured["arch"].tolist()  # fmt: skip


def test_the_size_space_of_the_genuine_records(genuine, converted) -> None:
    with nb.open(converted(genuine["sss"])[1]) as bench:
        table = bench.table(schedule=90, seed=777, metrics="loss", codes="recorded")
        assert table["official_index"].to_pylist() == [0, 11]
        assert table["arch_str"].to_pylist() == nb.sss.arch_str([0, 11])
        for name in table.schema.names[3:]:
            _, dataset, split, *_ = name.split("/")
            column = bench.column(dataset, split, "loss", schedule=90, seed=777)
            assert table[name].to_pylist() == column.take([0, 11]).tolist()
        assert table.num_columns == 3 + 13
