"""The seeds of the fuzzers of the readers, and what once failed, replayed without a fuzzer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import record_inputs
import source_inputs

from nb201store.schema import TSS
from nb201store.upstream import cell_record, cell_state, open_source

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED = Path(source_inputs.__file__).parent / "failed"


def inputs(target: str, seeds: Callable[[], dict[str, bytes]]) -> list[object]:
    kept = {path.name: path.read_bytes() for path in sorted((FAILED / target).glob("*"))}
    assert all(len(data) < 1 << 16 for data in kept.values())
    return [pytest.param(data, id=name) for name, data in {**seeds(), **kept}.items()]


@pytest.mark.parametrize("data", inputs("sources", source_inputs.seeds))
def test_sources(data: bytes, tmp_path: Path) -> None:
    source_inputs.read_source(data, tmp_path)


@pytest.mark.parametrize("data", inputs("records", record_inputs.seeds))
def test_records(data: bytes) -> None:
    record_inputs.read_record(data)


def test_what_once_failed_is_kept() -> None:
    assert list((FAILED / "sources").iterdir())


@pytest.mark.parametrize("name", ["record-plain", "record-zip", "way-2-protocol-4", "one-cell"])
def test_seeds_are_sources_that_can_be_read(name: str, tmp_path: Path) -> None:
    """Else a fuzzer would begin with what is refused at once."""
    data = source_inputs.seeds()[name]
    source_inputs.read_source(data, tmp_path)
    (file,) = tmp_path.iterdir()
    with open_source(tmp_path if file.suffix == ".pth" else file) as source:
        (record,) = source.cells()
    assert record.trials


def test_changes_reach_what_is_accepted_and_what_is_refused() -> None:
    base = record_inputs.plain(record_inputs.base())
    changed = 0
    for data in record_inputs.seeds().values():
        state = record_inputs.changed(data)
        changed += record_inputs.plain(state) != base
    assert changed > len(record_inputs.seeds()) / 2


def test_the_comparison_sees_orders_types_and_bits() -> None:
    plain = record_inputs.plain
    state = record_inputs.base()
    record = cell_record(record_inputs.INDEX, state, TSS)
    assert plain(cell_state(record, TSS)) == plain(state)
    for one, other in (
        ({0: 1.0, 1: 2.0}, {1: 2.0, 0: 1.0}),
        ({0: 0.0}, {0: -0.0}),
        ([1], [True]),
        ((1,), [1]),
    ):
        assert plain(one) != plain(other)
