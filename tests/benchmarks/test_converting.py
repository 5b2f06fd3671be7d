"""The benchmarks of converting, on the demo's cells in both official layouts."""

from __future__ import annotations

import json
import shutil
import sys
from types import SimpleNamespace

import pytest
import run
from nb201bench import demo, harness, made_sources, plain_unpickling, processes
from nb201bench.inputs import TOY, Inputs
from nb201bench.page import page
from nb201bench.targets import CONVERTING_TARGETS
from nb201bench.workloads import CONVERTING, converting

from nb201store.cli.demo import SOURCE
from nb201store.upstream import open_source

COUNTS = (12, 156, 147_540)  # cells, trials and values of the demo, as `nb201 convert` tells them


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """(-simple folder, .pth) of the demo's cells."""
    return demo.make_sources(tmp_path_factory.mktemp("sources") / "demo")


@pytest.fixture
def base(sources, tmp_path):
    folder, file = sources
    with Inputs(None, tmp_path, TOY, official=folder, official_201=file) as inputs:
        yield SimpleNamespace(inputs=inputs)


def contenders(cases):
    return {c.name: c for case in cases for c in case.contenders}


def test_whole_sources_are_converted_and_verified_and_the_page_tells_it(sources, tmp_path) -> None:
    folder, file = sources
    out = tmp_path / "converting.json"
    words = ["--official", str(folder), "--official-201", str(file), "--out", str(out)]
    assert run.main(["--converting", "--toy", "--rounds", "1", *words]) == 0
    report = json.loads(out.read_text())
    assert [case["workload"] for case in report["cases"]] == [w.name for w in CONVERTING]
    for case in report["cases"]:
        agrees = {t["name"]: t["agrees"] for t in case["timings"] if t["role"] != "floor"}
        assert set(agrees.values()) == {"exactly, 3 answers"}
        ours = {converting.ARCHIVE, converting.IMAGE, converting.VERIFY, converting.VERIFY_IMAGE}
        assert ours < set(agrees)
        sizes = case["measures"]
        assert sizes["bytes of X.nb201, last epochs"] < sizes["bytes of X.nb201"]
        assert sizes["bytes of X.zarr"] > 1e5
        assert case["measures"]["peak bytes of nb201 convert X.zarr"] > 20e6
    assert [source["cells_recorded"] for source in report["sources"]] == [12, 12]
    text = page(report, "converting.json")
    assert text.startswith("# Benchmarks of converting\n\nMade by `make benchmarks-converting`")
    assert text.count("**Taken on 12 of 15625 cells.**") == 1
    assert "* source: `demo.pth`, " in text
    for target in CONVERTING_TARGETS:
        row = next(line for line in text.splitlines() if line.startswith(f"| {target.says} |"))
        assert "not measured" not in row
        assert row.endswith("| - |")  # too few cells to say what is reached


def test_the_page_of_whole_sources_says_what_is_reached() -> None:
    ours = [(converting.ARCHIVE, 50.0), (converting.IMAGE, 30.0), (converting.VERIFY, 50.0)]
    others = [(converting.UNPACKING, 40.0), ("cat", 1.0)]
    timings = [
        {"name": name, "role": role, "median": s, "q1": s, "q3": s, "cpu": s, "first": s, "ready": None,
         "n": 1, "agrees": "", "note": ""}
        for role, of_role in (("ours", ours), ("floor", others)) for name, s in of_role
    ]  # fmt: skip
    measures = {f"peak bytes of {name}": 0.5e9 for name, _ in ours}
    measures |= {
        "bytes of X.zarr": 294.3e6,
        "bytes of X.nb201": 417e6,
        "bytes of X.nb201, last epochs": 26.99e6,
    }
    cases = [
        {"workload": workload, "title": title, "language": "Python", "cache": "warm", "per": "run",
         "timings": timings, "measures": measures}
        for workload, title in (("convert_201", converting.FILE_201), ("convert_nats", converting.FOLDER))
    ]  # fmt: skip
    told = "cpu cores memory_gb governor load_before load_after kernel python interpreter_built_by sqlite commit date"
    environment = dict.fromkeys([*told.split(), "command"], 1)
    held = {"name": "x", "bytes": 1e9, "cells_recorded": 15625, "cells_of_space": 15625}
    report = {
        "environment": environment | {"packages": {}}, "sources": [held], "rounds": 3, "toy": False,
        "isolates": {w.name: w.isolates for w in CONVERTING}, "cases": cases,
    }  # fmt: skip
    text = page(report, "full.json")
    rows = {row.split(" | ")[0][2:]: row for row in text.splitlines() if row.startswith("| ")}
    assert rows["v1_1 `.pth` to an archive"].endswith("| 50.0 s | 1.00 s |  |  |  | 40.0 s | **no** |")  # fmt: skip
    assert rows["v1_1 `.pth` to an image"].endswith("| 40.0 s | yes |")
    against = rows["-simple folder to an archive, against decompression alone"]
    assert against.endswith("| 1.25 times |  |  |  |  | 1.25 times | yes |")
    assert rows["verifying the archive of v1_1, against converting it"].endswith("| 1 times | yes |")  # fmt: skip
    peak = rows["peak memory, -simple folder to an image"]
    assert peak.endswith("| 500 MB |  |  |  |  | 1.00 GB | yes |")
    assert "C++ benchmarks" not in text
    assert "**Taken on" not in text


def test_the_written_sources_are_the_demo_in_the_official_layouts(sources) -> None:
    folder, file = sources
    assert made_sources.states(folder) == made_sources.states(SOURCE)
    with open_source(file) as single, open_source(folder) as many:
        assert (single.kind, many.kind) == ("v1_1", "nats-folder")
        of_file = {cell.code: cell.trials for cell in single.cells()}
        assert of_file.keys() == {cell.code for cell in many.cells()}
    assert sum(map(len, of_file.values())) == COUNTS[1]


def test_plain_unpickling_counts_what_the_sources_hold(sources) -> None:
    folder, file = sources
    script = [sys.executable, plain_unpickling.__file__]
    assert processes.run([*script, "file", str(file)]).printed.split() == [*map(str, COUNTS)]
    counted = processes.run([*script, "folder", str(folder), "2"]).printed
    assert counted.split() == [*map(str, COUNTS)]
    cells, size = map(int, processes.run([*script, "unpack", str(folder), "2"]).printed.split())
    assert cells == 12
    assert size > sum(path.stat().st_size for path in folder.iterdir())


@pytest.mark.parametrize("memory", [1e12, 0])
def test_pickle_is_asked_of_a_part_where_memory_does_not_hold_all(
    base, monkeypatch, memory
) -> None:
    monkeypatch.setattr(converting, "_memory_available", lambda: memory)
    cases = converting.convert_201(base)
    held = [case.title for case in cases if converting.PICKLE in contenders([case])]
    assert held == [converting.FILE_201 if memory else converting.PART_201]
    assert cases[0].title == converting.FILE_201
    unpickled = contenders(cases)[converting.PICKLE]
    assert unpickled.answer(unpickled.run())[0] == (12 if memory else 2)
    if not memory:
        megabytes = (base.inputs.folder / "part.pth").stat().st_size / 1e6
        assert {c.n for c in cases[1].contenders} == {round(megabytes)}


def test_unpacking_is_by_bunzip2_or_says_that_it_is_not(base, monkeypatch) -> None:
    found = []
    for there in ("/usr/bin/bunzip2", None):
        monkeypatch.setattr(shutil, "which", lambda _, there=there: there)
        alone = contenders(converting.convert_nats(base))[converting.UNPACKING]
        found.append(alone.note.split(",")[0])
        if there is None:
            assert alone.run().printed.startswith("12 ")
    assert found == ["bunzip2", "bz2 of Python"]


def test_a_source_that_is_not_given_has_no_case(tmp_path, capsys) -> None:
    with Inputs(None, tmp_path, TOY, official=SOURCE) as inputs:
        asked = SimpleNamespace(inputs=inputs)
        assert [converting.convert_201(asked), converting.convert_nats(asked)] == [[], []]
    assert run.main(["--converting", "--official", str(SOURCE)]) == 2
    assert capsys.readouterr().err.startswith("no such source was given: a folder is --official")


def test_what_verify_finds_to_differ_ends_the_run(base, tmp_path, monkeypatch) -> None:
    program = tmp_path / "nb201"
    program.write_text("#!/bin/sh\necho '{\"differences\": 3}'\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(converting, "_program", lambda _: str(program))
    verify = contenders(converting.convert_nats(base))[converting.VERIFY]
    with pytest.raises(RuntimeError, match=r'ended with 1: \{"differences": 3\}'):
        verify.run()


def test_the_peak_is_that_of_the_program_and_not_of_the_process_that_asks() -> None:
    ours = bytearray(200_000_000)
    ended = processes.run(
        [sys.executable, "-c", "bytes(bytearray(70_000_000)); print('a'); print('b')"]
    )
    assert ended.printed == "a\nb\n"
    assert 140e6 < ended.peak < len(ours)
    assert processes.run([sys.executable, "-c", "pass"]).peak < 70e6


def test_the_largest_peak_of_all_rounds_is_a_measure() -> None:
    peaks = iter([3.0, 1.0, 7.0, 5.0])
    one = harness.Contender("a", lambda: [1.0], role="ours", peak=lambda _: next(peaks))
    result = harness.measure(harness.Case("case", [one]), CONVERTING[0], 3)
    assert result.measures == {"peak bytes of a": 7.0}
