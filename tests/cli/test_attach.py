"""nb201 attach: what it prints, what it refuses, and what the other commands then say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb201store as nb

CSV = "arch,lat,tpu,note\n{0},1.5,2.5,x\n{1},3.5,-1,y\n"
ARCHS = nb.tss.arch_str([nb.tss.from_official_index(0), 7])


@pytest.fixture
def image(files: Any, tmp_path: Path) -> Path:
    return shutil.copy(files.image, tmp_path / "image.nb201")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(CSV.format(*ARCHS))
    return path


OPTIONS = ("--by", "arch_str", "--key", "arch")


def test_a_line_a_column_and_what_was_left_out(nb201: Any, image: Path, table: Path) -> None:
    done = nb201("attach", image, table, *OPTIONS, "--unit", "lat=ms", "--missing-if", "tpu <= 0")
    assert done.err == ""
    first, second, third, last = done.out.splitlines()
    assert first == "lat (ms): 2 values, 15623 gaps, the first at code 0"
    assert second == "tpu: 1 values, 15624 gaps, the first at code 0"
    assert third == "left out, not only numbers: note"
    assert last.startswith(f"{image}: ")
    with nb.open(image, check=True) as bench:
        assert bench.column("lat").array(missing="mask").compressed().tolist() == [3.5, 1.5]
        assert bench.column("tpu")[nb.tss.code(ARCHS[0])] == 2.5


def test_json(nb201: Any, image: Path, table: Path) -> None:
    done = nb201("attach", image, table, *OPTIONS, "--column", "lat=edge", "--column", "tpu", "--json")  # fmt: skip
    assert done.json == {
        "image": str(image), "bytes": image.stat().st_size, "table": str(table), "by": "arch_str",
        "columns": [
            {"name": "edge", "unit": "", "values": 2, "gaps": 15_623, "first_gap": 0},
            {"name": "tpu", "unit": "", "values": 2, "gaps": 15_623, "first_gap": 0},
        ],
        "left_out": [],
    }  # fmt: skip


def test_a_whole_column_says_nothing_of_gaps(nb201: Any, image: Path, tmp_path: Path) -> None:
    lines = [f"{code},{code / 8}" for code in range(15_625)]
    (tmp_path / "whole.csv").write_text("\n".join(["code,eighth", *lines]))
    done = nb201("attach", image, tmp_path / "whole.csv", "--by", "code")
    assert done.out.splitlines()[0] == "eighth: 15625 values"
    with nb.open(image) as bench:
        assert bench.column("eighth").array().tolist() == (np.arange(15_625) / 8).tolist()


def test_replace_and_drop(nb201: Any, refused: Any, files: Any, image: Path, table: Path) -> None:
    attach = ("attach", image, table, *OPTIONS, "--column", "lat")
    assert nb201(*attach).code == 0
    refused(nb201(*attach), "'lat' already", "--replace")
    assert nb201(*attach, "--replace").code == 0
    refused(nb201("attach", image, "--drop", "latency"), "no user column 'latency'; it has lat")
    refused(nb201("attach", image, table, "--drop", "lat"), "--drop takes columns off")
    done = nb201("attach", image, "--drop", "lat", "--json")
    size = image.stat().st_size
    assert done.json == {"image": str(image), "bytes": size, "dropped": ["lat"]}
    assert image.read_bytes() == files.image.read_bytes()
    assert nb201(*attach).code == 0
    assert nb201("attach", image, "--drop", "lat").out.startswith(f"{image}: without lat, ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--by arch_str, code or official_index"]),
        (("TABLE",), ["--by arch_str, code or official_index"]),
        (("TABLE", "--by", "arch"), ["'arch' is not one of"]),
        (("TABLE", "--by", "arch_str"), ["no column 'arch_str' here", "--key", "'arch', 'lat'"]),
        (("TABLE", "--by", "code", "--key", "arch"), ["line 2", "names no cell", "2 of 2 rows"]),
        (("TABLE", *OPTIONS, "--column", "note"), ["line 2", "'note'", "a number", "found 'x'"]),
        (("TABLE", *OPTIONS, "--column", "lat", "--column", "lat=b"), ["--column 'lat' is given twice"]),
        (("TABLE", *OPTIONS, "--column", "lat=time"), ["'time' cannot name a user column"]),
        (("TABLE", *OPTIONS, "--column", "lat="), ["'' cannot name a user column"]),
        (("TABLE", *OPTIONS, "--unit", "lat"), ["--unit: expected NAME=UNIT, found 'lat'"]),
        (("TABLE", *OPTIONS, "--unit", "cpu=ms"), ["--unit", "no column 'cpu' is attached"]),
        (("TABLE", *OPTIONS, "--missing-if", "0"), ["--missing-if", "found '0'"]),
        (("absent.csv", *OPTIONS), ["absent.csv: No such file or directory"]),
        (("table.txt", *OPTIONS), ["expected a table X.csv or X.parquet"]),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_and_change_nothing(
    nb201: Any, refused: Any, image: Path, table: Path, arguments: Any, words: list[str]
) -> None:
    before = image.read_bytes()
    refused(nb201("attach", image, *(table if a == "TABLE" else a for a in arguments)), *words)
    assert image.read_bytes() == before
    assert sorted(path.name for path in image.parent.iterdir()) == ["image.nb201", "table.csv"]


def test_an_archive_has_no_user_columns(nb201: Any, refused: Any, files: Any, table: Path) -> None:
    refused(nb201("attach", files.archive, table, *OPTIONS), "is a folder", "nb201 pack")


def test_info_lists_them_with_unit_and_source(
    nb201: Any, files: Any, image: Path, table: Path
) -> None:
    assert nb201("info", image, "--json").json["user_columns"] == []
    assert "user column" not in nb201("info", image).out
    nb201("attach", image, table, *OPTIONS, "--column", "lat", "--unit", "lat=ms",
          "--source", "Ours, 2026")  # fmt: skip
    nb201("attach", image, table, *OPTIONS, "--column", "tpu")
    rows = [line.split("   ") for line in nb201("info", image).out.splitlines()[-3:-1]]
    assert [[cell.strip() for cell in row if cell.strip()] for row in rows] == [
        ["lat", "ms", "2", "Ours, 2026"],
        ["tpu", "2", "table.csv"],
    ]
    listed = nb201("info", image, "--json").json["user_columns"]
    assert [(c["name"], c["unit"], c["values"], c["source"], c["file"], c["by"]) for c in listed] == [
        ("lat", "ms", 2, "Ours, 2026", "table.csv", "arch_str"),
        ("tpu", "", 2, None, "table.csv", "arch_str"),
    ]  # fmt: skip


def test_verify_compares_all_else(nb201: Any, files: Any, image: Path, table: Path) -> None:
    nb201("attach", image, table, *OPTIONS)
    assert nb201("verify", image).code == 0
    for source in (files.source, files.archive):
        assert nb201("verify", image, source, "--json").json["same"] is True


def test_query_lists_them_where_nothing_narrows_it(nb201: Any, image: Path, table: Path) -> None:
    plain = nb201("query", image, "index:0", "--json").json
    nb201("attach", image, table, *OPTIONS, "--unit", "lat=ms", "--missing-if", "tpu <= 0")
    found = nb201("query", image, "index:0", "--json").json
    assert found.pop("user_columns") == [
        {"name": "lat", "value": 1.5, "unit": "ms"},
        {"name": "tpu", "value": 2.5, "unit": ""},
    ]
    assert found == plain
    assert "user_columns" not in nb201("query", image, "index:0", "--seed", "777", "--json").json
    # A cell without any trial still has what was attached of it.
    only = nb201("query", image, 7)
    assert only.out.splitlines()[-2].split() == ["lat", "3.5", "ms"]
    assert nb201("query", image, 8).code == 2
