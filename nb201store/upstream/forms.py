"""What a form is written with: containers, value types, canonical JSON.

A form is JSON text that holds everything of an official object but its numbers. Only what is
named here has a place in it; another container or another type of number is refused.
"""

from __future__ import annotations

import json
import reprlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

VALUE_TYPES: dict[type, str] = {float: "float", np.float64: "float64"}
MAKE_VALUE: dict[str, Callable[[float], float]] = {"float": float, "float64": np.float64}
MAKE_DICT: dict[str, type[dict[Any, Any]]] = {"dict": dict, "OrderedDict": OrderedDict}


_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2
_BRIEF.maxstring = _BRIEF.maxother = 100


def shown(value: object) -> str:
    """`value`, which a file wrote, as messages show it: one line, short however it is nested."""
    try:
        text = _BRIEF.repr(value)
    except ValueError:  # an int of more digits than Python is willing to print
        text = "an int of thousands of digits"
    return text if len(text) <= 120 else text[:117] + "..."


def form_json(form: dict[str, Any]) -> str:
    """Return a form as canonical JSON: the same form is the same text."""
    return json.dumps(form, separators=(",", ":"))


def container(value: object) -> str:
    """Return "dict" or "OrderedDict", whichever `value` is; refuse everything else."""
    if type(value) is dict:
        return "dict"
    if isinstance(value, OrderedDict):
        return "OrderedDict"
    raise SourceError(f"expected a dict, found {type(value).__name__}")


def values_of(found: Iterable[Any]) -> tuple[str | None, NDArray[np.float64]]:
    """Return the one type of the values (None of no values) and the values."""
    values = list(found)
    kinds = set(map(type, values))
    if not kinds:
        return None, np.zeros(0)
    kind = kinds.pop()
    if kinds:
        names = ", ".join(sorted(other.__name__ for other in (kind, *kinds)))
        raise SourceError(f"values of more than one type: {names}")
    if kind not in VALUE_TYPES:
        raise SourceError(f"expected float values, found {kind.__name__}")
    return VALUE_TYPES[kind], np.array(values, dtype=np.float64)


def typed(values: Iterable[float], value_type: str | None) -> list[float]:
    """`values` as Python objects of the official type; None is the type of no values."""
    return [] if value_type is None else list(map(MAKE_VALUE[value_type], values))
