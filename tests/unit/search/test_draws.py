"""Random numbers for algorithms in Python are the words of the kernels, whatever runs are side by side."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from search_twin import one_of, random_word, run_key

from nb201store.errors import SettingsError
from nb201store.kernels import rng
from nb201store.search import Draws, RunRandom

SEEDS = [0, 3, 2**63 + 5]


@pytest.mark.parametrize("rng_seed", SEEDS)
def test_words_are_those_of_the_kernels(rng_seed) -> None:
    draws = Draws(rng_seed, 1000, 5)
    taken = draws.words(3)
    for place in range(5):
        key = np.uint64(rng.run_key(np.uint64(rng_seed), 1000 + place))
        words = [int(rng.random_word(key, step)) for step in range(4)]
        assert taken[place].tolist() == words[:3]
        assert draws.word(3)[place] == words[3]
        alone = RunRandom(rng_seed, 1000 + place)
        assert [alone.word() for _ in range(4)] == words


def test_each_call_takes_the_next_word_of_every_run() -> None:
    draws, twice = Draws(7, 0, 4), Draws(7, 0, 4)
    words = twice.words(6)
    np.testing.assert_array_equal(draws.below(10), (words[:, 0] >> np.uint64(32)) * 10 >> 32)
    np.testing.assert_array_equal(draws.unit(), (words[:, 1] >> np.uint64(11)) / 2.0**53)
    np.testing.assert_array_equal(draws.words(), words[:, 2])
    np.testing.assert_array_equal(draws.below(5, 2), (words[:, 3:5] >> np.uint64(32)) * 5 >> 32)
    np.testing.assert_array_equal(draws.word(5), words[:, 5])
    assert draws.word(5).tolist() == draws.words().tolist()  # looking at a word does not take it


def test_one_run_draws_the_numbers_that_it_draws_among_many() -> None:
    draws, alone = Draws(7, 20, 10), RunRandom(7, 24)
    for n in (1, 2, 3, 15_625, 2**31 - 1):
        assert draws.below(n)[4] == alone.below(n) < n
    assert draws.unit()[4] == alone.unit()
    assert draws.unit()[4] == alone.random()
    limits = np.arange(1, 11)
    assert draws.below(limits)[4] == alone.below(5)


def test_numbers_are_spread_evenly() -> None:
    draws = Draws(1, 0, 100_000)
    counts = np.bincount(draws.below(5), minlength=5)
    assert abs(counts - 20_000).max() < 4 * (100_000 * 0.16) ** 0.5
    unit = draws.unit()
    assert 0.0 <= unit.min() < 1e-4
    assert 1 - 1e-4 < unit.max() < 1.0
    assert abs(unit.mean() - 0.5) < 4 * 12**-0.5 / 100_000**0.5


def test_trials_have_words_of_their_own() -> None:
    draws = Draws(7, 20, 3)
    trials = draws.of_trials()
    key = random_word(run_key(7, 21) + rng_first_minus_golden(), 0)
    for draw in range(4):
        expected = one_of(random_word(key, draw) >> 32, 6)
        assert trials.below(6)[1] == expected
        assert RunRandom(7, 21).trial(draw, 6) == expected
    own = {int(word) for word in Draws(7, 20, 3).words(1000).ravel()}
    assert not own & {int(word) for word in draws.of_trials().words(1000).ravel()}


def rng_first_minus_golden() -> int:
    """`random_word(key + this, 0)` is the mix of key + FIRST."""
    return int(rng.FIRST) - int(rng.GOLDEN)


@pytest.mark.parametrize("n", [0, -1, 2**31])
def test_a_number_below_nothing_is_refused(n) -> None:
    message = rf"^n must be between 1 and 2147483647, found {n}$"
    with pytest.raises(SettingsError, match=message):
        Draws(0, 0, 2).below(n)
    with pytest.raises(SettingsError, match=message):
        RunRandom(0, 0).below(n)
    with pytest.raises(SettingsError, match=r"^n must be between 1 and 2147483647, found array"):
        Draws(0, 0, 2).below(np.array([3, n]))


def test_the_standard_librarys_methods_draw_the_runs_words() -> None:
    one, same, other = RunRandom(5, 2), RunRandom(5, 2), RunRandom(5, 3)
    numbers = [
        (r.choice("abcdefgh"), r.sample(range(100), 5), r.randrange(50), r.gauss(), r.getrandbits(80), r.uniform(1, 2))
        for r in (one, same, other)
    ]  # fmt: skip
    assert numbers[0] == numbers[1] != numbers[2]
    assert RunRandom(5, 2).getrandbits(64) == RunRandom(5, 2).word()
    assert RunRandom(5, 2).getrandbits(32) == RunRandom(5, 2).word() >> 32
    assert RunRandom(5, 2).getrandbits(0) == 0
    shuffled = list(range(20))
    one.shuffle(shuffled)
    assert sorted(shuffled) == list(range(20)) != shuffled


def test_a_copy_goes_on_where_its_original_was() -> None:
    one = RunRandom(5, 2)
    one.gauss()
    copies = [copy.copy(one), pickle.loads(pickle.dumps(one)), RunRandom(9, 9)]
    copies[2].setstate(one.getstate())
    expected = [one.gauss(), one.word()]
    assert [[each.gauss(), each.word()] for each in copies] == [expected] * 3


def test_a_run_cannot_be_seeded_otherwise() -> None:
    with pytest.raises(SettingsError, match=r"^a run's random numbers cannot be seeded again"):
        RunRandom(5, 2).seed(3)
