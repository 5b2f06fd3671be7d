"""300 cells in every official layout, around the measured numbers: the Store against the official loaders."""

from __future__ import annotations

from pathlib import Path

import counted_summary
import pytest
from answers import differences, mean_differences
from official import Tables, official_results

import nb201store as nb
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

CELLS = 300
LAYOUTS = {
    "v1_1": ("tss", True, ()),
    "v1_0": ("tss", False, ()),
    "archive": ("tss", True, ()),
    "nats-dir": ("tss", True, ("--wrong-cost", "0.1")),
    "nats-file": ("tss", True, ()),
    "sss-dir": ("sss", False, ()),
}


@pytest.fixture(params=LAYOUTS)
def layout(request) -> str:
    return request.param


@pytest.fixture
def source(layout, make_official, data_dir) -> Path:
    """The file or folder that the generator made."""
    _, measured, options = LAYOUTS[layout]
    if measured:
        options = (*options, "--measured", str(data_dir / "nb201_measured.parquet"))
    return make_official(layout, CELLS, *options)


def test_store_summary_and_verify_say_what_the_official_loader_holds(
    layout, source, converted, summary_of
) -> None:
    """One test, so that no two workers of a run load the same source with the official package."""
    space = LAYOUTS[layout][0]
    results = official_results(source, space)
    tables, expected = Tables(results, space), counted_summary.count(results, space)
    del results  # half a gigabyte
    assert len(tables.codes) == CELLS
    assert tables.count > 1_000_000
    with nb.open(converted(source)[1]) as bench:
        assert differences(bench, tables) == []
        assert mean_differences(bench, tables) == []

    summary = summary_of(source)
    assert summary == expected
    assert summary.first_missing == tuple(range(CELLS, CELLS + 5))
    costs_and_latencies = sum(
        2 + len(latency or ())
        for of_code in tables.trials.values()
        for *_, latency in of_code.values()
    )
    assert summary.values == tables.count + costs_and_latencies

    report = verify(converted(source)[0], source)
    assert report.same, report.differences
    assert (report.cells, report.values) == (CELLS, summary.values)
