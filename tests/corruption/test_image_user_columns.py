"""User columns of an image: every byte of their description flipped, every field lying, data that cannot be."""

from __future__ import annotations

import shutil
import struct
from typing import Any

import numpy as np
import pytest

import nb201store as nb
from nb201store import _core

CELLS = 15_625
EVERY_BIT = [1 << bit for bit in range(8)] + [0xFF]


@pytest.fixture(scope="module")
def attached(toy: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The toy image with two user columns, the second with gaps."""
    path = shutil.copy(toy.path, tmp_path_factory.mktemp("attached") / "attached.nb201")
    code = np.arange(CELLS)
    table = {"code": code, "whole": code / 4, "holes": np.where(code % 3 == 0, np.nan, code)}
    nb.attach(path, table, by="code", units={"whole": "ms"})
    return type(toy)(path, path.read_bytes(), _core.Image(str(path)).sections())


def run(
    attached: Any, damaged: Any, *patches: tuple[str, int, bytes], sections: Any = ()
) -> dict[str, Any]:
    """Patch bytes of sections, make all checksums right, and open, check and ask."""
    case = {
        "name": "one",
        "patches": [[attached[name]["offset"] + at, new.hex()] for name, at, new in patches],
        "reseal": True,
        "sections": [attached.number(name) for name, _, _ in patches],
    }
    return damaged("cases", path=attached.path, cases=[case])[0]


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def test_the_image_is_sound(attached: Any, damaged: Any) -> None:
    found = run(attached, damaged)
    assert [found[step]["raised"] for step in ("open", "check", "ask")] == [None, None, None]
    assert attached["user/1.present"]["shape"] == (1954,)


def test_every_flipped_bit_of_their_description_is_refused(attached: Any, damaged: Any) -> None:
    begin, size = attached["user_columns"]["offset"], attached["user_columns"]["size"]
    assert size == 256
    report = damaged("flips", path=attached.path, ranges=[[begin, begin + size]], masks=EVERY_BIT)
    assert report == {"cases": size * len(EVERY_BIT), "failures": []}


def test_every_flipped_byte_of_their_data_is_found_by_a_check(attached: Any, damaged: Any) -> None:
    ranges = []
    for name in ("user/0", "user/1", "user/1.present", "user_about"):
        begin, size = attached[name]["offset"], attached[name]["size"]
        ranges += [[begin, begin + 3], [begin + size - 3, begin + size]]
    report = damaged("flips", path=attached.path, ranges=ranges, masks=[1, 0xFF], check=True)
    assert report == {"cases": 48, "failures": []}


FIELDS = {
    "a digit first": (0, b"9", 0),
    "no name": (0, bytes(64), 0),
    "a blank in the name": (2, b" ", 0),
    "a name without an end": (0, b"a" * 64, 0),
    "a metric's name": (0, b"loss\0\0", 0),
    "a key's name": (0, b"code\0\0", 0),
    "a name used twice": (128, b"whole\0", 128),
    "a unit that is no text": (64, b"\x01", 64),
    "a unit without an end": (64, b"m" * 32, 64),
    "a unit behind its end": (95, b"m", 64),
    "data in no section": (96, u32(5000), 96),
    "data in a required section": (96, u32(8), 96),
    "bits where numbers should be": (96, None, 96),
    "numbers where bits should be": (100, None, 100),
    "the last byte": (127, b"\x01", 104),
}


@pytest.mark.parametrize("what", FIELDS)
def test_every_field_is_checked_when_a_file_is_opened(
    attached: Any, damaged: Any, what: str
) -> None:
    at, new, reported = FIELDS[what]
    other = {"bits where numbers": "user/1.present", "numbers where bits": "user/0"}
    if new is None:
        new = u32(attached.number(other[" ".join(what.split()[:3])]))
    found = run(attached, damaged, ("user_columns", at, new))["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "user_columns")
    assert found["offset"] == attached["user_columns"]["offset"] + reported


LIES = {
    "a number in a gap": ("user/1", 0, b"\x01", 0),
    "a zero with a sign in a gap": ("user/1", 3 * 8 + 7, b"\x80", 3 * 8),
    "an infinity": ("user/0", 16, struct.pack("<d", np.inf), 16),
    "a NaN": ("user/0", 8 * (CELLS - 1), struct.pack("<d", np.nan), 8 * (CELLS - 1)),
    "a bit past the last cell": ("user/1.present", 1953, b"\x03", 1953),
    "a value taken for a gap": ("user/1.present", 0, b"\x02", 16),
}


@pytest.mark.parametrize("what", LIES)
def test_data_that_cannot_be_is_found_by_a_check(attached: Any, damaged: Any, what: str) -> None:
    name, at, new, reported = LIES[what]
    found = run(attached, damaged, (name, at, new))
    assert found["open"]["raised"] is None
    blamed = "user/1" if what == "a value taken for a gap" else name
    assert (found["check"]["raised"], found["check"]["section"]) == ("FormatError", blamed)
    assert found["check"]["offset"] == attached[blamed]["offset"] + reported


@pytest.mark.parametrize("what", ["an infinity", "a NaN"])
def test_a_number_that_is_not_finite_is_never_an_answer(attached: Any, tmp_path: Any, what: str) -> None:  # fmt: skip
    name, at, new, _ = LIES[what]
    data = bytearray(attached.data)
    begin = attached[name]["offset"] + at
    data[begin : begin + 8] = new
    (tmp_path / "x.nb201").write_bytes(data)
    with nb.open(tmp_path / "x.nb201") as bench:
        column = bench.column("whole")
        with pytest.raises(nb.FormatError, match=f"section '{name}' at byte {begin}: expected a finite"):  # fmt: skip
            column[at // 8]
        with pytest.raises(nb.FormatError, match="expected a finite number of code"):
            column.array(missing="mask")


def test_their_sections_may_not_be_required(attached: Any, damaged: Any) -> None:
    entry = attached.entry("user_columns") + 66
    case = {"name": "one", "patches": [[entry, "0100"]], "reseal": True}
    found = damaged("cases", path=attached.path, cases=[case])[0]["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "user_columns")
    assert "an optional section" in found["message"]
    case["patches"] = [[attached.entry("user/0") + 66, "0100"]]
    found = damaged("cases", path=attached.path, cases=[case])[0]["open"]
    assert (found["raised"], found["section"]) == ("FormatError", "user_columns")
    assert "required" in found["message"]


def test_a_reader_that_does_not_know_them_answers_everything_else(
    toy: Any, attached: Any, damaged: Any
) -> None:
    """To such a reader they are optional sections of names that mean nothing."""
    case = {
        "name": "one",
        "patches": [[attached.entry("user_columns"), b"unknown".ljust(64, b"\0").hex()]],
        "reseal": True,
    }
    found = damaged("cases", path=attached.path, cases=[case])[0]
    assert [found[step]["raised"] for step in ("open", "check", "ask")] == [None, None, None]
    plain = damaged("cases", cases=[{"name": "plain", "patches": [], "reseal": False}])[0]
    assert found["ask"] == plain["ask"]
