"""The density of categorical data: Aitchison and Aitken's kernel in each dimension, multiplied, averaged over the data.

    density(x) = 1/n * sum over data of prod over dimensions d of k_d
    k_d = 1 - h_d if the datum equals x there, else h_d / (c_d - 1); c_d counts the values that occur among the data
    h_d = max(1.06 * s_d * n**(-1 / (4 + D)), least); s_d = sqrt(n * sum v**2 - (sum v)**2) / n, v the digits

Where c_d is 1, an unequal value divides by zero: infinity, or NaN in the product and the sum, as IEEE 754 has it. h_d
may pass 1. This is statsmodels' KDEMultivariate of unordered data by the rule "normal_reference", its bandwidths
clipped below as hpbandster does it.

All in float64, in this order: 1.06 * s_d, times the power; the product from the first dimension on; the sum from the
first datum on. No function of a maths library takes part, so that every machine has the same numbers.

A point is its `planes`: bit p + 6 b is bit b of the digit at position p. Two points differ where the exclusive or of
their planes has a bit, so that the product for a datum is one of 2**D, made once for each set of data.

Sources: Aitchison and Aitken, Biometrika 63 (1976); statsmodels, nonparametric/kernels.py and _kernel_base.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.compiling import element, loop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int

PLANE_BITS = 6
MOST_CHOICES = 8
POINT_BITS = 3 * PLANE_BITS
POSITIONS_MASK = (1 << PLANE_BITS) - 1


@element
def digit_at(point: Int, position: Int) -> Int:
    """Return the digit of a point at a position, 0..7."""
    bits = point >> position
    return (bits & 1) | (bits >> (PLANE_BITS - 1) & 2) | (bits >> (2 * PLANE_BITS - 2) & 4)


@element
def planes_of_digit(digit: Int, position: Int) -> Int:
    """Return the planes of a point that has this digit at this position, and 0 elsewhere."""
    return (
        (digit & 1) | (digit & 2) << (PLANE_BITS - 1) | (digit & 4) << (2 * PLANE_BITS - 2)
    ) << position


@loop
def inverse_root(n: Int, degree: Int) -> float:
    """Return n**(-1 / degree), float64, within 4 units in the last place.

    Newton's iteration for the root, from above it and down until it stops: the same bits wherever division is IEEE's.
    REQUIRES: n >= 1, degree >= 2.
    """
    root = 1.0 + (n - 1) / degree  # not below the root: Bernoulli's inequality
    falling = True
    while falling:
        power = root
        for _ in range(degree - 2):
            power *= root
        following = ((degree - 1) * root + n / power) / degree
        falling = following < root
        root = min(root, following)
    return 1.0 / root


@loop
def count_point(counts: NDArray[np.int64], point: Int, by: int) -> None:
    """Add `by` to the count of each digit of a point. `counts` int64 [D, 8], by position and digit."""
    for position in range(counts.shape[0]):
        counts[np.uint64(position), np.uint64(digit_at(point, position))] += by


@loop
def fit(
    counts: NDArray[np.int64], n: Int, power: np.float64, least: float,
    bandwidths: NDArray[np.float64], products: NDArray[np.float64],
) -> None:  # fmt: skip
    """Write the bandwidths, float64 [D], and the products, float64 [2**D], of the data that `counts` counts.

    Bit d of a place in `products` says that position d differs. `power` is `inverse_root(n, 4 + D)`. REQUIRES: n >= 1.
    """
    products[0] = 1.0
    for position in range(counts.shape[0]):
        total = squares = present = 0
        for digit in range(MOST_CHOICES):
            count = counts[position, digit]
            total += count * digit
            squares += count * digit * digit
            present += int(count != 0)
        spread = np.sqrt(np.float64(n * squares - total * total)) / n
        bandwidth = max(1.06 * spread * power, least)
        bandwidths[position] = bandwidth
        equal = 1.0 - bandwidth
        unequal = bandwidth / (present - 1)
        size = 1 << position
        for place in range(size):
            products[place + size] = products[place] * unequal
            products[place] *= equal


@loop
def density(
    data: NDArray[np.int64], first: Int, end: Int, point: Int, products: NDArray[np.float64]
) -> float:  # fmt: skip
    """Return the density at a point of the data in places first..end-1; bits of a datum above the planes are ignored.

    REQUIRES: first < end.
    """
    total = 0.0
    for place in range(first, end):
        difference = data[np.uint64(place)] ^ point
        difference |= difference >> PLANE_BITS | difference >> (2 * PLANE_BITS)
        total += products[np.uint64(difference & POSITIONS_MASK)]
    return total / (end - first)
