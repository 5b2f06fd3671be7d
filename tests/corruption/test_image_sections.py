"""Sections that are missing, renamed, of the wrong kind, or behind the end of what the header says."""

from __future__ import annotations

import struct
from typing import Any

import pytest

DESCRIPTION = ("space", "choices", "datasets", "splits", "trials", "seeds", "epochs", "columns")


def renamed(toy: Any, name: str, new: str) -> list[Any]:
    return [toy.entry(name), new.encode().ljust(64, b"\0").hex()]


def flagged(toy: Any, name: str, flags: int) -> list[Any]:
    return [toy.entry(name) + 66, struct.pack("<H", flags).hex()]


def open_one(damaged: Any, *patches: list[Any], **words: Any) -> Any:
    case = {"name": "one", "patches": list(patches), "reseal": True} | words
    return damaged("cases", cases=[case])[0]


@pytest.mark.parametrize("name", DESCRIPTION)
def test_an_image_without_a_description_section_is_refused(
    toy: Any, damaged: Any, name: str
) -> None:
    found = open_one(damaged, renamed(toy, name, "other"))["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "section table")
    assert f"'{name}'" in found["message"]


@pytest.mark.parametrize("name", DESCRIPTION)
def test_a_description_section_must_be_required(toy: Any, damaged: Any, name: str) -> None:
    found = open_one(damaged, flagged(toy, name, 0))["open"]
    assert (found["raised"], found["section"]) == ("FormatError", name)
    assert found["offset"] == toy[name]["offset"]


@pytest.mark.parametrize("name", DESCRIPTION)
def test_a_description_section_of_another_dtype_is_refused(
    toy: Any, damaged: Any, name: str
) -> None:
    wide = toy[name]["dtype"] == "u32"
    entry = toy.entry(name)
    rows, size = toy[name]["shape"][0], toy[name]["size"]
    # u32 [n] as i32 [n]; u8 [n, width] as text [n * width].
    patches = [[entry + 64, bytes([4 if wide else 7, 1]).hex()]]
    patches.append([entry + 88, struct.pack("<QQ", rows if wide else size, 1).hex()])
    found = open_one(damaged, *patches)["open"]
    assert (found["raised"], found["section"]) == ("FormatError", name)
    assert found["offset"] == toy[name]["offset"]


def test_an_unknown_optional_section_is_skipped(toy: Any, damaged: Any) -> None:
    found = open_one(damaged, renamed(toy, "3/one/form", "scores/of/mine"))
    assert [found[step]["raised"] for step in ("open", "check", "ask")] == [None, None, None]


def test_an_unknown_required_section_is_refused(toy: Any, damaged: Any) -> None:
    found = open_one(damaged, flagged(toy, "about", 1))["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "about")
    assert found["offset"] == toy["about"]["offset"]


@pytest.mark.parametrize("name", ["about", "forms", "cell_form", "3/one/form"])
def test_a_known_optional_section_of_another_shape_is_refused(
    toy: Any, damaged: Any, name: str
) -> None:
    text = toy[name]["dtype"] == "text"
    entry = toy.entry(name)
    size = toy[name]["size"]
    # text [n] as u8 [n], u16 [n] as u8 [2 n]: the size stays what it is.
    patches = [[entry + 64, "01"], [entry + 88, struct.pack("<Q", size).hex()]]
    found = open_one(damaged, *patches)["open"]
    assert (found["raised"], found["section"]) == ("FormatError", name)
    assert ("text" if text else "u16") in found["message"]


@pytest.mark.parametrize("count", [1, 63, 64, 4096])
def test_bytes_behind_the_end_are_refused(toy: Any, damaged: Any, count: int) -> None:
    found = open_one(damaged, appended="00" * count)["open"]
    assert (found["raised"], found["section"], found["offset"]) == ("FormatError", "header", 16)


def test_bytes_behind_the_end_are_refused_where_the_header_counts_them(
    toy: Any, damaged: Any
) -> None:
    size = [16, struct.pack("<Q", len(toy.data) + 64).hex()]
    found = open_one(damaged, size, appended="00" * 64)["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "section table")
    assert found["offset"] == toy.entry("about") + 80


def test_fewer_sections_than_the_table_holds_are_refused(toy: Any, damaged: Any) -> None:
    found = open_one(damaged, [12, struct.pack("<I", len(toy.sections) - 1).hex()])["open"]
    assert found["raised"] == "FormatError"


def test_a_table_longer_than_the_file_is_refused(toy: Any, damaged: Any) -> None:
    found = open_one(damaged, [12, struct.pack("<I", 4096).hex()])["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "section table")
