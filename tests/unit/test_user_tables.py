"""The same numbers as a CSV, a Parquet file, a dict or a data frame; and files that are no tables."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

import nb201store as nb
from nb201store.errors import ArchError, SettingsError, SourceError
from nb201store.user_columns.keys import key_column, row_codes
from nb201store.user_columns.numbers import exact_numbers, read_numbers
from nb201store.user_columns.table import Table, read_table

COUNT = 500
CODES = np.random.default_rng(0).permutation(15_625)[:COUNT]


def columns_of(table: Table, by: str = "code") -> dict[str, list[tuple[int, float | None]]]:
    """(code, value or None) of every row, by the name of the column."""
    codes = row_codes(table, key_column(table, by, None), by, nb.tss).tolist()
    out = {}
    for name in table.columns:
        if name != by:
            values, present = exact_numbers(table, name, name, read_numbers(table, name), [])
            found = [v if p else None for v, p in zip(values.tolist(), present, strict=True)]
            out[name] = list(zip(codes, found, strict=True))
    return out


def numbers() -> dict[str, list[float | None]]:
    """Doubles of every size, integers up to the greatest exact one, and gaps in both."""
    rng = np.random.default_rng(1)
    doubles = rng.integers(0, 2**63, COUNT, dtype=np.uint64).view(np.float64)
    doubles[~np.isfinite(doubles)] = -0.0
    integers = rng.integers(-(2**53), 2**53 + 1, COUNT).tolist()
    integers[7] = 2**53
    gaps = rng.random((2, COUNT)) < 0.2
    gaps[1, 7] = False
    return {
        "double": [None if gap else v for v, gap in zip(doubles.tolist(), gaps[0], strict=True)],
        "integer": [None if gap else v for v, gap in zip(integers, gaps[1], strict=True)],
    }


class Polars:
    """What is used of a polars data frame: `columns`, and columns with `to_numpy`."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self.columns = list(table.columns)

    def __getitem__(self, name: str) -> pd.Series:
        return self._table[name]


def forms(folder: Path, table: dict[str, Any]) -> dict[str, Any]:
    frame = pd.DataFrame({name: pd.array(column) for name, column in table.items()})
    arrow = pa.table(table)
    parquet.write_table(arrow, folder / "table.parquet")
    frame.to_csv(folder / "table.csv", index=False)
    text = (folder / "table.csv").read_text()
    (folder / "spreadsheet.CSV").write_bytes(
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n"
    )
    (folder / "nan.csv").write_text(text.replace(",,", ",NaN,").replace(",\n", ", n/a\n"))
    masked = {
        name: np.ma.masked_array([0 if v is None else v for v in column], [v is None for v in column])
        for name, column in table.items()
    }  # fmt: skip
    return {
        "lists": table,
        "masked": masked,
        "frame": frame,
        "polars": Polars(frame),
        "arrow": arrow,
        "parquet": folder / "table.parquet",
        "csv": str(folder / "table.csv"),
        "spreadsheet": folder / "spreadsheet.CSV",
        "nan": folder / "nan.csv",
    }


def test_every_form_of_a_table_gives_the_same_numbers(tmp_path: Path) -> None:
    table = {"code": CODES.tolist(), **numbers()}
    expected = {
        name: [
            (code, None if v is None else float(v)) for code, v in zip(CODES, column, strict=True)
        ]
        for name, column in numbers().items()
    }
    assert any(v is None for column in expected.values() for _, v in column)
    given = forms(tmp_path, table)
    assert len(given) == 9
    for form, one in given.items():
        assert columns_of(read_table(one)) == expected, form


def test_every_form_of_a_table_gives_the_same_strings(tmp_path: Path) -> None:
    table = {"arch_str": nb.tss.arch_str(CODES), "x": list(range(COUNT))}
    expected = {"x": list(zip(CODES.tolist(), map(float, range(COUNT)), strict=True))}
    for form, one in forms(tmp_path, table).items():
        if form != "masked":
            assert columns_of(read_table(one), "arch_str") == expected, form


def test_a_file_is_known_by_its_name_and_content(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("code,a\n1,2\n")
    table = read_table(path)
    assert (table.file, table.name) == ("t.csv", str(path))
    assert table.sha256 == hashlib.sha256(b"code,a\n1,2\n").hexdigest()
    assert read_table({"code": [1]}).sha256 is None


def csv(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "expected a line of names and rows below it, found no row"),
        ("code,a\n", "found no row"),
        ("\n\n", "found no row"),
        ("code,a\n1,2\n3\n", r"t\.csv, line 3: expected 2 fields .* found 1$"),
        ("code,a\n1,2,3\n", r"line 2: expected 2 fields .* found 3$"),
        ("code,a,a\n1,2,3\n", r"two columns are called 'a'"),
        (b"code,a\n1,\xff\n", r"not UTF-8 text at byte 9"),
        ('code,a\n1,"2\n', r"line 2: unexpected end of data"),
        ('code,a\n1,"2"3\n', r"line 2: .*"),
        ("code,a\n1," + "9" * 200_000 + "\n", r"line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_no_csv_is_refused(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as found:
        read_table(csv(tmp_path, content))
    assert "\n" not in str(found.value)


def test_a_line_is_named_as_an_editor_counts(tmp_path: Path) -> None:
    table = read_table(csv(tmp_path, 'code,a\n\n1,"2\n"\n2,x\n99999,3\n'))
    with pytest.raises(SourceError, match=r"t\.csv, line 5: column 'a'.*'x' \(1 of 3 rows"):
        exact_numbers(table, "a", "a", read_numbers(table, "a"), [])
    with pytest.raises(ArchError, match=r"t\.csv, line 6: 'code' names no cell: .*99999 \(1 of 3"):
        row_codes(table, "code", "code", nb.tss)


@pytest.mark.parametrize(
    "text", ["1", " +07 ", "3.", ".5", "-1e-3", "1E5", "9007199254740992", "1e300", "9" * 16 + ".0"]
)
def test_texts_that_are_numbers(tmp_path: Path, text: str) -> None:
    assert columns_of(read_table(csv(tmp_path, f"code,a\n1,{text}\n"))) == {"a": [(1, float(text))]}


@pytest.mark.parametrize("text", ["", " ", "nan", "NaN", "-nan", "NA", "n/a", "NULL", "None"])
def test_texts_that_are_gaps(tmp_path: Path, text: str) -> None:
    assert columns_of(read_table(csv(tmp_path, f"code,a\n1,{text}\n2,1\n"))) == {
        "a": [(1, None), (2, 1.0)]
    }


@pytest.mark.parametrize(
    "text", ["x", "1_000", "1;5", "0x10", "1 2", "\u0661", "--1", "true", "$5", "1e", "?"]
)
def test_texts_that_are_neither(tmp_path: Path, text: str) -> None:
    table = read_table(csv(tmp_path, f"code,a\n1,{text}\n2,1\n"))
    with pytest.raises(SourceError, match="expected a number, or nothing where there is none"):
        columns_of(table)


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-9007199254740993", "+0" + "9" * 17, "1" * 400, "1" * 5000]
)
def test_texts_that_a_double_would_round(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match=r"2\^53"):
        columns_of(read_table(csv(tmp_path, f"code,a\n1,{text}\n")))


@pytest.mark.parametrize("text", ["inf", "-Infinity", "1e999"])
def test_texts_that_are_infinite(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match="expected finite numbers"):
        columns_of(read_table(csv(tmp_path, f"code,a\n1,{text}\n")))


@pytest.mark.parametrize("key", ["1.0", "", "x", "1_0", "\u0661", "9" * 19, "0x1"])
def test_texts_that_are_no_whole_number_name_no_cell(tmp_path: Path, key: str) -> None:
    with pytest.raises(ArchError, match="names no cell"):
        columns_of(read_table(csv(tmp_path, f"code,a\n{key},1\n")))


def test_two_spellings_of_a_cell_are_one_cell(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"line 4: 'code' '\+07' names code 7, as line 2 does"):
        columns_of(read_table(csv(tmp_path, "code,a\n7,1\n8,2\n+07,3\n")))


def test_gaps_do_not_make_floats_of_great_integers(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"code": [1, 2], "a": [None, 2**53 + 1]}), tmp_path / "t.parquet")
    with pytest.raises(SourceError, match=r"row 1: column 'a': expected integers of at most 2\^53"):
        columns_of(read_table(tmp_path / "t.parquet"))


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"PAR1", b"PAR1" + bytes(60) + b"PAR1"):
        (tmp_path / "t.parquet").write_bytes(content)
        with pytest.raises(SourceError, match="not a Parquet file that pyarrow can read") as found:
            read_table(tmp_path / "t.parquet")
        assert "\n" not in str(found.value)
    parquet.write_table(pa.table({"code": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    with pytest.raises(SourceError, match="it has no rows"):
        read_table(tmp_path / "t.parquet")


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("t.xlsx", "t", "t.csv.gz"):
        with pytest.raises(SettingsError, match=r"expected a table X\.csv or X\.parquet$"):
            read_table(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path / "t.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        read_table(tmp_path / "d.csv")


def test_without_pyarrow_parquet_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # importing it raises ImportError
    (tmp_path / "t.parquet").write_bytes(b"")
    with pytest.raises(SettingsError, match=r"needs pyarrow: pip install 'nb201store\[tables\]'$"):
        read_table(tmp_path / "t.parquet")
    assert columns_of(read_table(csv(tmp_path, "code,a\n1,2\n"))) == {"a": [(1, 2.0)]}
