"""Sources that end too early, in every layout: one line that says where, and after how many architectures."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest
import tiny_layouts

from nb201store.cli import main
from nb201store.errors import SourceError
from nb201store.upstream import open_source

if TYPE_CHECKING:
    from pathlib import Path

CELLS = 3
EDGE = 24  # bytes at both ends of a file where every length is tried


def lengths(size: int, count: int) -> list[int]:
    """Lengths shorter than `size`: all near the ends, others anywhere, half of them where cells are."""
    rng = random.Random(201)
    drawn = [*rng.sample(range(size), count), *rng.sample(range(size * 9 // 10, size), count)]
    return sorted({*drawn, *range(EDGE), *range(size - EDGE, size)})


def refusal(path: Path) -> tuple[str, int]:
    """The message of what ends too early, and how many records came before it."""
    came = 0
    with pytest.raises(SourceError) as caught, open_source(path) as source:  # noqa: PT012  # counts what came
        for _ in source.cells():
            came += 1
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message, came


@pytest.mark.parametrize("layout", tiny_layouts.FILES)
def test_a_single_file_cut_off_anywhere(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "some.source"
    tiny_layouts.write_file(path, layout, CELLS)
    whole = path.read_bytes()
    with open_source(path) as source:
        assert len(list(source.cells())) == CELLS
    counts = set()
    for length in lengths(len(whole), 20):
        path.write_bytes(whole[:length])
        message, came = refusal(path)
        if length == 0:
            assert message == f"{path}: the file is empty"
            continue
        said = re.search(r"byte (\d+).*after (\d+) architectures?\)$", message)
        assert said, message
        assert int(said[1]) == length or length < 4, message
        # One that was read is held back until the next, so that with the last all is known of the file.
        assert came <= int(said[2]) <= came + 2, message
        counts.add(int(said[2]))
    if "zip" in layout:  # the list of its members is at its end
        assert counts == {0}
    elif tiny_layouts.FILES[layout][2] is tiny_layouts.packed:  # a block of bz2 is lost as a whole
        assert counts >= {0, CELLS}
    else:
        assert counts == set(range(CELLS + 1))


@pytest.mark.parametrize("layout", tiny_layouts.FOLDERS)
def test_a_record_of_a_folder_cut_off_anywhere(layout: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    records = tiny_layouts.write_folder(folder, layout, CELLS)
    with open_source(folder) as source:
        assert len(list(source.cells())) == CELLS
    for place, path in enumerate(records):
        whole = path.read_bytes()
        for length in lengths(len(whole), 20):
            path.write_bytes(whole[:length])
            message, came = refusal(folder)
            assert message.startswith(str(path))
            assert came == place
            assert message.endswith(
                f"; {place} of the folder's 3 architectures were read before it"
            )
            assert length == 0 or re.search(r"byte \d+", message), message
            assert length < 4 or f"byte {length}" in message, message
        path.write_bytes(whole)


@pytest.mark.parametrize("layout", ["nats-folder", "sss folder"])
def test_the_meta_file_of_a_folder_cut_off_anywhere(layout: str, tmp_path: Path) -> None:
    tiny_layouts.write_folder(tmp_path / "folder", layout, 1)
    path = tmp_path / "folder" / "meta.pickle.pbz2"
    whole = path.read_bytes()
    for length in lengths(len(whole), 10):
        path.write_bytes(whole[:length])
        message, came = refusal(tmp_path / "folder")
        assert message.startswith(str(path))
        assert came == 0
        assert length == 0 or re.search(r"byte \d+", message), message


@pytest.mark.parametrize("target", ["x.zarr", "x.nb201"])
@pytest.mark.parametrize("layout", [*tiny_layouts.FILES, *tiny_layouts.FOLDERS])
def test_converting_leaves_nothing_behind(
    layout: str, target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = cut = tmp_path / "source"
    if layout in tiny_layouts.FILES:
        tiny_layouts.write_file(source, layout, CELLS)
    else:
        cut = tiny_layouts.write_folder(source, layout, CELLS)[-1]
    whole = cut.read_bytes()
    there = sorted(tmp_path.rglob("*"))
    for length in (len(whole) // 3, len(whole) * 9 // 10, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(SystemExit) as ended:
            main(["convert", str(source), str(tmp_path / target)])
        assert ended.value.code == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"nb201: {cut}")
        assert said.err.count("\n") == 1
        assert sorted(tmp_path.rglob("*")) == there
