"""What PickleReader hands out, as the objects that `pickle` would have made: the oracle's side of comparisons."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
from restricted_unpickler import WEIGHTS, read_pickle

from nb201store._core import PickleReader

MOST_KEPT_BYTES = 128
VALUE_TYPES = {"float": float, "float64": np.float64}


class Packed(NamedTuple):
    """A dict of numbers as the reader hands it out."""

    kind: str
    keys: tuple
    value_type: str
    values: np.ndarray


def reader(source, what="some.pth"):
    """Return a PickleReader of bytes, a path or a file."""
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    return PickleReader(opened, what, packed=Packed, weights=WEIGHTS)


def assembled(parts, container):
    """Return the object whose parts `parts` are: an iterable of (path, object)."""
    made = OrderedDict() if container == "OrderedDict" else {}
    cells = {}
    for path, part in parts:
        if not path:
            return part
        if len(path) == 2:
            assert path[0] == "arch2infos"
            assert path[1] not in cells
            cells[path[1]] = part
        else:
            made[path[0]] = part
    if cells:
        assert not made["arch2infos"]
        made["arch2infos"].update(cells)
    return made


def all_objects(data):
    """Return the objects of all pickles in `data`, each assembled from its parts, and of the oracle."""
    opened, stream = reader(data), io.BufferedReader(io.BytesIO(data))
    found, expected = [], []
    while not opened.at_end():
        parts = list(opened.items())
        found.append(assembled(parts, opened.container))
        expected.append(read_pickle(stream, "oracle"))
    return found, expected


class _Repickler(pickle.Pickler):
    """Writes what the oracle read under the names of official files."""

    def reducer_override(self, value):
        if isinstance(value, OrderedDict):
            return OrderedDict, (), None, None, iter(value.items())
        return NotImplemented


def repickled(value, protocol):
    """Pickle an object of the oracle."""
    target = io.BytesIO()
    _Repickler(target, protocol).dump(value)
    return target.getvalue()


def assert_same(found, expected, where="") -> None:
    """The same types, orders and bits; a Packed stands for the dict that it was made of."""
    if isinstance(found, Packed):
        assert isinstance(expected, dict), where
        assert found.kind == _container(expected), where
        assert found.keys == tuple(expected), where
        assert list(map(type, found.keys)) == list(map(type, expected)), where
        assert {VALUE_TYPES[found.value_type]} == set(map(type, expected.values())), where
        values = np.array(list(expected.values()))
        assert found.values.dtype == np.float64
        assert found.values.tobytes() == values.tobytes(), where
    elif isinstance(expected, dict):
        assert _container(found) == _container(expected), where
        assert_same(list(found), list(expected), f"{where} keys")
        for key in expected:
            assert_same(found[key], expected[key], f"{where}[{key!r}]")
    elif isinstance(expected, bytes) and found is WEIGHTS:  # long ones are passed over
        assert len(expected) > MOST_KEPT_BYTES, where
    else:
        assert type(found) is type(expected), where
        if isinstance(expected, list | tuple):
            assert len(found) == len(expected), where
            for place, (one, other) in enumerate(zip(found, expected, strict=True)):
                assert_same(one, other, f"{where}[{place}]")
        elif isinstance(expected, float):
            assert np.float64(found).tobytes() == np.float64(expected).tobytes(), where
        else:
            assert found == expected, where


def _container(value):
    return "OrderedDict" if isinstance(value, OrderedDict) else type(value).__name__
