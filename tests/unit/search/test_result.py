"""What a result says of its runs, against the traces of all of them and against numbers put together by hand."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sys
import threading

import made_search_image
import numpy as np
import pytest
from made_results import made_result

import nb201store as nb
from nb201store import search
from nb201store.search import reporting, traces

ROW = [
    ("cifar10-valid", "x-valid"), ("cifar10", "ori-test"), ("cifar100", "x-valid"), ("cifar100", "x-test"),
    ("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test"),
]  # fmt: skip


def reported(bench, dataset, split):
    """Percent of every cell after the long schedule."""
    return bench.accuracy(np.arange(15_625), dataset, split, schedule=200, seed="mean")


def at_budget(traces, run, budget, accuracies):
    """NATS-Bench's value at the budget: (time, best so far) nearest to it, a straight line through two of them."""
    count = traces.evaluations[run]
    best = [traces.codes[run, np.argmax(traces.rewards[run, : n + 1])] for n in range(count)]
    pairs = sorted(
        zip(traces.clock_s[run, :count], best, strict=True), key=lambda pair: abs(pair[0] - budget)
    )
    (t1, a1), (t2, a2) = ((time, accuracies[code]) for time, code in pairs[:2])
    return (t2 - budget) / (t2 - t1) * a1 + (budget - t1) / (t2 - t1) * a2


def test_the_report_is_the_published_row(discarded, overshot) -> None:
    for result in (discarded, overshot):
        columns = result.summary().columns
        assert [(column.dataset, column.split) for column in columns] == ROW
        assert {column.schedule for column in columns} == {200}


def test_the_summary_is_the_mean_and_population_spread_of_the_cells_found(made, discarded) -> None:
    summary = discarded.summary()
    assert (summary.n, summary.runs, summary.without_cell, summary.partial) == (300, 300, 0, False)
    for dataset, split in ROW:
        values = reported(made, dataset, split)
        found = values[discarded.codes]
        column = summary[dataset, split]
        assert column.n == 300
        assert column.mean == pytest.approx(found.mean(), abs=1e-12)
        assert column.std == pytest.approx(found.std(), abs=1e-12)
        assert column.optimum == values.max()
        assert column.regret == pytest.approx(values.max() - found.mean(), abs=1e-12)
        assert np.array_equal(discarded.accuracies(dataset, split), found)
        assert np.array_equal(discarded.regret(dataset, split), values.max() - found)


@pytest.mark.parametrize("chunk", [7, 1 << 16])
def test_an_overshooting_run_is_worth_its_value_at_the_budget(
    made, overshot, monkeypatch, chunk
) -> None:
    monkeypatch.setattr(reporting, "CHUNK", chunk)
    summary = overshot.summary()
    for dataset, split in ROW:
        values = reported(made, dataset, split)
        expected = np.array([at_budget(overshot.traces, r, 40_000, values) for r in range(300)])
        # A share is kept as a float32.
        assert overshot.accuracies(dataset, split) == pytest.approx(expected, abs=1e-6)
        column = summary[dataset, split]
        assert column.mean == pytest.approx(expected.mean(), abs=1e-7)
        assert column.std == pytest.approx(expected.std(), abs=1e-7)
        # Not the accuracy of the cell found: some runs improve with the evaluation that overshoots.
        assert not np.array_equal(expected, values[overshot.codes])


def test_traces_are_the_runs_evaluation_by_evaluation(made, either) -> None:
    kept, settings = either.traces, either.settings
    views = made.views(settings["dataset"], "x-valid", "accuracy", schedule=12)
    recorded = made.gather(
        np.arange(15_625)[:, None], settings["dataset"], "x-valid", "accuracy", schedule=12, epochs=11,
        seeds=views.seeds,
    )  # fmt: skip
    assert np.array_equal(kept.evaluations, either.evaluations)
    assert kept.clock_s.shape == (300, either.evaluations.max())
    for run, count in enumerate(kept.evaluations):
        codes, rewards = kept.codes[run, :count], kept.rewards[run, :count]
        assert (codes >= 0).all()
        assert np.abs(recorded[codes] - rewards[:, None]).min(axis=1).max() < 1e-4
        assert codes[np.argmax(rewards)] == either.codes[run]
        assert kept.clock_s[run, count - 1] == either.seconds[run]
        assert (np.diff(kept.clock_s[run, :count]) > 36).all()
        assert (kept.codes[run, count:] == -1).all()
        assert np.isnan(kept.clock_s[run, count:]).all()
        assert np.isnan(kept.rewards[run, count:]).all()


def test_a_trial_is_drawn_at_random_by_default(discarded) -> None:
    """Two seeds reward a cell differently: a cell that is evaluated often gives both."""
    kept = discarded.traces
    codes, counts = np.unique(kept.codes[kept.codes >= 0], return_counts=True)
    often = codes[np.argmax(counts)]
    assert counts.max() > 20
    assert len(np.unique(kept.rewards[kept.codes == often])) == 2


def test_more_traces_than_runs_are_all_there_are(made) -> None:
    result = search.run("random", made, preset="nas-bench-201", runs=3, rng_seed=1, traces=10)
    assert result.traces.codes.shape[0] == 3


def test_of_more_traces_than_fit_the_first_are_kept(made, monkeypatch) -> None:
    words = {"preset": "nas-bench-201", "runs": 50, "rng_seed": 1, "traces": 50}
    whole = search.run("random", made, **words).traces
    monkeypatch.setattr(traces, "MOST_ENTRIES", 1_000)
    some = search.run("random", made, **words).traces
    runs = len(some.codes)
    assert runs == 1_000 // whole.codes.shape[1] > 5
    longest = some.codes.shape[1]
    assert some.codes.tolist() == whole.codes[:runs, :longest].tolist()


def test_the_settings_are_enough_to_run_it_again(made, either) -> None:
    settings = json.loads(either.to_json())["settings"]
    words = (
        "dataset", "split", "schedule", "epoch", "budget_s", "budget_rule", "reward_seed", "overhead_s",
        "report_schedule", "allow_missing", "rng_seed", "grid",
    )  # fmt: skip
    again = search.run(
        settings["algorithm"], made, **{word: settings[word] for word in words}, **settings["parameters"],
        runs=settings["runs"],
    )  # fmt: skip
    for name in ("codes", "evaluations", "seconds"):
        assert np.array_equal(getattr(again, name), getattr(either, name))
    assert again.codes.dtype == again.evaluations.dtype == np.int32
    assert again.summary().columns == either.summary().columns
    assert settings["versions"]["nb201store"] == nb.__version__


def test_settings_name_the_file_by_size_and_hash(discarded, search_image) -> None:
    raw = search_image.read_bytes()
    sections = int.from_bytes(raw[12:16], "little")
    assert discarded.settings["file"] == {
        "path": str(search_image), "size": len(raw), "sources": [],
        "table_sha256": hashlib.sha256(raw[: 64 + 128 * sections]).hexdigest(),
    }  # fmt: skip


def test_settings_name_the_sources_that_the_image_names(tmp_path) -> None:
    source = {"kind": "nats-file", "name": "x.pickle", "sha256": "ab" * 32, "size": 5}
    path = made_search_image.make(tmp_path / "about.nb201", about={"sources": [source]})
    with nb.open(path) as bench:
        result = search.run("random", bench, preset="nas-bench-201", runs=2, rng_seed=0)
    source.pop("size")
    assert result.settings["file"]["sources"] == [source]


def test_a_file_that_was_replaced_is_not_passed_off_as_the_one_searched(
    search_image, tmp_path
) -> None:
    path = tmp_path / "a.nb201"
    shutil.copyfile(search_image, path)
    with nb.open(path) as bench:
        made_search_image.make(tmp_path / "b.nb201", about={"other": 1}).replace(path)
        with pytest.raises(nb.FormatError, match="has changed since it was opened"):
            search.run("random", bench, preset="nas-bench-201", runs=2, rng_seed=0)


def test_json_holds_summary_times_cells_and_rules_and_nothing_a_run(discarded) -> None:
    data = json.loads(discarded.to_json(), parse_constant=pytest.fail)
    assert list(data) == ["settings", "summary", "over_time", "found", "fairness", "wall_s"]
    assert data["summary"]["columns"][0]["mean"] == discarded.summary().columns[0].mean
    assert data["over_time"]["mean"][-1] == pytest.approx(data["summary"]["columns"][0]["mean"])
    counts = dict(data["found"])
    codes, expected = np.unique(discarded.codes, return_counts=True)
    assert counts == dict(zip(codes.tolist(), expected.tolist(), strict=True))
    assert sorted(counts.values(), reverse=True) == [count for _, count in data["found"]]
    assert [rule["attested"] for rule in data["fairness"]] == [False, True, True]


def test_the_frame_has_a_row_a_run(discarded) -> None:
    frame = discarded.to_frame()
    assert list(frame.columns) == ["code", "official_index", "arch_str", "evaluations", "seconds"] + [
        f"200/{dataset}/{split}/accuracy/mean" for dataset, split in ROW
    ]  # fmt: skip
    assert len(frame) == 300
    assert (nb.tss.official_index(frame["code"].to_numpy()) == frame["official_index"]).all()
    assert frame["arch_str"].tolist() == [nb.tss.arch_str(int(code)) for code in discarded.codes]
    assert frame["200/cifar10/ori-test/accuracy/mean"].mean() == pytest.approx(
        discarded.summary()["cifar10", "ori-test"].mean
    )


def test_the_frame_marks_runs_without_a_cell() -> None:
    frame = made_result([2, -1], space="tss").to_frame()
    assert frame["code"].tolist() == [2, -1]
    assert frame["official_index"].tolist() == [nb.tss.official_index(2), -1]
    assert frame["arch_str"].isna().tolist() == [False, True]
    assert frame["200/toy/x-valid/accuracy/mean"].tolist()[0] == 30.0
    assert math.isnan(frame["200/toy/x-valid/accuracy/mean"].tolist()[1])


def test_the_frame_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(nb.SettingsError, match="pip install pandas"):
        made_result([0]).to_frame()


def test_runs_without_a_cell_are_left_out_and_counted() -> None:
    summary = made_result([2, -1, 0, 2], stranded=[1, 3]).summary()
    assert (summary.n, summary.without_cell, summary.stranded) == (3, 1, 2)
    assert summary["toy", "x-valid"].mean == pytest.approx(70 / 3)
    assert summary["toy", "x-valid"].std == pytest.approx(np.std([30, 10, 30]))
    assert summary["toy", "x-test"].optimum == 5.0  # 9 is that of a cell that takes no part
    text = str(summary)
    assert "n = 3 runs" in text
    assert "1 runs found no cell within the budget and are left out" in text
    assert "2 runs gave up among cells that take no part" in text
    assert "23.33 +- 9.43" in text


def test_no_run_with_a_cell_gives_no_number() -> None:
    interpolated = made_result([-1], around=[[-1, -1]], shares=[1.0])
    for result in (made_result([-1, -1]), made_result([]), interpolated):
        summary = result.summary()
        assert summary.n == 0
        assert math.isnan(summary["toy", "x-valid"].mean)
        assert json.loads(result.to_json())["summary"]["columns"][0]["std"] is None


def test_a_value_at_the_budget_is_weighed_between_two_cells() -> None:
    result = made_result([1, 0, -1], around=[[0, 1], [0, 0], [-1, -1]], shares=[0.75, 1.0, 1.0])
    assert result.accuracies("toy", "x-valid")[:2].tolist() == [12.5, 10.0]
    assert math.isnan(result.accuracies("toy", "x-valid")[2])
    assert result.summary()["toy", "x-valid"].mean == 11.25
    assert result.summary().n == 2


def test_a_column_that_is_not_reported_is_named_with_those_that_are() -> None:
    with pytest.raises(nb.SettingsError, match="'ori-test'; it has toy, x-valid; toy, x-test"):
        made_result([0]).accuracies("toy", "ori-test")


def test_which_rules_of_fairness_are_attested() -> None:
    rules = made_result([0, 1]).fairness()
    assert [rule.attested for rule in rules] == [False, True, True]
    assert "random treats all operations alike" in rules[0].why
    assert "schedule 12, epoch 11, a random trial" in rules[1].why
    early = made_result([0, 1], epochs=[0, 3, 11]).fairness()[1].why
    assert "schedule 12, epochs 0, 3, 11, a random trial" in early
    assert "n = 2 runs" in rules[2].why
    assert not made_result([0]).fairness()[2].attested
    assert not made_result([0, -1]).fairness()[2].attested
    assert "alike" not in made_result([0, 1], symmetric=False).fairness()[0].why


def test_an_interrupted_search_says_so_everywhere() -> None:
    result = made_result([0, 1], asked=5)
    assert result.interrupted
    assert result.summary().partial
    assert "PARTIAL: interrupted after 2 of 5 runs" in str(result.summary())
    assert json.loads(result.to_json())["summary"]["partial"] is True


@pytest.mark.parametrize("on_interrupt", ["raise", "return"])
def test_ctrl_c_keeps_the_runs_that_are_finished(made, on_interrupt) -> None:
    def stop(done, _runs):
        if done:
            raise KeyboardInterrupt

    words = {"preset": "nas-bench-201", "rng_seed": 7, "grid": 10}
    asked = {**words, "runs": 500_000_000, "progress": stop, "on_interrupt": on_interrupt}
    if on_interrupt == "raise":
        with pytest.raises(search.SearchInterrupted, match="of 500000000 runs finished") as caught:
            search.run("random", made, **asked)
        partial = caught.value.result
    else:
        partial = search.run("random", made, **asked)
    done = partial.runs.done
    assert partial.interrupted
    assert 0 < done < 500_000_000
    whole = search.run("random", made, **words, runs=done)
    assert np.array_equal(partial.codes, whole.codes)
    assert np.array_equal(partial.runs.changes, whole.runs.changes)
    assert not whole.interrupted


def test_a_mistake_in_progress_leaves_no_thread_at_work(made) -> None:
    def fail(done, _runs):
        if done:
            raise ZeroDivisionError

    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError):
        search.run("random", made, preset="nas-bench-201", runs=500_000_000, rng_seed=7, progress=fail)  # fmt: skip
    crew = set(threading.enumerate()) - before
    for thread in crew:
        thread.join(60)
    assert not any(thread.is_alive() for thread in crew)


@pytest.mark.parametrize("about", [[1], {"sources": 5}, {"sources": [5]}, {"other": None}])
def test_an_image_that_says_nothing_of_its_sources_is_searched_all_the_same(
    tmp_path, about
) -> None:
    path = made_search_image.make(tmp_path / "about.nb201", about=about)
    with nb.open(path) as bench:
        result = search.run("random", bench, preset="nas-bench-201", runs=2, rng_seed=0)
    assert result.settings["file"]["sources"] == []
