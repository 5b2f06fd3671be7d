"""The official dicts of numbers as an array each: how readers hand out a trial.

A dict of epochs holds two hundred Python floats. Its order of keys is one of a few dozen, so it is told by one tuple
that thousands of dicts share, and the values are one array: nothing behind this point looks at a single number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.upstream.forms import container, values_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Keys = tuple[int, ...] | tuple[str, ...]

# Far more than the orders of any official file; a bound only so that a strange file cannot fill the memory.
_MOST_KEPT = 512


class PackedDict(NamedTuple):
    """One dict of floats.

    `kind`: "dict" or "OrderedDict". `keys`: ints (epochs) or strs ('<split>@<epoch>') in the dict's order; for speed
    one and the same tuple where orders are equal. `value_type`: "float" or "float64", None of no values. `values`:
    float64, one a key.
    """

    kind: str
    keys: Keys
    value_type: str | None
    values: NDArray[np.float64]


def pack(found: Any) -> PackedDict:
    """Pack an ordinary dict; SourceError where it is none, or its values are not floats of one type."""
    kind = container(found)
    value_type, values = values_of(found.values())
    return PackedDict(kind, tuple(found), value_type, values)


class KeyOrders:
    """One tuple for all equal ones, found by identity where it was met before.

    Parsers share tuples within a file at best; what follows is known by the identity of what `shared` returns.
    """

    def __init__(self) -> None:
        self._met: dict[int, tuple[Keys, Keys]] = {}
        self._equal: dict[tuple[type, Keys], Keys] = {}

    def shared(self, keys: Keys) -> Keys:
        """The tuple that stands for `keys`, themselves if they are new."""
        met = self._met.get(id(keys))
        if met is not None:  # the entry keeps the tuple alive, so that no other gets its id
            return met[1]
        if len(self._met) >= _MOST_KEPT:
            self._met.clear()
            self._equal.clear()
        types = set(map(type, keys))
        if len(types) > 1:  # of no official dict, and to a tuple 1 and True are equal
            return keys
        shared = self._equal.setdefault((types.pop() if types else int, keys), keys)
        self._met[id(keys)] = keys, shared
        return shared
