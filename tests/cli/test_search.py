"""nb201 search: what it prints, writes and refuses."""

from __future__ import annotations

import contextlib
import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nb201store as nb
from nb201store import search
from nb201store.cli import output
from nb201store.search import runner, running

PRESET = ("--preset", "nas-bench-201")


@pytest.fixture
def searched(nb201, search_image):
    """Run `nb201 search` on the image of invented numbers."""

    def run(*words):
        return nb201("search", *words, "--image", search_image)

    return run


@pytest.fixture
def made(search_image):
    """The same image as a store."""
    with nb.open(search_image) as store:
        yield store


def test_the_table_has_mean_spread_and_n_of_every_column(searched, made) -> None:
    done = searched("rea", "random", "--runs", "200", "--rng-seed", "3", *PRESET)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    for name in ("rea", "random"):
        summary = search.run(name, made, preset="nas-bench-201", runs=200, rng_seed=3).summary()
        accuracy, regret = (line for line in lines if line.startswith(f"{name} "))
        assert accuracy.split()[1:4] == ["default", "cifar10-valid", "200"]
        for column in summary.columns:
            assert f"{column.mean:.2f} +- {column.std:.2f}" in accuracy
            assert f" {column.regret:.2f}" in regret
    assert any("population standard deviation over n searches" in line for line in lines)
    assert [line.split(":")[0].split(",")[0] for line in lines[-4:]] == [
        "rule 1", "rule 1", "rule 2", "rule 3",
    ]  # fmt: skip
    assert "mean and spread over n = 200 runs" in lines[-1]


def test_json_is_what_the_result_says(searched, made) -> None:
    done = searched("rea", "--runs", "50", "--rng-seed", "3", "--set", "sample_size=5", "--json", *PRESET)  # fmt: skip
    expected = search.run("rea", made, preset="nas-bench-201", runs=50, rng_seed=3, sample_size=5)
    (found,) = done.json["results"]
    wanted = json.loads(expected.to_json())
    for data in (found, wanted):
        del data["wall_s"]
    assert found == wanted
    assert done.json["partial"] is False


def test_a_sweep_multiplies_out_and_passes_by_those_without_the_parameter(searched) -> None:
    sweep = ("--sweep", "sample_size=3,5", "--sweep", "population=10,20")
    done = searched("rea", "random", "--runs", "20", *sweep, "--json", *PRESET)
    rows = [(r["settings"]["algorithm"], r["settings"]["parameters"]) for r in done.json["results"]]
    assert rows == [
        ("rea", {"population": population, "sample_size": sample_size})
        for population in (10, 20)
        for sample_size in (3, 5)
    ] + [("random", {})]


def test_a_preset_of_several_data_sets_searches_each(searched) -> None:
    done = searched("random", "--preset", "nats-bench", "--runs", "20", "--json")
    found = [result["settings"] for result in done.json["results"]]
    assert [(s["dataset"], s["budget_s"], s["budget_rule"]) for s in found] == [
        ("cifar10-valid", 20_000, "overshoot"),
        ("cifar100", 40_000, "overshoot"),
        ("ImageNet16-120", 120_000, "overshoot"),
    ]
    done = searched(
        "random", "--preset", "nats-bench", "--dataset", "cifar100", "--runs", "20", "--json"
    )
    assert [result["settings"]["dataset"] for result in done.json["results"]] == ["cifar100"]


def test_every_setting_reaches_the_search(searched) -> None:
    words = {
        "--dataset": "cifar100", "--split": "x-valid", "--schedule": 200, "--epoch": 199, "--budget": 50_000,
        "--budget-rule": "overshoot", "--reward-seed": 888, "--overhead": 0.5, "--report-schedule": 12,
        "--runs": 30, "--rng-seed": 9, "--threads": 1,
    }  # fmt: skip
    said = (part for pair in words.items() for part in pair)
    done = searched("random", *said, "--allow-missing", "--json")
    settings = done.json["results"][0]["settings"]
    names = {"budget": "budget_s", "overhead": "overhead_s", "runs": "runs_asked"}
    for option, value in words.items():
        name = option.removeprefix("--").replace("-", "_")
        if name != "threads":
            assert settings[names.get(name, name)] == value
    assert settings["allow_missing"] is True


def test_published_runs_are_the_default(searched) -> None:
    assert searched("random", "--json", *PRESET).json["results"][0]["settings"]["runs"] == 500


def test_best_over_time_is_printed_when_asked_for(searched, made) -> None:
    done = searched("rea", "--runs", "100", "--over-time", *PRESET)
    best = search.run("rea", made, preset="nas-bench-201", runs=100, rng_seed=0).over_time()
    assert "rea default on cifar10-valid: best so far by cifar10-valid x-valid" in done.out
    last = next(line for line in done.out.splitlines() if line.split()[:1] == ["12000"])
    assert last.split() == ["12000", "100"] + [
        f"{value:.2f}" for value in (best.mean[-1], best.std[-1], *best.values[:, -1])
    ]
    assert "best so far" not in searched("rea", "--runs", "100", *PRESET).out


def test_results_are_saved_a_file_a_row(searched, made, tmp_path) -> None:
    folder = tmp_path / "results"
    sweep = ("--sweep", "sample_size=3,5")
    assert searched("rea", "random", "--runs", "30", *sweep, "--save", folder, *PRESET).code == 0
    names = [
        "random-cifar10-valid.npz",
        "rea-cifar10-valid-sample_size=3.npz",
        "rea-cifar10-valid-sample_size=5.npz",
    ]
    assert sorted(path.name for path in folder.iterdir()) == names
    expected = search.run("rea", made, preset="nas-bench-201", runs=30, rng_seed=0, sample_size=5)
    assert np.array_equal(search.load(folder / names[2]).codes, expected.codes)


def test_a_saved_result_is_replaced_only_when_told_to(searched, refused, tmp_path) -> None:
    words = ("random", "--save", tmp_path, *PRESET)
    assert searched(*words, "--runs", "5").code == 0
    refused(searched(*words, "--runs", "6"), "random-cifar10-valid.npz exists", "--overwrite")
    path = tmp_path / "random-cifar10-valid.npz"
    assert len(search.load(path).codes) == 5
    assert searched(*words, "--runs", "6", "--overwrite").code == 0
    assert len(search.load(path).codes) == 6


def test_a_folder_that_takes_no_files_is_refused_before_anything_runs(
    searched, refused, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(running, "run_blocks", lambda *_, **__: pytest.fail("a search began"))
    file = tmp_path / "file"
    file.touch()
    refused(searched("random", "--save", file, *PRESET), "--save must name a folder, found a file")
    refused(searched("random", "--save", "/proc/self", *PRESET), "/proc/self")


def test_what_was_found_is_printed_though_it_cannot_be_saved(
    searched, tmp_path, monkeypatch
) -> None:
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(search.Result, "save", full)
    done = searched("random", "rea", "--runs", "5", "--save", tmp_path, *PRESET)
    assert (done.code, done.err) == (2, "nb201: No space left on device\n")
    assert [line for line in done.out.splitlines() if line.startswith("random ")]
    assert not [line for line in done.out.splitlines() if line.startswith("rea ")]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("nix", *PRESET), ("algorithm must be one of random, rea", "'nix'")),
        ((*PRESET,), ("Missing argument", "ALGORITHM")),
        (("rea", "--runs", "0", *PRESET), ("runs must be an integer, 1 to", "found 0")),
        (("rea", "--runs", "many", *PRESET), ("--runs", "'many' is not a valid integer")),
        (("rea", "--budget", "-5", *PRESET), ("budget_s must be between 0 and", "found -5")),
        (("rea", "--budget", "30", *PRESET), ("budget_s must be at least 36.9", "cheapest cell")),
        (("rea",), ("dataset must be said, or a preset that says it",)),
        (("rea", "--dataset", "cifar10", "--budget", "9000"), ("no split x-valid", "search cifar10-valid instead")),
        (("rea", "--split", "x-test", *PRESET), ("split must be a validation split",)),
        (("rea", "--schedule", "90", *PRESET), ("no schedule 90: this file has 12, 200",)),
        (("rea", "--report-schedule", "90", *PRESET), ("report_schedule must be one", "12, 200; found 90")),
        (("rea", "--reward-seed", "x", *PRESET), ("--reward-seed must be random, mean or a number",)),
        (("rea", "--preset", "nix"), ("preset must be one of nas-bench-201, nats-bench",)),
        (("rea", "random", "--set", "sample=3", *PRESET), ("rea has population, sample_size; random has none",)),
        (("random", "--sweep", "sample_size=3,5", *PRESET), ("no algorithm here has this parameter",)),
        (("rea", "--set", "sample_size", *PRESET), ("--set must be NAME=VALUE",)),
        (("rea", "--sweep", "sample_size=3,,5", *PRESET), ("--sweep must be NAME=VALUE,VALUE",)),
        (("rea", "--set", "sample_size=3", "--sweep", "sample_size=5", *PRESET), ("sample_size is given twice",)),
        (("rea", "--set", "sample_size=x", *PRESET), ("sample_size must be an integer", "'x'")),
        (("rea", "--sweep", "sample_size=3,0", *PRESET), ("sample_size must be an integer", "found 0")),
        (("rea", "--threads", "0", *PRESET), ("threads must be an integer",)),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_2(searched, refused, words, expected) -> None:
    refused(searched(*words), *expected)


def test_without_an_image_it_says_how_to_get_one(nb201, refused) -> None:
    refused(nb201("search", "rea", *PRESET), "no image named")


def test_a_partial_benchmark_is_refused_and_searched_when_told_to(nb201, refused, files) -> None:
    words = ("search", "random", "--image", files.image, "--runs", "5", "--dataset", "cifar10-valid")  # fmt: skip
    refused(nb201(*words, "--budget", "400"), "15623 of 15625 cells", "--allow-missing")
    done = nb201(*words, "--budget", "400", "--allow-missing")
    assert done.code == 0
    assert "15623 cells lack data and take no part" in done.out


@pytest.fixture
def interrupted_search(monkeypatch):
    """Press Ctrl-C in the second search that is begun, once some of its runs are done."""
    begun = []

    @contextlib.contextmanager
    def progress_bar(**_):
        def progress(stage, done, _total):
            if stage not in begun:
                begun.append(stage)
            if len(begun) == 2 and done:
                raise KeyboardInterrupt

        yield progress

    monkeypatch.setattr(output, "progress_bar", progress_bar)
    monkeypatch.setattr(runner, "TICK_SECONDS", 0.001)  # long before all runs are done
    return ("--runs", "400000", "--threads", "1")


def test_ctrl_c_prints_what_is_finished_marked_partial(
    searched, interrupted_search, tmp_path
) -> None:
    sweep = ("--sweep", "population=10,11")
    done = searched("rea", "random", *interrupted_search, *sweep, "--save", tmp_path, *PRESET)
    assert done.code == 130
    assert done.err.splitlines() == [
        "nb201: interrupted; 1 of 3 searches are complete, the rest is partial or missing"
    ]
    complete, partial = [line for line in done.out.splitlines() if line.startswith("rea ")][:2]
    assert complete.split()[:4] == ["rea", "default", "cifar10-valid", "400000"]
    assert partial.split()[:2] == ["rea", "population=11"]
    assert " (partial) " in partial
    assert "PARTIAL: interrupted after" in done.out
    loaded = search.load(tmp_path / "rea-cifar10-valid-population=11.npz")
    assert loaded.interrupted
    assert 0 < len(loaded.codes) < 400_000
    assert not (tmp_path / "random-cifar10-valid.npz").exists()


def test_ctrl_c_keeps_json_whole(searched, interrupted_search) -> None:
    datasets = ("--dataset", "cifar10-valid", "--dataset", "cifar100", "--budget", "20000")
    done = searched("random", *interrupted_search, *datasets, "--json")
    assert done.code == 130
    assert done.json["partial"] is True
    assert [result["summary"]["partial"] for result in done.json["results"]] == [False, True]


def test_help_lists_every_published_algorithm_and_loads_neither_numpy_nor_numba() -> None:
    code = (
        "import sys; from nb201store.cli import main\n"
        "try: main(['search', '--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted({'numba', 'numpy', 'rich'} & set(sys.modules)), 'loaded')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded"
    words = done.stdout.replace(",", " ").replace(".", " ").split()
    assert [name for name in search.ALGORITHMS if name not in words] == []


def test_it_works_as_a_process_of_its_own(nb201_process, search_image) -> None:
    done = nb201_process("search", "random", "--image", search_image, "--runs", "10", *PRESET)
    assert (done.code, done.err) == (0, "")
    assert "n = 10 runs" in done.out


def test_an_algorithm_of_a_users_file_is_searched_with(searched) -> None:
    example = Path(__file__).parents[2] / "examples" / "search_kernel.py"
    try:
        done = searched("bandits", "random", "--import", example, "--runs", "30", "--json", *PRESET)
    finally:
        search.unregister("bandits")
        del sys.modules["search_kernel"]
    assert [row["settings"]["algorithm"] for row in done.json["results"]] == ["bandits", "random"]


@pytest.mark.parametrize("name", ["nothing.py", "folder", "notes.txt"])
def test_a_file_that_cannot_be_imported_is_refused(searched, tmp_path, name) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("no Python")
    done = searched("random", "--import", tmp_path / name, *PRESET)
    assert done.code == 2
    assert "--import: expected a Python file" in done.err
