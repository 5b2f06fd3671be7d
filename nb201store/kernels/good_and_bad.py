"""What BOHB learns: results by budget, the densities of the good and of the bad ones, and cells proposed by them.

Source: hpbandster 0.7.4, optimizers/config_generators/bohb.py. D is the number of positions of a cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nb201store.kernels.compiling import element, loop
from nb201store.kernels.parzen import (
    MOST_CHOICES,
    POINT_BITS,
    count_point,
    density,
    digit_at,
    fit,
    inverse_root,
    planes_of_digit,
)
from nb201store.kernels.rng import high_half, low_half, one_of, random_word
from nb201store.kernels.search_problem import CODE_BITS, DIGIT_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int

FLOOR = 1e-32
HALF_UNIT = 2.0**-32
GOOD, BAD = 0, 1


class Observed(NamedTuple):
    """What a run has learnt: results by budget (B of them), and densities made of those of one budget."""

    results: NDArray[np.int64]
    """int64 [B, L]: reward << 18 | point, the best first; among equals the one evaluated first."""
    sizes: NDArray[np.int64]
    """int64 [B]"""
    good_ends: NDArray[np.int64]
    """int64 [B]: results before this place are the good ones."""
    bad_ends: NDArray[np.int64]
    """int64 [B]: the bad ones follow them, up to here; the few after it belong to neither."""
    counts: NDArray[np.int64]
    """int64 [B, 2, D, 8]: digits by position in the results before `good_ends`, and in those before `bad_ends`."""
    powers: NDArray[np.float64]
    """float64 [L + 1]: n**(-1 / (4 + D)) of those n that were needed, else 0. The same in every run."""
    bad_counts: NDArray[np.int64]
    """int64 [D, 8]: scratch."""
    bandwidths: NDArray[np.float64]
    """float64 [2, D], of the good and of the bad ones"""
    products: NDArray[np.float64]
    """float64 [2, 2**D]: see parzen.fit"""


@loop
def room_for(budgets: Int, longest: Int, positions: Int) -> Observed:
    """Return room for what runs learn of up to `longest` results a budget."""
    return Observed(
        np.empty((budgets, longest), np.int64),
        np.zeros(budgets, np.int64),
        np.zeros(budgets, np.int64),
        np.zeros(budgets, np.int64),
        np.zeros((budgets, 2, positions, MOST_CHOICES), np.int64),
        np.zeros(longest + 1),
        np.zeros((positions, MOST_CHOICES), np.int64),
        np.zeros((2, positions)),
        np.zeros((2, 1 << positions)),
    )


@element
def forget(observed: Observed) -> None:
    """Begin another run."""
    observed.sizes.fill(0)
    observed.good_ends.fill(0)
    observed.bad_ends.fill(0)
    observed.counts.fill(0)


@element
def point_of(identity: Int, positions: Int) -> Int:
    """Return the planes (parzen.py) of a cell."""
    point: Int = 0
    for position in range(positions):
        shift = DIGIT_BITS * (positions - 1 - position) + CODE_BITS
        point |= planes_of_digit((identity >> shift) & 7, position)
    return point


@element
def ranked_place(results: NDArray[np.int64], size: Int, result: Int) -> Int:
    """Insert a result behind all that are as good; return its place. `results` int64 [size + 1 or more]."""
    place = size
    while place > 0 and results[np.uint64(place - 1)] >> POINT_BITS < result >> POINT_BITS:
        results[np.uint64(place)] = results[np.uint64(place - 1)]
        place -= 1
    results[np.uint64(place)] = result
    return place


@element
def recount(
    counts: NDArray[np.int64], results: NDArray[np.int64], inserted: Int, before: Int, now: Int
) -> None:  # fmt: skip
    """Make of counts of the first `before` results those of the first `now`, one of them inserted at a place."""
    if inserted < before:
        count_point(counts, results[inserted], 1)
        count_point(counts, results[before], -1)
    for place in range(before, now):
        count_point(counts, results[place], 1)


@loop
def learn(observed: Observed, budget: Int, result: Int, top_percent: int) -> int:
    """Add a result to those of its budget; return 1 if they are enough for a model, else 0.

    Good are the best `top_percent` of n results, at least D + 1; bad are the next 100 - `top_percent` percent, at least
    D + 1 if there are so many (rounding down may leave the worst one out). A model needs more than D of each.
    """
    least = observed.counts.shape[2] + 1
    results = observed.results[budget]
    size = observed.sizes[budget] + 1
    observed.sizes[budget] = size
    inserted = ranked_place(results, size - 1, result)
    good_end = min(size, max(least, top_percent * size // 100))
    bad_end = min(size, good_end + max(least, (100 - top_percent) * size // 100))
    recount(observed.counts[budget, 0], results, inserted, observed.good_ends[budget], good_end)
    recount(observed.counts[budget, 1], results, inserted, observed.bad_ends[budget], bad_end)
    observed.good_ends[budget] = good_end
    observed.bad_ends[budget] = bad_end
    return int(good_end >= least and bad_end - good_end >= least)


@element
def power_of(powers: NDArray[np.float64], n: Int, degree: Int) -> np.float64:
    """Return n**(-1 / degree), float64, from the table or into it."""
    if powers[n] == 0.0:
        powers[n] = inverse_root(n, degree)
    power: np.float64 = powers[n]
    return power


@loop
def fit_densities(observed: Observed, budget: Int, min_bandwidth: float) -> None:
    """Make the densities of the good and of the bad results of a budget."""
    degree = 4 + observed.counts.shape[2]
    good_end = observed.good_ends[budget]
    bad = observed.bad_ends[budget] - good_end
    for position in range(observed.counts.shape[2]):
        for digit in range(MOST_CHOICES):
            good_and_bad = observed.counts[budget, 1, position, digit]
            good = observed.counts[budget, 0, position, digit]
            observed.bad_counts[position, digit] = good_and_bad - good
    fit(
        observed.counts[budget, 0], good_end, power_of(observed.powers, good_end, degree), min_bandwidth,
        observed.bandwidths[GOOD], observed.products[GOOD],
    )  # fmt: skip
    fit(
        observed.bad_counts, bad, power_of(observed.powers, bad, degree), min_bandwidth,
        observed.bandwidths[BAD], observed.products[BAD],
    )  # fmt: skip


@element
def candidate(key: np.uint64, step: Int, datum: Int, bandwidths: NDArray[np.float64], choices: Int) -> Int:  # fmt: skip
    """Return a point near `datum`: each digit kept with probability 1 - bandwidth, else any of the `choices`.

    Word step + position: its upper half decides whether to keep, its lower half gives the digit.
    """
    point: Int = 0
    for position in range(bandwidths.shape[0]):
        word = random_word(key, step + position)
        keep = high_half(word) * HALF_UNIT < 1.0 - bandwidths[position]
        digit = digit_at(datum, position) if keep else one_of(low_half(word), choices)
        point |= planes_of_digit(digit, position)
    return point


@loop
def proposal(
    observed: Observed, budget: Int, key: np.uint64, step: Int, num_samples: int, choices: int
) -> Int:  # fmt: skip
    """Return the code of the candidate with the lowest bad density over good density; -1 if none has a finite one.

    Candidate k uses words step + k * (1 + D) and on: the upper half of the first gives the good result that it is near.
    A ratio that is not finite, but with a finite good density, ends the choice with that candidate, as in the original:
    the bad results lack one of its digits at a position where they all agree.
    """
    results = observed.results[budget]
    good_end = observed.good_ends[budget]
    bad_end = observed.bad_ends[budget]
    positions = observed.counts.shape[2]
    best = np.inf
    chosen: Int = -1
    sample = 0
    while sample < num_samples:
        datum = results[one_of(high_half(random_word(key, step)), good_end)]
        point = candidate(key, step + 1, datum, observed.bandwidths[GOOD], choices)
        good = density(results, 0, good_end, point, observed.products[GOOD])
        bad = density(results, good_end, bad_end, point, observed.products[BAD])
        # The original's max() of Python: a bad density that is NaN becomes the floor, a good one stays NaN.
        ratio = (bad if bad > FLOOR else FLOOR) / (FLOOR if good < FLOOR else good)
        step += 1 + positions
        sample += 1
        if not np.isfinite(ratio) and np.isfinite(good):
            chosen = point
            sample = num_samples
        elif ratio < best:
            best = ratio
            chosen = point
    code = chosen
    if chosen >= 0:
        code = 0
        for position in range(positions):
            code = code * choices + digit_at(chosen, position)
    return code
