"""One run for any Python code: a function is called with an episode, and evaluates cells until its budget is spent."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED, MOST_SKIPS
from nb201store.search.draws import RunRandom
from nb201store.search.packing import MICROSECONDS
from nb201store.search.search_space import search_space

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nb201store.kernels.search_problem import PackedProblem, RunRecords
    from nb201store.search.algorithms import RunBlock
    from nb201store.search.search_space import SearchSpace


class BudgetSpent(BaseException):
    """Ends a run from within `Episode.evaluate`; whoever started the run catches it.

    No `Exception`: a search that catches all of those around a model of its own must end too.
    """


class Episode:
    """One run: what its function may ask and know."""

    def __init__(
        self, packed: PackedProblem, space: SearchSpace, rng_seed: int, run: int, epochs: Sequence[int] = ()
    ) -> None:  # fmt: skip
        self.space = space
        """What may be known of the cells."""
        self.random = RunRandom(rng_seed, run)
        """The run's random numbers: `below(n)`, `unit()`, and all methods of `random.Random`."""
        self.going = True
        """False once the run has ended: `evaluate` raises `BudgetSpent` then."""
        self.best: int | None = None
        """Code of the best cell so far, the first among equals."""
        self.best_reward = math.nan
        """Its reward in percent."""
        self._packed = packed
        self._epochs = tuple(epochs)
        self._answers = [memoryview(row) for row in packed.answers]
        self._clock = self._draws = self._skips = 0
        self._best_hits = -1
        self._trace: list[tuple[int, int, int]] = []
        self._bests: list[int] = []

    @property
    def clock_s(self) -> float:
        """Simulated seconds spent."""
        return self._clock / MICROSECONDS

    def evaluate(self, code: int, *, epoch: int | None = None, ranked: bool = True) -> float:
        """Return the reward of a cell in percent, and charge the run for it.

        NaN, at no cost, where the cell takes no part (of an incomplete benchmark): try another one.

        Parameters
        ----------
        code : int, 0..C-1
        epoch : one of the `epochs` that the function was registered with; the last of them if not said
        ranked : whether the cell may become the best one

        Raises
        ------
        BudgetSpent    the run has ended, or this evaluation would pass the budget and is discarded
        SettingsError  no such cell, or no such epoch
        """
        if not self.going:
            raise BudgetSpent
        packed = self._packed
        cell = as_int(code)
        if cell is None or not 0 <= cell < packed.cells:
            raise SettingsError(
                f"code must be an integer, 0 to {packed.cells - 1}, found {shown(code)}"
            )
        answers = self._answers[-1 if epoch is None else self._place(epoch)]
        trial = self.random.trial(self._draws, packed.trials) if packed.trials > 1 else 0
        answer = answers[cell * packed.trials + trial]
        self._draws += 1
        if answer == EXCLUDED:
            self._skips += 1
            self.going = self._skips < MOST_SKIPS
            return math.nan
        clock = self._clock + (answer & COST_MASK)
        if clock > packed.limit:
            self.going = False
            if not packed.overshoot:
                raise BudgetSpent
        self._skips = 0
        self._clock = clock
        hits = answer >> COST_BITS
        self._trace.append((clock, cell, hits))
        if ranked and hits > self._best_hits:
            self._best_hits, self.best, self.best_reward = hits, cell, hits * packed.percent
        self._bests.append(-1 if self.best is None else self.best)
        return hits * packed.percent

    def _place(self, epoch: int) -> int:
        if epoch not in self._epochs:
            known = ", ".join(map(str, self._epochs)) or "none, since none were registered"
            raise SettingsError(f"epoch must be one of {known}, found {shown(epoch)}")
        return self._epochs.index(epoch)

    def finish(self, records: RunRecords, place: int) -> None:
        """Write the records of this run, which ends here."""
        self.going = False
        records.codes[place] = -1 if self.best is None else self.best
        records.evaluations[place] = len(self._trace)
        records.clocks[place] = self._clock
        records.stranded[place] = self._skips >= MOST_SKIPS
        fitting = self._trace[: records.trace_clocks.shape[1]]
        if fitting:
            clocks, codes, hits = zip(*fitting, strict=True)
            records.trace_clocks[place, : len(fitting)] = clocks
            records.trace_codes[place, : len(fitting)] = codes
            records.trace_rewards[place, : len(fitting)] = hits
        if records.changes.size:
            self._change(records)
        if len(records.around):
            self._around(records, place)

    def _change(self, records: RunRecords) -> None:
        """Count each new best cell at the first grid time that is not before its evaluation."""
        grid, budget, old = len(records.changes) - 1, self._packed.budget, -1
        for (clock, _, _), new in zip(self._trace, self._bests, strict=True):
            if new != old:
                row = min((clock * grid + budget - 1) // budget - 1, grid)
                records.changes[row, new] += 1
                if old >= 0:
                    records.changes[row, old] -= 1
                old = new

    def _around(self, records: RunRecords, place: int) -> None:
        """Write the best cells at the two evaluations nearest to the budget, the earlier first among equals."""
        budget = self._packed.budget
        points = [
            (clock, best) for (clock, _, _), best in zip(self._trace[-3:], self._bests[-3:], strict=True)
        ]  # fmt: skip
        points.sort(key=lambda point: abs(point[0] - budget))
        records.nearest_share[place] = 1.0
        if self._clock < budget:  # ended early: it keeps what it has
            del points[1:]
        if len(points) > 1:
            (first, _), (second, _) = points[:2]
            records.nearest_share[place] = (second - budget) / (second - first)
        codes = [best for _, best in points] or [-1]
        records.around[place] = codes[0], codes[min(1, len(codes) - 1)]


def function_block(function: Callable[..., object], epochs: Sequence[int]) -> RunBlock:
    """Return a `run_block` that calls `function(episode, **parameters)` once for each run."""

    def run_block(
        packed: PackedProblem, records: RunRecords, rng_seed: int, first_run: int, parameters: Mapping[str, Any]
    ) -> None:  # fmt: skip
        space = search_space(packed)
        for place in range(len(records.codes)):
            episode = Episode(packed, space, rng_seed, first_run + place, epochs)
            with suppress(BudgetSpent):
                function(episode, **parameters)
            episode.finish(records, place)

    return run_block
