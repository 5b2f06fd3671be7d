"""Questions of many cells: each element is what the question of one cell answers, gaps included."""

from __future__ import annotations

import numpy as np
import pytest

import nb201store as nb

FULL = {"schedule": 200, "seed": "mean"}


def one_by_one(ask, elements):
    """Answers of single questions, NaN where there is none."""
    found = []
    for element in elements:
        try:
            found.append(ask(element))
        except nb.MissingDataError:
            found.append(np.nan)
    return np.array(found)


def same(masked, expected) -> bool:
    """Whether a masked answer has these values, its gaps being the NaN of `expected`."""
    expected = np.reshape(expected, masked.shape)
    assert (np.ma.getmaskarray(masked) == np.isnan(expected)).all()
    return bool((masked.compressed() == expected[~np.isnan(expected)]).all())


@pytest.fixture(scope="module")
def codes(recorded_codes):
    """Cells with one, two, three seeds and one with none, in an array of two dimensions."""
    return np.array([[recorded_codes[2], 5], [recorded_codes[0], recorded_codes[1]]])


@pytest.mark.parametrize("seed", [777, 888, "mean"])
@pytest.mark.parametrize("kind", ["value", "accuracy", "latency"])
def test_values_of_many_cells(bench, codes, seed, kind) -> None:
    def ask(code, **more):
        if kind == "accuracy":
            return bench.accuracy(
                code, "cifar100", "ori-test", schedule=200, epoch=7, seed=seed, **more
            )
        words = ("train", "loss") if kind == "value" else (None, "latency_s")
        return bench.value(code, "cifar100", *words, schedule=200, epoch=7, seed=seed, **more)

    answers = ask(codes, missing="mask")
    assert answers.shape == (2, 2)
    assert same(answers, one_by_one(ask, codes.ravel().tolist()))
    assert ask(codes[:, :1], missing="mask").shape == (2, 1)
    with pytest.raises(nb.MissingDataError, match="code 5"):
        ask(codes[0])


@pytest.mark.parametrize("form", [list, tuple, np.array, lambda c: np.array(c, dtype=np.uint16)])
def test_codes_come_in_any_form(bench, recorded_codes, form) -> None:
    answers = bench.accuracy(form(recorded_codes), "cifar10", "ori-test", **FULL)
    assert answers.tolist() == [
        bench.accuracy(code, "cifar10", "ori-test", **FULL) for code in recorded_codes
    ]
    assert bench.seed_count(range(3), "cifar10", 200).tolist() == [0, 0, 0]


def test_curves_of_many_cells(bench, codes, recorded_codes) -> None:
    words = ("ImageNet16-120", "train", "loss")
    curves = bench.curve(codes, *words, schedule=200, seed=888, missing="mask")
    assert curves.shape == (2, 2, 200)
    assert curves.mask[0, 1].all()
    assert (
        curves[1, 1].tolist()
        == bench.curve(recorded_codes[1], *words, schedule=200, seed=888).tolist()
    )
    last = bench.curve(codes, "cifar100", "x-test", "loss", **FULL, missing="mask")
    assert last.shape == (2, 2, 1)  # kept at the last epoch only


def test_gather_broadcasts_codes_epochs_and_seeds(bench, recorded_codes) -> None:
    codes = np.array([*recorded_codes, 5])[:, None, None]
    epochs = np.array([0, 57, -1], dtype=np.int8)
    seeds = np.array([777, 888, 999], dtype=np.uint16)[:, None]
    words = ("cifar10-valid", "x-valid", "accuracy")
    answers = bench.gather(codes, *words, schedule=200, epochs=epochs, seeds=seeds, missing="mask")
    assert answers.shape == (4, 3, 3)
    expected = one_by_one(
        lambda q: bench.value(q[0], *words, schedule=200, epoch=q[2], seed=q[1]),
        [(c, s, e) for c in codes.ravel().tolist() for s in (777, 888, 999) for e in (0, 57, -1)],
    )
    assert np.isnan(expected).any()
    assert same(answers, expected)
    means = bench.gather(codes[:3, 0], *words, schedule=200, epochs=epochs, seeds="mean")
    assert means[2].tolist() == [
        bench.value(recorded_codes[2], *words, schedule=200, epoch=e, seed="mean")
        for e in (0, 57, -1)
    ]


def test_gather_of_single_numbers_and_of_none(bench, recorded_codes) -> None:
    words = ("cifar10", "train", "loss")
    one = bench.gather(recorded_codes[2], *words, schedule=200, epochs=3, seeds=777)
    assert one.shape == ()
    assert one == bench.value(recorded_codes[2], *words, schedule=200, epoch=3, seed=777)
    none = bench.gather(np.zeros((0, 1), int), *words, schedule=200, epochs=[1, 2], seeds=777)
    assert none.shape == (0, 2)
    with pytest.raises(nb.SettingsError, match="no dataset"):
        bench.gather([], "cifar11", "train", "loss", schedule=200, epochs=1, seeds=777)


def test_threads_change_nothing(bench, recorded_codes) -> None:
    rng = np.random.default_rng(0)
    n = 200_000
    asked = {
        "codes": rng.choice([*recorded_codes, 5], n),
        "epochs": rng.integers(-200, 200, n),
        "seeds": rng.choice([777, 888, 999], n),
    }
    codes = asked.pop("codes")
    words = ("ImageNet16-120", "train", "accuracy")
    one, four = (
        bench.gather(codes, *words, schedule=200, **asked, missing="mask", threads=threads)
        for threads in (1, 4)
    )
    assert (one.mask == four.mask).all()
    assert (one.compressed() == four.compressed()).all()
    column = bench.column(*words, **FULL)
    assert (
        column.take(codes, missing="mask") == column.take(codes, missing="mask", threads=3)
    ).all()


@pytest.mark.parametrize("metric", ["accuracy", "loss", "time"])
def test_best_epoch(bench, codes, recorded_codes, metric) -> None:
    words = ("cifar10", "train", metric)
    best = bench.best_epoch(recorded_codes[2], *words, **FULL)
    curve = bench.curve(recorded_codes[2], *words, **FULL)
    at = curve.argmax() if metric == "accuracy" else curve.argmin()
    assert best == (at, curve[at])
    many = bench.best_epoch(codes, *words, **FULL, missing="mask")
    assert many.epoch.dtype == np.int64
    assert many.epoch.mask.tolist() == many.value.mask.tolist() == [[False, True], [False, False]]
    assert (many.epoch[0, 0], many.value[0, 0]) == best
    with pytest.raises(nb.MissingDataError, match="code 5"):
        bench.best_epoch([5], *words, **FULL)


@pytest.mark.parametrize("epoch", [-1, 0, 5])
@pytest.mark.parametrize("seed", [111, 777, "mean"])
def test_simulated_cost_adds_the_benchmarks_own_clock(bench, recorded_codes, epoch, seed) -> None:
    words = ("cifar10-valid", "x-valid")

    def of_seed(code, one):
        times = {
            split: bench.curve(code, "cifar10-valid", split, "time", schedule=12, seed=one)
            for split in ("train", "x-valid")
        }
        total = 0.0
        for second in times["train"][: epoch % 12 + 1]:
            total += second
        return total + times["x-valid"][epoch]

    def expected(code):
        seeds = bench.seeds(code, "cifar10-valid", 12) if seed == "mean" else [seed]
        return sum(of_seed(code, one) for one in seeds) / len(seeds)

    costs = [
        bench.simulated_cost(code, *words, schedule=12, epoch=epoch, seed=seed)
        for code in recorded_codes
    ]
    assert costs == [expected(code) for code in recorded_codes]
    many = bench.simulated_cost(
        [*recorded_codes, 5], *words, schedule=12, epoch=epoch, seed=seed, missing="mask"
    )
    assert many.compressed().tolist() == costs
    with pytest.raises(nb.MissingDataError, match="code 5"):
        bench.simulated_cost([5], *words, schedule=12, epoch=epoch, seed=seed)


@pytest.mark.parametrize(
    ("words", "more", "error", "says"),
    [
        (("cifar10", "x-valid"), {}, nb.MissingDataError, "cifar10 has no split x-valid"),
        (("cifar10", "ori-test"), {"epoch": 200}, nb.SettingsError, r"-200\.\.199.*found 200"),
        (("cifar10", "ori-test"), {"seed": 5}, nb.MissingDataError, "seed 5 was not recorded"),
        (("cifar11", "ori-test"), {}, nb.SettingsError, "no dataset 'cifar11'"),
    ],
)
def test_a_cost_that_cannot_be_is_named(bench, recorded_codes, words, more, error, says) -> None:
    for codes in (recorded_codes[2], recorded_codes):
        with pytest.raises(error, match=says):
            bench.simulated_cost(codes, *words, **FULL | more)


def test_neighbours_and_seed_counts(bench, codes, recorded_codes) -> None:
    around = bench.neighbour_values(
        recorded_codes[0], "cifar10", "ori-test", "accuracy", **FULL, missing="mask"
    )
    assert around.codes.tolist() == list(nb.tss.neighbours(recorded_codes[0]))
    column = bench.column("cifar10", "ori-test", "accuracy", **FULL)
    assert same(around.values, one_by_one(column.__getitem__, around.codes.tolist()))
    many = bench.neighbour_values(codes, "cifar10", "ori-test", "accuracy", **FULL, missing="mask")
    assert many.codes.shape == many.values.shape == (2, 2, 24)
    near = nb.tss.neighbours(5)[0]
    assert bench.neighbour_values(
        near, "cifar10", "train", "loss", **FULL, missing="mask"
    ).codes.shape == (24,)
    assert bench.seed_count(codes, "cifar10", 200).tolist() == [[3, 0], [1, 2]]
    assert bench.seed_count(recorded_codes[1], "cifar10", 200) == 2


BAD_GATHERS = [
    ({"codes": [1, -1]}, nb.ArchError, r"0\.\.15624, found -1 at position 1"),
    ({"codes": [[1], [15625]]}, nb.ArchError, "found 15625 at position 2"),
    ({"codes": [2**63]}, nb.ArchError, "found 9223372036854775808"),
    ({"codes": [10**30]}, nb.ArchError, "code must be an integer"),
    ({"codes": [1.5]}, nb.ArchError, "an array of float64"),
    ({"codes": [True]}, nb.ArchError, "an array of bool"),
    ({"codes": ["a"]}, nb.ArchError, "an array of <U1"),
    ({"epochs": [0, 200]}, nb.SettingsError, r"-200\.\.199 for schedule 200, found 200 at position 1"),
    ({"epochs": [-201, 0]}, nb.SettingsError, "found -201 at position 0"),
    ({"epochs": np.array([0, 2**64 - 1], np.uint64)}, nb.SettingsError, "found 18446744073709551615"),
    ({"epochs": 0.5}, nb.SettingsError, "epochs must be integers"),
    ({"seeds": [777, 5]}, nb.MissingDataError, "seed 5 at position 1 was not recorded, only 777, 888, 999"),
    ({"seeds": "all"}, nb.SettingsError, 'seed must be an integer or "mean"'),
    ({"seeds": None}, nb.SettingsError, "seeds must be integers"),
    ({"seeds": [777, 888], "epochs": [1, 2, 3]}, nb.SettingsError, r"codes \(2,\), epochs \(3,\), seeds \(2,\)"),
    ({"epochs": np.ma.masked_array([1, 2], [False, True])}, nb.SettingsError, "epochs: found a masked array"),
    ({"threads": 0}, nb.SettingsError, r"threads must be 1\.\.1024"),
    ({"missing": "skip"}, nb.SettingsError, "missing must be"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "error", "says"), BAD_GATHERS)
def test_the_first_element_that_cannot_be_is_named(
    bench, recorded_codes, changed, error, says
) -> None:
    asked = {"codes": recorded_codes[1:], "epochs": [0, 1], "seeds": 777} | changed
    codes = asked.pop("codes")
    with pytest.raises(error, match=says):
        bench.gather(codes, "cifar10", "ori-test", "accuracy", schedule=200, **asked)


def test_what_lies_under_a_mask_is_not_asked(bench, recorded_codes) -> None:
    codes = np.ma.masked_array(recorded_codes, [False, True, False])
    column = bench.column("cifar10", "ori-test", "accuracy", **FULL)
    for ask in (column.take, lambda c: bench.best_epoch(c, "cifar10", "train", "loss", **FULL)):
        with pytest.raises(nb.ArchError, match="found a masked array with masked elements"):
            ask(codes)
        ask(np.ma.masked_array(recorded_codes))  # no mask, nothing amiss
