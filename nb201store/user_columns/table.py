"""A table as its columns, whatever it came as: a CSV or Parquet file, a dict of arrays, a data frame."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one length. Numbers are arrays of their dtype; everything else, gaps included, of objects.

    `is_text`: the numbers are texts still to be read, as in a CSV. `lines`: line of the file of each row, or None.
    """

    name: str
    columns: dict[str, Array]
    rows: int
    is_text: bool = False
    lines: Array | None = None
    file: str | None = None
    sha256: str | None = None
    masks: dict[str, Array] = field(default_factory=dict)  # where a column of numbers has none

    def where(self, row: int) -> str:
        """Say where a row is: its line in a file of lines, else its number, counted from 0."""
        place = f"row {row}" if self.lines is None else f"line {self.lines[row]}"
        return f"{self.name}, {place}"

    def listed(self) -> str:
        """The names of the columns, for a message."""
        names = list(self.columns)
        text = ", ".join(f"{name!r:.80}" for name in names[:12])
        return text if len(names) <= 12 else f"{text}, ... ({len(names)} in all)"


def read_table(table: Any) -> Table:
    """Return a table given as a path (.csv, .parquet), a dict of arrays, or a pandas, polars or pyarrow table.

    Raises
    ------
    SettingsError  no table, or a file of another kind; pyarrow is needed and missing
    SourceError    a file that cannot be read as what its name says; columns of different lengths
    """
    if isinstance(table, (str, os.PathLike)):
        path = Path(table)
        readers = {".csv": _read_csv, ".parquet": _read_parquet, ".pq": _read_parquet}
        if path.suffix.lower() not in readers:
            raise SettingsError(f"{path}: expected a table X.csv or X.parquet")
        return readers[path.suffix.lower()](path, path.read_bytes())
    if hasattr(table, "column_names") and hasattr(table, "column"):
        return _from_arrow(table, "table")
    if hasattr(table, "keys") or hasattr(table, "columns"):
        names = table.keys() if hasattr(table, "keys") else table.columns
        return _from_arrays({name: table[name] for name in names})
    raise SettingsError(
        "table: expected a path, a dict of arrays or a pandas, polars or pyarrow table, "
        f"found {type(table).__name__}"
    )


def _read_csv(path: Path, data: bytes) -> Table:
    """Comma-separated text in UTF-8 with a line of names; empty lines are skipped."""
    try:
        text = data.decode("utf-8-sig")  # spreadsheets put a byte-order mark first
    except UnicodeDecodeError as problem:
        raise SourceError(f"{path}: not UTF-8 text at byte {problem.start}") from problem
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if not row:
                continue
            if not names:
                names = row
                continue
            if len(row) != len(names):
                raise SourceError(
                    f"{path}, line {reader.line_num}: expected {len(names)} fields as in the line of names, "
                    f"found {len(row)}"
                )
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as problem:
        raise SourceError(f"{path}, line {reader.line_num}: {problem}") from problem
    if not rows:
        raise SourceError(f"{path}: expected a line of names and rows below it, found no row")
    _refuse_twice(str(path), names)
    columns = {
        name: np.array(column, dtype=object)
        for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    return Table(
        str(path), columns, len(rows), is_text=True, lines=np.array(lines), file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip


def _read_parquet(path: Path, data: bytes) -> Table:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as problem:
        raise SettingsError(
            f"{path}: reading Parquet needs pyarrow: pip install 'nb201store[tables]'"
        ) from problem
    try:
        table = parquet.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as problem:
        first = str(problem).strip().partition("\n")[0]
        raise SourceError(f"{path}: not a Parquet file that pyarrow can read: {first}") from problem
    return _from_arrow(table, str(path), path.name, hashlib.sha256(data).hexdigest())


def _from_arrow(table: Any, name: str, file: str | None = None, sha256: str | None = None) -> Table:
    """A pyarrow table. Gaps among integers would make floats of them, so they are told apart first."""
    _refuse_twice(name, table.column_names)
    columns: dict[str, Array] = {}
    masks: dict[str, Array] = {}
    for column_name, column in zip(table.column_names, table.columns, strict=True):
        kind = str(column.type)
        if kind.startswith(("int", "uint", "float", "double", "halffloat")):
            if column.null_count:
                masks[column_name] = column.is_null().to_numpy()
                column = column.fill_null(0)  # noqa: PLW2901 - the same column, without its gaps
            columns[column_name] = column.to_numpy()
        else:
            columns[column_name] = _objects(column.to_pylist())
    if not table.num_rows:
        raise SourceError(f"{name}: it has no rows")
    return Table(name, columns, table.num_rows, file=file, sha256=sha256, masks=masks)


def _from_arrays(given: Mapping[Any, Any]) -> Table:
    """A dict of arrays or lists, or the columns of a data frame."""
    columns: dict[str, Array] = {}
    masks: dict[str, Array] = {}
    for name, values in given.items():
        if not isinstance(name, str):
            raise SettingsError(f"table: expected columns named by text, found {name!r:.80}")
        if isinstance(values, np.ma.MaskedArray):
            masks[name] = np.ma.getmaskarray(values)
        columns[name] = _array(values)
        if columns[name].ndim != 1:
            raise SourceError(
                f"table: column {name!r:.80}: expected one dimension, found shape {columns[name].shape}"
            )
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name!r:.80} has {length}" for name, length in lengths.items())
        raise SourceError(f"table: expected columns of one length; {listed}")
    rows = next(iter(lengths.values()), 0)
    if rows == 0:
        raise SourceError("table: it has no rows")
    return Table("table", columns, rows, masks=masks)


def _array(values: Any) -> Array:
    """Numbers as they are; anything else as objects (numpy would make texts of numbers beside texts)."""
    if isinstance(values, np.ndarray):
        array: Array = np.ma.getdata(values)
    elif hasattr(values, "to_numpy"):
        array = np.asarray(values.to_numpy())
    elif isinstance(values, (list, tuple)):
        return _objects(values)
    else:
        array = np.asarray(values)
    return array if array.dtype.kind in "iufbMmcO" else array.astype(object)


def _objects(values: Iterable[Any]) -> Array:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _refuse_twice(table: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SourceError(f"{table}: two columns are called {name!r:.80}")
