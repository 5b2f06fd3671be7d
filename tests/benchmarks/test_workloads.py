"""The benchmarks at toy size: every contender gives our answers, and the page is made from what they wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import run
from nb201bench import official
from nb201bench.page import page
from nb201bench.targets import TARGETS
from nb201bench.workloads import CODECS, CONVERTING, WORKLOADS

ROOT = Path(__file__).parents[2]


def timings(report, workload, language="Python"):
    return [
        timing
        for case in report["cases"]
        if (case["workload"], case["language"]) == (workload, language)
        for timing in case["timings"]
    ]


# Nobody else's program gives the same answers.
OURS_ALONE = {"search_bohb"}


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda w: w.name)
def test_every_contender_of_a_workload_gives_our_answers(report, workload) -> None:
    found = timings(report, workload.name)
    wanted = {"ours"} if workload.name in OURS_ALONE else {"ours", "baseline"}
    assert wanted <= {timing["role"] for timing in found}
    for timing in found:
        assert 0.0 < timing["q1"] <= timing["median"] <= timing["q3"]
        assert timing["rounds"] == 1
        if timing["role"] != "floor":
            assert timing["agrees"].endswith(" answers")


def test_the_official_package_is_among_the_baselines(report) -> None:
    for workload in (
        "open_cold",
        "open_warm",
        "first_answer",
        "point",
        "curve",
        "topk",
        "search_rea",
    ):
        names = [timing["name"] for timing in timings(report, workload)]
        assert any(name.startswith("nats_bench") for name in names), workload


def test_cpp_has_the_same_workload_names(report) -> None:
    names = {case["workload"] for case in report["cases"] if case["language"] == "C++"}
    assert names
    assert names <= {workload.name for workload in WORKLOADS}
    for timing in timings(report, "curve", "C++"):
        assert timing["agrees"] == "exactly, 800 answers"  # 4 curves of 200 epochs


def test_the_workloads_that_the_package_lists_are_those_that_run() -> None:
    import nb201bench

    listed = {line.split()[0] for line in nb201bench.__doc__.split("\n\n")[-1].splitlines() if line}
    assert listed == {workload.name for workload in (*WORKLOADS, *CONVERTING, *CODECS)}


def test_environment_is_told_without_where_files_lie(report) -> None:
    environment = report["environment"]
    assert environment["packages"]["numpy"]
    assert environment["cores"] >= 1
    assert environment["cpp_compiler"]
    assert environment["command"].startswith("python benchmarks/run.py --toy --rounds 1 --programs")
    assert "/" not in environment["command"].removeprefix("python benchmarks/run.py")


def test_page_has_a_row_for_every_target_and_case(report) -> None:
    text = page(report, "demo.json")
    assert "**Taken on 12 of 15625 cells.**" in text
    assert "**A toy run**" in text
    for target in TARGETS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {target.says} |"))
        measured = target.workload in {workload.name for workload in WORKLOADS}
        assert ("not measured" not in row) == measured, row
    for case in report["cases"]:
        assert f"### {case['language']}: {case['title']} ({case['cache']})" in text


def test_page_of_a_full_image_says_what_is_reached_and_what_bounds_the_rest(report) -> None:
    full = report | {"toy": False, "image": report["image"] | {"cells_recorded": 15625}}
    full["cases"] = json.loads(json.dumps(full["cases"]))
    for case in full["cases"]:
        for timing in case["timings"]:
            timing["median"] = 500e-9 if timing["role"] == "ours" else 250e-9
    text = page(full, "full.json")
    rows = {row.split(" | ")[0][2:]: row for row in text.splitlines() if row.startswith("| ")}
    assert rows["one accuracy, full keyword call"].endswith("| 600 ns | yes |")
    assert "| 120 M/min |" in rows["REA, a random trial, searches a minute"]
    assert rows["REA, a random trial, searches a minute"].endswith(
        "| at least 140 M/min | **no** |"
    )
    against = rows["REA: with best cells over time, against without"]
    assert against.endswith("| 1.00 times |  |  |  |  | 2 times | yes |")
    assert rows["one accuracy, column handle, few cells"].endswith("| 120 ns | **no** |")
    assert (
        " | 500 ns | 250 ns | " in rows["one accuracy, column handle, few cells"]
    )  # ours, the floor
    assert "* one accuracy, column handle, random cells: A random cell is a cache miss" in text
    assert "* one accuracy, full keyword call" not in text
    assert "**Taken on" not in text


def test_page_says_what_was_not_measured(report) -> None:
    text = page(report | {"cases": []}, "demo.json")
    assert text.count("not measured") == len(TARGETS)


def test_a_wrong_answer_ends_the_run(demo_words, tmp_path, monkeypatch, capsys) -> None:
    right = official.open_nats

    def wrong(path):
        api = right(path)
        ask = api.get_more_info
        api.get_more_info = lambda *words, **more: {
            key: value + 1e-9 for key, value in ask(*words, **more).items() if "accuracy" in key
        }
        return api

    monkeypatch.setattr(official, "open_nats", wrong)
    words = ["--toy", "--rounds", "1", "--only", "point", "--out", str(tmp_path / "never.json")]
    assert run.main([*demo_words, *words]) == 1
    assert "point, 200 epochs, nats_bench get_more_info: answer 0 is" in capsys.readouterr().err
    assert not (tmp_path / "never.json").exists()


def test_runs_without_the_official_packages(demo_words, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(official, "has", lambda _: False)
    out = tmp_path / "without.json"
    words = ["--toy", "--rounds", "1", "--only", "point,topk", "--out", str(out)]
    assert run.main([*demo_words, *words]) == 0
    assert "nats_bench" not in out.read_text()


def test_an_unknown_workload_is_named(capsys) -> None:
    assert run.main(["--only", "point,points"]) == 2
    assert capsys.readouterr().err.startswith("no workload points; there are open_cold, ")


def test_docs_command_writes_the_page(report, tmp_path) -> None:
    results, target = tmp_path / "r.json", tmp_path / "page.md"
    results.write_text(json.dumps(report))
    script = ROOT / "benchmarks" / "make_docs.py"
    subprocess.run([sys.executable, script, results, target], check=True, capture_output=True)
    assert target.read_text() == page(report, "r.json")
