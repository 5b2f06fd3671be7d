"""Many searches in blocks, on threads: the same answers whatever the number of either."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.kernels.run_state import fresh_notes
from nb201store.kernels.search_problem import RunRecords
from nb201store.threads import cores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from nb201store.kernels.search_problem import PackedProblem
    from nb201store.search.algorithms import Algorithm

    Progress = Callable[[int, int], None]

FIRST_BLOCK = 64
LARGEST_BLOCK = 1 << 16
BLOCK_SECONDS = 0.05
"""Blocks grow until one takes about this long: long enough to be worth a call, short enough to be waited for."""
TICK_SECONDS = 0.1


@dataclass
class Runs:
    """What was written of runs 0..done-1; the arrays as in `RunRecords`."""

    codes: NDArray[np.int32]
    evaluations: NDArray[np.int32]
    clocks: NDArray[np.int64]
    stranded: NDArray[np.uint8]
    around: NDArray[np.int16]
    nearest_share: NDArray[np.float32]
    changes: NDArray[np.int32]
    done: int
    seconds: float
    """Wall time of all of them together."""
    stopped: bool = False
    """Whether Ctrl-C came, be it too late to leave a run out."""


def run_blocks(
    algorithm: Algorithm, packed: PackedProblem, runs: int, rng_seed: int, parameters: Mapping[str, Any], *,
    grid: int = 0, threads: int | None = None, progress: Progress | None = None,
) -> Runs:  # fmt: skip
    """Run searches 0..runs-1 of `rng_seed`. After Ctrl-C: those that are whole, from the first on."""
    out = empty_records(packed, runs)
    workers = 1
    if algorithm.threads and runs > FIRST_BLOCK:
        workers = threads if threads is not None else cores()
    queue = _Queue(runs, max(FIRST_BLOCK, algorithm.smallest_block), algorithm.smallest_block)
    shape = (grid + 1, packed.cells) if grid else (0, 0)
    changes = [np.zeros(shape, np.int32) for _ in range(workers)]

    def work(mine: NDArray[np.int32]) -> None:
        while (block := queue.take()) is not None:
            start = time.perf_counter()
            records = _part(out, block.first, block.count)._replace(changes=mine)
            try:
                algorithm.run_block(packed, records, rng_seed, block.first, parameters)
            except BaseException as problem:  # raised again by the caller's thread
                queue.fail(problem)
                return
            queue.done(block, time.perf_counter() - start)

    start = time.perf_counter()
    crew = [threading.Thread(target=work, args=(mine,), daemon=True) for mine in changes]
    for thread in crew:
        thread.start()
    stopped = False
    try:
        _watch(crew, queue, runs, progress)
    except KeyboardInterrupt:
        stopped = True
        queue.stop()
        _watch(crew, queue, runs, None)  # blocks in work are finished; a second Ctrl-C gives up
    except BaseException:  # of the caller's progress: nobody waits for the rest
        queue.stop()
        raise
    if queue.problem is not None:
        raise queue.problem
    for of_one_worker in changes[1:]:
        changes[0] += of_one_worker
    done = queue.finished
    return Runs(
        out.codes[:done], out.evaluations[:done], out.clocks[:done], out.stranded[:done], out.around[:done],
        out.nearest_share[:done], changes[0], done, time.perf_counter() - start, stopped,
    )  # fmt: skip


def empty_records(packed: PackedProblem, runs: int, longest: int = 0) -> RunRecords:
    """Return records for so many runs, with traces of `longest` evaluations each (0: none)."""
    at_budget = runs if packed.overshoot else 0
    shape = (runs, longest) if longest else (0, 0)
    return RunRecords(
        codes=np.empty(runs, np.int32),
        evaluations=np.empty(runs, np.int32),
        clocks=np.empty(runs, np.int64),
        stranded=np.empty(runs, np.uint8),
        around=np.empty((at_budget, 2 if at_budget else 0), np.int16),
        nearest_share=np.empty(at_budget, np.float32),
        changes=np.zeros((0, 0), np.int32),
        trace_clocks=np.full(shape, -1, np.int64),
        trace_codes=np.full(shape, -1, np.int32),
        trace_rewards=np.full(shape, -1, np.int32),
        in_detail=int(packed.overshoot or longest > 0),
        notes=fresh_notes(),
    )


def _part(records: RunRecords, first: int, count: int) -> RunRecords:
    some = slice(first, first + count)
    return records._replace(
        notes=fresh_notes(),
        codes=records.codes[some], evaluations=records.evaluations[some], clocks=records.clocks[some],
        stranded=records.stranded[some], around=records.around[some], nearest_share=records.nearest_share[some],
    )  # fmt: skip


def _watch(
    crew: list[threading.Thread], queue: _Queue, runs: int, progress: Progress | None
) -> None:
    for thread in crew:
        while thread.is_alive():
            thread.join(TICK_SECONDS)
            if progress is not None:
                progress(queue.finished, runs)


@dataclass(frozen=True, slots=True)
class _Block:
    first: int
    count: int


@dataclass
class _Queue:
    """Blocks of runs, handed out in order, so that what was handed out is all runs from the first on."""

    runs: int
    size: int
    smallest: int
    handed_out: int = 0
    finished: int = 0
    problem: BaseException | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> _Block | None:
        """Return the next block, or None where there is none."""
        with self._lock:
            count = min(self.size, self.runs - self.handed_out)
            if count <= 0:
                return None
            block = _Block(self.handed_out, count)
            self.handed_out += count
            return block

    def done(self, block: _Block, seconds: float) -> None:
        """Count a block, and choose the size of the next ones by the time it took."""
        with self._lock:
            self.finished += block.count
            if seconds < BLOCK_SECONDS / 2 and block.count >= self.size:
                self.size = min(self.size * 2, LARGEST_BLOCK)
            elif seconds > BLOCK_SECONDS * 2:
                self.size = max(self.size // 2, self.smallest)

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self.runs = self.handed_out

    def fail(self, problem: BaseException) -> None:
        """Keep the first problem, and hand out nothing more."""
        with self._lock:
            self.problem = self.problem or problem
            self.runs = self.handed_out
