"""The benchmark in one file: `NAS-Bench-201-v1_*.pth`, and NATS-Bench's `.pickle.pbz2`."""

from __future__ import annotations

import re
import warnings
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nb201store.errors import SourceError, SourceWarning
from nb201store.upstream.checksums import FileChecksums
from nb201store.upstream.reading import Reading, is_record
from nb201store.upstream.source import State, Upstream
from nb201store.upstream.watching import check_unchanged, file_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from nb201store.records import Source
    from nb201store.upstream.source import Progress

# Official names end in the end of the file's md5.
_NAMED = re.compile(r"(?:NAS-Bench-201|NATS-[a-z]+)-v\d_\d-([0-9a-f]{5,32})\.(?:pth|pickle\.pbz2)")


class SingleFile(Upstream):
    """One official file, of which one cell at a time is in memory.

    `count` is the number of cells where the file says it ahead of them; official files do not, and it is the size of
    the space then, until the last cell is yielded. What contradicts the cells behind them is refused there too.
    """

    def __init__(self, path: Path, progress: Progress | None, *, checksums: bool) -> None:
        super().__init__(path, progress)
        self._before = file_state(path)
        self._reading: Reading | None = None
        # A pipe would be waited for: reading refuses it.
        self._checksums = FileChecksums(path) if checksums and path.is_file() else None
        try:
            self._reading = Reading(path)
            self.benchmark, self._container = self._reading.benchmark, self._reading.container
            self.count = self._reading.count
            self.kind = _kind(path, *self._reading.first) or _kind_by_later_cells(path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None
        if self._checksums is not None:
            self._checksums.stop()
            self._checksums = None

    @cached_property
    def source(self) -> Source:
        """Name, size and checksums of the file; SourceWarning where its name ends in another md5."""
        checksums = self._checksums or FileChecksums(self.path)
        source = checksums.source(self.kind, self._container, self._progress)
        check_unchanged(self.path, self._before)
        self._check_name(source.md5)
        return source

    def _states(self, indexes: Collection[int] | None) -> Iterator[State]:
        reading = self._reading or Reading(self.path)
        self._reading = None
        with closing(reading):
            if indexes is not None:
                yield from self._some_states(reading, set(indexes))
                return
            # One is held back, so that with the last the count is known.
            held = None
            for cell in reading.cells():
                if held is not None:
                    yield State(*held, self.path)
                held = cell
            check_unchanged(self.path, self._before)
            self.count = reading.count
            if held is not None:
                yield State(*held, self.path)

    def _some_states(self, reading: Reading, wanted: set[int]) -> Iterator[State]:
        if not wanted:
            return
        for index, states in reading.cells():
            if index in wanted:
                yield State(index, states, self.path)
                wanted.discard(index)
                if not wanted:
                    return

    def _check_name(self, md5: str) -> None:
        named = _NAMED.fullmatch(self.path.absolute().name)
        if named and not md5.endswith(named[1]):
            warnings.warn(
                f"{self.path}: the name says that the md5 ends in {named[1]}, but it is "
                f"{md5}: not the published file",
                SourceWarning,
                stacklevel=4,
            )


def _kind(path: Path, index: int, states: Any) -> str | None:
    """Tell the kinds apart by a cell: by hyper-parameter keys, and v1_0 by 200 epochs without times, else None."""
    hps = list(states) if isinstance(states, dict) else []
    if not hps or not is_record(states):
        raise SourceError(f"{path}: index {index}: expected trials by hyper-parameters")
    if not {"full", "less"}.intersection(hps):
        return "nats-file"
    full = states.get("full")
    results = full.get("all_results") if isinstance(full, dict) else None
    for trial in results.values() if isinstance(results, dict) else ():
        timed = isinstance(trial, dict) and trial.get("train_times") is not None
        return "v1_1" if timed else "v1_0"
    return None


def _kind_by_later_cells(path: Path) -> str:
    """Read on for the first cell that tells the kind; no genuine file needs this."""
    with closing(Reading(path)) as reading:
        for index, states in reading.cells():
            kind = _kind(path, index, states)
            if kind is not None:
                return kind
    return "v1_1"
