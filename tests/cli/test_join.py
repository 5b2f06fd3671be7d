"""Several sources on the command line: what is said of them, and every refusal in one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import small_sources
import synthetic
from targets import names

from nb201store.cli.convert import SETTLED_BY
from nb201store.merging import SETTLED_BY as KNOWN


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A file of two cells, and one of two cells that shares one with it but for a latency."""
    (tmp_path / "in").mkdir()
    one = small_sources.file_of(tmp_path / "in" / "one.pickle.pbz2", [3, 5])
    cells = {index: small_sources.cell(index) for index in (5, 8)}
    cells[5]["12"]["all_results"]["cifar10-valid", 111]["latency"] = [0.5]
    return one, small_sources.file_with(tmp_path / "in" / "other.pickle.pbz2", cells)


def test_options_are_those_that_exist() -> None:
    assert SETTLED_BY == KNOWN


def test_sources_that_differ_are_joined_only_as_said(
    two: tuple[Path, Path], nb201: Any, refused: Any, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "x.zarr"
    refused(
        nb201("convert", *two, target),
        "seed 111, latency_s", f"[0.5] in {two[1]}", f" in {two[0]}", "1 in latency_s", "--first-wins latency_s",
    )  # fmt: skip
    assert names(target.parent) == []
    done = nb201("convert", *two, target, "--first-wins", "latency_s")
    assert (done.code, done.err) == (0, "")
    assert "3 of 15625 cells, 6 trials" in done.out
    assert f"{two[0]}: 2 cells, 1 of them in no other source; 4 trials, 2 in no other\n" in done.out
    assert "1 trials differ in latency_s: the first source's numbers stand\n" in done.out
    image = target.with_suffix(".nb201")
    found = nb201("convert", *two, image, "--first-wins", "all", "--json").json
    assert found["differing_trials"] == {"latency_s": 1}
    assert [(source["cells"], source["only_trials"]) for source in found["sources"]] == [
        (2, 2),
        (2, 2),
    ]
    for made in (target, image):
        assert [s["name"] for s in nb201("info", made, "--json").json["sources"]] == [
            path.name for path in two
        ]
        printed = nb201("info", made).out
        assert all(f"source: {path.name} (" in printed for path in two)
        assert "the numbers of the first stand in: " in printed
        assert "latency_s (1 trials)" in printed
        merged = nb201("info", made, "--json").json["merged"]
        assert merged["differing_trials"] == {"latency_s": 1}
        assert nb201("verify", made).code == 0
    packed = tmp_path / "packed.nb201"
    assert nb201("pack", target, packed).code == 0
    assert nb201("verify", packed, target).code == 0


def test_refusals_are_one_line_and_leave_nothing(
    two: tuple[Path, Path], files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "x.nb201"
    one = two[0]
    sss = tmp_path / "in" / "sss.pickle.pbz2"
    synthetic.dump(synthetic.Maker("sss").benchmark_object([0], [1]), sss)
    refused(nb201("convert", one, sss, target), str(sss), "space sss", str(one), "of tss")
    refused(nb201("convert", one, one, target), str(one), "named twice")
    refused(
        nb201("convert", one, files.image, target), str(files.image), "this is an nb201store image"
    )
    refused(nb201("convert", one, tmp_path / "no.zarr", target), "no.zarr", "no such")
    refused(nb201("convert", one, two[1], target, "--first-wins", "speed"), "speed", "latency_s")
    refused(nb201("convert", one, target, "--first-wins", "time"), "for several sources")
    foreign = tmp_path / "in" / "foreign.zarr"
    foreign.mkdir()
    (foreign / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    refused(nb201("convert", one, foreign, target), str(foreign), "not an nb201store archive")
    damaged = tmp_path / "in" / "damaged.zarr"
    shutil.copytree(files.archive, damaged)
    chunk = next(
        path for path in (damaged / "200/cifar10/train/loss/c").rglob("*") if path.is_file()
    )
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")
    refused(
        nb201("convert", one, damaged, target),
        f"{damaged}: the array 200/cifar10/train/loss cannot be read",
    )
    assert names(target.parent) == []
