"""Attach columns of a table to an image, and take them off again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.arguments import shown
from nb201store.errors import SettingsError
from nb201store.image.user_columns import (
    UserColumn,
    check_name,
    check_unit,
    image_path,
    rewrite_user_columns,
)
from nb201store.space import SPACES
from nb201store.user_columns.keys import BY, key_column, row_codes
from nb201store.user_columns.numbers import exact_numbers, parse_rules, read_numbers
from nb201store.user_columns.table import read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from nb201store.user_columns.numbers import Numbers
    from nb201store.user_columns.table import Table

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class AttachedColumn:
    """One column as it was attached. `gaps`: cells without a value; `first_gap`: the smallest code of them."""

    name: str
    unit: str
    values: int
    gaps: int
    first_gap: int | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """What `attach` did. `left_out`: columns of the table that hold something other than numbers, or nothing."""

    columns: list[AttachedColumn]
    left_out: list[str]
    size: int


def attach(
    image: str | os.PathLike[str],
    table: Any,
    *,
    by: str,
    key: str | None = None,
    columns: Iterable[str] | Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    source: str | None = None,
    missing_if: str | Iterable[str] | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> Attachment:
    """Attach columns of a table to an image: one value a cell, asked as `bench.column(name)`.

    The image is written anew beside the old one and renamed into its place: stores that are open keep the old data,
    and whatever goes wrong, the image stays as it was. Equal input gives equal bytes.

    Parameters
    ----------
    image : path of an image (`.nb201`)
    table : path of a .csv (UTF-8, commas, a line of names) or a .parquet file (needs nb201store[tables]), a dict of
        arrays, or a pandas, polars or pyarrow table
    by : "arch_str", "code" or "official_index": how the table names its cells, spelt as `space` spells them
    key : the column that does; without it the column called as `by` says
    columns : names of the columns to attach, or a dict of their names to new ones; without it every column that
        holds numbers and nothing else, the key and other names of a cell apart
    units : unit of columns, by the name they get; at most 31 characters of ASCII
    source : where the numbers come from, in words; kept and shown
    missing_if : numbers that stand for none: "<= 0", or "NAME <= 0" for one column; also < > >= ==
    replace : give columns that the image has already their new values, instead of refusing

    Returns
    -------
    Attachment : each column's name, unit, number of values and of gaps. A cell that no row names, and an empty or NaN
        value, is a gap: kept as missing, never as a number.

    Raises
    ------
    ArchError      rows that name no cell of the space
    SourceError    rows that name a cell twice; what is no number, infinite, or an integer that a double would round
    SettingsError  a column or option that makes no sense; a name that the image has already
    FormatError, ChecksumError  the image is damaged

    Each names the first row and how many there are; nothing is attached then.
    """
    path = image_path(image)
    space = SPACES[_core.Image(str(path)).space]
    read = read_table(table)
    rules = parse_rules(missing_if)
    key = key_column(read, by, key)
    codes = row_codes(read, key, by, space)
    numbers = cache(partial(read_numbers, read))  # which columns are numbers is asked first
    names, left_out = _chosen(read, key, columns, numbers)
    units = dict(units or {})
    _refuse_unknown("unit (--unit)", units, names)
    _refuse_unknown("missing_if (--missing-if)", [r.column for r in rules if r.column], names)
    about = {"source": source, "file": read.file, "sha256": read.sha256, "by": by}
    _refuse_unwritable("source (--source)", source)
    new = [
        _column(
            name,
            units.get(name, ""),
            codes,
            len(space),
            exact_numbers(read, old, name, numbers(old), rules),
            about,
        )
        for old, name in names.items()
    ]

    def change(have: list[UserColumn]) -> list[UserColumn]:
        return _merged(path, have, new, replace=replace)

    size = rewrite_user_columns(path, change, progress)
    return Attachment([_summary(column) for column in new], left_out, size)


def detach(image: str | os.PathLike[str], names: str | Iterable[str]) -> int:
    """Take user columns off an image; return the size of the file. SettingsError where it has none of that name."""
    path = image_path(image)
    wanted = [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise SettingsError("no column named to take off")

    def change(have: list[UserColumn]) -> list[UserColumn]:
        for name in wanted:
            if name not in [column.name for column in have]:
                raise SettingsError(f"{path}: no user column {shown(name)}; it has {_listed(have)}")
        return [column for column in have if column.name not in wanted]

    return rewrite_user_columns(path, change)


def _chosen(
    table: Table,
    key: str,
    columns: Iterable[str] | Mapping[str, str] | None,
    numbers: Callable[[str], Numbers],
) -> tuple[dict[str, str], list[str]]:
    """(the name that each column to attach gets, by its name in the table; columns left out)."""
    if columns is None:
        candidates = [name for name in table.columns if name != key and name not in BY]
        numeric = [
            name
            for name in candidates
            if numbers(name).present.any() and not numbers(name).other.any()
        ]
        if not numeric:
            raise SettingsError(
                f"{table.name}: no column of numbers besides the key {key!r:.80}; it has {table.listed()}"
            )
        names = {name: name for name in numeric}
        left_out = [name for name in candidates if name not in numeric]
    else:
        if isinstance(columns, str):
            raise SettingsError(
                f"columns: expected a list or a dict of names, found the text {columns!r:.80}"
            )
        listed = columns if isinstance(columns, Mapping) else {name: name for name in columns}
        names, left_out = dict(listed), []
        for name in names:
            if name not in table.columns:
                raise SettingsError(
                    f"{table.name}: no column {shown(name)} here; it has {table.listed()}"
                )
        if not names:
            raise SettingsError("columns: expected the name of a column or more, found none")
    for name in names.values():
        check_name(name)
        if list(names.values()).count(name) > 1:
            raise SettingsError(f"two columns of {table.name} cannot both be called {name!r}")
    return names, left_out


def _refuse_unknown(what: str, names: Iterable[str], columns: dict[str, str]) -> None:
    for name in names:
        if name not in columns.values():
            listed = ", ".join(columns.values())
            raise SettingsError(
                f"{what}: no column {shown(name)} is attached here; there is {listed:.400}"
            )


def _refuse_unwritable(what: str, text: str | None) -> None:
    if text is not None and not (isinstance(text, str) and text.isprintable()):
        raise SettingsError(f"{what}: expected one line of text, found {shown(text)}")


def _column(
    name: str, unit: str, codes: NDArray[np.int64], cells: int,
    numbers: tuple[NDArray[np.float64], NDArray[np.bool_]], about: dict[str, str | None],
) -> UserColumn:  # fmt: skip
    """(values, present) of the rows of a table, by code."""
    check_unit(name, unit)
    values, present = np.zeros(cells), np.zeros(cells, dtype=bool)
    values[codes], present[codes] = numbers
    return UserColumn(name, unit, values, present, about)


def _merged(
    path: Path, have: list[UserColumn], new: list[UserColumn], *, replace: bool
) -> list[UserColumn]:
    """Those there are, in their order, with the new ones in place of their namesakes and behind them."""
    added = {column.name: column for column in new}
    for column in have:
        if column.name in added and not replace:
            raise SettingsError(
                f"{path}: it has a user column {column.name!r} already; give --replace (replace=True), or another "
                "name: --column 'OLD=NEW' (columns={'OLD': 'NEW'})"
            )
    kept = [added.pop(column.name, column) for column in have]
    return kept + list(added.values())


def _listed(columns: list[UserColumn]) -> str:
    return ", ".join(column.name for column in columns) or "none"


def _summary(column: UserColumn) -> AttachedColumn:
    values = int(column.present.sum())
    gaps = len(column.present) - values
    first = int(column.present.argmin()) if gaps else None
    return AttachedColumn(column.name, column.unit, values, gaps, first)
