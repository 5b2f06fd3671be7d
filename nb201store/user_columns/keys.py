"""Which cell each row of a table is about: every row one cell of the space, and no cell twice."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import as_int, shown
from nb201store.errors import ArchError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nb201store.product_space import Space
    from nb201store.user_columns.table import Table

BY = ("arch_str", "code", "official_index")
"""What a key can be."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)


def key_column(table: Table, by: str, key: str | None) -> str:
    """Return the name of the column that names cells: `key`, or `by` where the table has such a column."""
    if by not in BY:
        raise SettingsError(f"by (--by): expected one of {', '.join(BY)}, found {shown(by)}")
    name = by if key is None else key
    if name in table.columns:
        return name
    say = "; name the column that holds it with --key (key=)" if key is None else ""
    raise SettingsError(f"{table.name}: no column {name!r:.80} here{say}; it has {table.listed()}")


def row_codes(table: Table, column: str, by: str, space: Space) -> NDArray[np.int64]:
    """Return the code of each row, int64 [rows].

    Raises
    ------
    ArchError    rows that name no cell of the space: the first, and how many
    SourceError  rows that name a cell again: the first, and how many
    """
    convert: Callable[[Any], int] = {
        "arch_str": space.code,
        "code": lambda code: _code(space, code),
        "official_index": space.from_official_index,
    }[by]
    codes = np.empty(table.rows, dtype=np.int64)
    first: tuple[int, str] | None = None
    unknown = 0
    for row, value in enumerate(_keys(table, column, by)):
        try:
            codes[row] = convert(value)
        except ArchError as problem:
            unknown += 1
            first = first or (row, str(problem))
    if first is not None:
        raise ArchError(
            f"{table.where(first[0])}: {column!r:.80} names no cell: {first[1]} "
            f"({unknown} of {table.rows} rows name none; nothing was attached)"
        )
    _refuse_repeated(table, column, codes)
    return codes


def _code(space: Space, code: Any) -> Any:
    space.ops(code)  # refuses what is no code
    return code


def _keys(table: Table, column: str, by: str) -> list[Any]:
    """The keys as Python objects; whole numbers as int, what is none as it is."""
    keys: list[Any] = table.columns[column].tolist()
    if column in table.masks:  # a gap names no cell
        keys = [None if gap else key for key, gap in zip(keys, table.masks[column], strict=True)]
    if by == "arch_str":
        return keys
    if table.is_text:
        return [int(text) if _INTEGER.fullmatch(text) else text for text in keys]
    return [key if (whole := as_int(key)) is None else whole for key in keys]


def _refuse_repeated(table: Table, column: str, codes: NDArray[np.int64]) -> None:
    distinct, first_rows = np.unique(codes, return_index=True)
    if len(distinct) == len(codes):
        return
    again = np.ones(len(codes), dtype=bool)
    again[first_rows] = False
    row = int(again.argmax())
    before = int(first_rows[np.searchsorted(distinct, codes[row])])
    raise SourceError(
        f"{table.where(row)}: {column!r:.80} {shown(table.columns[column][row])} names code {codes[row]}, as "
        f"{table.where(before).removeprefix(table.name + ', ')} does ({int(again.sum())} of {len(codes)} rows name a "
        "cell again; nothing was attached)"
    )
