"""The rules of run_state.py over arrays: thousands of runs of an ask/tell algorithm in NumPy, in step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nb201store.arguments import shown
from nb201store.errors import SettingsError
from nb201store.kernels.run_state import NOWHERE
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED, MOST_SKIPS
from nb201store.search.draws import Draws
from nb201store.search.search_space import search_space

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nb201store.kernels.search_problem import PackedProblem, RunRecords
    from nb201store.search.algorithms import RunBlock


class AskTell(Protocol):
    """An algorithm over R runs, made as `cls(space, draws, **parameters)` of a `SearchSpace` and `Draws`.

    Arrays keep their length R: a run that has ended stays in them, is asked on and told of nothing.
    """

    def ask(self) -> NDArray[np.integer[Any]]:
        """Return the cell that each run evaluates next: integers [R], codes 0..C-1, of runs that have ended too."""

    def tell(
        self, codes: NDArray[np.int64], rewards: NDArray[np.float64], counted: NDArray[np.bool_]
    ) -> None:  # fmt: skip
        """Learn what the cells that were asked for answered.

        `rewards` are percent, float64 [R]. Where `counted`, bool [R], is False, nothing was evaluated and the reward is
        NaN: the run has ended, or the cell takes no part (of an incomplete benchmark), and another one must be asked.
        """


def ask_tell_block(name: str, make: Callable[..., AskTell]) -> RunBlock:
    """Return a `run_block` that makes an object of each block and asks it until every run of it has ended."""

    def run_block(
        packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int, parameters: Mapping[str, Any]
    ) -> None:  # fmt: skip
        count = len(records.codes)
        runs = SideBySide(packed, records, rng_seed, first_run)
        algorithm = make(search_space(packed), Draws(rng_seed, first_run, count), **parameters)
        while runs.going.any():
            codes = _checked(name, algorithm.ask(), count, packed.cells)
            algorithm.tell(codes, *runs.evaluate(codes))
        runs.finish()

    return run_block


def _checked(name: str, asked: Any, count: int, cells: int) -> NDArray[np.int64]:
    """Return codes as int64; SettingsError for what is not one cell a run."""
    asked = np.asarray(asked)
    if asked.shape != (count,) or asked.dtype.kind not in "iu":
        raise SettingsError(
            f"{name}: ask() must return an array of {count} integers, one cell a run, found {asked.dtype} of shape "
            f"{asked.shape}"
        )
    codes: NDArray[np.int64] = np.ascontiguousarray(asked, dtype=np.int64)
    if codes.view(np.uint64).max() >= cells:  # a negative number is a large one here
        wrong = codes[(codes < 0) | (codes >= cells)][0]
        raise SettingsError(
            f"{name}: ask() must return codes 0..{cells - 1}, found {shown(int(wrong))}"
        )
    return codes


class SideBySide:
    """R runs in step: one round evaluates one cell of each run that is still going."""

    def __init__(
        self, packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int
    ) -> None:
        count = len(records.codes)
        self._packed, self._records = packed, records
        self._full = packed.answers[-1]
        self._trials = Draws(rng_seed, first_run, count).of_trials()
        self._gaps = bool((self._full == EXCLUDED).any())
        self.going = np.ones(count, np.bool_)
        """bool [R]"""
        self._evaluations = np.zeros(count, np.int64)
        self._clocks = np.zeros(count, np.int64)
        self._rewards = np.full(count, -1, np.int64)
        self._codes = np.full(count, -1, np.int64)
        self._skips = np.zeros(count, np.int64)
        # Clocks and best cells after the two evaluations before the last, the later first: for the value at the budget.
        self._before = [
            (np.zeros(count, np.int64), np.full(count, -1, np.int64)) for _ in range(packed.overshoot * 2)
        ]  # fmt: skip

    def evaluate(self, codes: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Evaluate a cell of each run; what `AskTell.tell` is told: (percent [R], counted [R])."""
        packed = self._packed
        places = codes
        if packed.trials > 1:
            places = codes * packed.trials + self._trials.below(packed.trials)
        answers = self._full[places]
        clocks = self._clocks + (answers & COST_MASK)
        late = clocks > packed.limit
        counted = self.going.copy()
        if self._gaps:
            excluded = answers == EXCLUDED
            late &= ~excluded
            counted &= ~excluded
            self._skips += self.going & excluded
        if not packed.overshoot:
            counted &= ~late
        rewards = answers >> COST_BITS
        self._count(codes, rewards, clocks, counted)
        self.going &= ~late
        if self._gaps:
            self._skips[counted] = 0
            self.going &= self._skips < MOST_SKIPS
        percent = rewards * packed.percent
        percent[~counted] = np.nan
        return percent, counted

    def _count(self, codes: Any, rewards: Any, clocks: Any, counted: Any) -> None:
        """Write down the evaluations that count."""
        if self._before:
            (clock_1, code_1), (clock_2, code_2) = self._before
            np.copyto(clock_2, clock_1, where=counted)
            np.copyto(code_2, code_1, where=counted)
            np.copyto(clock_1, self._clocks, where=counted)
            np.copyto(code_1, self._codes, where=counted)
        self._trace(codes, rewards, clocks, counted)
        np.copyto(self._clocks, clocks, where=counted)
        self._evaluations += counted
        better = counted & (rewards > self._rewards)
        if self._records.changes.size:
            self._change(codes, np.flatnonzero(better))
        np.copyto(self._rewards, rewards, where=better)
        np.copyto(self._codes, codes, where=better)

    def _trace(self, codes: Any, rewards: Any, clocks: Any, counted: Any) -> None:
        records = self._records
        longest = records.trace_clocks.shape[1]
        if longest:
            runs = np.flatnonzero(counted & (self._evaluations < longest))
            places = runs, self._evaluations[runs]
            records.trace_clocks[places] = clocks[runs]
            records.trace_codes[places] = codes[runs]
            records.trace_rewards[places] = rewards[runs]

    def _change(self, codes: Any, runs: Any) -> None:
        """Count the new best cells of these runs, at the first grid time that is not before their clocks."""
        changes, budget = self._records.changes, self._packed.budget
        grid = len(changes) - 1
        rows = np.minimum((self._clocks[runs] * grid + budget - 1) // budget - 1, grid)
        np.add.at(changes, (rows, codes[runs]), 1)
        had = self._codes[runs] >= 0
        np.subtract.at(changes, (rows[had], self._codes[runs][had]), 1)

    def finish(self) -> None:
        """Write the records of all runs."""
        records = self._records
        records.codes[:] = self._codes
        records.evaluations[:] = self._evaluations
        records.clocks[:] = self._clocks
        records.stranded[:] = self._skips >= MOST_SKIPS
        if not len(records.around):
            return
        # The two evaluations nearest to the budget in time, the earlier first among equals.
        points = [*reversed(self._before), (self._clocks, self._codes)]
        clocks, codes = (np.stack(column) for column in zip(*points, strict=True))
        exists = self._evaluations + np.arange(-2, 1)[:, None] >= 1
        budget = self._packed.budget
        distances = np.where(exists, np.abs(clocks - budget), NOWHERE)
        order = np.argsort(distances, axis=0, kind="stable")[:2]
        first, second = np.take_along_axis(clocks, order, axis=0)
        two = np.take_along_axis(codes, order, axis=0)
        single = (self._evaluations < 2) | (
            self._clocks < budget
        )  # one that ended early keeps what it has
        two[1, single] = two[0, single]
        records.around[:] = two.T
        records.nearest_share[:] = 1.0
        np.divide(second - budget, second - first, out=records.nearest_share, where=~single)
