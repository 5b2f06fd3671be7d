"""What a search refuses before anything runs, and which cells it leaves out when told to."""

from __future__ import annotations

import made_search_image
import numpy as np
import pytest

import nb201store as nb
from nb201store import search
from nb201store.search import running
from nb201store.search.reporting import report_columns

GOOD = {"dataset": "cifar10-valid", "budget_s": 12_000, "runs": 5, "rng_seed": 0}


@pytest.fixture
def nothing_runs(monkeypatch):
    """Fail where a search begins."""
    monkeypatch.setattr(running, "run_blocks", lambda *_, **__: pytest.fail("a search began"))


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ({"dataset": "cifar11"}, nb.SettingsError, "no dataset 'cifar11': this file has cifar10-valid, cifar10"),
        ({"dataset": "cifar10"}, nb.MissingDataError, "cifar10 has no split x-valid: .*search cifar10-valid instead"),
        ({"dataset": None}, nb.SettingsError, "dataset must be said"),
        ({"budget_s": None}, nb.SettingsError, "budget_s must be said"),
        ({"split": "x-test"}, nb.SettingsError, "split must be a validation split"),
        ({"split": "train"}, nb.SettingsError, "split must be a validation split"),
        ({"split": "y-valid"}, nb.SettingsError, "no split 'y-valid': this file has"),
        ({"schedule": 90}, nb.SettingsError, "no schedule 90: this file has 12, 200"),
        ({"epoch": 12}, nb.SettingsError, r"epoch must be -12\.\.11 for schedule 12"),
        ({"schedule": 200, "epoch": 11}, nb.MissingDataError, "epoch 11 was not recorded; epochs recorded: 199"),
        ({"report_schedule": 90}, nb.SettingsError, "report_schedule must be one .*: 12, 200; found 90"),
        ({"report_schedule": "200"}, nb.SettingsError, "report_schedule must be one"),
        ({"runs": 0}, nb.SettingsError, "runs must be an integer, 1 to 1000000000, found 0"),
        ({"runs": 10**12}, nb.SettingsError, "runs must be an integer"),
        ({"runs": 2.0}, nb.SettingsError, "runs must be an integer"),
        ({"rng_seed": -1}, nb.SettingsError, "rng_seed must be an integer, 0 to 18446744073709551615"),
        ({"budget_s": -1}, nb.SettingsError, "budget_s must be between 0 and"),
        ({"budget_s": 0}, nb.SettingsError, "budget_s must be more than 0"),
        ({"budget_s": 36.8}, nb.SettingsError, r"budget_s must be at least 36\.9, the cost of the cheapest cell"),
        ({"budget_s": float("nan")}, nb.SettingsError, "budget_s must be between"),
        ({"budget_s": 10**400}, nb.SettingsError, "budget_s must be between 0 and 4,000,000 s"),
        ({"budget_s": "long"}, nb.SettingsError, "budget_s must be a number of seconds"),
        ({"budget_rule": "stop"}, nb.SettingsError, "budget_rule must be one of discard, overshoot"),
        ({"budget_rule": ""}, nb.SettingsError, "budget_rule must be one of discard, overshoot"),
        ({"overhead_s": -1}, nb.SettingsError, "overhead_s must be between 0"),
        ({"reward_seed": 999}, nb.MissingDataError, "seed 999 was not recorded, only 111, 777"),
        ({"reward_seed": "all"}, nb.SettingsError, 'reward_seed must be "random", "mean" or a seed'),
        ({"reward_seed": [111, 777]}, nb.SettingsError, 'reward_seed must be "random", "mean" or a seed'),
        ({"reward_seed": np.array([111, 777])}, nb.SettingsError, 'reward_seed must be "random", "mean" or a seed'),
        ({"dataset": 3}, nb.SettingsError, "dataset must be a word, found 3"),
        ({"split": None}, nb.SettingsError, "split must be a word, found None"),
        ({"budget_rule": ["discard"]}, nb.SettingsError, "budget_rule must be a word"),
        ({"grid": -1}, nb.SettingsError, "grid must be an integer, 0 to 1000, found -1"),
        ({"grid": 1001}, nb.SettingsError, "grid must be an integer, 0 to 1000"),
        ({"traces": -1}, nb.SettingsError, "traces must be an integer"),
        ({"threads": 0}, nb.SettingsError, "threads must be an integer, 1 to 1024, found 0"),
        ({"on_interrupt": "ignore"}, nb.SettingsError, "on_interrupt must be raise or return"),
        ({"preset": "nas-bench-101"}, nb.SettingsError, "preset must be one of nas-bench-201, nats-bench"),
        ({"dataset": None, "preset": "nats-bench"}, nb.SettingsError, "cifar100, ImageNet16-120: name one of them"),
        ({"sample": 3}, nb.SettingsError, "rea has no parameter 'sample'; its parameters: population, sample_size"),
        ({"sample_size": 0}, nb.SettingsError, "sample_size must be an integer"),
        ({"sample_size": "3"}, nb.SettingsError, "sample_size must be an integer"),
    ],
)  # fmt: skip
def test_an_argument_that_makes_no_sense_is_refused_at_once(made, words, error, message) -> None:
    with pytest.raises(error, match=message):
        search.run("rea", made, **(GOOD | words))


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("bench", [None, "tss.nb201"])
def test_a_path_in_place_of_a_store_says_how_to_open_one(bench) -> None:
    with pytest.raises(nb.SettingsError, match=r"bench must be an open Store \(nb201store.open\)"):
        search.run("rea", bench, **GOOD)


@pytest.mark.parametrize("rate", [np.float32(0.5), np.float64(0.5), np.int64(1), 1])
def test_a_parameter_takes_the_numbers_of_numpy(rate) -> None:
    checked = search.ALGORITHMS["reinforce"].checked({"learning_rate": rate})
    assert (checked["learning_rate"], type(checked["learning_rate"])) == (float(rate), float)
    with pytest.raises(nb.SettingsError, match="learning_rate must be a number, 0 to 1000"):
        search.ALGORITHMS["reinforce"].checked({"learning_rate": 10**400})


@pytest.mark.usefixtures("nothing_runs")
@pytest.mark.parametrize("name", ["REA", "", None, 5])
def test_an_unknown_algorithm_lists_those_there_are(made, name) -> None:
    with pytest.raises(nb.SettingsError, match="algorithm must be one of random, rea"):
        search.run(name, made, **GOOD)


def test_a_preset_gives_what_is_not_said(made) -> None:
    said = {"preset": "nas-bench-201", "runs": 2, "rng_seed": 0}
    settings = search.run("rea", made, **said).settings
    assert (settings["dataset"], settings["budget_s"]) == ("cifar10-valid", 12_000.0)
    assert (settings["budget_rule"], settings["preset"]) == ("discard", "nas-bench-201")
    other = {"budget_s": 500, "budget_rule": "overshoot", "sample_size": 5}
    settings = search.run("rea", made, **said, **other).settings
    assert {word: settings[word] for word in ("budget_s", "budget_rule")} == {
        "budget_s": 500.0,
        "budget_rule": "overshoot",
    }
    assert settings["parameters"] == {"population": 10, "sample_size": 5}


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    """A store that lacks the rewards of cells 0 to 9, and the reported accuracies of cells 5 to 24."""
    path = tmp_path_factory.mktemp("partial") / "partial.nb201"
    made_search_image.make(path, missing={12: range(10), 200: range(5, 25)})
    with nb.open(path) as store:
        yield store


def test_cells_without_a_reported_accuracy_are_refused_and_counted(tmp_path) -> None:
    made_search_image.make(tmp_path / "a.nb201", missing={200: [7, 9]})
    with nb.open(tmp_path / "a.nb201") as bench:
        with pytest.raises(
            nb.MissingDataError, match="2 of 15625 cells, code 7 the first, lack an"
        ):
            search.run("random", bench, **GOOD)
        result = search.run("random", bench, **GOOD, allow_missing=True)
    assert result.settings["excluded"] == 2


def test_cells_without_a_reward_are_refused_and_counted(tmp_path) -> None:
    made_search_image.make(tmp_path / "a.nb201", missing={12: [3]})
    with nb.open(tmp_path / "a.nb201") as bench:
        with pytest.raises(nb.MissingDataError, match=r"1 of 15625 cells, code 3 .*--allow"):
            search.run("random", bench, **GOOD)
        # A report of what does exist does not lack it: the cell is searched for its reward alone.
        assert search.run("random", bench, **GOOD, allow_missing=True).settings["excluded"] == 1


@pytest.mark.parametrize("algorithm", ["random", "rea"])
def test_cells_that_lack_anything_are_never_evaluated_when_told_so(partial, algorithm) -> None:
    words = {**GOOD, "runs": 300, "budget_s": 20_000, "traces": 300}
    result = search.run(algorithm, partial, **words, allow_missing=True)
    assert result.settings["excluded"] == 25
    assert result.summary().excluded == 25
    assert "25 cells lack data and take no part" in str(result.summary())
    evaluated = np.unique(result.traces.codes)
    assert evaluated[0] == -1  # padding
    assert evaluated[1] >= 25
    assert len(evaluated) > 5_000
    for column in result.summary().columns:
        where = (column.dataset, column.split)
        values = partial.accuracy(np.arange(25, 15_625), *where, schedule=200, seed="mean")
        assert column.optimum == values.max()


def test_an_image_of_three_cells_is_searched_among_them(bench, recorded_codes) -> None:
    with pytest.raises(nb.MissingDataError, match="15622 of 15625 cells"):
        search.run("random", bench, **GOOD)
    result = search.run("random", bench, **{**GOOD, "budget_s": 400}, allow_missing=True)
    assert result.settings["excluded"] == 15_622
    assert set(result.codes.tolist()) <= {*recorded_codes, -1}


def test_no_cell_that_has_all_is_an_error(tmp_path) -> None:
    half = range(15_625 // 2)
    made_search_image.make(tmp_path / "a.nb201", missing={12: half, 200: range(half.stop, 15_625)})
    with (
        nb.open(tmp_path / "a.nb201") as bench,
        pytest.raises(nb.MissingDataError, match="no cell is left to search"),
    ):
        search.run("random", bench, **GOOD, allow_missing=True)


def test_a_slice_of_a_benchmark_is_reported_by_what_it_has(tmp_path) -> None:
    made_search_image.make(tmp_path / "short.nb201", schedules=(12,))
    with nb.open(tmp_path / "short.nb201") as bench:
        result = search.run("random", bench, **GOOD)
    assert result.settings["report_schedule"] == 12
    assert {column.schedule for column in result.summary().columns} == {12}


def test_a_slice_without_the_rewarding_schedule_is_refused(tmp_path) -> None:
    made_search_image.make(tmp_path / "long.nb201", schedules=(None,))
    with (
        nb.open(tmp_path / "long.nb201") as bench,
        pytest.raises(nb.SettingsError, match="no schedule 12: this file has 200"),
    ):
        search.run("random", bench, **GOOD)


def test_the_size_space_is_searched_and_reported_at_its_own_schedule(tmp_path) -> None:
    made_search_image.make(tmp_path / "sss.nb201", space="sss")
    with nb.open(tmp_path / "sss.nb201") as bench:
        with pytest.raises(nb.SettingsError, match="is of space tss, found an image of sss"):
            search.run("rea", bench, preset="nas-bench-201", runs=1, rng_seed=0)
        words = {"preset": "nats-bench", "dataset": "ImageNet16-120", "runs": 20, "rng_seed": 0}
        result = search.run("rea", bench, **words)
    assert (result.settings["budget_s"], result.settings["report_schedule"]) == (60_000.0, 90)
    assert result.codes.max() > 15_625
    assert result.summary()["ImageNet16-120", "x-test"].regret < 10


def test_a_data_set_reports_validation_then_test(made) -> None:
    assert [(column.dataset, column.split) for column in report_columns(made)] == [
        ("cifar10-valid", "x-valid"), ("cifar10", "ori-test"), ("cifar100", "x-valid"), ("cifar100", "x-test"),
        ("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test"),
    ]  # fmt: skip
    assert [column.schedule for column in report_columns(made, 12)] == [12] * 6


class Described:
    """An image of one's own, as far as the report looks at it."""

    path = "own.nb201"

    def __init__(self, *splits):
        self.columns = [
            {"metric": "accuracy", "schedule": schedule, "dataset": dataset, "split": split, "epochs": epochs}
            for schedule, dataset, split, epochs in splits
        ]  # fmt: skip

    def describe(self):
        return {"columns": self.columns}


def test_a_benchmark_of_ones_own_reports_every_data_set_it_has() -> None:
    own = Described(
        (5, "digits", "train", [4]), (5, "digits", "x-valid", [0, 4]), (5, "digits", "ori-test", [4]),
        (5, "faces", "x-valid", [4]), (5, "faces-valid", "ori-test", [4]), (9, "digits", "x-valid", [0]),
    )  # fmt: skip
    assert report_columns(own) == [
        ("digits", "x-valid", 5), ("digits", "ori-test", 5), ("faces", "x-valid", 5),
        ("faces-valid", "ori-test", 5),
    ]  # fmt: skip
    with pytest.raises(nb.SettingsError, match="at its last epoch: 5; found 9"):
        report_columns(own, 9)
    with pytest.raises(nb.SettingsError, match="no validation or test accuracy"):
        report_columns(Described((5, "digits", "train", [4])))


def test_without_its_whole_the_halved_data_set_reports_its_own_test_images() -> None:
    own = Described((200, "cifar10-valid", "x-valid", [199]), (200, "cifar10-valid", "ori-test", [199]))  # fmt: skip
    assert [column.split for column in report_columns(own)] == ["x-valid", "ori-test"]
