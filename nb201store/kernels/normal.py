"""Normal random numbers, the same bits everywhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nb201store.kernels.compiling import element
from nb201store.kernels.elementary import log
from nb201store.kernels.rng import random_word, unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int


@element
def fill_normals(key: np.uint64, first: Int, numbers: NDArray[np.float64]) -> None:
    """Write independent standard normal numbers, float64, from the words of `key` from `first` on.

    Marsaglia's polar method: attempt i takes words first + 2 i and first + 2 i + 1 as a point of the square; one that
    lies in the unit disc (but not at its centre) gives two numbers. Of an odd number wanted, the last one is left out.
    How many words are used is itself random, four in pi an attempt: leave room.
    """
    count = 0
    step = first
    while count < numbers.size:
        x = 2.0 * unit(random_word(key, step)) - 1.0
        y = 2.0 * unit(random_word(key, step + 1)) - 1.0
        step += 2
        square = x * x + y * y
        if 0.0 < square < 1.0:
            factor = math.sqrt(-2.0 * log(square) / square)
            numbers[count] = x * factor
            if count + 1 < numbers.size:
                numbers[count + 1] = y * factor
            count += 2
