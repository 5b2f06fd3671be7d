"""Work on the side: a thread that encodes while the next records are read."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

_MOST_BEHIND = 8


class Encoders:
    """Runs pieces of work on a thread; at most a few are waiting, so that memory is bounded.

    What one raises is raised again by a later `run`, or by `finish`: always of the first that failed.
    """

    def __init__(self, threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(threads, "nb201-encode")
        self._running: deque[Future[None]] = deque()

    def run(self, work: Callable[[], None]) -> None:
        """Start a piece of work, after waiting until there are few before it."""
        while len(self._running) >= _MOST_BEHIND:
            self._running.popleft().result()
        self._running.append(self._pool.submit(work))

    def finish(self) -> None:
        """Wait for all of them."""
        while self._running:
            self._running.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
