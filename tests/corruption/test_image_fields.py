"""Every named field of the format with a value it cannot have, checksums right: the field's own check must refuse it.

The tables follow docs/format.md: what is patched, where in its record, with what. A patch is refused at the byte it
changed unless a case says otherwise, and the message names path, section and byte.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import pytest

NONE = 0xFFFFFFFF
BIG = 0xFFFF_FFFF_FFFF_FFFF


@dataclass
class Case:
    """A value in a field of a record.

    `at`: byte within the record; `value`: what to write, "+n" and "-n" from what is there, "#name" the number of a
    section; `blamed`: byte within the record that is blamed instead of `at`, or (section, byte within it); `more`:
    other fields patched with it; `row`: another record than the usual one.
    """

    name: str
    at: int
    code: str
    value: Any
    error: str = "FormatError"
    blamed: int | tuple[str, int] | None = None
    more: tuple[tuple[int, str, Any], ...] = ()
    row: int | None = None


HEADER = [
    Case("magic of another kind of file", 0, "8s", b"\x89NB202\r\n", blamed=0),
    Case("magic after a line-end conversion", 0, "8s", b"\x89NB201\n\n", blamed=0),
    Case("reader version 0", 8, "H", 0),
    Case("reader version 2", 8, "H", 2, "VersionError"),
    Case("reader version 65535", 8, "H", 0xFFFF, "VersionError"),
    Case("writer version below the reader version", 10, "H", 0),
    Case("no sections", 12, "I", 0),
    Case("more sections than allowed", 12, "I", 4097),
    Case("most sections a u32 can count", 12, "I", NONE),
    Case("file size one too small", 16, "Q", "-1"),
    Case("file size one too great", 16, "Q", "+1"),
    Case("file size 0", 16, "Q", 0),
    Case("file size of all ones", 16, "Q", BIG),
    Case("table offset 0", 24, "Q", 0),
    Case("table offset 128", 24, "Q", 128),
    Case("table offset of all ones", 24, "Q", BIG),
    Case("first reserved byte", 36, "B", 1),
    Case("last reserved byte", 59, "B", 1, blamed=36),
]

# In the entry of `one/test` accuracy, u16 [rows, epochs].
ENTRY = [
    Case("empty name", 0, "64s", b""),
    Case("name that fills its field", 0, "64s", b"n" * 64),
    Case("name with a blank", 0, "64s", b"a b", blamed=0),
    Case("name with a byte after its end", 62, "B", 65, blamed=0),
    Case("name outside ASCII", 0, "64s", b"caf\xc3\xa9", blamed=0),
    Case("name of another section", 0, "64s", b"space"),
    Case("dtype 0", 64, "B", 0),
    Case("dtype 8", 64, "B", 8),
    Case("dtype 255", 64, "B", 255),
    Case("dtype of twice the width", 64, "B", 3, blamed=80),
    Case("text of rank 2", 64, "B", 7, blamed=65),
    Case("rank 0", 65, "B", 0),
    Case("rank 4", 65, "B", 4),
    Case("rank that hides a dimension", 65, "B", 1, blamed=96),
    Case("unknown flag", 66, "H", 3),
    Case("all flags", 66, "H", 0xFFFF),
    Case("offset 0", 72, "Q", 0),
    Case("offset off the alignment", 72, "Q", "+1"),
    Case("offset that leaves a hole", 72, "Q", "+64"),
    Case("offset that overlaps", 72, "Q", "-64"),
    Case("offset of all ones", 72, "Q", BIG),
    Case("size one too great", 80, "Q", "+1"),
    Case("size 0", 80, "Q", 0),
    Case("size of all ones", 80, "Q", BIG),
    Case("shape one row longer", 88, "Q", "+1", blamed=80),
    Case("shape that overflows", 88, "Q", 1 << 63, blamed=80),
    Case("shape whose product wraps to the size", 88, "Q", (1 << 63) + 5, blamed=80),
    Case("second dimension 0", 96, "Q", 0, blamed=80),
    Case("third dimension 2", 104, "Q", 2),
    Case("third dimension 0", 104, "Q", 0),
    Case("first reserved byte of an entry", 112, "B", 1),
    Case("last reserved byte of an entry", 127, "B", 1, blamed=112),
]

SPACE = [
    Case("unknown space", 0, "16s", b"xss"),
    Case("empty space", 0, "16s", b""),
    Case("space without an end", 0, "16s", b"t" * 16),
    Case("cells that choices and positions do not give", 16, "I", 15624),
    Case("no cells", 16, "I", 0),
    Case("most cells", 16, "I", NONE),
    Case("no positions", 20, "I", 0),
    Case("positions that overflow", 20, "I", NONE, blamed=16),
    Case("one choice", 24, "I", 1),
    Case("no choices", 24, "I", 0),
    Case("choices that overflow", 24, "I", NONE, blamed=16),
    Case("reserved byte of space", 44, "B", 1),
]
DATASETS = [
    Case("unnamed data set", 0, "40s", b""),
    Case("name of a data set without an end", 0, "40s", b"d" * 40),
    Case("name of a data set with a line end", 0, "40s", b"a\nb"),
    Case("two data sets of one name", 0, "40s", b"one"),
    Case("reserved byte of a data set", 63, "B", 1, blamed=48),
]
SPLITS = [
    Case("unnamed split", 0, "40s", b""),
    Case("two splits of one name", 0, "40s", b"train"),
    Case("splits out of order", 40, "I", 1, blamed=("splits", 3 * 64 + 40)),
    Case("split of no data set", 40, "I", 2),
    Case("split of the last u32 of data sets", 40, "I", NONE),
    Case("no images", 44, "I", 0),
    Case("more images than hits can count", 44, "I", 0x1000000),
    Case("last batch of 256", 48, "I", 256),
    Case("last batch of all ones", 48, "I", NONE),
    Case("last batch of more than the images", 48, "I", 200, more=((44, "I", 100),)),
    Case("reserved byte of a split", 52, "B", 1),
]
TRIALS = [
    Case("schedule 0", 0, "I", 0),
    Case("schedule 65536", 0, "I", 0x10000),
    Case("group of no data set", 4, "I", 2),
    Case("no seeds", 8, "I", 0),
    Case("256 seeds", 8, "I", 256),
    Case("seeds past the end of section seeds", 12, "I", 2),
    Case("first seed of all ones", 12, "I", NONE),
    Case("one row too many", 16, "I", "+1", blamed=("columns", 24)),
    Case("one row too few", 16, "I", "-1", blamed=("columns", 24)),
    Case("more rows than cells and seeds", 16, "I", 2 * 15625 + 1),
    Case("rows of all ones", 16, "I", NONE),
    Case("row table in no section", 20, "I", 4096),
    Case("row table in section of all ones", 20, "I", NONE),
    Case("row table in a description section", 20, "I", 0),
    Case("row table of another group", 20, "I", "#3/two/rows"),
    Case("groups out of order", 0, "I", 9, blamed=("trials", 64)),
    Case("two groups of one data set", 4, "I", 1, blamed=("trials", 68)),
    Case("reserved byte of a group", 24, "B", 1),
]
# In the record of accuracy on one/test.
COLUMNS = [
    Case("column of no group", 0, "I", 2),
    Case("column of a group of another data set", 0, "I", 1, blamed=4),
    Case("column of the group of all ones", 0, "I", NONE),
    Case("column of a split that is not there", 4, "I", 5),
    Case("column of another data set's split", 4, "I", 4),
    Case("column out of order", 4, "I", 0, blamed=0),
    Case("accuracy of no split", 4, "I", NONE),
    Case("metric 0", 8, "I", 0),
    Case("metric 8", 8, "I", 8),
    Case("metric of all ones", 8, "I", NONE),
    Case("metric of the trial on a split", 8, "I", 5, blamed=4),
    Case("encoding 0", 12, "I", 0),
    Case("encoding 8", 12, "I", 8),
    Case("encoding of all ones", 12, "I", NONE),
    Case("encoding that accuracy cannot have", 12, "I", 3),
    Case("encoding that its data cannot have", 12, "I", 2, blamed=24),
    Case("first epoch past the end of section epochs", 16, "I", 1000),
    Case("first epoch of all ones", 16, "I", NONE),
    Case("no epochs", 20, "I", 0),
    Case("65536 epochs", 20, "I", 0x10000),
    Case("epochs past the end of section epochs", 20, "I", 0xFFFF, blamed=16),
    Case("more epochs than data", 20, "I", 2, blamed=24),
    Case("data in no section", 24, "I", 4096),
    Case("data in section of all ones", 24, "I", NONE),
    Case("data in a description section", 24, "I", 0),
    Case("extra section in no section", 28, "I", 4096),
    Case("extra section of another shape", 28, "I", 0),
    Case("no extra section", 28, "I", NONE),
    Case("presence in no section", 32, "I", 4096),
    Case("presence of another shape", 32, "I", 0),
    Case("data of an optional section", 24, "I", "#3/one/form"),
    Case("the same column twice", 4, "I", 2, blamed=0, more=((8, "I", 1),), row=7),
    Case("extra section where none belongs", 28, "I", "#3/one/params_m.values", row=1),
    Case("values of a dictionary that are no doubles", 28, "I", "#3/one/params_m", row=12),
    Case("list of parameters", 12, "I", 7, row=12),
    Case("first epoch of a metric of the trial", 16, "I", 1, row=12),
    Case("epochs of a metric of the trial", 20, "I", 1, row=12),
    Case("reserved byte of a column", 36, "B", 1),
    Case("last reserved byte of a column", 63, "B", 1, blamed=36),
]
CHOICES = [
    Case("unnamed choice", 0, "32s", b""),
    Case("choice without an end", 0, "32s", b"c" * 32),
]
SEEDS = [Case("seeds that descend", 4, "I", 776)]
EPOCHS = [
    Case("epochs that descend", 4, "I", 5, blamed=("columns", 16)),
    Case("epoch past the schedule", 8, "I", 3),
]
# Of each description section the record that is patched, and the width of its records.
DESCRIPTION = {
    "space": (SPACE, 0, 64), "choices": (CHOICES, 4, 32), "datasets": (DATASETS, 1, 64), "splits": (SPLITS, 2, 64),
    "trials": (TRIALS, 0, 64), "seeds": (SEEDS, 0, 4), "epochs": (EPOCHS, 0, 4), "columns": (COLUMNS, 6, 64),
}  # fmt: skip
ENTRY_OF = "3/one/test/accuracy"
CASES = [("header", case) for case in HEADER] + [("section table", case) for case in ENTRY]
CASES += [(section, case) for section, (cases, _, _) in DESCRIPTION.items() for case in cases]


def patch(toy: Any, at: int, code: str, value: Any) -> list[Any]:
    """[offset, bytes in hex] of a value."""
    if isinstance(value, str) and value.startswith("#"):
        value = toy.number(value[1:])
    elif isinstance(value, str):
        value = struct.unpack_from("<" + code, toy.data, at)[0] + int(value)
    return [at, struct.pack("<" + code, value).hex()]


def begin_of(toy: Any, part: str, case: Case) -> int:
    """Byte at which the record of a case begins."""
    if part == "header":
        return 0
    if part == "section table":
        return int(toy.entry(ENTRY_OF))
    _, row, width = DESCRIPTION[part]
    return int(toy[part]["offset"]) + width * (row if case.row is None else case.row)


@pytest.fixture(scope="module")
def outcomes(toy: Any, damaged: Any) -> dict[str, Any]:
    """What opening said of every case, from one process."""
    asked = []
    for part, case in CASES:
        begin = begin_of(toy, part, case)
        patches = [(case.at, case.code, case.value), *case.more]
        asked.append({
            "name": case.name,
            "patches": [patch(toy, begin + at, code, value) for at, code, value in patches],
            "reseal": True, "sections": [toy.number(part)] if part in DESCRIPTION else [],
        })  # fmt: skip
    names = [case["name"] for case in asked]
    assert len(set(names)) == len(names)
    return dict(zip(names, damaged("cases", cases=asked), strict=True))


@pytest.mark.parametrize(("part", "case"), CASES, ids=[case.name for _, case in CASES])
def test_a_hostile_field_is_refused(
    toy: Any, outcomes: dict[str, Any], part: str, case: Case
) -> None:
    found = outcomes[case.name]["open"]
    section, offset = part, begin_of(toy, part, case) + case.at
    if isinstance(case.blamed, tuple):
        section, within = case.blamed
        offset = toy[section]["offset"] + within
    elif case.blamed is not None:
        offset = begin_of(toy, part, case) + case.blamed
    assert found["raised"] == case.error, found
    assert (found["section"], found["offset"]) == (section, offset), found
    assert found["path"] in found["message"]
    assert f"byte {offset}" in found["message"]
    assert "\n" not in found["message"]
    assert outcomes[case.name]["check"] == outcomes[case.name]["ask"] == found
