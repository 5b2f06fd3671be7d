"""Where two forms differ first: forms are long, and mostly differ in one order of keys."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

_LONGEST = 60


@lru_cache(4096)
def first_unlike(one: str, two: str) -> tuple[str, str, str]:
    """Return (place, what is there in `one`, what in `two`) of the first difference of two unequal forms."""
    try:
        return _first_unlike(json.loads(one), json.loads(two), "form")
    except (ValueError, RecursionError):  # a form of one's own
        return "form", _brief(one), _brief(two)


def _first_unlike(one: Any, two: Any, place: str) -> tuple[str, str, str]:
    if isinstance(one, dict) and isinstance(two, dict) and list(one) == list(two):
        pairs = [(f"{place}.{key}", one[key], two[key]) for key in one]
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        pairs = [(f"{place}[{at}]", *both) for at, both in enumerate(zip(one, two, strict=True))]
    elif isinstance(one, list) and isinstance(two, list):
        return place, f"{len(one)} entries", f"{len(two)} entries"
    else:
        pairs = []
    for deeper, left, right in pairs:
        if json.dumps(left) != json.dumps(right):
            return _first_unlike(left, right, deeper)
    return place, _brief(json.dumps(one)), _brief(json.dumps(two))


def _brief(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
