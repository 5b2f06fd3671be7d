"""docs/search.md is what its program writes: the prose of the template, and a row for every method."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import nb201store as nb
from nb201store import search

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def program():
    """docs/make_search_md.py as a module."""
    described = importlib.util.spec_from_file_location("make_search_md", DOCS / "make_search_md.py")
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def rows(page, heading):
    """Lines of the table under a heading, without its head, as lists of cells."""
    lines = page.split(f"### {heading}", 1)[1].split("\n#")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")][1:]


@pytest.mark.realdata
def test_a_page_has_the_published_rows_beside_those_of_every_method(
    program, data_dir, tmp_path
) -> None:
    import measured_image

    image = measured_image.make(data_dir / "nb201_measured.parquet", tmp_path / "measured.nb201")
    with nb.open(image) as bench:
        page = program.page(bench, runs=50)
    methods = [program.NAMES[name] for name in search.ALGORITHMS if name in program.NAMES]
    for heading, published in (
        ("NAS-Bench-201: search", program.PUBLISHED_201),
        ("NATS-Bench: search", program.PUBLISHED_NATS),
    ):
        table = rows(page, heading)
        assert {row[0] for row in table if row[1] == "here"} - {"optimum"} == set(methods)
        for name in published.keys() & search.ALGORITHMS.keys():
            assert [program.NAMES[name], "published", *published[name]] in [
                row[:8] for row in table
            ]
    found = next(
        row for row in rows(page, "NAS-Bench-201: search") if row[:2] == ["random search", "here"]
    )
    assert re.fullmatch(r"9[01]\.\d\d \+- 0\.\d\d", found[2])
    optima = next(
        row for row in rows(page, "NAS-Bench-201: search") if row[:2] == ["optimum", "here"]
    )
    assert optima[2:8] == ["91.61", "94.37", "73.49", "73.51", "46.73", "47.31"]
    assert "50 runs a row" in page
    # The measured image has no early epochs, which this form of BOHB reads: it has a row of dashes.
    bohb = [row for row in rows(page, "NATS-Bench: search") if row[:2] == ["BOHB", "here"]]
    assert bohb == ([["BOHB", "here", *["-"] * 6]] if "bohb" in search.ALGORITHMS else [])


def test_the_page_has_the_prose_of_the_template() -> None:
    page = (DOCS / "search.md").read_text()
    prose = re.split(r"\{\w+(?::,)?\}", (DOCS / "search.md.in").read_text())
    place = 0
    for part in prose:
        found = page.find(part, place)
        assert found >= 0, f"make docs/search.md anew: it lacks {part[:60]!r}"
        place = found + len(part)


def test_the_page_has_a_row_for_every_published_method() -> None:
    page = (DOCS / "search.md").read_text()
    names = {row[0] for row in rows(page, "NAS-Bench-201: search") if row[1] == "here"}
    assert names == {"REA", "random search", "REINFORCE", "BOHB", "local search", "optimum"}
