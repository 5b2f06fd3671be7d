"""C++ == numba == NumPy, bit for bit: the same random questions to all three, in every encoding, holes included."""

from __future__ import annotations

from functools import partial

import lookup_twin as twin
import numpy as np
import pytest
import small_images
from hypothesis import given, settings
from hypothesis import strategies as st

import nb201store as nb
from nb201store import kernels
from nb201store.errors import FormatError, MissingDataError
from nb201store.image.format import ENCODINGS, METRICS

# No deadline: the first example that needs a kernel compiles it.
examples = settings(deadline=None, max_examples=60)

METRICS_OF_SPLIT = ("accuracy", "top5", "loss", "time")
METRICS_OF_TRIAL = ("params_m", "flops_m", "latency_s")
COLUMNS = [
    *((split, metric) for split in small_images.SPLITS for metric in METRICS_OF_SPLIT),
    *((None, metric) for metric in METRICS_OF_TRIAL),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lookups")


def opened(folder, rng, *, damage=0):
    """A Store of a new random image; in memory, so that the next example may overwrite the file."""
    raw, made = small_images.make(rng)
    path = folder / "image.nb201"
    path.write_bytes(small_images.damaged(rng, raw, made, damage))
    return nb.open(path, mode="read"), made


def same(one, other):
    """Equal bits, or NaN in both: which NaN is nobody's promise."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    bits = one.view(np.uint64) == other.view(np.uint64)
    return one.shape == other.shape and bool((bits | (np.isnan(one) & np.isnan(other))).all())


def assert_answers(found, values, status):
    """`kernels` answers are the twin's."""
    assert found.present.tolist() == (status == twin.OK).tolist()
    assert same(found.values, values)


def assert_found(ask, codes, values, status):
    """`ask()` gives the twin's answers, or names the first damaged one."""
    bad = np.flatnonzero(status == twin.DAMAGED)
    if len(bad):
        with pytest.raises(FormatError, match=f"code {codes[bad[0]]} at position {bad[0]}: "):
            ask()
    else:
        assert_answers(ask(), values, status)


def assert_masked(found, values, status):
    """A masked array of the Store is the twin's answer."""
    assert np.ma.getmaskarray(found).tolist() == (status != twin.OK).tolist()
    assert same(found.data, values)


def places(rng, made, column, n):
    """Random (codes, seed places, epoch places), and the epochs as they may be asked."""
    codes = rng.integers(0, made.cells, n)
    seeds = rng.integers(0, len(made.seeds), n)
    if len(column.epochs) == 0:  # any epoch stands for the one value of a trial
        return codes, seeds, np.zeros(n, np.int64), rng.integers(-made.schedule, made.schedule, n)
    epochs = rng.integers(0, len(column.epochs), n)
    asked = column.epochs[epochs]
    return codes, seeds, epochs, np.where(rng.random(n) < 0.5, asked, asked - made.schedule)


@examples
@given(rng_seed=st.integers(0, 2**32 - 1))
def test_gather_and_mean(folder, rng_seed):
    rng = np.random.default_rng(rng_seed)
    bench, made = opened(folder, rng)
    for split, metric in COLUMNS:
        column = bench.views(small_images.DATASET, split, metric, schedule=made.schedule)
        codes, seeds, epochs, asked = places(rng, made, column, int(rng.integers(0, 30)))
        numbers = column.seeds[seeds]
        words = (small_images.DATASET, split, metric)
        single = twin.seed_values(column, codes, seeds, epochs)
        mean = twin.mean_values(column, codes, epochs)
        assert_answers(kernels.gather(column, codes, numbers, asked), *single)
        assert_answers(kernels.mean(column, codes, asked), *mean)
        assert_answers(kernels.gather(column, codes, "mean", asked), *mean)
        if split is not None:
            where = {"schedule": made.schedule, "epochs": asked, "missing": "mask"}
            assert_masked(bench.gather(codes, *words, seeds=numbers, **where), *single)
            assert_masked(bench.gather(codes, *words, seeds="mean", **where), *mean)
        for i in range(min(3, len(codes))):
            where = {"schedule": made.schedule, "epoch": asked[i]}
            for seed, (values, status) in ((numbers[i], single), ("mean", mean)):
                column_of = bench.column(*words, seed=seed, **where)
                taken = column_of.take(codes[i : i + 1], missing="mask")
                assert_masked(taken, values[i : i + 1], status[i : i + 1])
                if status[i] == twin.OK:
                    assert same(column_of[codes[i]], values[i])
                else:
                    with pytest.raises(MissingDataError):
                        column_of[codes[i]]


@examples
@given(rng_seed=st.integers(0, 2**32 - 1))
def test_simulated_cost(folder, rng_seed):
    rng = np.random.default_rng(rng_seed)
    bench, made = opened(folder, rng)
    where = {"schedule": made.schedule}
    train = bench.views(small_images.DATASET, "train", "time", **where)
    for split in list(small_images.SPLITS)[1:]:
        evaluation = bench.views(small_images.DATASET, split, "time", **where)
        both = np.intersect1d(train.epochs, evaluation.epochs)
        if len(both) == 0:
            continue
        n = int(rng.integers(0, 20))
        codes, seeds = rng.integers(0, made.cells, n), rng.integers(0, len(made.seeds), n)
        epochs = rng.choice(both, n)
        numbers = train.seeds[seeds]
        single = twin.seed_costs(train, evaluation, codes, seeds, epochs)
        mean = twin.mean_costs(train, evaluation, codes, epochs)
        assert_answers(kernels.simulated_cost(train, evaluation, codes, numbers, epochs), *single)
        assert_answers(kernels.simulated_cost(train, evaluation, codes, "mean", epochs), *mean)
        for i in range(min(3, n)):
            words = (small_images.DATASET, split)
            for seed, (values, status) in ((int(numbers[i]), single), ("mean", mean)):
                asked = {"epoch": int(epochs[i]), "seed": seed, "missing": "mask", **where}
                found = bench.simulated_cost(codes[i : i + 1], *words, **asked)
                assert_masked(found, values[i : i + 1], status[i : i + 1])


@examples
@given(rng_seed=st.integers(0, 2**32 - 1))
def test_damaged_numbers_are_found_by_all_and_lead_nowhere(folder, rng_seed):
    """The file's own numbers are bounded when used: a wrong one is a status, never an access outside the arrays."""
    rng = np.random.default_rng(rng_seed)
    bench, made = opened(folder, rng, damage=int(rng.integers(1, 400)))
    for split, metric in COLUMNS:
        words, where = (small_images.DATASET, split, metric), {"schedule": made.schedule}
        column = bench.views(*words, **where)
        codes, seeds, epochs, asked = places(rng, made, column, 30)
        for name, (values, status) in (
            ("seed", twin.seed_values(column, codes, seeds, epochs)),
            ("mean", twin.mean_values(column, codes, epochs)),
        ):
            numbers = column.seeds[seeds] if name == "seed" else "mean"
            ask = partial(kernels.gather, column, codes, numbers, asked)
            assert_found(ask, codes, values, status)
            for i in range(5):
                seed = numbers if name == "mean" else int(numbers[i])
                of_cell = bench.column(*words, epoch=asked[i], seed=seed, **where)
                one = codes[i : i + 1]
                if status[i] == twin.DAMAGED:
                    with pytest.raises(FormatError):
                        of_cell.take(one, missing="mask")
                else:
                    taken = of_cell.take(one, missing="mask")
                    assert_masked(taken, values[i : i + 1], status[i : i + 1])


@examples
@given(rng_seed=st.integers(0, 2**32 - 1))
def test_damaged_times_are_found_in_a_cost(folder, rng_seed):
    rng = np.random.default_rng(rng_seed)
    bench, made = opened(folder, rng, damage=int(rng.integers(1, 400)))
    where = {"schedule": made.schedule}
    train = bench.views(small_images.DATASET, "train", "time", **where)
    for split in list(small_images.SPLITS)[1:]:
        evaluation = bench.views(small_images.DATASET, split, "time", **where)
        both = np.intersect1d(train.epochs, evaluation.epochs)
        if len(both) == 0:
            continue
        codes, seeds = rng.integers(0, made.cells, 20), rng.integers(0, len(made.seeds), 20)
        epochs = rng.choice(both, 20)
        for numbers, (values, status) in (
            (train.seeds[seeds], twin.seed_costs(train, evaluation, codes, seeds, epochs)),
            ("mean", twin.mean_costs(train, evaluation, codes, epochs)),
        ):
            ask = partial(kernels.simulated_cost, train, evaluation, codes, numbers, epochs)
            assert_found(ask, codes, values, status)
            for i in range(5):
                seed = "mean" if isinstance(numbers, str) else int(numbers[i])
                asked = {"epoch": int(epochs[i]), "seed": seed, "missing": "mask", **where}
                one = codes[i : i + 1]
                if status[i] == twin.DAMAGED:
                    with pytest.raises(FormatError):
                        bench.simulated_cost(one, small_images.DATASET, split, **asked)
                else:
                    found = bench.simulated_cost(one, small_images.DATASET, split, **asked)
                    assert_masked(found, values[i : i + 1], status[i : i + 1])


@examples
@given(rng_seed=st.integers(0, 2**32 - 1))
def test_one_many_and_sequences_broadcast_to_the_same_answers(folder, rng_seed):
    rng = np.random.default_rng(rng_seed)
    bench, made = opened(folder, rng)
    column = bench.views(small_images.DATASET, "last", "accuracy", schedule=made.schedule)
    codes, seeds = np.arange(made.cells), np.array(made.seeds)
    grid = kernels.gather(column, codes[:, None, None], seeds[:, None], column.epochs)
    assert grid.values.shape == (made.cells, len(seeds), len(column.epochs))
    again = kernels.gather(
        column, codes[:, None, None].tolist(), seeds[:, None].tolist(), column.epochs.tolist(), threads=3
    )  # fmt: skip
    assert same(again.values, grid.values)
    assert again.present.tolist() == grid.present.tolist()
    narrow = kernels.gather(
        column, codes[:, None, None].astype(np.uint8), seeds[:, None].astype(np.uint16), column.epochs.astype(np.int8)
    )  # fmt: skip
    assert same(narrow.values, grid.values)
    for code in codes[:3].tolist():
        for s, seed in enumerate(seeds.tolist()):
            one = kernels.gather(column, code, seed, int(column.epochs[-1]))
            assert one.values.shape == one.present.shape == ()
            assert same(one.values, grid.values[code, s, -1])
            assert one.present == grid.present[code, s, -1]
    means = kernels.mean(column, codes, int(column.epochs[-1]))
    expected = bench.column(
        small_images.DATASET, "last", "accuracy", schedule=made.schedule, epoch=column.epochs[-1], seed="mean"
    ).array(missing="mask")  # fmt: skip
    assert_masked(expected, means.values, np.where(means.present, twin.OK, twin.MISSING))


def test_numbers_of_the_format_are_those_of_the_writer():
    from nb201store.kernels import column_value

    assert {name: getattr(column_value, name.upper()) for name in ENCODINGS} == ENCODINGS
    assert {number: name for name, number in ENCODINGS.items()} == twin.ENCODINGS
    assert METRICS["time"] == 4  # validation.check_times
