"""Every byte of what opening reads, and every length of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nb201store.image import format as fmt

if TYPE_CHECKING:
    from pathlib import Path

DESCRIPTION = ("space", "choices", "datasets", "splits", "trials", "seeds", "epochs", "columns")
EVERY_BIT = [1 << bit for bit in range(8)] + [0xFF]


def test_the_toy_image_holds_every_encoding_that_a_writer_chooses(toy: Any) -> None:
    from nb201store import _core

    columns = _core.Image(str(toy.path)).describe()["columns"]
    assert {c["encoding"] for c in columns} == set(fmt.ENCODINGS) - {"per_cell", "per_image"}
    assert any(s["name"].endswith(".present") for s in toy.sections)
    assert any(s["name"].endswith(".last") for s in toy.sections)
    assert {"u16", "u32"} <= {s["dtype"] for s in toy.sections if s["name"].endswith("accuracy")}


def test_every_flipped_bit_of_header_and_table_is_refused(toy: Any, damaged: Any) -> None:
    end = fmt.HEADER_SIZE + fmt.ENTRY_SIZE * len(toy.sections)
    report = damaged("flips", ranges=[[0, end]], masks=EVERY_BIT)
    assert report == {"cases": end * len(EVERY_BIT), "failures": []}


@pytest.mark.parametrize("name", DESCRIPTION)
def test_every_flipped_bit_of_a_description_section_is_refused(
    toy: Any, damaged: Any, name: str
) -> None:
    begin = toy[name]["offset"]
    size = toy[name]["size"]
    assert size > 0
    report = damaged("flips", ranges=[[begin, begin + size]], masks=EVERY_BIT)
    assert report == {"cases": size * len(EVERY_BIT), "failures": []}


def test_every_truncation_is_refused(smallest: Path, damaged: Any) -> None:
    report = damaged("truncations", path=smallest)
    assert report == {"cases": smallest.stat().st_size, "failures": []}


def test_a_flipped_byte_between_sections_is_found_by_a_check(toy: Any, damaged: Any) -> None:
    ends = [fmt.HEADER_SIZE + fmt.ENTRY_SIZE * len(toy.sections)]
    ends += [s["offset"] + s["size"] for s in toy.sections]
    gaps = [
        [end, section["offset"]]
        for end, section in zip(ends, toy.sections, strict=False)
        if end < section["offset"]
    ]
    assert gaps
    report = damaged("flips", ranges=gaps, masks=[1, 0xFF], check=True)
    assert report == {"cases": 2 * sum(end - begin for begin, end in gaps), "failures": []}
