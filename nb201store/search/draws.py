"""Random numbers for algorithms in Python: the words of the kernels, for many runs side by side or for one.

Run r of one `rng_seed` gets the same words whatever else runs beside it (nb201store/kernels/rng.py says how). An
algorithm in Python takes its words one after the other. The trial that answers an evaluation is never drawn from
these: a run has a second key, `mixed(key + FIRST)`, of which evaluation d, excluded and discarded ones counted, takes
word d: its upper half, by `one_of`. So what an algorithm draws and what it is answered are independent, however many
words it takes; and the ways in Python, side by side or one run at a time, answer alike.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import SettingsError
from nb201store.kernels import rng

if TYPE_CHECKING:
    from numpy.typing import NDArray

MASK = (1 << 64) - 1
GOLDEN, FIRST, SECOND = int(rng.GOLDEN), int(rng.FIRST), int(rng.SECOND)
MOST_CHOICES = (1 << 31) - 1


class Draws:
    """Random numbers of R runs side by side: element r of every array belongs to run `first_run` + r.

    Each call takes the next word of every run, of those that have ended too (with `size`, the next `size` words). Which
    calls are made must not depend on what runs have found: draw for all of them, then choose with `np.where`.
    Otherwise a run would depend on those beside it.

    Parameters
    ----------
    rng_seed : int, 0 or more
    first_run : int, 0 or more
    runs : int, R
    """

    def __init__(self, rng_seed: int, first_run: int, runs: int) -> None:
        self.runs = runs
        """R"""
        of_seed = np.uint64(mixed(rng_seed + GOLDEN))
        numbers = np.arange(first_run, first_run + runs, dtype=np.uint64)
        self._keys = mix(of_seed + numbers * rng.FIRST)
        self._step = 0

    def of_trials(self) -> Draws:
        """Return the second stream of these runs, from its first word: the one that trials are drawn from."""
        other = object.__new__(Draws)
        other.runs, other._step = self.runs, 0
        other._keys = mix(self._keys + rng.FIRST)
        return other

    def word(self, step: int) -> NDArray[np.uint64]:
        """Return word `step` (0 or more) of each run, uint64 [R]; it does not count as taken."""
        return mix(self._keys + np.uint64((step + 1) * GOLDEN & MASK))

    def words(self, size: int | None = None) -> NDArray[np.uint64]:
        """Return the next word of each run, uint64 [R], or its next `size` words, [R, size]."""
        if size is None:
            self._step += 1
            return self.word(self._step - 1)
        steps = np.arange(self._step + 1, self._step + 1 + size, dtype=np.uint64)
        self._step += size
        return mix(self._keys[:, None] + steps * rng.GOLDEN)

    def below(self, n: int | NDArray[Any], size: int | None = None) -> NDArray[np.int64]:
        """Return random integers 0..n-1, int64 [R] or [R, size]; n is 1..2**31 - 1, one or an array of that shape."""
        least, most = (n, n) if isinstance(n, int) else (np.min(n), np.max(n))
        if not 1 <= least <= most <= MOST_CHOICES:
            raise SettingsError(f"n must be between 1 and {MOST_CHOICES}, found {shown(n)}")
        halves = (self.words(size) >> rng.HALF).view(np.int64)
        halves *= n
        halves >>= 32
        return halves

    def unit(self, size: int | None = None) -> NDArray[np.float64]:
        """Return random multiples of 2**-53 in [0, 1), float64 [R] or [R, size]."""
        return (self.words(size) >> np.uint64(11)).astype(np.float64) * rng.DOUBLE


class RunRandom(random.Random):
    """Random numbers of one run: every method of `random.Random`, made of the run's words.

    `below` and `unit` are the numbers of `Draws`, one word each. Methods of the standard library (`choice`, `sample`,
    `shuffle`, `gauss`) take as many words as they need; how many may change with the version of Python.
    """

    def __new__(cls, *_: Any) -> Self:
        """Make one; the base class's own state stays unused."""
        return super().__new__(cls, 0)  # type: ignore[call-arg]  # C's Random takes a seed here; typeshed has object's

    def __init__(self, rng_seed: int, run: int) -> None:
        self._key = mixed(mixed(rng_seed + GOLDEN) + run * FIRST)
        self._step = 0
        self.gauss_next = None  # of the base class: the second number of a pair

    def word(self) -> int:
        """Return the next 64 random bits."""
        self._step += 1
        return mixed(self._key + self._step * GOLDEN)

    def trial(self, draw: int, trials: int) -> int:
        """Return the trial, 0..trials-1, that answers evaluation `draw` (0 or more) of this run."""
        return (mixed(mixed(self._key + FIRST) + (draw + 1) * GOLDEN) >> 32) * trials >> 32

    def below(self, n: int) -> int:
        """Return a random integer 0..n-1; n is 1..2**31 - 1."""
        if not 1 <= n <= MOST_CHOICES:
            raise SettingsError(f"n must be between 1 and {MOST_CHOICES}, found {shown(n)}")
        return (self.word() >> 32) * n >> 32

    def unit(self) -> float:
        """Return a random multiple of 2**-53 in [0, 1)."""
        return (self.word() >> 11) * rng.DOUBLE

    random = unit

    def getrandbits(self, k: int, /) -> int:
        """Return k random bits: 32 of them seed a generator of another library."""
        words = -(-k // 64)
        bits = 0
        for _ in range(words):
            bits = bits << 64 | self.word()
        return bits >> (64 * words - k)

    def seed(self, *_: Any) -> None:
        """Refuse: run and rng_seed decide."""
        raise SettingsError(
            "a run's random numbers cannot be seeded again; choose another rng_seed"
        )

    def getstate(self) -> tuple[Any, ...]:
        """Return what `setstate` takes."""
        return (self._key, self._step, self.gauss_next)

    def setstate(self, state: tuple[Any, ...]) -> None:
        """Go on from a state that `getstate` gave."""
        self._key, self._step, self.gauss_next = state

    def __reduce__(self) -> tuple[Any, ...]:
        """For copies, as of any generator."""
        return type(self), (0, 0), self.getstate()

    __setstate__ = setstate


def mix(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return splitmix64's output function of an array, which it overwrites: `rng.mixed`, element by element."""
    words ^= words >> np.uint64(30)
    words *= rng.FIRST
    words ^= words >> np.uint64(27)
    words *= rng.SECOND
    words ^= words >> np.uint64(31)
    return words


def mixed(word: int) -> int:
    """Return the same of one integer, of which the lower 64 bits count."""
    word &= MASK
    word = (word ^ word >> 30) * FIRST & MASK
    word = (word ^ word >> 27) * SECOND & MASK
    return word ^ word >> 31
