"""Tables as files: Parquet and CSV read back bit for bit, by others; files that appear whole or not at all."""

from __future__ import annotations

import csv
import math
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import nb201store as nb
from nb201store.tables import files
from nb201store.tables.chosen import Chosen, ChosenColumn
from nb201store.tables.files import write

WORDS = {
    "schedule": 200, "seed": [777, "mean"], "metrics": ["accuracy", "loss", "time", "params_m"], "cost": True,
}  # fmt: skip


def assert_same_bits(found, expected):
    """Two Arrow tables have the same columns, the same nulls and the same bits."""
    assert found.schema.names == expected.schema.names
    for name in expected.schema.names:
        one, two = found[name].combine_chunks(), expected[name].combine_chunks()
        assert one.is_valid().equals(two.is_valid()), name
        if two.type == pa.float64():
            assert one.drop_null().to_numpy().tobytes() == two.drop_null().to_numpy().tobytes(), (
                name
            )
        else:
            assert one.to_pylist() == two.to_pylist(), name


@pytest.mark.parametrize("codes", ["all", "recorded"])
def test_parquet_read_back_is_the_same_table(bench, tmp_path, codes) -> None:
    expected = bench.table(**WORDS, codes=codes)
    written = bench.export(tmp_path / "x.parquet", **WORDS, codes=codes)
    found = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    assert found.schema.equals(expected.schema, check_metadata=True)
    assert_same_bits(found, expected)
    assert written == (
        found.num_rows, found.schema.names, (tmp_path / "x.parquet").stat().st_size,
    )  # fmt: skip
    frame = pd.read_parquet(tmp_path / "x.parquet")
    for name in expected.schema.names[3:]:
        as_numpy = expected[name].to_numpy()  # null as NaN, as pandas does
        assert np.array_equal(frame[name].to_numpy(), as_numpy, equal_nan=True)


@pytest.mark.parametrize("codes", ["all", "recorded"])
def test_csv_read_back_is_the_same_table(bench, tmp_path, codes) -> None:
    expected = bench.table(**WORDS, codes=codes)
    written = bench.export(tmp_path / "x.csv", **WORDS, codes=codes)
    assert written.rows == expected.num_rows
    assert written.bytes == (tmp_path / "x.csv").stat().st_size
    types = pyarrow.csv.ConvertOptions(
        column_types={field.name: field.type for field in expected.schema}
    )
    assert_same_bits(pyarrow.csv.read_csv(tmp_path / "x.csv", convert_options=types), expected)
    frame = pd.read_csv(tmp_path / "x.csv")
    assert frame.columns.tolist() == expected.schema.names
    assert frame["arch_str"].tolist() == expected["arch_str"].to_pylist()
    for name in expected.schema.names[3:]:
        assert np.array_equal(frame[name].to_numpy(), expected[name].to_numpy(), equal_nan=True)


def test_csv_has_a_header_line_empty_fields_and_shortest_doubles(bench, tmp_path) -> None:
    words = {"schedule": 200, "seed": 777, "datasets": "cifar10", "splits": "ori-test"}
    recorded = bench.space.from_official_index(3)
    bench.export(tmp_path / "x.csv", **words, codes=[recorded, 5])
    value = bench.accuracy(recorded, "cifar10", "ori-test", schedule=200, seed=777)
    assert (tmp_path / "x.csv").read_bytes().decode() == (
        "code,official_index,arch_str,200/cifar10/ori-test/accuracy/777\n"
        f"{recorded},3,{bench.space.arch_str(recorded)},{value!r}\n"
        f"5,{bench.space.official_index(5)},{bench.space.arch_str(5)},\n"
    )


def test_csv_needs_no_pyarrow_and_parquet_says_so(bench, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    assert bench.export(tmp_path / "x.csv", cost=True).rows == 15_625
    with pytest.raises(nb.SettingsError, match=r"pip install nb201store\[tables\]"):
        bench.export(tmp_path / "x.parquet", cost=True)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_every_kind_of_double_keeps_its_bits_in_csv(tmp_path) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**63, 3000, dtype=np.uint64).view(np.float64)
    values[:6] = [0.0, -0.0, 5e-324, math.inf, -math.inf, math.nan]
    values = values[np.isfinite(values) | (np.arange(len(values)) < 6)]
    present = np.arange(len(values)) % 7 != 6
    column = ChosenColumn('a, "quoted" name', values, present, {})
    write(Chosen(len(values), [column, column._replace(name="b")], {}), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ['a, "quoted" name', "b"]
    assert len(lines) == len(values) > 2 * files.ROWS_AT_ONCE
    for line, value, there in zip(lines, values.tolist(), present.tolist(), strict=True):
        assert (line[0] != "") == there
        if there:
            assert np.float64(line[0]).tobytes() == np.float64(value).tobytes()


def test_a_table_without_rows_is_its_header(bench, tmp_path) -> None:
    words = {"schedule": 200, "seed": 777, "datasets": "cifar10", "splits": "train", "codes": []}
    assert bench.export(tmp_path / "x.csv", **words).rows == 0
    assert (tmp_path / "x.csv").read_text() == (
        "code,official_index,arch_str,200/cifar10/train/accuracy/777\n"
    )
    bench.export(tmp_path / "x.parquet", **words)
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("x", "no suffix"), ("x.xlsx", ".xlsx; .*spreadsheets open .csv"), ("x.CSV", ".CSV"),
        ("x.csv.gz", ".gz"), (".csv", "no suffix"),
    ],
)  # fmt: skip
def test_another_suffix_is_refused(bench, tmp_path, name, says) -> None:
    with pytest.raises(nb.SettingsError, match=f"ends in .csv or .parquet, found {says}"):
        bench.export(tmp_path / name, cost=True)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_without_overwrite(bench, tmp_path) -> None:
    for name in ("x.csv", "x.parquet"):
        target = tmp_path / name
        target.write_text("precious")
        with pytest.raises(FileExistsError, match="exists; give --overwrite"):
            bench.export(target, cost=True)
        assert target.read_text() == "precious"
        bench.export(target, cost=True, overwrite=True)
        assert target.stat().st_size > 100_000
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        bench.export(tmp_path / "folder.csv", cost=True, overwrite=True)
    with pytest.raises(FileNotFoundError, match="nowhere is not a folder"):
        bench.export(tmp_path / "nowhere" / "x.csv", cost=True)


def test_a_bad_word_leaves_the_old_file(bench, tmp_path) -> None:
    target = tmp_path / "x.csv"
    target.write_text("precious")
    with pytest.raises(nb.SettingsError, match="no dataset 'cifar11'"):
        bench.export(target, cost=True, datasets="cifar11", overwrite=True)
    assert target.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


class Stop(BaseException):
    """Raised by the progress, as an interruption would come."""


def test_an_interruption_leaves_nothing_and_keeps_the_old_file(bench, tmp_path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        assert (stage, total) == ("write", 15_625)
        if done > 3 * files.ROWS_AT_ONCE:
            raise Stop

    (tmp_path / "old.csv").write_text("precious")
    for name in ("new.csv", "old.csv"):
        with pytest.raises(Stop):
            bench.export(tmp_path / name, cost=True, overwrite=True, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    assert (tmp_path / "old.csv").read_text() == "precious"
