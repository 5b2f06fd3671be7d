"""Several sources walked in step: each cell is joined as soon as all that have it have come to it."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nb201store import archive
from nb201store.archive.summary import SourceShare
from nb201store.errors import SettingsError, SourceError
from nb201store.memory import give_memory_back
from nb201store.merging.contradictions import Contradictions
from nb201store.merging.opened import ArchiveSource, open_all
from nb201store.merging.trials import TrialJoin
from nb201store.records import CellRecord, Merged
from nb201store.schema import METRICS
from nb201store.space import SPACES
from nb201store.upstream.joined_forms import joined_cell_form

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from nb201store.merging.opened import Opened
    from nb201store.records import Source, TrialRecord
    from nb201store.schema import Benchmark
    from nb201store.upstream.tensors import Take

    Progress = Callable[[str, int, int], None]

_EXACT, _ROUNDED = np.dtype("<f8"), np.dtype("<f4")


class Joining:
    """Several sources as one: a context manager, which opens and closes them.

    Attributes
    ----------
    benchmark : what all of them describe
    shares : a SourceShare each, complete when all cells have come

    Notes
    -----
    Official sources are read in step, one cell of each in memory. Where one is an archive, whose cells come in another
    order, official ones become scratch archives first; of each archive a block of 2,048 codes is in memory.
    """

    benchmark: Benchmark

    def __init__(
        self,
        paths: Sequence[Path],
        scratch: Callable[[], Path],
        *,
        loss: str = "float32",
        first_wins: Iterable[str] = (),
        take_weights: Take | None = None,
        progress: Progress | None = None,
    ) -> None:
        """`scratch()` gives a folder for archives that are thrown away again; `loss` is that of the target;
        `take_weights` as of `upstream.open_source`.

        Raises SettingsError at a metric in `first_wins` that is none.
        """
        self.shares = [SourceShare(str(path)) for path in paths]
        self._paths = paths
        self._scratch = scratch
        self._target_loss = loss
        self._contradictions = Contradictions(first_wins)
        self._take_weights = take_weights
        self._progress = progress
        self._stack = ExitStack()
        self._opened: list[Opened] = []
        self._walked: list[Opened] = []

    def __enter__(self) -> Self:
        """Open the sources; errors as of `opened.open_all`, and of reading what must become a scratch archive."""
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _open(self) -> None:
        opened = self._opened = open_all(
            self._paths, self._stack, self._progress, self._take_weights
        )
        self.benchmark = opened[0].benchmark
        rounded = [source for source in opened if source.loss_dtype != _EXACT]
        if rounded and self._target_loss == "float64":
            raise SettingsError(
                f"{rounded[0].path}: its losses are float32; --loss float64 cannot give back what that rounded off"
            )
        self._walked = list(opened)
        if not all(source.by_official_index for source in opened):
            for place, source in enumerate(opened):
                if source.by_official_index:
                    name = f"{place}.zarr"
                    self._walked[place] = self._as_archive(
                        source, name, "float32" if rounded else "float64"
                    )
        loss = _ROUNDED if rounded else _EXACT
        self._rank = {dataset.name: place for place, dataset in enumerate(self.benchmark.datasets)}
        names = [share.name for share in self.shares]
        self._trials = TrialJoin(names, loss, self._contradictions)

    def _as_archive(self, source: Opened, name: str, loss: str) -> Opened:
        """Put an official source into a scratch archive, whose cells come in ascending code."""
        path = self._scratch() / name
        cells = self._counted(source.cells(), f"read {source.path.name}", source.count)
        archive.write(
            path, self.benchmark, cells, source.told, loss=loss, durable=False, quick=True
        )  # fmt: skip
        give_memory_back()
        return ArchiveSource(source.path, archive.open_archive(path))

    def cells(self) -> Iterator[CellRecord]:
        """Yield the joined cells, in ascending official index, or in ascending code where a source is an archive.

        Raises
        ------
        SourceError   sources contradict each other: when all of them are read, or when very much was found; or one
            has its cells in another order than its kind has
        """
        most = max(source.count() for source in self._walked)
        for cell in self._counted(self._joined_cells(), "join", lambda: most):
            # The archive is not written once they contradict each other: only what else does is of interest.
            if not self._contradictions.found:
                yield cell
            elif self._contradictions.enough:
                break
        if self._contradictions.found:
            self._contradictions.refuse()

    def told(self) -> tuple[Source, ...]:
        """All that was joined, in order, each once; when all cells have come.

        Raises SettingsError where two official sources are the same, byte for byte.
        """
        told: dict[Source, Path] = {}
        for source in self._opened:
            for one in source.told():
                same = [path for other, path in told.items() if other.sha256 == one.sha256]
                if same and source.by_official_index and self._is_official(same[0]):
                    raise SettingsError(
                        f"{source.path} and {same[0]} are the same source (sha256 {one.sha256}); name it once"
                    )
                if not same:
                    told[one] = source.path
        return tuple(told)

    def merged(self) -> Merged:
        """What was chosen where sources differ, here and when the archives among them were merged."""
        differing = Counter(self._contradictions.settled)
        first_wins = set(self._contradictions.first_wins)
        for source in self._opened:
            if source.merged is not None:
                differing.update(source.merged.differing_trials)
                first_wins |= set(source.merged.first_wins)
        listed = tuple(metric for metric in METRICS if metric in first_wins)
        return Merged(
            listed, {metric: differing[metric] for metric in METRICS if differing[metric]}
        )

    def differing_trials(self) -> dict[str, int]:
        """Trials in which sources differ and the first one's numbers stand, by metric."""
        settled = self._contradictions.settled
        return {metric: settled[metric] for metric in METRICS if metric in settled}

    def _is_official(self, path: Path) -> bool:
        return any(source.path == path and source.by_official_index for source in self._opened)

    def _joined_cells(self) -> Iterator[CellRecord]:
        with ExitStack() as stack:
            walks = [
                stack.enter_context(closing(self._walk(place, source)))
                for place, source in enumerate(self._walked)
            ]
            yield from self._in_step(walks)

    def _in_step(self, walks: Sequence[Iterator[tuple[int, CellRecord]]]) -> Iterator[CellRecord]:
        """Take of all walks the cell that is due, and join it."""
        heads = [next(walk, None) for walk in walks]
        while True:
            due = min((head[0] for head in heads if head is not None), default=None)
            if due is None:
                return
            held = [
                (place, head[1])
                for place, head in enumerate(heads)
                if head is not None and head[0] == due
            ]
            yield self._join(held)
            for place, _ in held:
                heads[place] = next(walks[place], None)

    def _walk(self, place: int, source: Opened) -> Generator[tuple[int, CellRecord], None, None]:
        """(place in the order of all sources, cell) of one source."""
        space, last = SPACES[self.benchmark.space], -1
        for cell in source.cells():
            due = space.official_index(cell.code) if source.by_official_index else cell.code
            if due <= last:
                raise SourceError(
                    f"{source.path}: its cells are not in ascending official index ({due} comes after {last}); "
                    "convert it to an archive and join that"
                )
            last = due
            self.shares[place].cells += 1
            self.shares[place].trials += len(cell.trials)
            yield due, cell

    def _join(self, held: Sequence[tuple[int, CellRecord]]) -> CellRecord:
        """One cell of those that have it."""
        place, first = held[0]
        if len(held) == 1:
            self.shares[place].only_cells += 1
            self.shares[place].only_trials += len(first.trials)
            return first
        by_trial: dict[tuple[int, int, int], list[tuple[int, TrialRecord]]] = {}
        for source, cell in held:
            for trial in cell.trials:
                key = (trial.schedule, self._rank[trial.dataset], trial.seed)
                by_trial.setdefault(key, []).append((source, trial))
        for of_trial in by_trial.values():
            if len(of_trial) == 1:
                self.shares[of_trial[0][0]].only_trials += 1
        trials = tuple([self._trials.joined(by_trial[key]) for key in sorted(by_trial)])
        forms = tuple([cell.form for _, cell in held])
        same = all(form == forms[0] for form in forms)
        return CellRecord(first.code, trials, forms[0] if same else joined_cell_form(forms))

    def _counted(
        self, cells: Iterator[CellRecord], stage: str, total: Callable[[], int]
    ) -> Iterator[CellRecord]:
        """The cells, told to the progress one by one."""
        for done, cell in enumerate(cells):
            if self._progress is not None:
                self._progress(stage, done + 1, max(total(), done + 1))
            yield cell
