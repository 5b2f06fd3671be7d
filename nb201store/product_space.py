"""A search space that is a plain product of choices: codes, digits, neighbours, of one or many.

What the digits mean is said in space.py; here there are just `positions` of them. Importing this
module loads no typing, functools, re or numpy: each would cost more than the first answers.
"""

from __future__ import annotations

from nb201store.arguments import as_int, elements, int_array, is_many, shown
from nb201store.errors import ArchError, SettingsError

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def overload(signature):
        """Stand in for typing.overload: types are for the checker, typing costs milliseconds."""
        return signature

else:
    from collections.abc import Callable, Sequence
    from typing import Any, overload

    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    One = int | np.integer[Any]
    Many = Sequence[int] | NDArray[np.integer[Any]]
    ManyStr = list[str] | tuple[str, ...] | NDArray[np.str_]


class Space:
    """One search space; use the instances `space.tss` and `space.sss`.

    Attributes
    ----------
    name : "tss" | "sss"
    choices : what a digit stands for: operation names (tss) or widths (sss), digit 0 first
    positions : how many digits a code has: 6 edges (tss) or 5 widths (sss)
    weights : what one step of each digit adds to the code, first position first

    Every method takes one cell, and gives plain Python values without loading numpy, or a list,
    tuple, range or numpy integer array, and gives numpy arrays (lists of strings). What is no cell
    raises ArchError, bool and float too; of many cells the first bad one is named, by position.
    """

    def __init__(self, name: str, choices: tuple[str, ...] | tuple[int, ...], positions: int):
        self.name = name
        self.choices = choices
        self.positions = positions
        base = len(choices)
        self._size: int = base**positions
        weights = [self._size // base ** (place + 1) for place in range(positions)]
        self.weights: tuple[int, ...] = tuple(weights)
        # By digit: how far the other choices of its position are.
        self._moves = [[i - digit for i in range(base) if i != digit] for digit in range(base)]
        # Tables over all cells, made on first use and kept.
        self._int_tables: dict[str, Sequence[int]] = {}
        self._int_arrays: dict[str, Ints] = {}
        self._str_tables: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return self._size

    def __repr__(self) -> str:
        return f"<space {self.name}: {self._size:,} cells>"

    def __reduce__(self) -> str:
        return self.name  # pickled by name: unpickling gives the module's own instance

    @overload
    def code(self, arch_str: str) -> int: ...
    @overload
    def code(self, arch_str: ManyStr) -> Ints: ...
    def code(self, arch_str: object) -> int | Ints:
        """Return the code of an official string; int64, shape (n,), of n strings.

        Raises ArchError for every other spelling: edges in another order, blanks, signs, zeros.
        """
        if isinstance(arch_str, str):
            return self._parse(arch_str)
        if not is_many(arch_str):
            raise self._error("expected an architecture string", arch_str)
        return self._each(self.code, elements(arch_str))

    @overload
    def arch_str(self, code: One) -> str: ...
    @overload
    def arch_str(self, code: Many) -> list[str]: ...
    def arch_str(self, code: object) -> str | list[str]:
        """Return the official string of a code; a list of n strings of n codes."""
        if not is_many(code):
            return self._format(self._checked(code))
        return self._strings("arch_str", code)

    @overload
    def ops(self, code: One) -> tuple[int, ...]: ...
    @overload
    def ops(self, code: Many) -> NDArray[np.uint8]: ...
    def ops(self, code: object) -> tuple[int, ...] | NDArray[np.uint8]:
        """Return the digits of a code as a tuple; uint8, shape (n, positions), of n codes."""
        base = len(self.choices)
        if not is_many(code):
            checked = self._checked(code)
            return tuple([checked // weight % base for weight in self.weights])
        digits = self._checked_many(code)[..., None] // int_array(self.weights) % base
        return digits.astype("uint8")

    @overload
    def from_ops(self, ops: tuple[int, ...] | list[int]) -> int: ...
    @overload
    def from_ops(self, ops: list[tuple[int, ...]] | list[list[int]]) -> Ints: ...
    @overload
    def from_ops(self, ops: NDArray[np.integer[Any]]) -> Any: ...
    def from_ops(self, ops: object) -> int | Ints:
        """Return the code of `positions` digits; int64, shape (n,), of n rows of digits.

        Raises ArchError for another number of digits, or a digit outside 0..len(choices) - 1.
        """
        ndim = getattr(ops, "ndim", None)
        if ndim == 2:
            return self._from_rows(ops)
        rows = elements(ops) if ndim is None and is_many(ops) else []
        if rows and is_many(rows[0]):
            return self._each(self._from_digits, rows)
        return self._from_digits(ops)

    @overload
    def official_index(self, code: One) -> int: ...
    @overload
    def official_index(self, code: Many) -> Ints: ...
    def official_index(self, code: object) -> int | Ints:
        """Return the place of a code in the upstream order; int64, shape (n,), of n codes."""
        return self._look_up("official_index", code)

    @overload
    def from_official_index(self, index: One) -> int: ...
    @overload
    def from_official_index(self, index: Many) -> Ints: ...
    def from_official_index(self, index: object) -> int | Ints:
        """Return the code at a place of the upstream order; int64, shape (n,), of n places."""
        return self._look_up("from_official_index", index)

    @overload
    def representative(self, code: One) -> int: ...
    @overload
    def representative(self, code: Many) -> Ints: ...
    def representative(self, code: object) -> int | Ints:
        """Return the smallest code that has the same `unique_str`; int64, shape (n,), of n codes.

        tss has 6,466 representatives, as published; in sss no two cells are isomorphic.
        """
        return self._look_up("representative", code)

    @overload
    def neighbours(self, code: One) -> tuple[int, ...]: ...
    @overload
    def neighbours(self, code: Many) -> Ints: ...
    def neighbours(self, code: object) -> tuple[int, ...] | Ints:
        """Return the k codes that differ in one digit (tss 24, sss 35); int64, shape (n, k), of n.

        Ordered by position, first to last, then by choice, ascending.
        """
        if not is_many(code):
            one = self._checked(code)
            digits = zip(self.weights, self.ops(one), strict=True)
            return tuple(
                [one + weight * move for weight, digit in digits for move in self._moves[digit]]
            )
        codes = self._checked_many(code)
        steps = int_array(self._moves)[self.ops(codes)] * int_array(self.weights)[:, None]
        count = self.positions * (len(self.choices) - 1)
        return (codes[..., None, None] + steps).reshape(*codes.shape, count)

    @overload
    def unique_str(self, code: One, consider_zero: bool | None = True) -> str: ...
    @overload
    def unique_str(self, code: Many, consider_zero: bool | None = True) -> list[str]: ...
    def unique_str(self, code: object, consider_zero: bool | None = True) -> str | list[str]:
        """Return upstream's isomorphism string; a list of n strings of n codes.

        Upstream's quirk is kept: a node of several dead edges is `#+#`, and counts as alive.

        Parameters
        ----------
        code : one code or many
        consider_zero : True simplifies `none` and skips (the official notion: 6,466 distinct
            strings), False skips only (12,751), None nothing (15,625). sss: always the arch_str.

        Raises
        ------
        ArchError      `code` is outside the space
        SettingsError  `consider_zero` is neither True, False nor None
        """
        if consider_zero is not None and not isinstance(consider_zero, bool):
            raise SettingsError(
                f"consider_zero: expected True, False or None, found {shown(consider_zero)}"
            )
        table = f"unique_str {consider_zero}"
        if not is_many(code):
            return self._str_table(table)[self._checked(code)]
        return self._strings(table, code)

    def _parse(self, arch_str: str) -> int:
        raise NotImplementedError

    def _format(self, code: int) -> str:
        raise NotImplementedError

    def _make_strings(self, table: str) -> list[str]:  # noqa: ARG002  # what tss overrides
        """One of the tables `arch_str`, `unique_str True`, `unique_str False` and `... None`."""
        return [self._format(code) for code in range(self._size)]

    def _make_ints(self, table: str) -> Sequence[int]:  # noqa: ARG002  # what tss overrides
        """One of the tables `official_index`, `from_official_index`, `representative`."""
        return range(self._size)

    def _int_table(self, table: str) -> Sequence[int]:
        if table not in self._int_tables:
            self._int_tables[table] = self._make_ints(table)
        return self._int_tables[table]

    def _str_table(self, table: str) -> list[str]:
        if table not in self._str_tables:
            self._str_tables[table] = self._make_strings(table)
        return self._str_tables[table]

    def _look_up(self, table: str, key: object) -> int | Ints:
        what = "official index" if table == "from_official_index" else "code"
        if not is_many(key):
            return self._int_table(table)[self._checked(key, what)]
        keys = self._checked_many(key, what)
        if table not in self._int_arrays:
            self._int_arrays[table] = int_array(self._int_table(table))
        return self._int_arrays[table].take(keys)

    def _strings(self, table: str, code: object) -> list[str]:
        codes = self._checked_many(code)
        if codes.ndim != 1:
            raise self._error("expected codes of one dimension", code)
        return list(map(self._str_table(table).__getitem__, codes.tolist()))

    def _error(self, expected: str, found: object) -> ArchError:
        return ArchError(f"{self.name}: {expected}, found {shown(found)}")

    def _checked(self, value: object, what: str = "code") -> int:
        """One code or official index as an int, or ArchError."""
        code = as_int(value)
        if code is None or not 0 <= code < self._size:
            raise self._error(f"expected {what} 0..{self._size - 1}", value)
        return code

    def _checked_many(self, values: object, what: str = "code") -> Ints:
        """Codes or official indexes as int64, of the shape given, or ArchError."""
        import numpy as np

        is_array = hasattr(values, "dtype")
        # A list may hide bools among its ints, which numpy would take for 0 and 1.
        if is_array or set(map(type, elements(values))) == {int}:
            array = np.asarray(values)
            integers = array.dtype.kind in "iu"
            if integers and not np.any((array < 0) | (array >= self._size)):
                return array.astype(np.int64)
            if is_array:  # list() where tolist() would hide the type: it makes ints of dates
                values = array.ravel() if integers else list(array.ravel())
        return self._each(lambda value: self._checked(value, what), elements(values))

    def _from_digits(self, ops: object) -> int:
        """The code of one row of digits, or ArchError."""
        digits = elements(ops) if is_many(ops) else []
        if len(digits) != self.positions:
            raise self._error(f"expected {self.positions} ops", ops)
        base, code = len(self.choices), 0
        for position, value in enumerate(digits):
            digit = as_int(value)
            if digit is None or not 0 <= digit < base:
                raise self._error(f"expected op 0..{base - 1} in place {position}", value)
            code = code * base + digit
        return code

    def _from_rows(self, ops: object) -> Ints:
        """The codes of a two-dimensional array of digits, or ArchError."""
        import numpy as np

        rows = np.asarray(ops)
        sound = rows.dtype.kind in "iu" and rows.shape[1] == self.positions
        if sound and not np.any((rows < 0) | (rows >= len(self.choices))):
            return rows.astype(np.int64) @ int_array(self.weights)
        return self._each(self._from_digits, elements(rows))

    def _each(self, convert: Callable[[Any], int], values: list[Any]) -> Ints:
        """Convert one by one; an error says at which position."""
        codes = []
        for position, value in enumerate(values):
            try:
                codes.append(convert(value))
            except ArchError as problem:
                raise ArchError(f"position {position}: {problem}") from None
        return int_array(codes)
