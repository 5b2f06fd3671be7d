"""Pickles as official files have them, whatever numpy writes them."""

from __future__ import annotations

import io
import pickle
import pickletools
from typing import Any

import numpy as np
import pytest

from nb201store.errors import SettingsError
from nb201store.upstream.hp_words import hp_words, renamed, same_words
from nb201store.upstream.restored_layouts import official_pickle

SCALAR = np.float64(-0.1)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize(
    "before", [0, 10, 10_000, 100_000], ids=lambda count: f"{count} numbers before"
)
def test_numpy_scalars_have_their_official_name(protocol: int, before: int) -> None:
    """In protocol 4 the name stands in a frame of at least 64 kB, whose length is written ahead of it."""
    value: dict[str, Any] = {
        "numbers": [place / 7 for place in range(before)], "params": SCALAR, "again": SCALAR,
        "more": [place / 3 for place in range(before)], "text": "numpy._core.multiarray",
    }  # fmt: skip
    data = official_pickle(value, protocol)
    loaded = pickle.loads(data)
    assert loaded == value
    assert type(loaded["params"]) is np.float64
    texts = {arg for _, arg, _ in pickletools.genops(data) if isinstance(arg, str)}
    assert texts & {"numpy.core.multiarray", "numpy.core.multiarray scalar"}
    assert "numpy._core.multiarray scalar" not in texts
    # The pickle in pure Python refuses what leaves its frame.
    unpickler = pickle._Unpickler  # type: ignore[attr-defined]
    assert unpickler(io.BytesIO(data)).load() == value


def test_without_scalars_nothing_is_changed() -> None:
    for protocol in (2, 3, 4):
        value = {"text": "numpy._core.multiarray", "number": 0.5}
        assert official_pickle(value, protocol) == pickle.dumps(value, protocol)


def test_schedules_are_named_as_the_layout_names_them() -> None:
    form = {
        "type": "OrderedDict",
        "schedules": [{"hp": "12", "schedule": 12, "x": 1}, {"hp": "200", "schedule": 200}],
    }
    assert renamed(form, hp_words("v1_1", "tss")) == {
        "type": "dict",
        "schedules": [{"hp": "full", "schedule": 200}, {"hp": "less", "schedule": 12, "x": 1}],
    }
    assert renamed(form, hp_words("archive", "tss"))["type"] == "OrderedDict"
    assert renamed(form, hp_words("nats-file", "tss")) == form
    assert same_words("v1_0", "v1_1")
    assert not same_words("v1_0", "archive")
    assert same_words("nats-file", "nats-folder")


def test_layouts_that_cannot_be() -> None:
    with pytest.raises(
        SettingsError, match=r"v1_1 holds no cells of the space sss; choose .*nats-file"
    ):
        hp_words("v1_1", "sss")
    with pytest.raises(SettingsError, match="'pth' is none of v1_0"):
        hp_words("pth", "tss")
    form = {"type": "dict", "schedules": [{"hp": "90", "schedule": 90}]}
    with pytest.raises(SettingsError, match="90 epochs"):
        renamed(form, hp_words("v1_1", "tss"))
