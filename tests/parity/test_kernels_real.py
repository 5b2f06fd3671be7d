"""The kernels on genuine records and on the 300-cell files: every column, against NumPy and the Store."""

from __future__ import annotations

import lookup_twin as twin
import numpy as np
import pytest

import nb201store as nb
from nb201store import kernels

pytestmark = pytest.mark.realdata

CELLS = 300
SOURCES = ("tss", "sss", "v1_0", "nats-dir")


@pytest.fixture(scope="module", params=SOURCES)
def bench(request, converted, genuine, make_official, data_dir):
    """An open image of a source: genuine records, or made ones around measured numbers."""
    kind = request.param
    if kind in genuine:
        source = genuine[kind]
    elif kind == "v1_0":
        source = make_official(kind, CELLS)
    else:
        measured = str(data_dir / "nb201_measured.parquet")
        source = make_official(kind, CELLS, "--wrong-cost", "0.1", "--measured", measured)
    with nb.open(converted(source)[1]) as store:
        yield store


def columns(bench):
    """The words of every column."""
    for column in bench.describe()["columns"]:
        yield column["dataset"], column["split"], column["metric"], column["schedule"]


def assert_same(values, present, expected, status):
    assert present.tolist() == (status == twin.OK).tolist()
    assert values[present].tobytes() == expected[present].tobytes()
    assert np.isnan(values[~present]).all()


def test_every_trial_at_every_epoch(bench) -> None:
    asked = 0
    for *words, schedule in columns(bench):
        column = bench.views(*words, schedule=schedule)
        codes = np.flatnonzero((column.rows >= 0).any(axis=1))
        places = np.arange(max(len(column.epochs), 1))
        grid = np.broadcast_arrays(codes[:, None, None], np.arange(len(column.seeds))[:, None], places)  # fmt: skip
        epochs = column.epochs if len(column.epochs) else np.array([0])
        expected, status = twin.seed_values(column, *grid)
        found = kernels.gather(column, codes[:, None, None], column.seeds[:, None], epochs)
        assert_same(*found, expected, status)
        mean, mean_status = twin.mean_values(column, grid[0][:, 0], grid[2][:, 0])
        means = kernels.mean(column, codes[:, None], epochs)
        assert_same(*means, mean, mean_status)
        if words[1] is not None:
            core = bench.gather(
                codes[:, None], *words, schedule=schedule, epochs=epochs, seeds="mean", missing="mask"
            )  # fmt: skip
            assert_same(core.data, ~np.ma.getmaskarray(core), mean, mean_status)
        asked += found.present.sum()
    assert asked > 10_000


def test_the_cost_of_every_cell(bench) -> None:
    asked = 0
    for dataset, split, metric, schedule in columns(bench):
        if metric != "time" or split == "train":
            continue
        where = {"schedule": schedule}
        train = bench.views(dataset, "train", "time", **where)
        evaluation = bench.views(dataset, split, "time", **where)
        codes = np.flatnonzero((train.rows >= 0).any(axis=1))
        for epoch in (0, schedule // 2, schedule - 1):
            found = kernels.simulated_cost(train, evaluation, codes, "mean", epoch)
            expected, status = twin.mean_costs(train, evaluation, codes, np.full_like(codes, epoch))
            assert_same(*found, expected, status)
            core = bench.simulated_cost(
                codes, dataset, split, epoch=epoch, seed="mean", missing="mask", **where
            )
            assert_same(core.data, ~np.ma.getmaskarray(core), expected, status)
            asked += found.present.sum()
    assert asked > 50
