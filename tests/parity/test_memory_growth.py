"""Single files without --stream: numbered on and referred back across cells, the same records, in little memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_growth import MOST_A_CELL, growth
from official import assert_same, official_states

from nb201store.schema import TSS
from nb201store.upstream import open_source
from nb201store.upstream.objects import cell_state

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

SMALL, LARGE = 60, 240


@pytest.fixture(scope="module", params=["v1_1", "nats-file"])
def files(request, make_official) -> tuple[Path, Path]:
    return make_official(request.param, SMALL), make_official(request.param, LARGE)


def test_a_cell_costs_little_memory(files: tuple[Path, Path]) -> None:
    """The memo's bytes are the same in every run; the process' peak is coarse, and far below its bound."""
    found = growth(*files)
    assert found[f"memo_bytes_of_{SMALL}"] > 100_000
    assert 500 < found["memo_bytes_a_cell"] < 4_000
    assert found["peak_bytes_a_cell"] < MOST_A_CELL


def test_the_records_are_those_of_the_official_objects(files: tuple[Path, Path]) -> None:
    assert same_records(files[0]) == SMALL


def same_records(path: Path) -> int:
    """Compare every record, rebuilt as an official object, with what plain unpickling makes; return their number."""
    expected = official_states(path)
    indexes = list(expected)
    with open_source(path) as opened:
        for index, record in zip(indexes, opened.cells(), strict=True):
            assert_same(cell_state(record, TSS), expected.pop(index), f"index {index}")
    return len(indexes)
