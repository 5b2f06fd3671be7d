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

_INTEGER = re.compile(r"[+-]?[0-9]+")
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
        try:
            bound = np.nan if found is None else _text_number(found[3])
        except (ValueError, _RoundedError):
            bound = np.nan
        if found is None or np.isnan(bound):
            raise SettingsError(
                f"missing_if (--missing-if): expected '<= 0' or 'NAME <= 0' (or < > >= ==), found {shown(text)}"
            )
        rules.append(MissingRule(found[1], _COMPARE[found[2]], bound))
    return rules


def read_numbers(table: Table, column: str) -> Numbers:
    """Return the numbers of a column, whatever it holds; `exact_numbers` refuses what it must not."""
    values = table.columns[column]
    nothing = np.zeros(table.rows, dtype=bool)
    if values.dtype.kind in "iuf":
        doubles = values.astype(np.float64)
        numbers = Numbers(doubles, ~np.isnan(doubles), nothing, nothing.copy())
        if (
            values.dtype.kind != "f"
        ):  # not as doubles: an integer just beyond the bound is rounded to it
            numbers.inexact = values.astype(f"{values.dtype.kind}8") > MOST_EXACT
        if values.dtype.kind == "i":
            numbers.inexact |= values.astype("i8") < -MOST_EXACT
    elif values.dtype.kind == "O":
        convert = _text_number if table.is_text else _object_number
        numbers = _convert(values, convert, table.rows)
    else:  # bools, dates, complex numbers, texts
        numbers = Numbers(np.full(table.rows, np.nan), nothing, ~nothing, nothing.copy())
    if column in table.masks:
        for flags in (numbers.present, numbers.other, numbers.inexact):
            flags[table.masks[column]] = False
    return numbers


class _RoundedError(Exception):
    """An integer that a double would round; `nearest` is what it would become."""

    def __init__(self, nearest: float) -> None:
        super().__init__(nearest)
        self.nearest = nearest


def _convert(values: Iterable[Any], convert: Callable[[Any], float], rows: int) -> Numbers:
    """Convert one by one; NaN is a gap, TypeError and ValueError say that a value is no number."""
    nothing = np.zeros(rows, dtype=bool)
    numbers = Numbers(np.full(rows, np.nan), nothing, nothing.copy(), nothing.copy())
    doubles = []
    for row, value in enumerate(values):
        try:
            doubles.append(convert(value))
        except (TypeError, ValueError):
            numbers.other[row] = True
            doubles.append(np.nan)
        except _RoundedError as problem:
            numbers.inexact[row] = True
            doubles.append(problem.nearest)
    numbers.values = np.array(doubles)
    numbers.present = ~np.isnan(numbers.values)
    return numbers


def _text_number(text: str) -> float:
    text = text.strip()
    if text.lower() in GAPS:
        return np.nan
    # Python reads 1_000 and other scripts' digits too; no table means them.
    if "_" in text or not text.isascii():
        raise ValueError(text)
    value = float(text)
    whole = abs(value) >= MOST_EXACT and _INTEGER.fullmatch(text)
    # One of 400 digits is an infinity to float(), and int() refuses thousands.
    if whole and (np.isinf(value) or abs(int(text.lstrip("+-0"))) > MOST_EXACT):
        raise _RoundedError(value)
    return value


def _object_number(value: Any) -> float:
    # pandas.NA and NaT refuse to be compared, and say what they are by their type alone.
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return np.nan
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if abs(whole := int(value)) > MOST_EXACT:
            raise _RoundedError(float(max(-(10**300), min(whole, 10**300))))
    elif not isinstance(value, (float, np.floating)):
        raise TypeError(type(value))
    return float(value)


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
