"""The search algorithms by name, with their parameters: the registry that `run`, the command line and tests read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from numbers import Real
from typing import TYPE_CHECKING, Any

from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb201store.kernels.search_problem import PackedProblem, RunRecords
    from nb201store.search.problem import Problem

    RunBlock = Callable[[PackedProblem, RunRecords, int, int, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A hyper-parameter: its type is that of the default."""

    name: str
    default: int | float | str
    meaning: str
    least: float = 0
    most: float = float("inf")
    choices: tuple[str, ...] = ()

    def checked(self, value: object) -> int | float | str:
        """Return `value` as this parameter's type; SettingsError says what it may be."""
        wanted: int | float | None = None
        if self.choices:
            if isinstance(value, str) and value in self.choices:
                return value
            raise SettingsError(
                f"{self.name} must be one of {', '.join(self.choices)}, found {shown(value)}"
            )
        if isinstance(self.default, int):
            wanted = as_int(value)
        elif not isinstance(value, bool) and isinstance(value, Real):  # numpy's numbers are such
            with suppress(OverflowError):  # an integer that no float holds
                wanted = float(value)
        if wanted is None or not self.least <= wanted <= self.most:
            kind = "an integer" if isinstance(self.default, int) else "a number"
            bounds = (
                f"{self.least} or more"
                if self.most == float("inf")
                else f"{self.least} to {self.most}"
            )
            raise SettingsError(f"{self.name} must be {kind}, {bounds}, found {shown(value)}")
        return wanted


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A search algorithm: what runs a block of searches, and what it can be told."""

    name: str
    run_block: RunBlock
    """Called as run_block(packed, records, rng_seed, first_run, parameters); writes the records of its runs."""
    parameters: tuple[Parameter, ...]
    source: str
    """Where it is described."""
    epochs: Callable[[Problem, Mapping[str, Any]], tuple[int, ...]] | None = None
    """Which epochs of the schedule it evaluates cells at, ascending; None: the problem's own alone."""
    threads: bool = True
    """Whether blocks run side by side in threads: for code that releases the GIL."""
    symmetric: bool = False
    """Whether it is known to treat all operations alike (the benchmark's first fairness rule)."""
    smallest_block: int = 1
    """Runs that one call is given at the least: many for code whose calls cost more than their work."""
    ranks_all: bool = True
    """Whether every evaluation may become the best one; False: some are for learning only."""

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, those not given at their defaults; SettingsError lists the valid ones."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                valid = ", ".join(known) or "none"
                raise SettingsError(
                    f"{self.name} has no parameter {shown(name)}; its parameters: {valid}"
                )
        return {
            name: parameter.checked(given.get(name, parameter.default))
            for name, parameter in known.items()
        }


ALGORITHMS: dict[str, Algorithm] = {}
"""By name. Add to it with `register`."""


def register(algorithm: Algorithm) -> Algorithm:
    """Make an algorithm known by its name, to `run` and the command line; a name is taken once."""
    if algorithm.name in ALGORITHMS:
        raise SettingsError(
            f"an algorithm called {algorithm.name} exists already; choose another name, or unregister that one first"
        )
    ALGORITHMS[algorithm.name] = algorithm
    return algorithm


def unregister(name: str) -> Algorithm:
    """Forget an algorithm by its name, which is free again, and return it; SettingsError lists the known ones."""
    return ALGORITHMS.pop(find_algorithm(name).name)


def find_algorithm(name: object) -> Algorithm:
    """Return the algorithm of this name, or the one given; SettingsError lists them."""
    if isinstance(name, Algorithm):
        return name
    if not isinstance(name, str) or name not in ALGORITHMS:
        raise SettingsError(
            f"algorithm must be one of {', '.join(ALGORITHMS)}, found {shown(name)}"
        )
    return ALGORITHMS[name]


def kernel(where: str, *names: str) -> RunBlock:
    """Return a `run_block` that calls the numba kernel `module:function` with the parameters of these names, in order.

    The module is imported, and the kernel compiled or loaded from numba's cache, at the first call.
    """
    module, _, function = where.partition(":")

    def run_block(
        packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int, parameters: Mapping[str, Any]
    ) -> None:  # fmt: skip
        import numpy as np

        compiled = getattr(import_module(module), function)
        chosen = [parameters[name] for name in names]
        compiled(packed, records, np.uint64(rng_seed), first_run, *chosen)

    return run_block
