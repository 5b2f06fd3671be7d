"""Work on the side: threads that unpack, encode and compress while the next records are read and laid out.

Codecs, checksums, numpy and file systems give way to other threads while they work, so that several cores are used.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

Item = TypeVar("Item")
Made = TypeVar("Made")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Runs pieces of work on threads; few are begun before the first is done, so that memory is bounded.

    What one raises is raised again by a later `run`, or by `finish`: always of the first that failed.
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


def made_ahead(
    make: Callable[[Item], Made], items: Iterable[Item], threads: int | None = None
) -> Iterator[Made]:
    """Yield make(item) of each item, in order, made on threads some items ahead.

    What `make` raises is raised where its result would come; then, or when the caller stops, no more are begun.
    """
    threads = cores() if threads is None else threads
    begun: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(threads, "nb201store")
    try:
        for item in items:
            begun.append(pool.submit(make, item))
            if len(begun) > 2 * threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
