"""One cell or many: the same answers, and the same refusals with their reasons."""

import copy
import pickle
import random
import subprocess
import sys

import numpy as np
import pytest

from nb201store.errors import ArchError, SettingsError
from nb201store.space import SPACES, sss, tss

ANSWERS = (  # every method that takes codes or official indexes
    "arch_str",
    "ops",
    "official_index",
    "from_official_index",
    "neighbours",
    "representative",
    "unique_str",
)


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    return request.param


def plain(answer):
    """An answer for many as plain Python, rows as tuples, to compare with answers for one."""
    if isinstance(answer, list):
        return answer
    return [tuple(row) if isinstance(row, list) else row for row in answer.tolist()]


@pytest.mark.parametrize("method", ANSWERS)
def test_one_and_many_agree(space, method):
    ask = getattr(space, method)
    some = random.Random(1).choices(range(len(space)), k=300)
    assert plain(ask(some)) == [ask(code) for code in some]
    for same in (tuple(some), np.array(some), np.array(some, dtype=np.uint16)):
        assert plain(ask(same)) == plain(ask(some))
    assert ask(np.int32(5)) == ask(np.array(5)) == ask(5)
    assert len(ask([])) == 0


def test_types_of_answers(space):
    codes = [0, 1]
    assert space.code(space.arch_str(codes)).dtype == np.int64
    assert space.code(np.array(space.arch_str(codes))).tolist() == codes
    assert (space.ops(codes).dtype, space.ops([]).shape) == (np.uint8, (0, space.positions))
    assert space.neighbours(codes).dtype == space.representative(codes).dtype == np.int64
    assert type(space.official_index(np.int64(3))) is int
    assert type(space.code(space.arch_str(3))) is int
    assert space.representative(np.array([[1, 2], [3, 4]])).shape == (2, 2)


def test_from_ops_takes_rows_in_every_form(space):
    rows = space.ops(range(0, len(space), 7))
    codes = list(range(0, len(space), 7))
    for same in (rows, rows.astype(np.int64), rows.tolist(), [tuple(row) for row in rows]):
        assert space.from_ops(same).tolist() == codes
    assert space.from_ops(rows[3]) == space.from_ops(rows[3].tolist()) == codes[3]
    assert space.from_ops(rows[:0]).shape == (0,)


def test_answers_do_not_share_memory_with_the_tables(space):
    space.official_index([0, 1])[:] = 7
    assert space.official_index([0, 1]).tolist() != [7, 7]


BAD_CODES = {
    "negative": -1,
    "too large": 32_768,
    "huge": 2**70,
    "unprintable": 10**5000,
    "float": 1.0,
    "bool": True,
    "None": None,
    "str": "5",
    "bytes": b"5",
    "nan": float("nan"),
    "set": {1},
    "dict": {1: 2},
    "numpy float": np.float64(1),
    "numpy bool": np.True_,
    "0-d float": np.array(1.0),
    "date": np.datetime64(1, "s"),
}


@pytest.mark.parametrize("method", ANSWERS)
@pytest.mark.parametrize("bad", BAD_CODES.values(), ids=BAD_CODES)
def test_what_is_no_code_is_refused(space, method, bad):
    what = "official index" if method == "from_official_index" else "code"
    last = len(space) - 1
    with pytest.raises(
        ArchError, match=rf"^{space.name}: expected {what} 0\.\.{last}, found \S.*$"
    ):
        getattr(space, method)(bad)
    with pytest.raises(ArchError, match=rf"^position 2: {space.name}: expected {what} 0"):
        getattr(space, method)([0, 1, bad])


@pytest.mark.parametrize("method", ANSWERS)
@pytest.mark.parametrize(
    "bad",
    [np.array([1.0, np.nan]), np.array([True]), np.array([5], dtype="M8[ns]"), [[1]], [1.0]],
    ids=["floats", "mask", "dates", "nested", "list of float"],
)
def test_arrays_of_other_things_are_refused(space, method, bad):
    with pytest.raises(ArchError, match=r"^position 0: "):
        getattr(space, method)(bad)


def test_the_first_bad_element_is_named():
    with pytest.raises(ArchError, match=r"^position 1: tss: expected code 0..15624, found -3$"):
        tss.ops(np.array([4, -3, 99_999]))
    with pytest.raises(ArchError, match=r"^position 1: sss: .* found '9'$"):
        sss.code(["8:8:8:8:8", "9:8:8:8:8", "x"])
    with pytest.raises(ArchError, match=r"^position 2: tss: expected op 0..4 in place 5, found 5$"):
        tss.from_ops([[0] * 6, [1] * 6, [0, 0, 0, 0, 0, 5]])


def none_cell(old="", new=""):
    """The cell of nothing but `none`, with one part of its string replaced."""
    return "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|".replace(old, new)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected 3 nodes between '+', found 1"),
        (none_cell("none~2", "none~1"), "expected '~2' on edge 3<-2, found 'none~1'"),
        (none_cell("none~2", "none"), "expected '~2' on edge 3<-2, found 'none'"),
        (none_cell("none~2", "none~02"), "expected '~2' on edge 3<-2, found 'none~02'"),
        (none_cell("none~2", "None~2"), "edge 3<-2, found 'None'"),
        (none_cell("none~2", "~2"), "edge 3<-2, found ''"),
        (none_cell("|none~2|", "|"), "expected node 3 as 3 edges between '|', found"),
        (none_cell("~2|", "~2"), "expected node 3 as 3 edges between '|', found"),
        (none_cell("+", "++"), "expected 3 nodes between '+', found 5"),
        (none_cell() + "\n", "expected node 3 as 3 edges between '|', found"),
        ("|none~0|" * 9_999, "expected 3 nodes between '+', found 1"),
    ],
)
def test_malformed_strings_are_refused_with_their_reason(text, reason):
    with pytest.raises(ArchError) as caught:
        tss.code(text)
    message = str(caught.value)
    assert reason in message
    assert message.startswith("tss: arch_str '")
    assert message.isprintable()
    assert len(message) < 400


@pytest.mark.parametrize("width", ["0", "7", "12", "72", "08", "+8", "8.0", " 8", "-8", "", "²"])
def test_widths_outside_the_space_are_refused(width):
    with pytest.raises(ArchError, match=r"expected a width .* in place 2, found"):
        sss.code(f"8:8:{width}:8:8")


@pytest.mark.parametrize("bad", [5, None, b"8:8:8:8:8", 1.5, {"8:8:8:8:8"}])
def test_what_is_no_string_is_refused(space, bad):
    with pytest.raises(ArchError, match=f"^{space.name}: expected an architecture string, found"):
        space.code(bad)
    with pytest.raises(ArchError, match=r"^position 0: "):
        space.code([bad])


@pytest.mark.parametrize(
    "bad",
    [[], [0, 1], [0] * 7, None, "000000", 3, np.zeros((1, 1, 6), int), np.zeros(6)],
    ids=["empty", "short", "long", "None", "str", "int", "3-d", "floats"],
)
def test_rows_of_the_wrong_form_are_refused(bad):
    with pytest.raises(ArchError, match=r"^tss: expected "):
        tss.from_ops(bad)


@pytest.mark.parametrize("digit", [-1, 5, True, 1.0, None, "1"])
def test_digits_outside_the_space_are_refused(digit):
    with pytest.raises(ArchError, match=r"^tss: expected op 0\.\.4 in place 1, found"):
        tss.from_ops([0, digit, 0, 0, 0, 0])


@pytest.mark.parametrize("mode", [1, 0, "yes", np.True_])
def test_other_modes_are_refused(mode):
    with pytest.raises(SettingsError, match="expected True, False or None, found"):
        tss.unique_str(0, mode)


def test_a_space_is_pickled_by_name(space):
    assert pickle.loads(pickle.dumps(space)) is space
    assert copy.deepcopy(space) is space


def test_scalars_load_no_slow_module():
    program = (
        "import sys; before = set(sys.modules)\n"
        "from nb201store.space import tss, sss\n"
        "tss.neighbours(tss.code(tss.arch_str(9))), tss.official_index(9)\n"
        "sss.from_ops(sss.ops(9))\n"
        "tss.unique_str(tss.representative(9))\n"
        "slow = {'numpy', 'typing', 're', 'dataclasses', 'pathlib'} - before\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
