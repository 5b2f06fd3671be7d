"""Simulated search: run an algorithm many times on the benchmark's table, in seconds.

>>> from nb201store import search
>>> result = search.run("rea", bench, dataset="cifar10-valid", budget_s=12_000, runs=1_000_000, rng_seed=0)
>>> result.summary()

Importing this package loads numba; a kernel is compiled once and then loaded from numba's cache.
"""

import nb201store.search.published  # noqa: F401 - registers the published algorithms
from nb201store.search.algorithms import (
    ALGORITHMS,
    Algorithm,
    Parameter,
    kernel,
    register,
    unregister,
)
from nb201store.search.draws import Draws, RunRandom
from nb201store.search.episode import BudgetSpent, Episode
from nb201store.search.own import register_ask_tell, register_function, register_kernel
from nb201store.search.presets import PRESETS, Preset
from nb201store.search.problem import Problem
from nb201store.search.result import Result
from nb201store.search.running import SearchInterrupted, run
from nb201store.search.saving import load
from nb201store.search.search_space import SearchSpace
from nb201store.search.side_by_side import AskTell

__all__ = [
    "ALGORITHMS",
    "PRESETS",
    "Algorithm",
    "AskTell",
    "BudgetSpent",
    "Draws",
    "Episode",
    "Parameter",
    "Preset",
    "Problem",
    "Result",
    "RunRandom",
    "SearchInterrupted",
    "SearchSpace",
    "kernel",
    "load",
    "register",
    "register_ask_tell",
    "register_function",
    "register_kernel",
    "run",
    "unregister",
]
