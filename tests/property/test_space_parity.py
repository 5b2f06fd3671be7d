"""The search spaces of Python (space.py) and of the C++ core give the same answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb201store import _core
from nb201store.errors import ArchError
from nb201store.space import SPACES

MODES = (True, False, None)


def core(space, function):
    """The twin of a method in the core, e.g. `tss_code_to_ops`."""
    return getattr(_core, f"{space.name}_{function}")


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    return request.param


def test_digits_agree_on_all_cells(space):
    everything = range(len(space))
    ops = space.ops(everything).tolist()
    assert ops == [core(space, "code_to_ops")(code) for code in everything]
    assert [core(space, "ops_to_code")(row) for row in ops] == list(everything)


def test_strings_agree_on_all_cells(space):
    everything = range(len(space))
    strings = space.arch_str(everything)
    assert strings == [core(space, "code_to_arch_str")(code) for code in everything]
    assert [core(space, "arch_str_to_code")(text) for text in strings] == list(everything)
    assert space.code(strings).tolist() == list(everything)


@pytest.mark.parametrize("mode", MODES)
def test_unique_strings_agree_on_all_cells(space, mode):
    everything = range(len(space))
    expected = [core(space, "unique_str")(code, mode) for code in everything]
    assert space.unique_str(everything, mode) == expected


@pytest.mark.parametrize(
    ("method", "function"),
    [
        ("neighbours", "neighbours"),
        ("representative", "representative"),
        ("official_index", "code_to_official_index"),
        ("from_official_index", "official_index_to_code"),
    ],
)
def test_tables_agree_on_all_cells(space, method, function):
    everything = range(len(space))
    expected = [core(space, function)(code) for code in everything]
    assert getattr(space, method)(everything).tolist() == expected


@pytest.mark.parametrize(
    ("method", "function"),
    [
        ("ops", "code_to_ops"),
        ("arch_str", "code_to_arch_str"),
        ("neighbours", "neighbours"),
        ("representative", "representative"),
        ("official_index", "code_to_official_index"),
        ("from_official_index", "official_index_to_code"),
    ],
)
@pytest.mark.parametrize("offset", [-1, 0, 2**40])
def test_both_refuse_what_is_outside(space, method, function, offset):
    outside = offset if offset < 0 else len(space) + offset
    what = "official index" if method.startswith("from_") else "code"
    expected = f"{space.name}: expected {what} 0..{len(space) - 1}, found {outside}"
    for ask in (getattr(space, method), core(space, function)):
        with pytest.raises(ArchError) as caught:
            ask(outside)
        assert str(caught.value) == expected


def test_both_refuse_the_same_digit(space):
    ops = [0] * space.positions
    ops[2] = len(space.choices)
    for ask in (space.from_ops, core(space, "ops_to_code")):
        with pytest.raises(ArchError, match=f"expected op 0..{ops[2] - 1} in place 2, found"):
            ask(ops)


def answer(ask, text):
    """The code of `text`; "refused" where that is an ArchError, of one line as all are."""
    try:
        return ask(text)
    except ArchError as problem:
        return "refused" if str(problem).isprintable() else f"refused in bad form: {problem!r}"


@st.composite
def damaged(draw, space):
    """A good string of which up to three stretches were replaced, by grammar or by noise."""
    pieces = ["|", "+", "~", ":", " ", "\n", "\0", "~0", "~1", "~2", "|none~0|", "é", "08", "72"]
    text = space.arch_str(draw(st.integers(0, len(space) - 1)))
    noise = st.one_of(
        st.sampled_from([*pieces, *map(str, space.choices)]),
        st.text(max_size=3),
        st.just(""),
    )
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 14)))
        text = text[:begin] + draw(noise) + text[end:]
    return text


@given(data=st.data())
def test_both_judge_damaged_strings_alike(data):
    space = data.draw(st.sampled_from(list(SPACES.values())))
    text = data.draw(damaged(space))
    code = answer(space.code, text)
    assert code == answer(core(space, "arch_str_to_code"), text)
    # What is accepted is the official spelling of a cell, nothing that merely resembles one.
    assert code == "refused" or space.arch_str(code) == text


@given(text=st.text(max_size=40))
def test_both_refuse_noise(text):
    for space in SPACES.values():
        assert answer(space.code, text) == answer(core(space, "arch_str_to_code"), text)
