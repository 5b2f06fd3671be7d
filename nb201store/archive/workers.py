"""Work on the side: threads that encode and compress while the next records are read and laid out."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Runs pieces of work on threads; few are begun before the first is done, so that memory is bounded.

    What one raises is raised again by a later `run`, or by `finish`: always of the first that failed. Numpy, codecs
    and file systems give way to other threads while they work, so that several cores are used.
    """

    def __init__(self, threads: int | None = None) -> None:
        threads = cores() if threads is None else threads
        self._most = 2 * threads + 2
        self._pool = ThreadPoolExecutor(threads, "nb201store")
        self._begun: deque[Future[None]] = deque()

    def run(self, work: Callable[[], None]) -> None:
        """Begin a piece of work, after waiting until there are few before it."""
        while len(self._begun) >= self._most:
            self._begun.popleft().result()
        self._begun.append(self._pool.submit(work))

    def finish(self) -> None:
        """Wait until all is done."""
        while self._begun:
            self._begun.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)  # waits for what is being done: it writes files
