"""Three ways to an algorithm of one's own, each made known by a name (docs/own-search.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError
from nb201store.search.algorithms import Algorithm, register
from nb201store.search.episode import function_block
from nb201store.search.side_by_side import ask_tell_block

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nb201store.kernels.search_problem import PackedProblem, RunRecords
    from nb201store.search.algorithms import Parameter, RunBlock
    from nb201store.search.problem import Problem
    from nb201store.search.side_by_side import AskTell

OWN = "an algorithm of the user's own"
IN_STEP = 4096
"""Runs side by side below which the calls of NumPy cost more than their work."""


def register_ask_tell(
    name: str, make: Callable[..., AskTell], *, parameters: Sequence[Parameter] = (), source: str = OWN,
    symmetric: bool = False,
) -> Algorithm:  # fmt: skip
    """Make a class with `ask` and `tell`, in NumPy over many runs, known as an algorithm, and return that.

    Its blocks run one after the other: threads would wait for each other at every call of NumPy.

    Parameters
    ----------
    name : str, not taken yet
    make : class or function, called once for each block of runs as make(space, draws, **parameters) with a
        `SearchSpace` and `Draws`; what it returns is an `AskTell`
    parameters : what `run` accepts beside the problem and passes on
    source : where the algorithm is described
    symmetric : whether it treats all operations alike (the benchmark's first fairness rule)

    Raises
    ------
    SettingsError  the name is taken, or no word; `make` cannot be called
    """
    _checked(name, make)
    block = ask_tell_block(name, make)
    return register(
        Algorithm(
            name, block, tuple(parameters), source, threads=False, symmetric=symmetric, smallest_block=IN_STEP
        )
    )  # fmt: skip


def register_function(
    name: str, function: Callable[..., object], *, parameters: Sequence[Parameter] = (), source: str = OWN,
    epochs: Sequence[int] = (), symmetric: bool = False,
) -> Algorithm:  # fmt: skip
    """Make a function of one run, or any object that can be called, known as an algorithm, and return that.

    Parameters
    ----------
    name, parameters, source, symmetric : as for `register_ask_tell`
    function : called once for each run as function(episode, **parameters) with an `Episode`; the run ends where it
        returns, or where its budget is spent
    epochs : epochs of the schedule, 0-based and ascending, that `Episode.evaluate` may be asked for; none: the
        problem's own alone

    Raises
    ------
    SettingsError  the name is taken, or no word; `function` cannot be called; epochs that do not ascend
    """
    _checked(name, function)
    chosen = _epochs(epochs)
    block = function_block(function, chosen)
    return register(
        Algorithm(
            name, block, tuple(parameters), source, epochs=_always(chosen), threads=False, symmetric=symmetric
        )
    )  # fmt: skip


def register_kernel(
    name: str, function: Callable[..., None], *, parameters: Sequence[Parameter] = (), source: str = OWN,
    epochs: Sequence[int] = (), symmetric: bool = False,
) -> Algorithm:  # fmt: skip
    """Make a numba function known as an algorithm, and return that.

    Parameters
    ----------
    name, parameters, source, symmetric : as for `register_ask_tell`
    function : called once for each block of runs as function(problem, records, rng_seed, first_run, *parameters): a
        `PackedProblem`, `RunRecords`, uint64, int, and the parameters in order. Compiled with nogil=True its blocks
        run on threads side by side
    epochs : epochs of the schedule, 0-based and ascending: the rows of `PackedProblem.answers`; none: the problem's own

    Raises
    ------
    SettingsError  the name is taken, or no word; `function` cannot be called; epochs that do not ascend
    """
    _checked(name, function)
    names = [parameter.name for parameter in parameters]

    def run_block(
        packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int, chosen: Mapping[str, Any]
    ) -> None:  # fmt: skip
        function(packed, records, np.uint64(rng_seed), first_run, *(chosen[each] for each in names))

    block: RunBlock = run_block
    return register(
        Algorithm(
            name, block, tuple(parameters), source, epochs=_always(_epochs(epochs)), symmetric=symmetric
        )
    )  # fmt: skip


def _checked(name: object, function: object) -> None:
    if not isinstance(name, str) or not name:
        raise SettingsError(f"name must be a word, found {shown(name)}")
    if not callable(function):
        raise SettingsError(f"{name}: what runs must be callable, found {shown(function)}")


def _epochs(epochs: Sequence[int]) -> tuple[int, ...]:
    """Return epochs as ints; SettingsError where they do not ascend from 0 or more."""
    chosen = [as_int(epoch) for epoch in epochs]
    numbers = tuple(epoch for epoch in chosen if epoch is not None and epoch >= 0)
    if len(numbers) != len(chosen) or sorted(set(numbers)) != list(numbers):
        raise SettingsError(f"epochs must be integers, 0 or more, ascending, found {shown(epochs)}")
    return numbers


def _always(
    epochs: tuple[int, ...],
) -> Callable[[Problem, Mapping[str, Any]], tuple[int, ...]] | None:
    return (lambda _problem, _parameters: epochs) if epochs else None
