"""Store.top and Store.where on a small synthetic image that has user columns: meaning, defaults and refusals."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import synthetic

import nb201store as nb
from nb201store import conversion
from nb201store.cost import count_all

INDICES = [0, 3, 11, 284]
CODES = [int(code) for code in nb.tss.from_official_index(INDICES)]
ASKED = {"schedule": 200, "seed": "mean"}
LATENCY = {CODES[0]: 4.0, CODES[1]: 2.5, CODES[3]: 2.5, 7: 1.0}  # no value of CODES[2]
EVERYWHERE = np.arange(15_625) % 10


@pytest.fixture(scope="module")
def image_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("top")
    synthetic.dump(
        synthetic.Maker().benchmark_object(INDICES, [1, 2, 3, 3]), folder / "a.pickle.pbz2"
    )
    conversion.convert(folder / "a.pickle.pbz2", folder / "a.nb201")
    table = {"code": list(LATENCY), "edge_latency": list(LATENCY.values())}
    nb.attach(folder / "a.nb201", table, by="code", units={"edge_latency": "ms"})
    everywhere = {"code": list(range(15_625)), "last_digit": EVERYWHERE.tolist()}
    nb.attach(folder / "a.nb201", everywhere, by="code")
    return folder / "a.nb201"


@pytest.fixture(scope="module")
def bench(image_path):
    with nb.open(image_path) as opened:
        yield opened


def codes(ranked):
    return [best.code for best in ranked]


def test_the_smallest_code_of_equal_values_comes_first(bench) -> None:
    assert bench.top(4, "edge_latency", order="lowest") == [
        (7, 1.0), *sorted([(CODES[1], 2.5), (CODES[3], 2.5)]), (CODES[0], 4.0),
    ]  # fmt: skip
    assert codes(bench.top(9, "edge_latency", order="highest"))[0] == CODES[0]
    assert codes(bench.top(3, "last_digit", order="highest")) == [9, 19, 29]


def test_top_gives_plain_numbers_without_numpy(image_path) -> None:
    program = (
        f"import sys, nb201store\nbench = nb201store.open({str(image_path)!r})\n"
        "for best in bench.top(2, 'cifar10', 'ori-test', schedule=200, seed='mean', where='params_m > 0.1'):\n"
        "    assert (type(best.code), type(best.value)) == (int, float)\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_metric_a_handle_and_a_keyword_say_the_same(bench) -> None:
    expected = bench.top(3, "cifar10", "ori-test", "loss", **ASKED)
    handle = bench.column("cifar10", "ori-test", "loss", **ASKED)
    assert bench.top(3, handle) == expected
    assert (
        bench.top(3, dataset="cifar10", split="ori-test", metric="loss", **ASKED, order="lowest")
        == expected
    )
    assert bench.top(3, "cifar10", "ori-test", "loss", **ASKED, order="highest") != expected
    assert bench.top(9, bench.column("edge_latency"), order="lowest") == bench.top(
        9, "edge_latency", order="lowest"
    )


def test_a_metric_of_the_trial_is_ranked_as_recorded(bench) -> None:
    column = bench.column("cifar10", None, "latency_s", schedule=200, seed="mean")
    values = {code: column[code] for code in CODES}
    expected = sorted(values.items(), key=lambda item: item[1])
    assert bench.top(9, column, order="lowest") == expected
    asked = bench.top(9, "cifar10", None, "latency_s", order="lowest", schedule=200, seed="mean")
    assert asked == expected


def test_where_is_a_mask_a_condition_or_several(bench) -> None:
    parameters, multiply_adds = count_all("tss", classes=100, image_size=32)
    by_hand = (parameters / 1e6 <= 0.5) & (multiply_adds / 1e6 > 12)
    texts = ["params_m <= 0.5", "flops_m>12"]
    chosen = bench.where(*texts, dataset="cifar100")
    assert chosen.dtype == np.bool_
    assert np.array_equal(chosen, by_hand)
    ranked = [
        bench.top(9, "cifar100", "x-test", **ASKED, where=where)
        for where in (by_hand, by_hand.tolist(), texts, tuple(texts))
    ]
    assert codes(ranked[0]) == [
        best.code for best in bench.top(9, "cifar100", "x-test", **ASKED) if by_hand[best.code]
    ]
    assert 0 < len(ranked[0]) < len(CODES)
    assert ranked[1:] == ranked[:1] * 3
    assert bench.where().all()
    assert bench.top(9, "cifar100", "x-test", **ASKED, where=[]) == bench.top(
        9, "cifar100", "x-test", **ASKED
    )


def test_masked_elements_of_a_mask_are_not_chosen(bench) -> None:
    where = np.ma.masked_array(np.ones(15_625, dtype=bool), mask=False)
    where[CODES[0]] = np.ma.masked
    assert codes(bench.top(9, "edge_latency", order="lowest", where=where)) == [
        code for code in codes(bench.top(9, "edge_latency", order="lowest")) if code != CODES[0]
    ]
    latency = bench.column("edge_latency").array(missing="mask")
    assert sorted(codes(bench.top(9, "last_digit", order="lowest", where=latency < 4))) == sorted(
        [7, CODES[1], CODES[3]]
    )


def test_a_gap_meets_no_condition(bench) -> None:
    known = np.zeros(15_625, dtype=bool)
    known[list(LATENCY)] = True
    assert np.array_equal(bench.where("edge_latency != 99"), known)
    assert np.flatnonzero(
        bench.where("edge_latency <= 2.5", "edge_latency > 1")
    ).tolist() == sorted([CODES[1], CODES[3]])
    assert np.array_equal(bench.where("last_digit == 3"), EVERYWHERE == 3)


def test_conditions_count_the_networks_of_the_data_set_that_is_ranked(bench) -> None:
    code = CODES[2]
    small, large = bench.cost(code, "cifar10").params_m, bench.cost(code, "cifar100").params_m
    assert small < large
    condition = f"params_m == {large!r}"
    assert codes(bench.top(9, "cifar100", "x-test", **ASKED, where=condition)) == [code]
    assert bench.top(9, "cifar10", "ori-test", **ASKED, where=condition) == []
    handle = bench.column("cifar100", "x-test", "accuracy", **ASKED)
    assert codes(bench.top(9, handle, where=condition)) == [code]
    other = bench.top(9, "cifar10", "ori-test", **ASKED, where=condition, dataset="cifar100")
    assert codes(other) == [code]
    ranked = bench.top(9, "last_digit", order="lowest", where=condition, dataset="cifar100")
    assert code in codes(
        bench.top(15_625, "last_digit", order="lowest", where=condition, dataset="cifar100")
    )
    assert len(ranked) == 9


REFUSED = {
    "params_m": "expected NAME < NUMBER",
    "": "expected NAME < NUMBER",
    "< 3": "no name before the comparison",
    "params_m = 3": "expected == for equal, found a single =",
    "params_m ! 3": "expected != for not equal",
    "params_m <": "expected a finite decimal number after the comparison, found nothing",
    "params_m < nan": "expected a finite decimal number after the comparison, found 'nan'",
    "params_m < -inf": "expected a finite decimal number",
    "params_m < 1e999": "expected a number that a double can hold",
    "params_m < " + "9" * 5000: "expected a number that a double can hold",
    "params_m < 1,5": "expected a finite decimal number",
    "params_m < ٣": "expected a finite decimal number",
    "params_m <\n3": "expected a finite decimal number",
    "0.1 < params_m < 0.5": "expected a finite decimal number",
    "breite < 3": "no column to compare 'breite': this file has params_m, flops_m, edge_latency, last_digit",
    "größe < 3": r"no column to compare 'gr\xc3\xb6\xc3\x9fe'",
    "accuracy > 90": "no column to compare 'accuracy'",
    "\ud800 < 3": "a condition must be ASCII",
    3: "a condition must be a str, found 3",
    None: "a condition must be a str, found None",
    b"params_m < 3": "a condition must be a str, found b'params_m < 3'",
}


@pytest.mark.parametrize("condition", REFUSED, ids=lambda c: repr(c)[:24])
def test_what_is_no_condition_is_refused_in_one_line(bench, condition) -> None:
    for ask in (
        lambda: bench.where(condition, dataset="cifar10"),
        lambda: bench.where("params_m < 1", condition, dataset="cifar10"),
        lambda: bench.top(1, "cifar10", "ori-test", **ASKED, where=["params_m < 1", condition]),
    ):
        with pytest.raises(nb.SettingsError) as refusal:
            ask()
        message = str(refusal.value)
        assert REFUSED[condition] in message
        assert "\n" not in message
        assert len(message) < 400


def test_counted_conditions_need_a_data_set(bench) -> None:
    with pytest.raises(
        nb.SettingsError, match=r"params_m: expected a dataset, .* name one of cifar"
    ):
        bench.where("params_m < 1")
    with pytest.raises(nb.SettingsError, match="flops_m: expected a dataset"):
        bench.top(1, "edge_latency", order="lowest", where="flops_m < 1")
    for name in ("cifar-10", "", 3):
        with pytest.raises(nb.SettingsError, match="dataset"):
            bench.where("params_m < 1", dataset=name)
    with pytest.raises(nb.SettingsError, match="no dataset 'cifar-10'"):
        bench.where("last_digit < 1", dataset="cifar-10")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("edge_latency",), "order must be 'highest' or 'lowest' for a user column, found None"),
        (("latency",), "no user column 'latency': this file has edge_latency, last_digit"),
        (("cifar10",), "no user column 'cifar10'"),
        (("cifar10", "ori-test"), "schedule must be an integer, found None"),
        (("cifar10", None, "flops_m"), "schedule must be an integer, found None"),
        ((), "nothing to rank by"),
        ((3,), "must be a str, found 3"),
    ],
)
def test_what_cannot_be_ranked_is_refused(bench, words, message) -> None:
    with pytest.raises(nb.SettingsError, match=message):
        bench.top(3, *words)


def test_a_word_too_many_or_too_few_is_refused(bench) -> None:
    with pytest.raises(nb.SettingsError, match="belongs to a split: name the split"):
        bench.top(3, "cifar10", **ASKED)
    with pytest.raises(nb.SettingsError, match="for flops_m, found None"):
        bench.top(3, "cifar10", None, "flops_m", **ASKED)
    handle = bench.column("cifar10", "ori-test", "accuracy", **ASKED)
    with pytest.raises(nb.SettingsError, match="the handle says split"):
        bench.top(3, handle, "x-valid")
    for order in ("best", "HIGHEST", 1, True):
        with pytest.raises(nb.SettingsError, match="order must be"):
            bench.top(3, handle, order=order)


@pytest.mark.parametrize(
    "where",
    [
        np.zeros((1, 15_625), dtype=bool), np.zeros(15_624, dtype=bool), np.zeros(15_625), np.bool_(True), 1.5,
        [True], [[True], [True, False]], {"params_m < 1"}, np.array(["params_m < 1"]), b"params_m < 1",
        np.ma.masked_array(np.zeros(15_625), mask=True), len,
    ],
    ids=lambda where: repr(where)[:20],
)  # fmt: skip
def test_what_is_neither_mask_nor_condition_is_refused(bench, where) -> None:
    with pytest.raises(nb.SettingsError, match=r"^where must be a bool array of shape \(15625,\)"):
        bench.top(1, "cifar10", "ori-test", **ASKED, where=where)


def test_the_core_refuses_a_mask_of_another_length(bench) -> None:
    column = bench.column("edge_latency")
    for mask in (np.ones(3, dtype=bool), "abc"):
        with pytest.raises(nb.SettingsError, match="where must be 15625 bools, one a cell"):
            bench._image.top(1, column, "lowest", (), mask, None)


def test_a_closed_store_answers_neither(image_path) -> None:
    bench = nb.open(image_path)
    bench.close()
    for ask in (bench.where, lambda: bench.top(1, "edge_latency", order="lowest")):
        with pytest.raises(nb.SettingsError, match="this store is closed"):
            ask()
