"""Random numbers without a state: the hash of (rng_seed, run, step), so that a run is the same wherever it runs.

A run has a key; its words are splitmix64 started at that key: word k is a bijective mix of key + (k + 1) times an odd
constant. Two runs share words only if their keys lie less than a run's length apart on the circle of 2**64 such steps:
expected for fewer than one pair among ten million runs of two thousand words. Runs of one `rng_seed` use the same words
in every algorithm, which makes differences between algorithms paired.

`one_of` maps 32 bits to 0..n-1 by multiply and shift: no value's probability is off by more than n / 2**32, relatively
(2.2e-5 for all trials of a space of 15,625 cells with six trials each).

Sources: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014); Vigna's splitmix64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.compiling import element

if TYPE_CHECKING:
    from nb201store.kernels.compiling import Int

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
DOUBLE = 2.0**-53


@element
def mixed(word: np.uint64) -> np.uint64:
    """Return splitmix64's output function of a uint64: a bijection."""
    word = (word ^ (word >> np.uint64(30))) * FIRST
    word = (word ^ (word >> np.uint64(27))) * SECOND
    return word ^ (word >> np.uint64(31))


@element
def run_key(rng_seed: np.uint64, run: Int) -> np.uint64:
    """Return the key of a run, uint64. REQUIRES: rng_seed uint64, run >= 0."""
    return mixed(mixed(rng_seed + GOLDEN) + np.uint64(run) * FIRST)


@element
def random_word(key: np.uint64, step: Int) -> np.uint64:
    """Return 64 random bits, uint64: word `step` (0 or more) of the run with this key."""
    return mixed(key + (np.uint64(step) + np.uint64(1)) * GOLDEN)


@element
def high_half(word: np.uint64) -> Int:
    """Return the upper 32 bits, int64."""
    return np.int64(word >> HALF)


@element
def low_half(word: np.uint64) -> Int:
    """Return the lower 32 bits, int64."""
    return np.int64(word & LOW)


@element
def one_of(half: Int, n: Int) -> Int:
    """Return a random integer 0..n-1 made of 32 random bits. REQUIRES: 1 <= n < 2**31."""
    return (half * n) >> 32


@element
def rest_of(half: Int, n: Int) -> Int:
    """Return what is random in `half` still after `one_of(half, n)`: 32 bits, of which log2(n) fewer are random."""
    return (half * n) & 0xFFFFFFFF


@element
def unit(word: np.uint64) -> float:
    """Return a multiple of 2**-53 in [0, 1), float64, made of the upper 53 bits."""
    return np.float64(np.int64(word >> np.uint64(11))) * DOUBLE
