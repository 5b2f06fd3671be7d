"""PickleReader == the restricted unpickler, on any object of the types that official files are made of."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pickle_parts import all_objects, assert_same, reader
from restricted_unpickler import read_pickle

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)

# On a busy machine making these takes long; how long says nothing of the reader.
unhurried = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def allowed_objects(text, binary, leaves=100):
    """Any object of what official files are made of, and deeper."""
    keys = st.one_of(st.integers(-(1 << 62), 1 << 62), text, st.tuples(text, st.integers(0, 9)))
    numbers = st.one_of(st.floats(), st.floats().map(np.float64))
    plain = st.one_of(st.none(), st.booleans(), st.integers(), numbers, text, binary, st.sets(keys))
    series = st.one_of(
        st.dictionaries(st.integers(0, 300), st.floats()),
        st.dictionaries(text, st.floats().map(np.float64)).map(OrderedDict),
    )
    return st.recursive(
        st.one_of(plain, series),
        lambda inner: st.one_of(
            st.lists(inner),
            st.lists(inner, max_size=5).map(tuple),
            st.dictionaries(keys, inner),
            st.dictionaries(keys, inner).map(OrderedDict),
        ),
        max_leaves=leaves,
    )


@settings(max_examples=200, **unhurried)
@given(value=allowed_objects(st.text(), st.binary(min_size=1)), protocol=st.sampled_from(PROTOCOLS))
def test_any_object_of_allowed_types_is_the_oracles(value, protocol):
    data = pickle.dumps(value, protocol)
    assert_same(reader(data).read(), read_pickle(io.BytesIO(data), "oracle"))


# Python has one object of each short bytes and of each text of one character, which cells share then: only kept texts
# may be shared.
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126))
# Hypothesis may draw one object of bytes twice, too: each is copied.
FRESH_BYTES = st.binary(min_size=2).map(lambda data: bytes(bytearray(data)))
CELL_OBJECTS = allowed_objects(ASCII, FRESH_BYTES, leaves=12)  # cells are many


@settings(max_examples=60, **unhurried)
@given(
    cells=st.dictionaries(
        st.integers(0, 1 << 40), st.dictionaries(ASCII, CELL_OBJECTS, max_size=3), max_size=4
    ),
    before=CELL_OBJECTS,
    protocol=st.sampled_from(PROTOCOLS),
)
def test_any_cells_come_one_by_one(cells, before, protocol):
    data = pickle.dumps({"before": before, "arch2infos": cells, "after": [before]}, protocol)
    found, expected = all_objects(data)
    assert_same(found, expected)
