"""kernels: what they are called with, and what is refused, on a small synthetic image."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import synthetic
from numba import njit

import nb201store as nb
from nb201store import archive, image, kernels, upstream
from nb201store.errors import ArchError, MissingDataError, SettingsError

CODES = [nb.tss.from_official_index(index) for index in (0, 3, 11)]
ONE, TWO, THREE = CODES  # cells with one, two and three seeds at 200 epochs


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernels")
    source = folder / "source.pickle.pbz2"
    synthetic.dump(synthetic.Maker().benchmark_object([0, 3, 11], [1, 2, 3]), source)
    with upstream.open_source(source) as opened:
        archive.write(folder / "a.zarr", opened.benchmark, opened.cells(), opened.source)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    with nb.open(folder / "a.nb201") as store:
        yield store


@pytest.fixture
def column(bench):
    return bench.views("cifar10", "ori-test", "accuracy", schedule=200)


@pytest.fixture
def times(bench):
    return [bench.views("cifar10", split, "time", schedule=200) for split in ("train", "ori-test")]


def test_views_name_what_the_image_holds(bench, column) -> None:
    assert column.rows.shape == (15_625, 3)
    assert column.rows.dtype == np.int32
    assert (column.data.dtype, column.data.shape) == (np.uint16, (6, 200))
    assert column.seeds.tolist() == [777, 888, 999]
    assert column.epochs.tolist() == list(range(200))
    assert (column.trials, column.schedule, column.metric, column.encoding) == (6, 200, 1, 1)
    assert (column.images, column.last_batch) == (10_000, 0)  # 16 images: exact in float32
    assert column.last_hits.shape == column.present.shape == (0, 0)
    # published: hits / images, the last epoch of a trial
    hits = int(column.data[column.rows[THREE, 1], -1])
    value = bench.accuracy(THREE, "cifar10", "ori-test", schedule=200, seed=888)
    assert value == 100 * hits / 10_000
    last = bench.views("ImageNet16-120", "x-test", "accuracy", schedule=200)
    assert (last.images, last.last_batch, last.last_hits.shape) == (3_000, 184, (6, 1))
    assert last.epochs.tolist() == [199]
    latency = bench.views("cifar10", None, "latency_s", schedule=200)
    assert (latency.epochs.size, latency.images, latency.data.shape[1]) == (0, 0, 1)


def test_views_are_windows_on_the_file_read_only_and_outlive_the_store(bench) -> None:
    store = nb.open(bench.path)
    column = store.views("cifar10", "ori-test", "accuracy", schedule=200)
    again = store.views("cifar10", "ori-test", "accuracy", schedule=200)
    assert np.shares_memory(column.data, again.data)
    assert np.shares_memory(column.rows, again.rows)
    before = column.data.copy()
    store.close()
    del store, again
    assert np.array_equal(column.data, before)
    for array in column:
        if isinstance(array, np.ndarray):
            assert not array.flags.writeable
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
    for array in (column.rows, column.data):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True


@pytest.mark.parametrize(
    ("words", "schedule", "error", "says"),
    [
        (("cifar11", "ori-test", "accuracy"), 200, SettingsError, "cifar11"),
        (("cifar10", "valid", "accuracy"), 200, SettingsError, "valid"),
        (("cifar10", "x-valid", "accuracy"), 200, MissingDataError, "cifar10 has no split x-valid"),
        (("cifar10", "ori-test", "params_m"), 200, SettingsError, "belongs to a trial"),
        (("cifar10", None, "accuracy"), 200, SettingsError, "belongs to a split"),
        (("cifar10", "ori-test", "accuracy"), 90, SettingsError, "90"),
        (("cifar10", "ori-test", "accuracy"), "200", SettingsError, "schedule"),
        (("cifar10", 3, "accuracy"), 200, SettingsError, "split must be a str"),
    ],
)
def test_views_refuse_the_words_that_the_store_refuses(bench, words, schedule, error, says) -> None:
    with pytest.raises(error, match=says):
        bench.views(*words, schedule=schedule)


def test_answers_are_those_of_the_store(bench, column, times) -> None:
    found = kernels.gather(column, CODES, [[777], [999]], -1)
    assert found.present.tolist() == [[False, True, True], [False, False, True]]
    question = (THREE, "cifar10", "ori-test")
    value = bench.accuracy(*question, schedule=200, seed=999)
    assert found.values[1, 2] == value
    assert np.isnan(found.values[0, 0])
    mean = bench.accuracy(*question, schedule=200, seed="mean")
    assert kernels.mean(column, THREE, -1).values == mean
    cost = kernels.simulated_cost(*times, CODES, "mean", 11)
    assert cost.values.tolist() == bench.simulated_cost(
        CODES, "cifar10", "ori-test", schedule=200, epoch=11, seed="mean"
    ).tolist()  # fmt: skip
    one_seed = kernels.simulated_cost(*times, CODES, 777, [0, 0, 199])
    assert one_seed.present.tolist() == [False, True, True]


def test_a_metric_of_the_trial_stands_for_every_epoch(bench) -> None:
    column = bench.views("cifar10", None, "params_m", schedule=200)
    found = kernels.gather(column, THREE, 888, [0, 57, -1]).values.tolist()
    assert found == [bench.recorded_cost(THREE, "cifar10", schedule=200, seed=888).params_m] * 3


def test_empty_questions_have_empty_answers(column) -> None:
    for codes, shape in (([], (0,)), (np.zeros((2, 0), int), (2, 0))):
        found = kernels.gather(column, codes, 777, -1)
        assert found.values.shape == found.present.shape == shape
    assert kernels.mean(column, [], -1, threads=4).values.shape == (0,)


def test_threads_divide_the_elements(column) -> None:
    codes = np.resize(CODES, 1_001)
    expected = kernels.gather(column, codes, 888, np.arange(1_001) % 200)
    for threads in (2, 5, np.int64(3), 2_000):
        found = kernels.gather(column, codes, 888, np.arange(1_001) % 200, threads=threads)
        assert found.values.tobytes() == expected.values.tobytes()
        assert found.present.tobytes() == expected.present.tobytes()


GOOD = {"codes": [TWO, THREE], "seeds": 888, "epochs": -1}


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"codes": [TWO, -1, 15_625]}, ArchError, r"0\.\.15624, found -1 at position 1$"),
        ({"codes": [[TWO], [15_625]]}, ArchError, r"found 15625 at position 1$"),
        ({"codes": 15_625}, ArchError, r"found 15625$"),
        ({"codes": [2.0]}, ArchError, "found an array of float64"),
        ({"codes": [True]}, ArchError, "found an array of bool"),
        ({"codes": [2**70]}, ArchError, "found an array of object"),
        ({"codes": [[TWO], [1, 2]]}, ArchError, r"code must be .* found \[\["),
        ({"codes": None}, ArchError, "found None"),
        ({"codes": np.array([2**63], np.uint64)}, ArchError, "found 9223372036854775808 at position 0"),
        ({"epochs": 200}, SettingsError, r"epoch must be -200\.\.199 for schedule 200, found 200$"),
        ({"epochs": [0, -201]}, SettingsError, r"found -201 at position 1$"),
        ({"epochs": 1.0}, SettingsError, r"epoch must be .* found 1\.0$"),
        ({"epochs": None}, SettingsError, "epoch must be .* found None"),
        ({"seeds": "all"}, SettingsError, "seed must be an integer or \"mean\", found 'all'"),
        ({"seeds": ["mean", "mean"]}, SettingsError, "seed must be an integer or"),
        ({"seeds": 777.0}, SettingsError, r"found 777\.0"),
        ({"seeds": [888, 5]}, MissingDataError, "seed 5 at position 1 was not recorded, only 777, 888, 999"),
        ({"seeds": -1}, MissingDataError, "seed -1 was not recorded"),
        ({"seeds": [1, 2, 3]}, MissingDataError, "seed 1 at position 0"),
        ({"seeds": [777, 888, 999]}, SettingsError, r"codes \(2,\), seeds \(3,\), epochs \(\)"),
        ({"threads": 0}, SettingsError, "threads must be 1 or more, found 0"),
        ({"threads": 1.5}, SettingsError, r"threads must be 1 or more, found 1\.5"),
        ({"column": "accuracy"}, SettingsError, "column must be what Store.views gives, found 'accuracy'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(column, changed, error, says) -> None:
    with pytest.raises(error, match=says) as caught:
        kernels.gather(**({"column": column} | GOOD | changed))
    assert "\n" not in str(caught.value)


def test_an_epoch_that_no_cell_has_is_named(bench) -> None:
    column = bench.views("cifar100", "x-valid", "accuracy", schedule=200)
    with pytest.raises(MissingDataError, match=r"epoch 5 at position 1 was not .*: 199$"):
        kernels.mean(column, [TWO, THREE], [-1, 5])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (lambda c: {"data": c.data.astype(np.float32)}, "data must be u2 or u4 of shape"),
        (lambda c: {"data": c.data[:-1]}, r"data must be u2 or u4 of shape \(6, 200\)"),
        (lambda c: {"data": np.asfortranarray(c.data)}, "in C order"),
        (lambda c: {"rows": c.rows.astype(np.int64)}, "rows must be i4"),
        (lambda c: {"rows": c.rows[:, :2].copy()}, "rows must be i4 of shape .*15625, 3"),
        (lambda c: {"trials": 7}, r"data must be .*\(7, 200\)"),
        (lambda c: {"last_batch": 16}, r"last_hits must be u1 of shape \(6, 200\)"),
        (lambda c: {"present": np.zeros((6, 3), np.uint8)}, r"present must be u1 of shape \(6, 25\)"),
        (lambda c: {"encoding": 6}, r"data must be u2 of shape \(6, 1\)"),
        (lambda c: {"encoding": 9}, r"encoding must be 1\.\.8, found 9"),
        (lambda c: {"encoding": 8}, r"data must be f8 of shape \(15625, 1\)"),
        (lambda c: {"images": 0}, "images must be 1 or more"),
        (lambda c: {"epochs": c.epochs[:-1]}, r"data must be .*\(6, 199\)"),
        (lambda c: {"epochs": c.epochs + 1}, r"epochs must be ascending, 0\.\.199, found 200"),
        (lambda c: {"seeds": [1, 2, 3]}, "seeds must be"),
    ],
)  # fmt: skip
def test_views_that_do_not_fit_together_are_refused(column, changed, says) -> None:
    """Unchecked, a kernel would read past the end of an array."""
    with pytest.raises(SettingsError, match=says):
        kernels.gather(column._replace(**changed(column)), **GOOD)


def test_a_cost_needs_two_columns_of_times_of_the_same_trials(bench, column, times) -> None:
    train, evaluation = times
    asked = {"codes": TWO, "seeds": 888, "epochs": -1}
    with pytest.raises(SettingsError, match="train must be a column of metric time"):
        kernels.simulated_cost(column, evaluation, **asked)
    with pytest.raises(SettingsError, match="evaluation must be a column of metric time"):
        kernels.simulated_cost(train, column, **asked)
    other = bench.views("cifar10", "ori-test", "time", schedule=12)
    with pytest.raises(
        SettingsError, match=r"one data set and schedule.*schedule 200.*schedule 12"
    ):
        kernels.simulated_cost(train, other, **asked)
    late = train._replace(epochs=np.array([0, 1, 3]))
    with pytest.raises(MissingDataError, match=r"cost at epoch 3 .* recorded: 0-1, 3$"):
        kernels.simulated_cost(late, evaluation, **asked | {"epochs": [1, 3]})


@njit
def _count_and_sum(column, codes, epoch):
    """As a user would write it: kernels inside a loop of one's own."""
    column = kernels.borrowed(column)
    count, total = 0, 0.0
    for code in codes:
        value, status = kernels.mean_value(column, code, epoch)
        if status == kernels.OK:
            count += 1
            total += value
        _, single_status = kernels.seed_value(column, code, 1, epoch)
        if single_status == kernels.MISSING:
            total += 1_000.0
    return count, total


def test_kernels_run_inside_compiled_functions(bench, column) -> None:
    means = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
    codes = np.array(
        [ONE, 0, TWO, THREE]
    )  # nothing was recorded of code 0; all others have seed 888
    total = means[ONE] + 1_000.0 + means[TWO] + means[THREE]
    assert _count_and_sum(column, codes, 199) == (3, pytest.approx(total, rel=1e-15))


def test_the_store_answers_without_loading_numba(bench) -> None:
    script = (
        f"import sys, nb201store as nb; bench = nb.open({bench.path!r}); "
        "bench.views('cifar10', 'ori-test', 'accuracy', schedule=200); "
        "bench.top(1, 'cifar10', 'ori-test', schedule=200, seed='mean'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert "numpy" in done.stdout.split()
    assert "numba" not in done.stdout.split()
