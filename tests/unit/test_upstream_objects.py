"""Official state dicts to records and back: nothing is lost, and what has no place is refused."""

import copy
import json
import math
from collections import OrderedDict

import numpy as np
import pytest

from nb201store.errors import SourceError
from nb201store.schema import SSS, TSS
from nb201store.space import SPACES
from nb201store.upstream import cell_record, cell_state
from nb201store.upstream.orders import epoch_keys, epoch_order, split_keys, split_order
from nb201store.upstream.packed import KeyOrders, pack
from nb201store.verify import Report, compare_cells

INDEX = 11


def assert_same(found, expected, where="state"):
    """Equal values, types, containers and orders."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key in expected:
            assert_same(found[key], expected[key], f"{where}[{key!r}]")
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{where}[{place}]")
    elif isinstance(expected, float):
        assert np.float64(found).tobytes() == np.float64(expected).tobytes(), where
    else:
        assert found == expected, where


def numbers(start, keys, make=float):
    return {key: make(start + place / 7) for place, key in enumerate(keys)}


def evals(start, keys):
    return numbers(start, [f"{split}@{epoch}" for split, epoch in keys])


def trial(arch_str, dataset, seed, epochs, **changes):
    """One trial as v1_1 holds it: 200 epochs of first generation, 12 epochs dense."""
    old = epochs == 200
    splits = [s.name for s in TSS.dataset(dataset).splits[1:]]
    dense = [(split, epoch) for split in splits for epoch in range(epochs)]
    sparse = dense[:200] + [(split, 199) for split in splits[1:]] if old else dense
    state = {
        "name": dataset,
        "train_acc1es": numbers(10, range(epochs)),
        "train_acc5es": None if old else numbers(50, range(epochs)),
        "train_losses": numbers(1, range(epochs)),
        "train_times": OrderedDict(numbers(9, range(epochs))),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": arch_str, "class_num": 10},
        "params": np.float64(0.1 + seed),
        "flop": 15.1,
        "seed": f"{seed:04d}",
        "epochs": epochs,
        "latency": [np.float64(0.013)],
        "eval_names": splits,
        "eval_acc1es": evals(20, sparse),
        "eval_times": evals(2, dense),
        "eval_losses": evals(3, sparse),
        "net_state_dict": None,
    }
    state.update(changes)
    return state


def results(index, keys, epochs):
    space = SPACES["tss"]
    arch_str = space.arch_str(space.from_official_index(index))
    seeds = {}
    for dataset, seed in keys:
        seeds[dataset] = sorted([*seeds.get(dataset, []), seed])
    return {
        "arch_index": index,
        "arch_str": arch_str,
        "all_results": {key: trial(arch_str, *key, epochs) for key in keys},
        "dataset_seed": seeds,
        "clear_net_done": True,
    }


KEYS_200 = [("cifar100", 999), ("cifar10-valid", 999), ("cifar10-valid", 777), ("cifar100", 777)]
KEYS_12 = [("cifar10-valid", 777), ("cifar10-valid", 111), ("ImageNet16-120", 111)]


def cell(index=INDEX):
    return {"full": results(index, KEYS_200, 200), "less": results(index, KEYS_12, 12)}


def packed(found):
    """A state as a parser packs it: every dict of floats of one type under keys of one type."""
    if isinstance(found, dict):
        values = {type(value) for value in found.values()}
        keys = {type(key) for key in found}
        if len(values) == len(keys) == 1 and values <= {float, np.float64} and keys <= {int, str}:
            return pack(found)
        return type(found)((key, packed(value)) for key, value in found.items())
    return found


def one_trial(state):
    return state["less"]["all_results"]["cifar10-valid", 111]


def assert_restored(state, index=INDEX):
    record = cell_record(index, state, TSS)
    assert_same(cell_state(record, TSS), state)
    from_packed = cell_record(index, packed(state), TSS)
    assert_same(cell_state(from_packed, TSS), state)
    assert [trial.form for trial in from_packed.trials] == [trial.form for trial in record.trials]
    report = Report()
    compare_cells(record, from_packed, np.dtype(float), report)
    assert report.differences == []
    return record


class TestRecord:
    def test_holds_the_numbers_in_order(self):
        record = cell_record(INDEX, cell(), TSS)
        assert record.code == SPACES["tss"].from_official_index(INDEX)
        assert [(t.schedule, t.dataset, t.seed) for t in record.trials] == [
            (12, "cifar10-valid", 111),
            (12, "cifar10-valid", 777),
            (12, "ImageNet16-120", 111),
            (200, "cifar10-valid", 777),
            (200, "cifar10-valid", 999),
            (200, "cifar100", 777),
            (200, "cifar100", 999),
        ]
        last = record.trials[-1]
        source = cell()["full"]["all_results"]["cifar100", 999]
        assert list(last.splits) == ["train", "x-valid", "x-test", "ori-test"]
        assert list(last.splits["train"].series()) == ["accuracy", "loss", "time"]
        test = last.splits["x-test"]
        assert test.accuracy.epochs.tolist() == [199]
        assert test.accuracy.values.tolist() == [source["eval_acc1es"]["x-test@199"]]
        assert test.time.values[7] == source["eval_times"]["x-test@7"]
        assert (last.params_m, last.flops_m, last.latency_s) == (999.1, 15.1, (0.013,))

    def test_epochs_ascend_whatever_the_order_was(self):
        state = cell()
        one_trial(state)["train_losses"] = dict(reversed(one_trial(state)["train_losses"].items()))
        record = assert_restored(state)
        loss = record.trials[0].splits["train"].loss
        assert loss.epochs.tolist() == list(range(12))
        assert loss.values.tolist() == [one_trial(state)["train_losses"][e] for e in range(12)]

    def test_forms_are_shared_and_name_no_cell(self):
        first, second = (cell_record(i, cell(i), TSS) for i in (INDEX, INDEX + 1))
        for one, other in zip(first.trials, second.trials, strict=True):
            assert one.form is other.form
            assert "~" not in one.form
        assert first.form is second.form
        assert "arch_index" in first.form
        assert str(INDEX) not in json.dumps(json.loads(first.form)).replace("111", "")


class TestRoundTrip:
    def test_as_official(self):
        assert_restored(cell())

    @pytest.mark.parametrize(
        "changes",
        [
            {"train_acc5es": None},
            {"train_times": None, "eval_times": {}, "latency": [0.01, 0.02] * 19},
            {"train_times": None, "eval_times": None, "latency": []},
            {"latency": None},
            {"params": 0.1, "flop": np.float64(3.0)},
            {"params": None, "flop": None, "arch_config": None, "eval_names": None},
            {"eval_names": ["ori-test", "x-valid"]},
            {"seed": "111"},
            {"seed": "000111"},
            {"eval_acc1es": {}, "eval_losses": {}},
            {"eval_acc1es": None, "eval_losses": {}},
            {"train_acc1es": OrderedDict(numbers(0, range(12), np.float64))},
            {"train_acc1es": {}, "train_losses": None, "train_acc5es": {3: -0.0}},
            {"eval_times": OrderedDict({"ori-test@3": math.inf, "x-valid@0": 5e-324})},
            {"train_acc5es": {5: math.nan, 4: 1.0, 0: -math.inf}},
            {"arch_config": OrderedDict(b=True, name="infer", one=1, none=None)},
        ],
    )
    def test_variants_of_a_trial(self, changes):
        state = cell()
        one_trial(state).update(changes)
        assert_restored(state)

    def test_true_and_one_are_not_mixed_up(self):
        for value in (1, True, 1):
            state = cell()
            one_trial(state)["arch_config"]["channel"] = value
            assert_restored(state)

    def test_absent_is_not_none(self):
        state = cell()
        for field in ("train_acc5es", "latency", "net_state_dict", "eval_times", "params"):
            del one_trial(state)[field]
        assert_restored(state)

    def test_order_of_fields_results_and_schedules(self):
        state = cell()
        shuffled = OrderedDict(reversed(state.items()))
        shuffled["less"] = OrderedDict(reversed(state["less"].items()))
        shuffled["less"]["all_results"] = OrderedDict(
            (key, dict(reversed(fields.items())))
            for key, fields in reversed(state["less"]["all_results"].items())
        )
        assert_restored(shuffled)

    def test_weights_are_dropped_and_that_is_recorded(self):
        state = cell()
        one_trial(state)["net_state_dict"] = OrderedDict(weight=object())
        record = cell_record(INDEX, state, TSS)
        assert json.loads(record.trials[0].form)["weights"] is True
        assert json.loads(record.trials[1].form)["weights"] is False
        one_trial(state)["net_state_dict"] = None
        assert_same(cell_state(record, TSS), state)

    def test_the_size_space(self):
        space = SPACES["sss"]
        arch_str = space.arch_str(5)
        config = {"name": "infer.shape.tiny", "channels": arch_str, "arch_str": arch_str}
        one = trial("", "cifar10", 777, 1, arch_config=config)
        state = {
            "01": {
                "arch_index": 5,
                "arch_str": arch_str,
                "all_results": {("cifar10", 777): one},
                "dataset_seed": {"cifar10": [777]},
                "clear_net_done": True,
            }
        }
        record = cell_record(5, state, SSS)
        assert arch_str not in record.trials[0].form
        assert_same(cell_state(record, SSS), state)


def change(path, value):
    """Return a function that puts `value` (or its result) at a path of a cell's state."""

    def apply(state):
        *parents, last = path
        for key in parents:
            state = state[key]
        state[last] = value(state[last]) if callable(value) else value

    return apply


TRIAL = ("less", "all_results", ("cifar10-valid", 111))


def without(key):
    return lambda mapping: {k: v for k, v in mapping.items() if k != key}


@pytest.mark.parametrize(
    ("apply", "names"),
    [
        (change((*TRIAL, "name"), "cifar10"), ["name", "cifar10"]),
        (change((*TRIAL, "seed"), "0777"), ["seed", "0777"]),
        (change((*TRIAL, "seed"), 111), ["seed", "111"]),
        (change((*TRIAL, "seed"), "0" * 40 + "111"), ["seed"]),
        (change((*TRIAL, "epochs"), 200), ["epochs", "200", "12"]),
        (change((*TRIAL, "epochs"), 12.0), ["epochs", "12.0"]),
        (change((*TRIAL, "train_losses"), without(3)), ["train", "same epochs"]),
        (change((*TRIAL, "train_losses"), None), ["train", "same epochs"]),
        (change((*TRIAL, "eval_losses"), without("x-valid@3")), ["x-valid", "same epochs"]),
        (change((*TRIAL, "train_acc5es", 12), 0.0), ["train_acc5es", "13 epochs"]),
        (change((*TRIAL, "train_acc5es"), {12: 0.5}), ["train_acc5es", "epoch 12"]),
        (change((*TRIAL, "train_acc5es"), {-1: 0.5}), ["train_acc5es", "-1"]),
        (change((*TRIAL, "train_acc5es"), {10**30: 0.5}), ["train_acc5es", "epoch"]),
        (change((*TRIAL, "train_acc5es"), {0.0: 0.5}), ["train_acc5es", "int epochs"]),
        (change((*TRIAL, "train_acc5es"), {False: 0.5}), ["train_acc5es", "int epochs"]),
        (change((*TRIAL, "train_acc5es", 3), np.float64(1)), ["more than one type", "float64"]),
        (change((*TRIAL, "train_acc5es"), {0: 1}), ["train_acc5es", "found int"]),
        (change((*TRIAL, "train_acc5es"), {0: True}), ["train_acc5es", "found bool"]),
        (change((*TRIAL, "train_acc5es"), {0: np.float32(1)}), ["train_acc5es", "float32"]),
        (change((*TRIAL, "train_acc5es"), [0.5]), ["train_acc5es", "list"]),
        (change((*TRIAL, "eval_times", "x-valid@12"), 1.0), ["eval_times", "epoch 12"]),
        (change((*TRIAL, "eval_times", "x-valid@012"), 1.0), ["eval_times", "x-valid@012"]),
        (change((*TRIAL, "eval_times", "x-valid@-1"), 1.0), ["eval_times", "x-valid@-1"]),
        (change((*TRIAL, "eval_times", "x-valid"), 1.0), ["eval_times", "x-valid"]),
        (change((*TRIAL, "eval_times", "@1"), 1.0), ["eval_times", "@1"]),
        (change((*TRIAL, "eval_times", 3), 1.0), ["eval_times", "keys"]),
        (change((*TRIAL, "eval_times", "x-test@1"), 1.0), ["eval_times", "x-test"]),
        (change((*TRIAL, "eval_times", "train@1"), 1.0), ["eval_times", "train"]),
        (change((*TRIAL, "eval_names"), ["test"]), ["eval_names", "test"]),
        (change((*TRIAL, "eval_names"), ("x-valid",)), ["eval_names"]),
        (change((*TRIAL, "arch_config", "arch_str"), "|x~0|"), ["arch_config", "|x~0|"]),
        (change((*TRIAL, "arch_config", "genotype"), [1]), ["arch_config", "genotype"]),
        (change((*TRIAL, "arch_config"), "x"), ["arch_config"]),
        (change((*TRIAL, "params"), "0.1"), ["params", "0.1"]),
        (change((*TRIAL, "flop"), 1), ["flop"]),
        (change((*TRIAL, "latency"), 0.1), ["latency", "float"]),
        (change((*TRIAL, "latency"), [0.1, None]), ["latency", "NoneType"]),
        (change((*TRIAL, "colour"), 1), ["colour"]),
        (change(TRIAL, without("seed")), ["seed", "missing"]),
        (change(TRIAL, None), ["NoneType"]),
        (change(("less", "arch_index"), 12), ["arch_index", "12"]),
        (change(("less", "arch_str"), "|none~0|"), ["arch_str", "|none~0|"]),
        (change(("less", "clear_net_done"), 1), ["clear_net_done"]),
        (change(("less", "dataset_seed", "cifar10-valid"), [111]), ["dataset_seed"]),
        (change(("less", "dataset_seed", "cifar10-valid"), "x"), ["dataset_seed"]),
        (change(("less", "dataset_seed"), None), ["dataset_seed"]),
        (change(("less", "all_results"), []), ["all_results", "list"]),
        (change(("less", "all_results", "cifar10"), {}), ["all_results", "cifar10"]),
        (change(("less", "all_results", ("cifar10", -1)), {}), ["all_results", "-1"]),
        (change(("less", "all_results", ("svhn", 1)), {}), ["svhn"]),
        (change(("less", "basestr"), "x"), ["basestr"]),
        (change(("less",), without("arch_str")), ["arch_str"]),
        (change(("90",), {}), ["90", "hyper-parameters"]),
        (lambda state: state.update({"12": state["less"]}), ["'12'", "second"]),
        (lambda state: state.clear(), ["no trials"]),
    ],
)
def test_what_a_record_cannot_hold_is_refused(apply, names):
    state = copy.deepcopy(cell())
    apply(state)
    with pytest.raises(SourceError) as caught:
        cell_record(INDEX, state, TSS)
    message = str(caught.value)
    with pytest.raises(SourceError) as caught:
        cell_record(INDEX, packed(state), TSS)
    assert str(caught.value) == message
    assert "\n" not in message
    assert message.startswith(f"index {INDEX}")
    for name in names:
        assert name in message


class TestKeyOrders:
    def test_equal_orders_are_one_tuple(self):
        orders = KeyOrders()
        one, other = (tuple(range(start, start + 300)) for start in (0, 0))
        assert orders.shared(one) is one
        assert orders.shared(other) is one
        assert orders.shared(other) is one
        assert orders.shared(one[:-1]) == one[:-1]

    def test_keys_of_another_type_are_another_order(self):
        orders = KeyOrders()
        for keys in ((0, 1), (False, True), (0.0, 1.0), (0, True)):
            assert list(map(type, orders.shared(keys))) == list(map(type, keys))

    def test_more_orders_than_are_kept_are_still_told_apart(self):
        orders = KeyOrders()
        many = [tuple(range(length)) for length in range(1_500)]
        for _ in range(2):
            assert [orders.shared(keys) for keys in many] == many


def test_more_kinds_of_trials_than_are_kept_are_read_alike(monkeypatch):
    monkeypatch.setattr("nb201store.upstream.trials._MOST_KINDS", 4)
    for first in range(30):
        state = cell()
        one_trial(state)["train_times"] = {
            first % 12: 1.0,
            (first + first // 12 % 11 + 1) % 12: 2.0,
        }
        one_trial(state)["arch_config"]["kind"] = first
        assert_restored({"less": state["less"]})


class TestOrders:
    @pytest.mark.parametrize(
        ("keys", "runs"),
        [
            ((), ()),
            ((7,), ((7, 7),)),
            (tuple(range(200)), ((0, 199),)),
            (tuple(range(199, -1, -1)), ((199, 0),)),
            ((0, 1, 2, 5, 4, 9), ((0, 2), (5, 4), (9, 9))),
            ((0, 2, 4), ((0, 0), (2, 2), (4, 4))),
        ],
    )
    def test_of_epochs(self, keys, runs):
        order = epoch_order(keys)
        assert order.runs == runs
        assert epoch_keys(runs) == list(keys)
        if keys:
            places = order.places
            assert places.epochs.tolist() == sorted(keys)
            if places.positions is not None:
                assert [keys[place] for place in places.positions] == sorted(keys)

    @pytest.mark.parametrize(
        ("keys", "runs"),
        [
            ([(s, e) for s in ("a", "b") for e in range(200)], [("a",), 0, 199, ("b",), 0, 199]),
            ([(s, e) for e in range(200) for s in ("a", "b", "c")], [("a", "b", "c"), 0, 199]),
            (
                [("a", e) for e in range(200)] + [("b", 199), ("c", 199)],
                [("a",), 0, 199, ("b", "c"), 199, 199],
            ),
            ([("a", 1), ("a", 0)], [("a",), 1, 1, ("a",), 0, 0]),
        ],
    )
    def test_of_splits_are_short_both_ways(self, keys, runs):
        order = split_order(tuple(f"{split}@{epoch}" for split, epoch in keys))
        assert [part for run in order.runs for part in run] == runs
        assert split_keys(order.runs) == keys
