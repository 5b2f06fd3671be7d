"""The random numbers of a search as plain Python numbers, drawn before: the same draws as our kernels make.

A loop that is handed them finds the same cells, so that its answers can be compared, and pays nothing for randomness:
a loop that draws its own numbers is slower than the tables say. How words become draws is what the kernels document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.kernels.search_problem import COST_BITS, COST_MASK
from nb201store.search.moves import mutations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import nb201store as nb
    from nb201store.kernels.search_problem import PackedProblem

GOLDEN, FIRST, SECOND = (
    np.uint64(constant) for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True)
class Shape:
    """How many there are to choose from."""

    cells: int
    trials: int
    positions: int
    choices: int
    population: int = 10
    sample_size: int = 3


def answers(packed: PackedProblem) -> list[tuple[int, int]]:
    """(reward in hits, cost in microseconds) at code * trials + trial, as Python integers."""
    words = packed.answers[-1]
    return list(zip((words >> COST_BITS).tolist(), (words & COST_MASK).tolist(), strict=True))


def children(space: nb.Space) -> list[list[int]]:
    """[code][mutation]: the cell that each of the equally likely mutations makes."""
    codes = np.arange(len(space))
    ops = space.ops(codes).astype(np.int64)
    columns = []
    for position, choice in mutations(space.name):
        present = ops[:, position]
        new = choice + (choice >= present) if space.name == "tss" else choice
        columns.append(codes + (new - present) * space.weights[position])
    return np.stack(columns, axis=1).tolist()


def random_draws(shape: Shape, rng_seed: int, run: int, count: int) -> list[int]:
    """Places in `answers`, one a draw."""
    upper, lower = _halves(_words(rng_seed, run, count))
    return _places(shape, upper, lower).tolist()


def local_draws(shape: Shape, rng_seed: int, run: int, count: int) -> list[tuple[int, int]]:
    """(place of a start, trial of a neighbour), one a draw; of these a step uses its part."""
    upper, lower = _halves(_words(rng_seed, run, count))
    trial = _one_of(lower, shape.trials)
    return list(zip(_places(shape, upper, lower).tolist(), trial.tolist(), strict=True))


def rea_draws(shape: Shape, rng_seed: int, run: int, count: int) -> list[tuple[Any, ...]]:
    """(place of a new member, members of the sample, mutation, trial), one a draw; of these a step uses its part."""
    upper, lower = _halves(_words(rng_seed, run, count))
    picks, left = [], lower
    for _ in range(shape.sample_size):  # one word has room for the few members of a usual sample
        picks.append(_one_of(left, shape.population))
        left = _rest_of(left, shape.population)
    equally_likely = len(mutations("tss"))
    mutation = _one_of(upper, equally_likely)
    trial = _one_of(_rest_of(upper, equally_likely), shape.trials)
    columns = [
        _places(shape, upper, lower).tolist(),
        list(zip(*(p.tolist() for p in picks), strict=True)),
    ]
    return list(zip(*columns, mutation.tolist(), trial.tolist(), strict=True))


def reinforce_draws(
    shape: Shape, rng_seed: int, run: int, count: int
) -> tuple[list[float], list[tuple[tuple[float, ...], int]]]:
    """(first logits, (a number of [0, 1) for each position, trial) of each draw)."""
    words = _words(rng_seed, run, 8 * count).reshape(count, 8)
    units = (words[:, : shape.positions] >> np.uint64(12)) * 2.0**-52
    trial = _one_of(_halves(words[:, 7])[0], shape.trials)
    wanted = shape.positions * shape.choices
    square = (_words(rng_seed, run, 8 * wanted, 2**40) >> np.uint64(11)) * 2.0**-52 - 1.0
    points = square.reshape(-1, 2)
    length = (points**2).sum(axis=1)
    inside = (length > 0.0) & (length < 1.0)
    points, length = points[inside], length[inside, None]
    normals = (points * np.sqrt(-2.0 * np.log(length) / length)).ravel()[:wanted]
    return (1e-3 * normals).tolist(), list(
        zip(map(tuple, units.tolist()), trial.tolist(), strict=True)
    )


def _words(rng_seed: int, run: int, count: int, first: int = 0) -> NDArray[np.uint64]:
    """So many words of a run, word `first` and on."""
    seed = np.array([rng_seed], dtype=np.uint64)
    key = _mixed(_mixed(seed + GOLDEN) + np.array([run], dtype=np.uint64) * FIRST)
    return _mixed(key + np.arange(first + 1, first + count + 1, dtype=np.uint64) * GOLDEN)


def _mixed(word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    word = (word ^ (word >> np.uint64(30))) * FIRST
    word = (word ^ (word >> np.uint64(27))) * SECOND
    return word ^ (word >> np.uint64(31))


def _halves(words: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return (words >> HALF).astype(np.int64), (words & LOW).astype(np.int64)


def _one_of(half: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return half * n >> 32


def _rest_of(half: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return half * n & 0xFFFFFFFF


def _places(shape: Shape, upper: NDArray[np.int64], lower: NDArray[np.int64]) -> NDArray[np.int64]:
    return _one_of(upper, shape.cells) * shape.trials + _one_of(lower, shape.trials)
