"""Damage in data sections: a plain open does not look at them, a check finds it, and a question never trusts it.

Flipped bytes are found by checksum. Numbers that cannot be, with checksums right, are refused when they are met.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest

import nb201store as nb
from nb201store.cli import main

KEY = {"schedule": 3, "seed": 777}
ONE = ["one", "test", "accuracy"]


def value(split: str = "test", metric: str = "accuracy", code: int = 3) -> dict[str, Any]:
    return {"kind": "value", "arguments": [code, "one", split, metric], "words": KEY}


EVERYTHING = {"kind": "everything", "arguments": []}


def patched(
    toy: Any,
    damaged: Any,
    section: str,
    at: int,
    code: str,
    *numbers: int,
    questions: Any = (EVERYTHING,),
) -> tuple[Any, list[Any]]:
    """(what a check says, what each question says) of an image with numbers written at a byte of a section.

    The section's checksum is recomputed, so only the numbers are wrong; opening must not notice.
    """
    raw = struct.pack(f"<{len(numbers)}{code}", *numbers)
    case = {
        "name": section, "patches": [[toy[section]["offset"] + at, raw.hex()]], "reseal": True,
        "sections": [toy.number(section)],
    }  # fmt: skip
    found = damaged("cases", cases=[case | {"question": question} for question in questions])
    assert {one["open"]["raised"] for one in found} == {None}
    return found[0]["check"], [one["ask"] for one in found]


def assert_refused(found: Any, toy: Any, section: str, at: int) -> None:
    assert found["raised"] == "FormatError", found
    assert (found["section"], found["offset"]) == (section, toy[section]["offset"] + at)
    assert found["path"] in found["message"]


def data_sections(toy: Any) -> list[dict[str, Any]]:
    return [s for s in toy.sections if s["offset"] > toy["columns"]["offset"]]


@pytest.fixture(scope="module")
def flipped(toy: Any, damaged: Any) -> list[Any]:
    cases = [
        {
            "name": s["name"],
            "patches": [[(at := s["offset"] + s["size"] // 2), bytes([toy.data[at] ^ 0x10]).hex()]],
            "reseal": False,
        }
        for s in data_sections(toy)
    ]
    return damaged("cases", cases=cases)  # type: ignore[no-any-return]  # a fixture has no type


def test_a_plain_open_does_not_see_a_flipped_data_byte(flipped: list[Any]) -> None:
    assert len(flipped) > 30
    assert {found["open"]["raised"] for found in flipped} == {None}


def test_a_check_finds_a_flipped_byte_in_every_data_section(toy: Any, flipped: list[Any]) -> None:
    for section, found in zip(data_sections(toy), flipped, strict=True):
        check = found["check"]
        assert check["raised"] == "ChecksumError", section
        assert (check["section"], check["offset"]) == (section["name"], section["offset"])
        assert all(part in check["message"] for part in (check["path"], section["name"], "CRC32C"))


def test_asking_a_damaged_image_everything_answers_or_refuses(flipped: list[Any]) -> None:
    assert {found["ask"]["raised"] for found in flipped} <= {None, "FormatError"}


def test_verify_finds_a_flipped_byte_in_every_data_section(
    toy: Any, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flipped.nb201"
    for section in data_sections(toy):
        data = bytearray(toy.data)
        data[section["offset"]] ^= 1
        path.write_bytes(data)
        with pytest.raises(SystemExit) as end:
            main(["verify", str(path)])
        out, err = capsys.readouterr()
        assert (end.value.code, out) == (2, "")
        assert err.count("\n") == 1
        where = f"section '{section['name']}' at byte {section['offset']}"
        assert err.startswith(f"nb201: {path}: {where}: expected CRC32C")


def test_a_checked_open_raises_a_checksum_error(toy: Any, tmp_path: Any) -> None:
    path = tmp_path / "flipped.nb201"
    data = bytearray(toy.data)
    data[toy["3/one/test/loss"]["offset"]] ^= 1
    path.write_bytes(data)
    for mode in ("mmap", "read"):
        with pytest.raises(nb.ChecksumError, match="3/one/test/loss") as found:
            nb.open(path, mode=mode, check=True)
        assert found.value.section == "3/one/test/loss"
        assert found.value.path == str(path)
        nb.open(path, mode=mode).close()


QUESTIONS = (
    value(),
    value("halves", "time"),
    {"kind": "value", "arguments": [3, *ONE], "words": KEY | {"seed": "mean"}},
    {"kind": "curve", "arguments": [3, *ONE], "words": KEY},
    {"kind": "top", "arguments": [3, *ONE], "words": KEY},
    {"kind": "seeds", "arguments": [3, "one", 3], "words": {}},
    {"kind": "recorded_cost", "arguments": [3, "one"], "words": KEY},
    {"kind": "trial_list", "arguments": [3, "one", "latency_s", 3, 777]},
    EVERYTHING,
)


@pytest.mark.parametrize("row", [5, 6, -2, 0x7FFFFFFF, -0x80000000])
def test_a_row_outside_the_table_is_refused_by_every_question(
    toy: Any, damaged: Any, row: int
) -> None:
    at = 4 * 2 * 3  # code 3, first seed
    check, answers = patched(toy, damaged, "3/one/rows", at, "i", row, questions=QUESTIONS)
    assert len(answers) == len(QUESTIONS)
    for answer in (check, *answers):
        assert_refused(answer, toy, "3/one/rows", at)


@pytest.mark.parametrize(
    ("code", "rows", "blamed"),
    [
        (3, [0, 0], 1),  # a row twice
        (3, [1, 0], 0),  # rows out of order
        (3, [0, -1], 7 * 2 - 3 * 2),  # a row that no trial has: met at the next trial
        (4, [2, -1], 7 * 2 - 4 * 2),  # a trial in front of its turn: its row comes again later
        (2050, [3, -1], None),  # the last row is missing
    ],
)
def test_a_check_wants_every_row_once_and_in_order(
    toy: Any, damaged: Any, code: int, rows: list[int], blamed: int | None
) -> None:
    at = 4 * 2 * code
    check, (asked,) = patched(toy, damaged, "3/one/rows", at, "i", *rows)
    assert asked["raised"] is None  # no row lies outside: every answer is some trial's
    assert_refused(check, toy, "3/one/rows", 0 if blamed is None else at + 4 * blamed)


@pytest.mark.parametrize(
    ("section", "code", "number", "question"),
    [
        ("3/one/train/accuracy", "I", 70_145, value("train")),
        ("3/one/train/accuracy", "I", 0xFFFFFFFF, value("train")),
        ("3/one/packed/accuracy", "I", 151_701, value("packed")),
        ("3/one/packed/accuracy", "I", 149 << 24 | 1_000, value("packed")),
        ("3/one/packed/accuracy", "I", 5 << 24 | 4, value("packed")),
        ("3/one/test/accuracy", "H", 1_001, value()),
        ("3/one/test/accuracy", "H", 0xFFFF, value()),
        ("3/one/test/accuracy.last", "B", 233, value()),
        ("3/one/test/accuracy.last", "B", 255, value()),
        ("3/one/halves/accuracy", "H", 10_001, value("halves")),
        ("3/one/train/time", "H", 1, value("train", "time")),
        ("3/one/train/time", "H", 0xFFFF, value("train", "time")),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    toy: Any, damaged: Any, section: str, code: str, number: int, question: Any
) -> None:
    per_epoch = len(toy[section]["shape"]) == 2
    at = struct.calcsize(code) * (2 if per_epoch else 0)  # the last epoch of the first trial
    questions = (question, EVERYTHING)
    check, answers = patched(toy, damaged, section, at, code, number, questions=questions)
    for answer in (check, *answers):
        assert_refused(answer, toy, section, at)


@pytest.mark.parametrize("offsets", [[4, 2], [0xFFFFFFFF, 2], [0, 11], [0, 0xFFFFFFFF], [11, 11]])
def test_list_offsets_that_descend_or_pass_the_end_are_refused(
    toy: Any, damaged: Any, offsets: list[int]
) -> None:
    questions = ({"kind": "trial_list", "arguments": [3, "one", "latency_s", 3, 777]}, EVERYTHING)
    check, answers = patched(toy, damaged, "3/one/latency_s", 0, "I", *offsets, questions=questions)
    for answer in (check, *answers):
        assert_refused(answer, toy, "3/one/latency_s", 0)


@pytest.mark.parametrize(("place", "number"), [(0, 1), (5, 9)])
def test_a_check_wants_lists_to_use_every_value(
    toy: Any, damaged: Any, place: int, number: int
) -> None:
    check, (asked,) = patched(toy, damaged, "3/one/latency_s", 4 * place, "I", number)
    assert asked["raised"] is None
    assert_refused(check, toy, "3/one/latency_s", 4 * place)


def test_a_check_wants_presence_bits_past_the_last_epoch_to_be_zero(toy: Any, damaged: Any) -> None:
    check, _ = patched(toy, damaged, "3/one/test/accuracy.present", 1, "B", 0b1111)
    assert_refused(check, toy, "3/one/test/accuracy.present", 1)


@pytest.mark.parametrize(
    ("section", "code", "width"),
    [
        ("3/one/test/accuracy", "H", 2), ("3/one/test/accuracy.last", "B", 1),
        ("3/one/test/loss", "I", 4),
    ],
)  # fmt: skip
def test_a_check_wants_absent_values_to_be_zero(
    toy: Any, damaged: Any, section: str, code: str, width: int
) -> None:
    at = width * 3 * 2  # code 7 is the third trial; its first epoch is absent
    check, (asked,) = patched(toy, damaged, section, at, code, 1)
    assert asked["raised"] is None
    assert_refused(check, toy, section, at)
