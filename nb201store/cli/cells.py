"""How a cell is named on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nb201store.errors import ArchError, SettingsError

if TYPE_CHECKING:
    from nb201store.product_space import Space

CELL_HELP = "a code (4215), an official index (index:6111) or an architecture string"


def parse_cell(text: str, space: Space) -> int:
    """Return the code of a cell written as a code, `index:N` or an arch_str; ArchError says what was expected."""
    if text.startswith("index:"):
        return space.from_official_index(_integer(text.removeprefix("index:"), text))
    if text.lstrip("-").isdigit():
        code = int(text)
        space.ops(code)  # refuses what lies outside
        return code
    return space.code(text)


def _integer(digits: str, text: str) -> int:
    if not digits.isdigit():
        raise ArchError(f"cell {text!r}: expected index:N with a number N; {CELL_HELP}")
    return int(digits)


def parse_seed(text: str) -> int | Literal["mean"]:
    """Return a seed as the store takes it; SettingsError for anything but a number or `mean`."""
    if text == "mean":
        return "mean"
    if not text.isdigit():
        raise SettingsError(f"--seed must be a number or mean, found {text!r}")
    return int(text)
