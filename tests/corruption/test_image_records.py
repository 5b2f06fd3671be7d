"""The optional sections: what an image says of itself and its forms, damaged with checksums right."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nb201store import _core
from nb201store.cli import main
from nb201store.errors import FormatError
from nb201store.image.reader import ImageRecords, read_records

if TYPE_CHECKING:
    from pathlib import Path


def resealed(toy: Any, path: Path, section: str, content: bytes, *, sound: bool = True) -> Path:
    """Write an image whose section holds `content` (of the section's size), every checksum right.

    `sound`: to the core's full check it is as good as any.
    """
    data = bytearray(toy.data)
    begin, size = toy[section]["offset"], toy[section]["size"]
    assert len(content) == size
    data[begin : begin + size] = content
    struct.pack_into("<I", data, toy.entry(section) + 68, _core.crc32c(content))
    table = bytes(data[64 : 64 + 128 * len(toy.sections)])
    struct.pack_into("<I", data, 32, _core.crc32c(table))
    struct.pack_into("<I", data, 60, _core.crc32c(bytes(data[:60])))
    path.write_bytes(data)
    if sound:
        _core.Image(str(path), check=True)
    return path


def text(toy: Any, section: str, content: str) -> bytes:
    return content.encode("latin-1").ljust(toy[section]["size"])


def refuse(path: Path, section: str) -> None:
    with pytest.raises(FormatError) as found:
        list(read_records(path))
    assert str(found.value).startswith(f"{path}: section '{section}': ")
    assert (found.value.path, found.value.section) == (str(path), section)


@pytest.mark.parametrize("section", ["about", "forms"])
@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "3", "\xff\xfe", "[" * 50], ids=lambda c: ascii(c[:5])
)
def test_text_that_is_no_json_object_is_refused(
    toy: Any, tmp_path: Path, section: str, content: str
) -> None:
    path = resealed(toy, tmp_path / "x.nb201", section, text(toy, section, content))
    refuse(path, section)


@pytest.mark.parametrize(
    "content", ['{"cell": []}', '{"cell": {}, "trial": []}', '{"cell": [1], "trial": ["{}"]}']
)
def test_forms_that_are_no_lists_of_texts_are_refused(
    toy: Any, tmp_path: Path, content: str
) -> None:
    path = resealed(toy, tmp_path / "x.nb201", "forms", text(toy, "forms", content))
    refuse(path, "forms")


@pytest.mark.parametrize(
    "change",
    [
        {"sources": [{}]}, {"sources": 3}, {"sources": [{"kind": "x"}]}, {"benchmark": None},
        {"benchmark": {}}, {"benchmark": []},
    ],
    ids=json.dumps,
)  # fmt: skip
def test_info_refuses_an_image_that_says_nonsense_of_itself(
    toy: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any]
) -> None:
    about = ImageRecords(toy.path).about | change
    path = resealed(toy, tmp_path / "x.nb201", "about", text(toy, "about", json.dumps(about)))
    with pytest.raises(SystemExit) as end:
        main(["info", str(path)])
    out, err = capsys.readouterr()
    assert (end.value.code, out) == (2, "")
    assert err.startswith(f"nb201: {path}: section 'about': ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("section", "place"), [("cell_form", 9), ("3/one/form", 7)])
def test_a_form_that_is_not_there_is_refused(
    toy: Any, tmp_path: Path, section: str, place: int
) -> None:
    begin, size = toy[section]["offset"], toy[section]["size"]
    places = np.frombuffer(toy.data[begin : begin + size], "<u2").copy()
    places[np.flatnonzero(places)[0] if section == "cell_form" else 0] = place
    refuse(resealed(toy, tmp_path / "x.nb201", section, places.tobytes()), section)


def test_verify_refuses_what_it_cannot_read_as_records(
    toy: Any, toy_archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = resealed(toy, tmp_path / "x.nb201", "forms", text(toy, "forms", "{}"))
    with pytest.raises(SystemExit) as end:
        main(["verify", str(path), str(toy_archive)])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"nb201: {path}: section 'forms': ")


@pytest.mark.parametrize("row", [0, 1, 1_000])
def test_verify_refuses_rows_that_are_used_twice_or_not_there(
    toy: Any, toy_archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], row: int
) -> None:
    begin, size = toy["3/one/rows"]["offset"], toy["3/one/rows"]["size"]
    rows = np.frombuffer(toy.data[begin : begin + size], "<i4").copy()
    place = np.flatnonzero(rows >= 0)[-1]
    assert rows[place] != row
    rows[place] = row
    path = resealed(toy, tmp_path / "x.nb201", "3/one/rows", rows.tobytes(), sound=False)
    with pytest.raises(SystemExit) as end:
        main(["verify", str(path), str(toy_archive)])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"nb201: {path}: section '3/one/rows': ")
