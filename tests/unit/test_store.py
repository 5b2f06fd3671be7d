"""Store: every question on a small synthetic image, against the records that it was made of."""

from __future__ import annotations

import numpy as np
import pytest
import synthetic

import nb201store as nb
from nb201store import archive, image, upstream

INDICES = [0, 3, 11]
TRIALS = [1, 2, 3]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "source.pickle.pbz2"
    synthetic.dump(synthetic.Maker().benchmark_object(INDICES, TRIALS), path)
    return path


@pytest.fixture(scope="module")
def image_path(source):
    folder = source.parent
    with upstream.open_source(source) as opened:
        archive.write(folder / "a.zarr", opened.benchmark, opened.cells(), opened.source)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    return folder / "a.nb201"


@pytest.fixture(scope="module")
def records(source):
    with upstream.open_source(source) as opened:
        return {cell.code: cell for cell in opened.cells()}


@pytest.fixture
def bench(image_path):
    with nb.open(image_path) as store:
        yield store


CODES = [nb.tss.from_official_index(index) for index in INDICES]
ONE, TWO, THREE = CODES  # cells with one, two and three seeds at 200 epochs


def trial(records, code, dataset, schedule, seed):
    found = [
        t
        for t in records[code].trials
        if (t.dataset, t.schedule, t.seed) == (dataset, schedule, seed)
    ]
    assert len(found) == 1
    return found[0]


def test_value_is_the_recorded_double(bench, records) -> None:
    split = trial(records, THREE, "cifar100", 200, 888).splits["ori-test"]
    for epoch in (0, 57, 199):
        asked = bench.value(
            THREE, "cifar100", "ori-test", "accuracy", schedule=200, epoch=epoch, seed=888
        )
        assert asked == split.accuracy.values[epoch]
        loss = bench.value(
            THREE, "cifar100", "ori-test", "loss", schedule=200, epoch=epoch, seed=888
        )
        assert loss == np.float32(split.loss.values[epoch])


def test_epoch_counts_from_the_end_of_the_schedule(bench) -> None:
    question = (THREE, "cifar10", "ori-test")
    last = bench.accuracy(*question, schedule=200, seed=777)
    assert last == bench.accuracy(*question, schedule=200, epoch=199, seed=777)
    assert bench.accuracy(*question, schedule=200, epoch=-200, seed=777) == bench.accuracy(
        *question, schedule=200, epoch=0, seed=777
    )
    # x-valid of cifar100 is kept at epoch 199 only, and -1 is that epoch
    assert bench.epochs("cifar100", "x-valid", schedule=200) == (199,)
    assert bench.accuracy(THREE, "cifar100", "x-valid", schedule=200, seed=777) == bench.accuracy(
        THREE, "cifar100", "x-valid", schedule=200, epoch=199, seed=777
    )


def test_mean_adds_the_seeds_that_exist_in_ascending_order(bench) -> None:
    question = (THREE, "cifar10-valid", "x-valid")
    one, two, three = (bench.accuracy(*question, schedule=200, seed=s) for s in (777, 888, 999))
    assert bench.accuracy(*question, schedule=200, seed="mean") == (one + two + three) / 3
    assert bench.seeds(ONE, "cifar10", 200) == (888,)
    assert bench.accuracy(ONE, "cifar10", "ori-test", schedule=200, seed="mean") == bench.accuracy(
        ONE, "cifar10", "ori-test", schedule=200, seed=888
    )


def test_curve_holds_every_epoch(bench, records) -> None:
    series = trial(records, TWO, "ImageNet16-120", 12, 111).splits["train"].top5
    curve = bench.curve(TWO, "ImageNet16-120", "train", "top5", schedule=12, seed=111)
    assert curve.dtype == np.float64
    assert curve.tobytes() == series.values.tobytes()


def test_column_answers_one_many_and_all(bench) -> None:
    column = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
    values = [
        bench.accuracy(code, "cifar10", "ori-test", schedule=200, seed="mean") for code in CODES
    ]
    assert [column[code] for code in CODES] == values
    assert column.take(np.array([CODES[::-1]])).tolist() == [values[::-1]]
    assert column.take([], missing="mask").shape == (0,)
    everything = column.array(missing="mask")
    assert len(column) == len(everything) == 15_625
    assert everything.compressed().tolist() == [
        v for _, v in sorted(zip(CODES, values, strict=True))
    ]
    assert "cifar10, ori-test" in repr(column)


def test_holes_in_a_batch_are_named_and_counted(bench) -> None:
    column = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed=777)
    with pytest.raises(nb.MissingDataError, match=rf"no value of code {ONE} \(1 of 2 missing"):
        column.take([TWO, ONE])
    with pytest.raises(nb.MissingDataError, match=r"15623 of 15625 missing"):
        column.array()
    assert column.take([TWO, ONE], missing="mask").mask.tolist() == [False, True]
    with pytest.raises(nb.SettingsError, match="missing must be 'raise' or 'mask'"):
        column.take([TWO], missing="skip")


def test_top_ranks_highest_accuracy_and_lowest_loss(bench) -> None:
    ranked = bench.top(10, "cifar10", "ori-test", schedule=200, seed="mean")
    assert {best.code for best in ranked} == set(CODES)
    assert [best.value for best in ranked] == sorted((best.value for best in ranked), reverse=True)
    losses = bench.top(3, "cifar10", "ori-test", "loss", schedule=200, seed="mean")
    assert [best.value for best in losses] == sorted(best.value for best in losses)
    mask = np.zeros(15_625, dtype=bool)
    mask[[ONE, 5]] = True
    only = bench.top(3, "cifar10", "ori-test", schedule=200, seed="mean", where=mask)
    assert [best.code for best in only] == [ONE]


@pytest.mark.parametrize("where", [np.zeros(3, dtype=bool), np.zeros(15_625), 5])
def test_top_refuses_a_mask_of_another_shape_or_dtype(bench, where) -> None:
    with pytest.raises(nb.SettingsError, match=r"where must be a bool array of shape \(15625,\)"):
        bench.top(1, "cifar10", "ori-test", schedule=200, seed="mean", where=where)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "3", None])
def test_top_refuses_a_count_that_is_none(bench, n) -> None:
    with pytest.raises(nb.SettingsError, match="n must be"):
        bench.top(n, "cifar10", "ori-test", schedule=200, seed="mean")


def test_cost_is_counted_and_seconds_are_as_recorded(bench, records) -> None:
    cost = bench.cost(THREE, "ImageNet16-120")
    recorded = trial(records, THREE, "ImageNet16-120", 200, 777)
    assert (cost.params_m, cost.flops_m) == (0.809576, 28.49548)  # index 11, published
    assert cost.train_epoch_s == recorded.splits["train"].time.values[0]
    assert cost.latency_s == recorded.latency_s[0]
    assert set(cost.eval_s) == {"x-valid", "x-test", "ori-test"}
    assert cost.eval_s["x-test"] == recorded.splits["x-test"].time.values[0]
    assert bench.recorded_cost(THREE, "ImageNet16-120", schedule=200, seed=777) == (
        0.809576,
        28.49548,
    )


def test_cost_of_a_cell_without_results_has_no_seconds(bench) -> None:
    cost = bench.cost(0, "cifar10")
    assert cost == (0.073306, 7.78305, None, None, {"ori-test": None})


QUESTION = {"dataset": "cifar10", "split": "ori-test", "schedule": 200, "seed": 888}


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        (
            {"dataset": "cifar11"},
            nb.SettingsError,
            r"cifar11.*cifar10-valid, cifar10, cifar100, ImageNet16-120",
        ),
        ({"split": "valid"}, nb.SettingsError, r"valid.*train.*x-valid"),
        (
            {"split": "x-valid"},
            nb.MissingDataError,
            r"cifar10 has no split x-valid.*train, ori-test",
        ),
        ({"schedule": 90}, nb.SettingsError, r"90.*12, 200"),
        ({"seed": 999}, nb.MissingDataError, r"999.*777, 888"),
        ({"seed": 111, "schedule": 12, "epoch": 12}, nb.SettingsError, r"12"),
        ({"seed": "all"}, nb.SettingsError, r"seed.*mean"),
        ({"seed": True}, nb.SettingsError, r"seed"),
        ({"seed": None}, nb.SettingsError, r"seed"),
        ({"epoch": 200}, nb.SettingsError, r"200"),
        ({"epoch": -201}, nb.SettingsError, r"-201"),
        ({"epoch": 1.0}, nb.SettingsError, r"epoch"),
        ({"code": -1}, nb.ArchError, r"0\.\.15624.*-1"),
        ({"code": 15_625}, nb.ArchError, r"15625"),
        ({"code": 3.0}, nb.ArchError, r"3\.0"),
        ({"code": True}, nb.ArchError, r"True"),
        ({"code": "index:3"}, nb.ArchError, r"index:3"),
        ({"code": 0}, nb.MissingDataError, r"code 0"),
        ({"dataset": "cifar100", "split": "x-test", "epoch": 5}, nb.MissingDataError, r"199"),
    ],
)
def test_bad_questions_are_named(bench, changed, error, says) -> None:
    asked = {"code": TWO, "epoch": -1} | QUESTION | changed
    with pytest.raises(error, match=says) as caught:
        bench.accuracy(**asked)
    assert "\n" not in str(caught.value)


def test_numpy_integers_are_codes_and_seeds(bench) -> None:
    plain = bench.accuracy(TWO, "cifar10", "ori-test", schedule=200, seed=888)
    assert plain == bench.accuracy(
        np.int32(TWO), "cifar10", "ori-test", schedule=np.int64(200), seed=np.uint16(888)
    )


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ([TWO, -1], "-1"),
        ([TWO, 15_625], "15625"),
        ([0.5], "0.5|float"),
        ([True], "bool|True"),
        (["a"], "'a'|str|U1"),
    ],
)
def test_take_names_the_first_bad_code(bench, codes, says) -> None:
    column = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
    with pytest.raises(nb.ArchError, match=says):
        column.take(codes)


def test_views_are_read_only_and_outlive_the_store(image_path) -> None:
    store = nb.open(image_path)
    column = store.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
    view = store._image.section("200/cifar10/ori-test/accuracy")
    before = view.copy()
    store.close()
    del store
    assert np.array_equal(view, before)
    assert column[THREE] > 0
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 0
    with pytest.raises(ValueError, match="WRITEABLE"):
        view.flags.writeable = True


def test_a_closed_store_says_so(image_path) -> None:
    with nb.open(image_path) as store:
        assert store.space is nb.tss
    with pytest.raises(nb.SettingsError, match="this store is closed"):
        store.accuracy(TWO, "cifar10", "ori-test", schedule=200, seed=888)


def test_both_modes_and_a_full_check_answer_the_same(image_path) -> None:
    for mode in ("mmap", "read"):
        with nb.open(str(image_path), mode=mode, check=True) as store:
            assert store.accuracy(TWO, "cifar10", "ori-test", schedule=200, seed=888) > 0
    with pytest.raises(nb.SettingsError, match="mode"):
        nb.open(image_path, mode="rw")


def test_a_replaced_file_leaves_old_answers_standing(image_path, tmp_path) -> None:
    path = tmp_path / "replaced.nb201"
    path.write_bytes(image_path.read_bytes())
    with nb.open(path) as store:
        before = store.accuracy(TWO, "cifar10", "ori-test", schedule=200, seed=888)
        other = tmp_path / "other"
        other.write_bytes(b"something else")
        other.replace(path)
        assert store.accuracy(TWO, "cifar10", "ori-test", schedule=200, seed=888) == before


def test_what_is_no_image_is_told_what_to_do(image_path, tmp_path) -> None:
    with pytest.raises(nb.FormatError, match="is an archive; make its image with `nb201 pack"):
        nb.open(image_path.parent / "a.zarr")
    with pytest.raises(nb.FormatError, match="a folder; expected an image"):
        nb.open(tmp_path)
    with pytest.raises(FileNotFoundError):
        nb.open(tmp_path / "absent.nb201")
    with pytest.raises(nb.SettingsError, match="`nb201 demo`"):
        nb.open()
    (tmp_path / "text").write_text("x" * 1000)
    with pytest.raises(nb.FormatError, match="text"):
        nb.open(tmp_path / "text")
