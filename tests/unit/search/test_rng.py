"""Random numbers of searches: words are those of splitmix64, and look like chance within, across and beside runs."""

from __future__ import annotations

import numpy as np
import pytest
import search_twin
from numba import njit

from nb201store.kernels import rng

FAR = 5.0
"""Standard deviations that no statistic of chance lies away from its mean: p < 1e-6. The seeds are fixed."""


@njit
def kernel_keys(rng_seed, first_run, runs):
    keys = np.empty(runs, np.uint64)
    for run in range(runs):
        keys[run] = rng.run_key(rng_seed, first_run + run)
    return keys


@njit
def kernel_words(keys, first_step, steps):
    words = np.empty((keys.size, steps), np.uint64)
    for run in range(keys.size):
        for step in range(steps):
            words[run, step] = rng.random_word(keys[run], first_step + step)
    return words


@njit
def kernel_parts(words, n):
    """(one of n by the upper half, what is left of it, one of n by the lower half, unit) of each word."""
    numbers = np.empty((3, words.size), np.int64)
    units = np.empty(words.size)
    for i, word in enumerate(words):
        upper = rng.high_half(word)
        numbers[0, i] = rng.one_of(upper, n)
        numbers[1, i] = rng.rest_of(upper, n)
        numbers[2, i] = rng.one_of(rng.low_half(word), n)
        units[i] = rng.unit(word)
    return numbers, units


@njit
def kernel_ones(halves, n):
    out = np.empty_like(halves)
    for i, half in enumerate(halves):
        out[i] = rng.one_of(half, n)
    return out


@pytest.fixture(scope="module")
def words():
    """uint64 [runs, steps] of neighbouring runs."""
    return kernel_words(kernel_keys(np.uint64(2026), 0, 2000), 0, 500)


def chi_square(numbers, bins):
    """How far the counts of 0..bins-1 lie from equal ones, in standard deviations (Wilson and Hilferty)."""
    expected = numbers.size / bins
    assert expected >= 10
    free = bins - 1
    sum_of_squares = ((np.bincount(numbers.ravel(), minlength=bins) - expected) ** 2).sum()
    spread = 2 / (9 * free)
    return ((sum_of_squares / expected / free) ** (1 / 3) - 1 + spread) / spread**0.5


def pairs(first, second, bits=8):
    """Both words' highest bits as one number."""
    shift = np.uint64(64 - bits)
    return ((first >> shift << np.uint64(bits)) | (second >> shift)).astype(np.int64)


def test_words_continue_splitmix64_as_published() -> None:
    # The first outputs of Vigna's splitmix64.c for the state 1234567.
    published = [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]  # fmt: skip
    key = np.array([1234567], dtype=np.uint64)
    assert kernel_words(key, 0, 5)[0].tolist() == published
    assert [search_twin.random_word(1234567, step) for step in range(5)] == published


@pytest.mark.parametrize("rng_seed", [0, 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("first_run", [0, 2**31 - 2, 10**15])
def test_words_are_the_twins(rng_seed, first_run) -> None:
    keys = kernel_keys(np.uint64(rng_seed), first_run, 4)
    expected = [search_twin.run_key(rng_seed, first_run + run) for run in range(4)]
    assert keys.tolist() == expected
    for step in (0, 2**31 - 1, 10**12):
        found = kernel_words(keys, step, 3)
        assert found.tolist() == [
            [search_twin.random_word(key, step + more) for more in range(3)] for key in expected
        ]


@pytest.mark.parametrize("n", [1, 5, 72, 15_625, 2**20])
def test_parts_of_words_are_the_twins(words, n) -> None:
    some = np.concatenate([words[0], np.array([0, 2**32 - 1, 2**32, 2**64 - 1], dtype=np.uint64)])
    numbers, units = kernel_parts(some, n)
    for i, word in enumerate(some.tolist()):
        upper, lower = search_twin.halves(word)
        assert numbers[:, i].tolist() == [
            search_twin.one_of(upper, n), search_twin.rest_of(upper, n), search_twin.one_of(lower, n),
        ]  # fmt: skip
        assert units[i] == (word >> 11) / 2**53
    assert (units.min(), units.max()) == (0.0, 1.0 - 2**-53)
    assert numbers[0].max() == n - 1


def test_mixing_loses_nothing() -> None:
    def unmixed(word):
        for shift, factor in ((31, search_twin.SECOND), (27, search_twin.FIRST), (30, 1)):
            step = word
            for _ in range(3):
                step = word ^ (step >> shift)
            word = step * pow(factor, -1, 2**64) % 2**64
        return word

    chosen = np.random.default_rng(1).integers(2**64, size=1000, dtype=np.uint64).tolist()
    assert [unmixed(search_twin.mixed(word)) for word in chosen] == chosen


@pytest.mark.parametrize("n", [2, 3, 5, 6, 8, 10, 40, 72, 1000, 15_625, 32_768])
def test_draws_are_uniform(words, n) -> None:
    numbers, _ = kernel_parts(words.ravel(), n)
    assert abs(chi_square(numbers[0], n)) < FAR
    assert abs(chi_square(numbers[2], n)) < FAR
    # What the first draw leaves of a half makes a second one, independent of it.
    again = kernel_ones(numbers[1], 5)
    assert abs(chi_square(again, 5)) < FAR
    if n <= 72:
        assert abs(chi_square(numbers[0] * 5 + again, 5 * n)) < FAR
        assert abs(chi_square(numbers[0] * n + numbers[2], n * n)) < FAR


def test_units_are_uniform(words) -> None:
    _, units = kernel_parts(words.ravel(), 2)
    assert abs(chi_square((units * 1000).astype(np.int64), 1000)) < FAR
    assert abs(units.mean() - 0.5) < FAR / np.sqrt(12 * units.size)
    assert abs(units.var() - 1 / 12) < FAR / np.sqrt(180 * units.size)
    # The lowest of the 53 bits is as random as the highest.
    assert abs(((units * 2**53).astype(np.int64) & 1).mean() - 0.5) < FAR / np.sqrt(4 * units.size)


def neighbours_of(words):
    """Pairs of words that lie beside each other in some way."""
    other = kernel_words(kernel_keys(np.uint64(2027), 0, 2000), 0, 500)
    swapped = words << np.uint64(32) | words >> np.uint64(32)
    return {
        "runs": (words[:-1], words[1:]),
        "steps": (words[:, :-1], words[:, 1:]),
        "a run's step and the next run's next": (words[:-1, :-1], words[1:, 1:]),
        "a run's step and the next run's last": (words[:-1, 1:], words[1:, :-1]),
        "the same run of neighbouring rng_seeds": (words, other),
        "halves": (words, swapped),
    }


def test_words_beside_each_other_are_independent(words) -> None:
    for what, (first, second) in neighbours_of(words).items():
        assert abs(chi_square(pairs(first, second), 2**16)) < FAR, what
        halves = [side.ravel() >> np.uint64(32) for side in (first, second)]
        correlation = np.corrcoef(*halves)[0, 1]
        assert abs(correlation) < FAR / np.sqrt(first.size), what
        if what == "halves":
            continue  # swapping says the same of each pair of bits twice
        flips = first ^ second
        for bit in range(64):
            share = (flips >> np.uint64(bit) & np.uint64(1)).mean()
            assert abs(share - 0.5) < FAR / np.sqrt(4 * first.size), (what, bit)


def test_every_bit_of_a_word_is_fair(words) -> None:
    shares = [(words >> np.uint64(bit) & np.uint64(1)).mean() for bit in range(64)]
    assert np.abs(np.array(shares) - 0.5).max() < FAR / np.sqrt(4 * words.size)


@pytest.mark.parametrize("by", ["run", "rng_seed"])
def test_keys_beside_each_other_differ_in_half_of_their_bits(by) -> None:
    if by == "run":
        keys = kernel_keys(np.uint64(7), 0, 100_001)
    else:
        keys = np.array([search_twin.run_key(seed, 0) for seed in range(10_001)], dtype=np.uint64)
    flips = keys[1:] ^ keys[:-1]
    counts = sum((flips >> np.uint64(bit) & np.uint64(1)).astype(np.int64) for bit in range(64))
    assert abs(counts.mean() - 32.0) < FAR * 4.0 / np.sqrt(counts.size)
    assert abs(counts.std() - 4.0) < 0.2
    assert counts.min() > 8


def test_a_million_runs_share_no_words() -> None:
    """Words of two runs are shared where their keys lie less than a run apart, in steps of the golden constant."""
    seeds = [0, 1, 2, 2**64 - 1]
    keys = np.concatenate([kernel_keys(np.uint64(seed), 0, 250_000) for seed in seeds])
    million = kernel_keys(np.uint64(0), 0, 1_000_000)
    for each in (keys, million):
        assert np.unique(each).size == 1_000_000
        places = np.sort(each * np.uint64(pow(search_twin.GOLDEN, -1, 2**64)))
        gaps = np.diff(places, append=places[:1])  # around the circle
        # A gap below 2,000 is expected for 1 in 9,000 such millions.
        assert gaps.min() > 2000


@pytest.mark.parametrize("n", [3, 5, 8, 40, 72, 15_625, 32_768, 15_625 * 6, 2**20])
def test_no_value_of_one_of_is_off_by_more_than_is_said(n) -> None:
    # one_of never falls as its half rises, so that the first half of each value says how many halves give it.
    first = np.array([-(-(value << 32) // n) for value in range(n + 1)], dtype=np.int64)
    assert (first[0], first[-1]) == (0, 1 << 32)
    assert np.array_equal(kernel_ones(first[:-1], n), np.arange(n))
    assert np.array_equal(kernel_ones(first[1:] - 1, n), np.arange(n))
    share = np.diff(first) * n / 2**32
    assert np.abs(share - 1).max() <= n / 2**32
    if n == 15_625 * 6:
        assert 1e-5 < np.abs(share - 1).max() < 2.2e-5


@pytest.mark.parametrize(("n", "m"), [(10, 10), (72, 6), (7, 64), (100, 100), (40, 1)])
def test_two_draws_of_one_half_are_one_draw_of_their_product(words, n, m) -> None:
    """So that they are independent but for the bias of one draw of n * m values."""
    halves = (words[:100] >> np.uint64(32)).astype(np.int64).ravel()
    both = kernel_ones(halves, n * m)
    first = kernel_ones(halves, n)
    numbers, _ = kernel_parts(words[:100].ravel(), n)
    second = kernel_ones(numbers[1], m)
    assert np.array_equal(first * m + second, both)
