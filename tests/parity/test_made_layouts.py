"""300 cells in every official layout, around the measured numbers: the Store against the official loaders."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import differences, mean_differences
from official import Tables, official_results

import nb201store as nb
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

CELLS = 300
LAYOUTS = {
    "v1_1": ("tss", True, ()),
    "v1_1-zip": ("tss", True, ("--zip",)),
    "v1_0": ("tss", False, ()),
    "archive": ("tss", True, ()),
    "nats-dir": ("tss", True, ("--wrong-cost", "0.1")),
    "nats-file": ("tss", True, ()),
    "sss-dir": ("sss", False, ()),
}


@pytest.fixture(scope="module", params=LAYOUTS)
def layout(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def source(layout, make_official, data_dir) -> Path:
    """The file or folder that the generator made."""
    _, measured, options = LAYOUTS[layout]
    if measured:
        options = (*options, "--measured", str(data_dir / "nb201_measured.parquet"))
    return make_official(layout.removesuffix("-zip"), CELLS, *options)


@pytest.fixture(scope="module")
def tables(layout, source) -> Tables:
    """Everything that the official package's own loader holds of it."""
    space = LAYOUTS[layout][0]
    return Tables(official_results(source, space), space)


def test_the_store_answers_what_the_official_loader_holds(source, tables, converted) -> None:
    assert len(tables.codes) == CELLS
    assert tables.count > 1_000_000
    with nb.open(converted(source)[1]) as bench:
        assert differences(bench, tables) == []
        assert mean_differences(bench, tables) == []


def test_verify_finds_the_image_the_same_as_its_source(source, tables, converted) -> None:
    report = verify(converted(source)[1], source)
    assert report.same, report.differences
    assert report.cells == CELLS
    costs_and_latencies = sum(
        2 + len(latency or ())
        for of_code in tables.trials.values()
        for *_, latency in of_code.values()
    )
    assert report.values == tables.count + costs_and_latencies
