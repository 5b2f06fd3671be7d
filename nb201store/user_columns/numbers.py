"""A column of a table as doubles that keep every number exactly, gaps apart from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nb201store.user_columns.table import Table

    Bools = NDArray[np.bool_]

MOST_EXACT = 2**53
"""Of greater integers a double does not hold every one."""

GAPS = ("", "nan", "na", "n/a", "null", "none")
"""What stands for no number in a text, in any case."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?inf(?:inity)?", re.I | re.A)  # fmt: skip
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_RULE = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_.-]*)\s*)?(<=|>=|==|<|>)\s*(\S+)\s*")
_COMPARE: dict[str, Callable[[Any, float], Bools]] = {
    "<=": np.less_equal, ">=": np.greater_equal, "==": np.equal, "<": np.less, ">": np.greater,
}  # fmt: skip


@dataclass(slots=True)
class Numbers:
    """`values` float64 and `present` [rows]; `other`: no number at all, `inexact`: an integer that a double rounds."""

    values: NDArray[np.float64]
    present: Bools
    other: Bools
    inexact: Bools


@dataclass(frozen=True, slots=True)
class MissingRule:
    """Numbers that stand for a missing value: all that compare so, in one column or (None) in every one."""

    column: str | None
    compare: Callable[[Any, float], Bools]
    bound: float


def parse_rules(texts: str | Iterable[str] | None) -> list[MissingRule]:
    """Return rules written as `<= 0` or `NAME <= 0`; SettingsError for anything else."""
    if texts is None:
        return []
    rules = []
    for text in [texts] if isinstance(texts, str) else texts:
        found = _RULE.fullmatch(text)
        if found is None or not _NUMBER.fullmatch(found[3]):
            raise SettingsError(
                f"missing_if (--missing-if): expected '<= 0' or 'NAME <= 0' (or < > >= ==), found {shown(text)}"
            )
        rules.append(MissingRule(found[1], _COMPARE[found[2]], float(found[3])))
    return rules


def read_numbers(table: Table, column: str) -> Numbers:
    """Return the numbers of a column, whatever it holds; `exact_numbers` refuses what it must not."""
    values = table.columns[column]
    nothing = np.zeros(table.rows, dtype=bool)
    if values.dtype.kind in "iuf":
        doubles = values.astype(np.float64)
        numbers = Numbers(doubles, ~np.isnan(doubles), nothing, nothing.copy())
        if values.dtype.kind != "f":
            # As doubles: an integer just beyond the bound must not be rounded back to it.
            numbers.inexact = (values > MOST_EXACT) | (doubles < -MOST_EXACT)
    elif values.dtype.kind == "O":
        numbers = Numbers(np.full(table.rows, np.nan), nothing, nothing.copy(), nothing.copy())
        read = _read_text if table.is_text else _read_object
        for row, value in enumerate(values):
            read(numbers, row, value)
    else:  # bools, dates, complex numbers, texts
        numbers = Numbers(np.full(table.rows, np.nan), nothing, ~nothing, nothing.copy())
    if column in table.masks:
        for flags in (numbers.present, numbers.other, numbers.inexact):
            flags[table.masks[column]] = False
    return numbers


def _read_text(numbers: Numbers, row: int, text: str) -> None:
    text = text.strip()
    if _NUMBER.fullmatch(text):
        numbers.values[row] = float(text)
        numbers.present[row] = True
        # Digits beyond 18 are beyond the bound, whatever they are; int() of thousands would be slow.
        whole = _INTEGER.fullmatch(text) is not None
        numbers.inexact[row] = whole and (
            len(text.lstrip("+-0")) > 18 or abs(int(text)) > MOST_EXACT
        )
    else:
        numbers.other[row] = text.lower() not in GAPS


def _read_object(numbers: Numbers, row: int, value: Any) -> None:
    # pandas.NA and NaT refuse to be compared, and say what they are by their type alone.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return
    if isinstance(value, (bool, np.bool_)):
        numbers.other[row] = True
    elif isinstance(value, (int, np.integer)):
        numbers.inexact[row] = abs(int(value)) > MOST_EXACT
        numbers.values[row] = 0.0 if numbers.inexact[row] else float(value)
        numbers.present[row] = True
    elif isinstance(value, (float, np.floating)):
        numbers.values[row] = float(value)
        numbers.present[row] = not np.isnan(numbers.values[row])
    else:
        numbers.other[row] = True


def exact_numbers(
    table: Table, column: str, name: str, numbers: Numbers, rules: list[MissingRule]
) -> tuple[NDArray[np.float64], Bools]:
    """Return (values, present) [rows] of the column that will be called `name`, after the rules.

    Raises
    ------
    SourceError  what is no number, an infinity, an integer that a double would round: the first, and how many;
        a column without any value
    """
    present = numbers.present.copy()
    for rule in rules:
        if rule.column in (None, name):
            present &= ~rule.compare(numbers.values, rule.bound)
    infinite = present & np.isinf(numbers.values) & ~numbers.inexact
    _refuse(table, column, numbers.other, "a number, or nothing where there is none")
    _refuse(
        table, column, numbers.inexact & present,
        f"integers of at most 2^53 ({MOST_EXACT}), which a double holds exactly",
    )  # fmt: skip
    _refuse(table, column, infinite, "finite numbers; --missing-if '== inf' leaves them out")
    if not present.any():
        raise SourceError(f"{table.name}: column {column!r:.80} has no value of any cell")
    return np.where(present, numbers.values, 0.0), present


def _refuse(table: Table, column: str, bad: Bools, expected: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        count = int(bad.sum())
        raise SourceError(
            f"{table.where(row)}: column {column!r:.80}: expected {expected}, found "
            f"{shown(table.columns[column][row])} ({count} of {table.rows} rows; nothing was attached)"
        )
