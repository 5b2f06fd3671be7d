"""numba kernels over the arrays of an image: questions inside a compiled loop of one's own, or many of them at once.

`gather`, `mean` and `simulated_cost` check their arguments once and then answer at the speed of the memory. The
functions of one element (`seed_value`, `mean_value`, `seed_cost`, `mean_cost`, `row_value`) are for use inside an
`@njit` function of one's own; they check nothing that the caller could have (docs/kernels.md).

Importing this package loads numba, and the first call of each kernel compiles it, once: the result is cached on disk.
"""

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.column_value import row_value
from nb201store.kernels.percent import percent
from nb201store.kernels.questions import Answers, gather, mean, simulated_cost
from nb201store.kernels.status import DAMAGED, MISSING, OK
from nb201store.kernels.train_cost import mean_cost, seed_cost
from nb201store.kernels.trial_value import mean_value, seed_value, trial_row

__all__ = [
    "DAMAGED", "MISSING", "OK", "Answers", "borrowed", "gather", "mean", "mean_cost", "mean_value", "percent",
    "row_value", "seed_cost", "seed_value", "simulated_cost", "trial_row",
]  # fmt: skip
