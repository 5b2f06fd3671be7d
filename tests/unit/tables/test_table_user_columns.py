"""User columns in tables: chosen by name, with their units and sources; and the way in and out again."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import nb201store as nb

CODES = [0, 7, 15_624, 400]
LATENCY = [0.1 + 0.2, 1e-300, 12.5, 7.0]


@pytest.fixture(scope="module")
def attached(bench, tmp_path_factory):
    path = tmp_path_factory.mktemp("attached") / "a.nb201"
    shutil.copyfile(bench.path, path)
    numbers = {"code": CODES, "edge_latency": LATENCY, "score": [1, None, 3, None]}
    nb.attach(path, numbers, by="code", units={"edge_latency": "ms"}, source="measured at home")
    with nb.open(path) as store:
        yield store


def test_chosen_columns_are_the_numbers_that_were_attached(attached) -> None:
    table = attached.table(columns=["score", "edge_latency"])
    assert table.schema.names[3:] == ["score", "edge_latency"]
    for name in ("score", "edge_latency"):
        column = attached.column(name).array(missing="mask")
        array = table[name].combine_chunks()
        mask = np.ma.getmaskarray(column)
        assert (array.is_null().to_numpy(zero_copy_only=False) == mask).all()
        assert array.drop_null().to_numpy().tobytes() == column.compressed().tobytes()
    assert [table["edge_latency"][code].as_py() for code in CODES] == LATENCY
    assert [table["score"][code].as_py() for code in CODES] == [1.0, None, 3.0, None]


def test_their_metadata_say_unit_and_source(attached) -> None:
    fields = attached.table(columns="all").schema
    assert fields.names[3:] == ["edge_latency", "score"]
    assert fields.field("edge_latency").metadata == {
        b"unit": b"ms", b"source": b"measured at home", b"by": b"code",
    }  # fmt: skip
    assert b"unit" not in fields.field("score").metadata


def test_they_stand_beside_measured_values_and_count_as_recorded(attached, bench) -> None:
    words = {"schedule": 200, "seed": "mean", "datasets": "cifar10", "splits": "ori-test"}
    table = attached.table(**words, cost=True, columns="score", codes="recorded")
    assert table.schema.names[3:] == [
        "200/cifar10/ori-test/accuracy/mean", "cifar10/params_m", "cifar10/flops_m", "score",
    ]  # fmt: skip
    measured = bench.table(**words, codes="recorded")["code"].to_pylist()
    assert table["code"].to_pylist() == sorted({*measured, 0, 15_624})
    only = attached.table(columns="edge_latency", codes="recorded")
    assert only["code"].to_pylist() == sorted(CODES)
    assert attached.table(columns="edge_latency", codes=[7, 5])["edge_latency"].to_pylist() == [
        1e-300, None,
    ]  # fmt: skip


def test_none_is_there_unless_it_is_named(attached, bench) -> None:
    assert attached.table(cost=True).schema.names == bench.table(cost=True).schema.names
    assert attached.table(cost=True, columns=[]).num_columns == 3 + 8


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ("latency", "no user column 'latency': this file has edge_latency, score"),
        (["score", "score"], "'score' is asked for twice"),
        (["score", 3], "columns: expected a name, several.*found 3"),
    ],
)
def test_a_name_that_is_none_is_told_those_there_are(attached, columns, says) -> None:
    with pytest.raises(nb.SettingsError, match=says):
        attached.table(columns=columns)


@pytest.mark.parametrize(("name", "by"), [("x.csv", "arch_str"), ("x.parquet", "official_index")])
def test_an_exported_table_can_be_attached(attached, bench, tmp_path, name, by) -> None:
    words = {"schedule": 200, "seed": "mean", "datasets": "cifar10", "splits": "ori-test"}
    attached.export(tmp_path / name, **words, columns="all", codes="recorded")
    image = tmp_path / "again.nb201"
    shutil.copyfile(bench.path, image)
    path = "200/cifar10/ori-test/accuracy/mean"
    names = {"edge_latency": "edge_latency", "score": "score", path: "measured"}
    nb.attach(image, tmp_path / name, by=by, columns=names)
    with nb.open(image) as again:
        for column in ("edge_latency", "score"):
            ours, theirs = (s.column(column).array(missing="mask") for s in (again, attached))
            assert (np.ma.getmaskarray(ours) == np.ma.getmaskarray(theirs)).all()
            assert ours.compressed().tobytes() == theirs.compressed().tobytes()
        accuracies = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
        ours = again.column("measured").array(missing="mask")
        assert (
            ours.compressed().tobytes() == accuracies.array(missing="mask").compressed().tobytes()
        )
