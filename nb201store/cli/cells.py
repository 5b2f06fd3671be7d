"""How a cell is named on the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from nb201store.arguments import shown
from nb201store.errors import ArchError, SettingsError

if TYPE_CHECKING:
    from nb201store.product_space import Space

CELL_HELP = "a code (4215), an official index (index:6111) or an architecture string"


def parse_cell(text: str, space: Space) -> int:
    """Return the code of a cell written as a code, `index:N` or an arch_str; ArchError says what was expected."""
    if text.startswith("index:"):
        index = parse_integer(text.removeprefix("index:"))
        if index is None:
            raise ArchError(f"cell {shown(text)}: expected index:N with a number N, or {CELL_HELP}")
        return space.from_official_index(index)
    code = parse_integer(text)
    if code is None:
        return space.code(text)
    space.ops(code)  # refuses what lies outside
    return code


def parse_seed(text: str) -> int | Literal["mean"]:
    """Return a seed as the store takes it; SettingsError for anything but a number or `mean`."""
    if text == "mean":
        return "mean"
    seed = parse_integer(text)
    if seed is None:
        raise SettingsError(f"--seed must be a number or mean, found {shown(text)}")
    return seed


def parse_integer(text: str) -> int | None:
    """Return a decimal number of at most 18 digits as an int, None for any other text."""
    return int(text) if re.fullmatch("-?[0-9]{1,18}", text) else None
