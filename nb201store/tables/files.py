"""A table as a file: Parquet, or CSV that keeps every bit. It appears whole or not at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from nb201store.errors import SettingsError
from nb201store.replacing import check_target, new_file
from nb201store.tables.arrow import require_pyarrow, to_arrow
from nb201store.tables.chosen import choose

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from nb201store import _core
    from nb201store.tables.chosen import Chosen, ChosenColumn

    Progress = Callable[[str, int, int], None]

ROWS_AT_ONCE = 512
"""Rows of CSV that are text in memory at a time: a table of every epoch has thousands of columns."""


class Written(NamedTuple):
    """What `write` wrote."""

    rows: int
    columns: list[str]
    bytes: int


def export(
    image: _core.Image,
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    **chosen: Any,
) -> Written:
    """Choose columns of an image (`choose`) and `write` them to a file, whose name and place are checked first."""
    path = Path(target)
    check_file(path, overwrite=overwrite)
    return write(choose(image, **chosen), path, overwrite=overwrite, progress=progress)


def check_file(target: Path, *, overwrite: bool) -> None:
    """Raise what `write` would raise of the target's name and place, before the work."""
    if target.suffix not in (".csv", ".parquet"):
        what = (
            "no Excel workbook is written, but spreadsheets open .csv"
            if target.suffix == ".xlsx"
            else ""
        )
        found = target.suffix or "no suffix"
        raise SettingsError(
            f"{target}: a table's file ends in .csv or .parquet, found {found}"
            + (f"; {what}" if what else "")
        )
    if target.suffix == ".parquet":
        require_pyarrow()
    check_target(target, overwrite=overwrite, folder=False)


def write(
    table: Chosen,
    target: Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Written:
    """Write a table as CSV or Parquet, as the suffix says; return what was written.

    In CSV a missing value is an empty field, a double the shortest text that reads back as the same double, and a
    recorded NaN `nan`; the encoding is UTF-8, lines end in a line feed.

    Raises
    ------
    SettingsError      another suffix; pyarrow is missing (Parquet)
    FileExistsError    `target` exists and `overwrite` is false
    FileNotFoundError, IsADirectoryError, OSError  it cannot be written there
    """
    check_file(target, overwrite=overwrite)
    with new_file(target, overwrite=overwrite) as file:
        if target.suffix == ".csv":
            _write_csv(table, file, progress)
        else:
            import pyarrow.parquet

            pyarrow.parquet.write_table(to_arrow(table), file)
        size = file.tell()
    return Written(table.rows, [column.name for column in table.columns], size)


def _write_csv(table: Chosen, file: BinaryIO, progress: Progress | None) -> None:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([column.name for column in table.columns])
    for start in range(0, table.rows, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        lines.writerows(zip(*(_texts(column, part) for column in table.columns), strict=True))
        file.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()
        if progress is not None:
            progress("write", min(start + ROWS_AT_ONCE, table.rows), table.rows)
    file.write(text.getvalue().encode())  # the header, of a table without rows


def _texts(column: ChosenColumn, part: slice) -> list[Any]:
    """The fields of some rows. csv writes a float as its repr, and None as an empty field."""
    if isinstance(column.values, list):
        return column.values[part]
    values: list[Any] = column.values[part].tolist()
    if column.present is None:
        return values
    there = column.present[part].tolist()
    return [value if is_there else None for value, is_there in zip(values, there, strict=True)]
