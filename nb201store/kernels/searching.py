"""What a search kernel of one's own is made of, in one place to import from (docs/own-search.md)."""

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import element, loop
from nb201store.kernels.rng import (
    high_half,
    low_half,
    one_of,
    random_word,
    rest_of,
    run_key,
    unit,
)
from nb201store.kernels.run_state import RunState, evaluated, finish, fresh_run
from nb201store.kernels.search_problem import (
    CODE_BITS,
    CODE_MASK,
    COST_BITS,
    COST_MASK,
    DIGIT_BITS,
    EXCLUDED,
    PackedProblem,
    RunRecords,
)

__all__ = [
    "CODE_BITS", "CODE_MASK", "COST_BITS", "COST_MASK", "DIGIT_BITS", "EXCLUDED", "PackedProblem", "RunRecords",
    "RunState", "borrowed", "element", "evaluated", "finish", "fresh_run", "high_half", "loop", "low_half", "one_of",
    "random_word", "rest_of", "run_key", "unit",
]  # fmt: skip
