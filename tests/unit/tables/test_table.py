"""Tables: every value and every hole against the columns of the Store, names, metadata, and words that are none."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import nb201store as nb
from nb201store.cost import count_all

CODES = [nb.tss.from_official_index(index) for index in (0, 3, 11)]
ONE, TWO, THREE = CODES  # cells with one, two and three seeds at 200 epochs
KEYS = ["code", "official_index", "arch_str"]


def asked_of(bench, field, codes=slice(None)):
    """What the Store answers to the coordinates that a field's metadata say: (values, present)."""
    facts = {key.decode(): word.decode() for key, word in field.metadata.items()}
    schedule, seed = int(facts["schedule"]), facts["seed"]
    seed = seed if seed == "mean" else int(seed)
    column = bench.column(
        facts["dataset"], facts.get("split"), facts["metric"],
        schedule=schedule, epoch=int(facts.get("epoch", -1)), seed=seed,
    ).array(missing="mask")  # fmt: skip
    return column.data[codes], ~np.ma.getmaskarray(column)[codes]


def assert_same(chunked, values, present):
    """An Arrow column has these bits where `present`, and null elsewhere."""
    array = chunked.combine_chunks()
    assert (array.is_valid().to_numpy(zero_copy_only=False) == present).all()
    found = array.drop_null().to_numpy()
    assert found.tobytes() == values[present].tobytes()


def test_every_value_and_hole_is_the_column_s(bench) -> None:
    table = bench.table(
        schedule=(12, 200), seed=[777, "mean"], datasets=["cifar10-valid", "cifar100"], splits="all",
        metrics=("accuracy", "loss", "time"), epoch=(0, -1),
    )  # fmt: skip
    assert table.num_rows == 15_625
    assert table.schema.names[:3] == KEYS
    holes = 0
    for field in list(table.schema)[3:]:
        values, present = asked_of(bench, field)
        assert_same(table[field.name], values, present)
        holes += int((~present[CODES]).sum())
    assert holes > 0, "one of the three cells lacks seed 777 at 200 epochs"
    # 3 splits of cifar10-valid and 4 of cifar100; at 12 epochs cifar100 was trained with 111 only
    of_valid_12, of_valid_200 = 3 * 3 * 2 * 2, (2 * 3 * 2 + 2 + 1 + 1) * 2
    of_100_12, of_100_200 = 4 * 3 * 2, (2 * 3 * 2 + 2 * (2 + 1 + 1)) * 2
    assert table.num_columns == 3 + of_valid_12 + of_valid_200 + of_100_12 + of_100_200


def test_everything_recorded_is_one_call(bench) -> None:
    table = bench.table(
        schedule="all", seed="all", metrics="all", epoch="all", codes=[THREE, 5, ONE]
    )
    described = bench.describe()
    seeds = {(g["schedule"], g["dataset"]): len(g["seeds"]) for g in described["groups"]}
    expected = sum(
        max(1, len(c["epochs"])) * seeds[c["schedule"], c["dataset"]] for c in described["columns"]
    )
    assert table.num_columns == 3 + expected
    assert len(set(table.schema.names)) == table.num_columns
    assert table["code"].to_pylist() == [THREE, 5, ONE]
    for field in list(table.schema)[3::97]:
        assert_same(table[field.name], *asked_of(bench, field, [THREE, 5, ONE]))
    assert table.drop_columns(KEYS).slice(1, 1).to_pylist() == [
        dict.fromkeys(table.schema.names[3:])
    ]


def test_a_row_names_its_cell_three_ways(bench) -> None:
    table = bench.table(schedule=200, seed="mean")
    assert [str(table.schema.field(name).type) for name in KEYS] == ["int32", "int32", "string"]
    assert table["code"].to_pylist() == list(range(15_625))
    for row in (0, TWO, 15_624):
        assert table["official_index"][row].as_py() == nb.tss.official_index(row)
        assert table["arch_str"][row].as_py() == nb.tss.arch_str(row)


def test_rows_are_the_codes_that_are_named(bench) -> None:
    words = {"schedule": 200, "seed": 777, "datasets": "cifar10", "splits": "ori-test"}
    table = bench.table(codes=np.array([THREE, ONE, THREE], dtype=np.uint16), **words)
    value = bench.accuracy(THREE, "cifar10", "ori-test", schedule=200, seed=777)
    assert table["200/cifar10/ori-test/accuracy/777"].to_pylist() == [value, None, value]
    assert bench.table(codes=TWO, **words)["code"].to_pylist() == [TWO]
    assert bench.table(codes=[], **words).num_rows == 0


def test_recorded_leaves_out_cells_that_have_nothing(bench) -> None:
    words = {"schedule": 200, "datasets": "cifar10", "splits": "ori-test", "codes": "recorded"}
    table = bench.table(seed=777, cost=True, **words)
    assert table["code"].to_pylist() == sorted([TWO, THREE])
    assert table["200/cifar10/ori-test/accuracy/777"].null_count == 0
    assert table["cifar10/params_m"].to_pylist() == [
        bench.cost(code, "cifar10").params_m for code in sorted([TWO, THREE])
    ]
    assert bench.table(seed=[777, 888], **words).num_rows == 3
    with pytest.raises(nb.SettingsError, match="'recorded' needs a measured or a user column"):
        bench.table(cost=True, codes="recorded")


def test_a_name_says_all_that_a_value_depends_on(bench) -> None:
    def names(**words):
        table = bench.table(datasets="cifar10", splits="ori-test", codes=CODES, **words)
        return table.schema.names[3:]

    assert names(schedule=200, seed="mean") == ["200/cifar10/ori-test/accuracy/mean"]
    assert names(schedule=[12], seed=111, epoch=-1) == ["12/cifar10/ori-test/accuracy/111"]
    assert names(schedule=200, seed=888, epoch=57) == ["200/cifar10/ori-test/accuracy@57/888"]
    assert names(schedule=200, seed=888, epoch=[0, -1]) == [
        "200/cifar10/ori-test/accuracy@0/888", "200/cifar10/ori-test/accuracy@199/888",
    ]  # fmt: skip
    assert names(
        schedule=200, seed=[888, 777], metrics=["loss", "params_m", "accuracy"], cost=True
    ) == [
        "200/cifar10/ori-test/loss/888", "200/cifar10/ori-test/loss/777",
        "200/cifar10/ori-test/accuracy/888", "200/cifar10/ori-test/accuracy/777",
        "200/cifar10/params_m/888", "200/cifar10/params_m/777", "cifar10/params_m", "cifar10/flops_m",
    ]  # fmt: skip


def test_metadata_say_units_and_sources(bench) -> None:
    table = bench.table(
        schedule=200, seed="mean", datasets="cifar100", splits="x-test", metrics=["loss", "latency_s"],
        cost=True,
    )  # fmt: skip
    facts = {
        field.name: {key.decode(): word.decode() for key, word in field.metadata.items()}
        for field in list(table.schema)[3:]
    }
    assert facts["200/cifar100/x-test/loss/mean"] == {
        "unit": "nats", "schedule": "200", "dataset": "cifar100", "split": "x-test", "metric": "loss",
        "epoch": "199", "seed": "mean",
    }  # fmt: skip
    assert facts["200/cifar100/latency_s/mean"] == {
        "unit": "seconds per batch of 256", "schedule": "200", "dataset": "cifar100",
        "metric": "latency_s", "seed": "mean",
    }  # fmt: skip
    assert facts["cifar100/flops_m"] == {
        "unit": "million multiply-adds", "dataset": "cifar100", "metric": "flops_m",
        "source": "closed form",
    }  # fmt: skip
    whole = {key.decode(): word.decode() for key, word in table.schema.metadata.items()}
    assert (whole["image"], whole["space"]) == ("small.nb201", "tss")
    assert whole["benchmark"] == "NAS-Bench-201"
    assert [source["name"] for source in json.loads(whole["sources"])] == ["small.pickle.pbz2"]


def test_costs_are_counted_for_every_cell(bench) -> None:
    table = bench.table(cost=True)
    assert table.num_columns == 3 + 2 * 4
    params, flops = count_all("tss", classes=120, image_size=16)
    assert table["ImageNet16-120/params_m"].to_numpy().tobytes() == (params / 1e6).tobytes()
    assert table["ImageNet16-120/flops_m"].to_numpy().tobytes() == (flops / 1e6).tobytes()
    assert bench.table(cost=True, datasets="cifar10").schema.names[3:] == [
        "cifar10/params_m", "cifar10/flops_m",
    ]  # fmt: skip


def test_pandas_meets_no_magic_number(bench) -> None:
    frame = bench.table(schedule=200, seed="mean", metrics=("accuracy", "loss")).to_pandas()
    numbers = frame.drop(columns=KEYS)
    assert (numbers.notna().all(axis=1) == frame["code"].isin(CODES)).all()
    assert (numbers.notna().any(axis=1) == frame["code"].isin(CODES)).all()
    assert (numbers.loc[CODES] >= 0).all(axis=None)


def test_what_all_stands_for_is_left_out_where_it_was_not_recorded(bench) -> None:
    # of 200 epochs, x-test of cifar100 and ImageNet16-120 is kept at the last only
    at_57 = bench.table(schedule=200, seed="mean", epoch=57, codes=CODES).schema.names[3:]
    assert at_57 == [
        "200/cifar10-valid/train/accuracy@57/mean", "200/cifar10-valid/x-valid/accuracy@57/mean",
        "200/cifar10/train/accuracy@57/mean", "200/cifar10/ori-test/accuracy@57/mean",
        "200/cifar100/train/accuracy@57/mean", "200/cifar100/ori-test/accuracy@57/mean",
        "200/ImageNet16-120/train/accuracy@57/mean", "200/ImageNet16-120/ori-test/accuracy@57/mean",
    ]  # fmt: skip
    of_777 = bench.table(schedule=12, seed=777, splits="train", codes=CODES).schema.names[3:]
    assert of_777 == ["12/cifar10-valid/train/accuracy/777"]


ASKED = {"schedule": 200, "seed": "mean", "datasets": "cifar10", "splits": "ori-test"}


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"datasets": "cifar11"}, nb.SettingsError, "cifar11.*cifar10-valid, cifar10, cifar100"),
        ({"datasets": "cifar11", "splits": "all"}, nb.SettingsError, "cifar11.*cifar10-valid"),
        ({"datasets": ["cifar10", 5]}, nb.SettingsError, "datasets: expected a name.*found 5"),
        ({"splits": "test"}, nb.SettingsError, "test.*train.*x-valid"),
        ({"splits": "test", "datasets": "all"}, nb.SettingsError, "test.*train.*x-valid"),
        ({"splits": "x-valid"}, nb.MissingDataError, "cifar10 has no split x-valid.*train, ori-test"),
        ({"splits": []}, nb.SettingsError, r"splits: name at least one, or \"all\"; found \[\]"),
        ({"metrics": "f1"}, nb.SettingsError, "f1.*accuracy"),
        ({"metrics": "top5"}, nb.MissingDataError, "ori-test has no top5: it has accuracy, loss, time"),
        ({"metrics": "top5", "datasets": "all", "splits": "all"}, nb.MissingDataError, "has no top5"),
        ({"metrics": ["accuracy", "top5"], "splits": "all"}, nb.MissingDataError, "has no top5"),
        ({"schedule": 90}, nb.SettingsError, "90.*12, 200"),
        ({"schedule": "200"}, nb.SettingsError, "schedule: expected integers.*'200'"),
        ({"schedule": True}, nb.SettingsError, "schedule: expected integers.*True"),
        ({"seed": 778}, nb.MissingDataError, "778 was not recorded, only 777, 888, 999"),
        ({"seed": 778, "datasets": "all", "splits": "all"}, nb.MissingDataError, "778.*only 777, 888"),
        ({"seed": ["mean", "MEAN"]}, nb.SettingsError, "seed: expected integers, \"mean\".*'MEAN'"),
        ({"seed": None}, nb.SettingsError, "seed: a measured value needs a schedule and a seed"),
        ({"schedule": None}, nb.SettingsError, "schedule: a measured value needs"),
        ({"epoch": 200}, nb.SettingsError, r"epoch must be -200\.\.199 for schedule 200, found 200"),
        ({"epoch": 1.0}, nb.SettingsError, r"epoch: expected integers.*1\.0"),
        ({"epoch": [-1, 199]}, nb.SettingsError, "accuracy@199/mean' is asked for twice"),
        ({"datasets": ["cifar10", "cifar10"]}, nb.SettingsError, "asked for twice"),
        (
            {"datasets": "cifar100", "splits": "x-test", "epoch": 5},
            nb.MissingDataError,
            "epoch 5 was not recorded; epochs recorded: 199",
        ),
        (
            {"datasets": "all", "splits": ["ori-test", "x-test"], "epoch": 5},
            nb.MissingDataError,
            "cifar100, schedule 200, x-test, accuracy: epoch 5 was not recorded",
        ),
        ({"metrics": "params_m"}, nb.SettingsError, "split ori-test: params_m belong to a trial"),
        ({"codes": [TWO, 15_625]}, nb.ArchError, r"position 1.*0\.\.15624, found 15625"),
        ({"codes": [0.5]}, nb.ArchError, "0.5"),
        ({"codes": "some"}, nb.ArchError, "some"),
        ({"codes": np.array([[ONE, TWO]])}, nb.SettingsError, r"one row of codes, found shape \(1, 2\)"),
        ({"columns": "edge_latency"}, nb.SettingsError, "no user column 'edge_latency'.*none"),
    ],
)  # fmt: skip
def test_bad_words_are_named(bench, changed, error, says) -> None:
    with pytest.raises(error, match=says) as caught:
        bench.table(**ASKED | changed)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "words", [{}, {"datasets": "cifar10"}, {"splits": "train"}, {"metrics": "loss"}, {"epoch": 3}]
)
def test_a_table_of_nothing_is_refused(bench, words) -> None:
    with pytest.raises(nb.SettingsError, match=r"name a schedule and a seed|need a schedule and"):
        bench.table(**words)


def test_a_closed_store_gives_no_table(bench) -> None:
    store = nb.open(bench.path)
    store.close()
    with pytest.raises(nb.SettingsError, match="this store is closed"):
        store.table(cost=True)


def test_without_pyarrow_one_line_says_what_to_install(bench, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(nb.SettingsError, match=r"pip install nb201store\[tables\]"):
        bench.table(cost=True)


def test_a_recorded_nan_is_not_taken_for_missing() -> None:
    from nb201store.tables import to_arrow
    from nb201store.tables.chosen import Chosen, ChosenColumn

    values = np.array([np.nan, np.inf, np.nan])
    column = ChosenColumn("loss", values, np.array([True, True, False]), {})
    array = to_arrow(Chosen(3, [column], {}))["loss"].combine_chunks()
    assert array.is_valid().to_pylist() == [True, True, False]
    assert array.null_count == 1
    assert np.isnan(array[0].as_py())
