"""Unpacking bz2 to the end of the file, as BZ2File does where a file is sound."""

from __future__ import annotations

import bz2
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nb201store.upstream.bz2_stream import Bz2Stream

DATA = bytes(range(256)) * 1000


def stream(packed: bytes) -> Bz2Stream:
    return Bz2Stream(io.BytesIO(packed))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 400))
def test_streams_in_a_row_are_one(parts: list[bytes], step: int) -> None:
    unpacked = stream(b"".join(bz2.compress(part) for part in parts))
    pieces = list(iter(lambda: unpacked.read(step), b""))
    assert b"".join(pieces) == b"".join(parts)
    assert unpacked.tell() == sum(map(len, parts))


@settings(
    deadline=None
)  # seeking back unpacks again; how long that takes depends on the machine's load
@given(st.lists(st.integers(0, len(DATA) + 10), max_size=5))
def test_seeking_reaches_any_byte(places: list[int]) -> None:
    unpacked = stream(bz2.compress(DATA))
    for place in places:
        assert unpacked.seek(place) == min(place, len(DATA))
        assert unpacked.read(7) == DATA[place : place + 7]


def test_it_cannot_seek_from_the_end() -> None:
    with pytest.raises(io.UnsupportedOperation, match="no known end"):
        stream(bz2.compress(DATA)).seek(0, io.SEEK_END)


@pytest.mark.parametrize("tail", [b"x", b"BZ", b"tail of something", b"BZh9 that is none"])
def test_what_follows_the_last_stream_is_an_error(tail: bytes) -> None:
    unpacked = stream(bz2.compress(DATA) + tail)
    assert unpacked.read(len(DATA)) == DATA
    with pytest.raises(OSError, match=r"bz2 stream|Invalid data stream"):
        unpacked.read(1)


def test_a_file_cut_off_anywhere_is_an_error() -> None:
    packed = bz2.compress(b"some data")
    for size in range(3, len(packed)):
        with pytest.raises(EOFError, match="middle of a bz2 stream"):
            stream(packed[:size]).read()
