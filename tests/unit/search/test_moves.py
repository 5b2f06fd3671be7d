"""Moves between cells: each table against the rule that it stands for."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from nb201store.kernels.search_problem import CODE_MASK
from nb201store.search.moves import moves, mutations
from nb201store.space import EDGES, SPACES

NAMES = ["tss", "sss"]


def digits_of(identities, space):
    """uint8 [n, positions]: what identities say besides the code."""
    shifts = 16 + 3 * np.arange(space.positions - 1, -1, -1)
    return (identities[:, None] >> shifts & 7).astype(np.uint8)


def children(name):
    """int64 [cells, mutations]: identities after each mutation, by the table, as kernels do it."""
    _, identities, shifts, steps = moves(name)
    digits = identities[:, None] >> shifts & 7
    return identities[:, None] + steps[8 * np.arange(shifts.size) + digits]


def changed_position(name):
    """The position that each mutation may change, by its shift."""
    _, _, shifts, _ = moves(name)
    return SPACES[name].positions - 1 - (shifts - 16) // 3


@pytest.mark.parametrize("name", NAMES)
def test_identities_hold_the_code_and_its_digits(name) -> None:
    space, (_, identities, _, _) = SPACES[name], moves(name)
    codes = np.arange(len(space))
    assert identities.dtype == np.int64
    assert np.array_equal(identities & CODE_MASK, codes)
    assert np.array_equal(digits_of(identities, space), space.ops(codes))
    assert identities.max() >> 40 == 0  # a member of a population has its reward above bit 40


@pytest.mark.parametrize("name", NAMES)
def test_neighbours_differ_in_one_digit_and_are_all_there(name) -> None:
    space, (neighbours, _, _, _) = SPACES[name], moves(name)
    count = space.positions * (len(space.choices) - 1)
    assert (neighbours.dtype, neighbours.shape) == (np.int16, (len(space), count))
    assert neighbours.min() == 0
    codes = np.arange(len(space))
    different = space.ops(neighbours.astype(np.int64).ravel()).reshape(len(space), count, -1)
    different = different != space.ops(codes)[:, None]
    assert (different.sum(axis=2) == 1).all()
    rows = np.sort(neighbours, axis=1)
    assert (np.diff(rows, axis=1) > 0).all()
    for code in (0, 1, 4_321, len(space) - 1):
        assert neighbours[code].tolist() == list(space.neighbours(code))


def test_an_edge_of_a_cell_is_mutated_as_the_published_script_does() -> None:
    """NASBENCH201 4.3: a node of the three, one of its edges, one of the four other operations, each uniformly."""
    count = Counter(changed_position("tss").tolist())
    total = sum(count.values())
    chances = [Fraction(count[edge], total) for edge in range(6)]
    third, sixth, ninth = (Fraction(1, n) for n in (3, 6, 9))
    assert [node for node, _ in EDGES] == [1, 2, 2, 3, 3, 3]
    assert chances == [third, sixth, sixth, ninth, ninth, ninth]


def test_every_other_operation_of_an_edge_is_equally_likely() -> None:
    made = digits_of(children("tss").ravel(), SPACES["tss"]).reshape(15_625, -1, 6)
    parents = SPACES["tss"].ops(np.arange(15_625))
    position = changed_position("tss")
    total = position.size
    for edge, node in enumerate([1, 2, 2, 3, 3, 3]):
        new = made[:, position == edge, edge]
        counts = (new[:, :, None] == np.arange(5)).sum(axis=1)
        other = parents[:, edge, None] != np.arange(5)
        assert total % (3 * node * 4) == 0
        assert np.array_equal(counts, other * (total // (3 * node * 4)))


def test_every_width_of_every_position_is_equally_likely_the_present_one_too() -> None:
    position = changed_position("sss")
    assert Counter(position.tolist()) == dict.fromkeys(range(5), 8)
    made = digits_of(children("sss").ravel(), SPACES["sss"]).reshape(32_768, -1, 5)
    for place in range(5):
        new = np.sort(made[:, position == place, place], axis=1)
        assert (new == np.arange(8)).all()
    unchanged = (children("sss") & CODE_MASK) == np.arange(32_768)[:, None]
    assert (unchanged.sum(axis=1) == 5).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_mutation_of_every_cell_leads_to_its_child(name) -> None:
    space = SPACES[name]
    made = children(name)
    codes = np.arange(len(space))
    listed = mutations(name)
    assert (
        made.shape == (len(space), len(listed)) == ((15_625, 72) if name == "tss" else (32_768, 40))
    )
    digits = space.ops(codes).astype(np.int64)
    for number, (position, choice) in enumerate(listed):
        child = digits.copy()
        present = child[:, position]
        child[:, position] = choice + (choice >= present) if name == "tss" else choice
        assert np.array_equal(made[:, number] & CODE_MASK, space.from_ops(child))
        assert np.array_equal(digits_of(made[:, number], space), child)
        assert np.array_equal(changed_position(name)[number], position)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_of_neighbours_is_made_once_for_a_space(name) -> None:
    assert moves(name) is moves(name)
