"""All of a source against all of an archive or an image."""

from __future__ import annotations

from collections import defaultdict, deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from nb201store.archive import Archive, open_archive
from nb201store.errors import SettingsError
from nb201store.image.reader import ImageRecords
from nb201store.laid_out import Layouts
from nb201store.space import SPACES
from nb201store.threads import Workers
from nb201store.upstream import open_source
from nb201store.verify.joined import Joined, joined_with
from nb201store.verify.one_by_one import compare_trials, count_numbers
from nb201store.verify.report import Report
from nb201store.verify.together import same_trials
from nb201store.verify.weights_files import WeightsComparison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nb201store.laid_out import LaidOut
    from nb201store.records import CellRecord, TrialRecord
    from nb201store.trial_rows import TrialTable

    Progress = Callable[[str, int, int], None]

# So many trials are compared at once: what is made of them on the way fits into a cache.
_TOGETHER = 128
_MOST_WAITING = 1 << 13


class Target(Protocol):
    """What can be verified: cells by code, trials as rows, and how losses are held."""

    @property
    def loss_dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        ...

    def codes(self) -> Iterable[int]:
        """Codes of the cells that have results."""
        ...

    def has(self, code: int) -> bool:
        """Whether a cell has results."""
        ...

    def cell_form(self, code: int) -> str:
        """The form of a cell."""
        ...

    def cell(self, code: int) -> CellRecord:
        """Everything recorded for one cell."""
        ...

    def trial_tables(self) -> Mapping[tuple[int, str], TrialTable]:
        """All trials as rows, by (schedule, data set)."""
        ...


def open_target(path: Path) -> Target:
    """Open an archive (a folder) or an image (a file) for verification."""
    if path.is_dir():
        archive = open_archive(path)
        archive.keep_blocks = True
        return archive
    return ImageRecords(path)


def verify(
    path: str | Path,
    source: str | Path,
    *,
    sample: int | None = None,
    rng_seed: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Compare an archive or an image with the official file, or the archive, that it was made from.

    Of an image that is a slice of its archive, that part of the source is compared.

    Parameters
    ----------
    sample : compare so many cells only, drawn among those that `path` has: a quick look
    rng_seed : of the draw, >= 0; without it every look is at other cells
    progress : called as progress("verify", cells compared, cells)

    Returns
    -------
    Report : its `differences` name the first of them; `same` is true where there is none

    Raises
    ------
    SettingsError               both are the same file, or `sample` is not at least 1
    SourceError, FormatError    one of them cannot be read
    """
    path, source = Path(path), Path(source)
    if path.resolve() == source.resolve():
        raise SettingsError(
            f"{path} cannot be verified against itself; name the file it was made from"
        )
    if sample is not None and sample < 1:
        raise SettingsError(f"expected a sample of at least 1 cell, found {sample}")
    with Workers() as workers:
        target = open_target(path)
        codes = None if sample is None else _drawn(target, sample, rng_seed)
        comparison = Comparison(path, target, workers, codes)
        comparison.expect(source)
        weights = _weights_comparison(target, source, codes)
        for done, (count, cell) in enumerate(_source_cells(source, codes, weights)):
            if progress is not None:
                progress("verify", done + 1, count)
            comparison.add(cell)
        report = comparison.finish()
        if weights is not None:
            report.add(weights.finish())
        return report


def _drawn(target: Target, sample: int, rng_seed: int | None) -> list[int]:
    """Codes of `sample` cells, or of all if there are fewer; ascending."""
    codes = np.array(list(target.codes()), dtype=np.int64)
    rng = np.random.default_rng(rng_seed)
    drawn: list[int] = rng.choice(codes, min(sample, len(codes)), replace=False).tolist()
    return sorted(drawn)


def _weights_comparison(
    target: Target, source: Path, codes: list[int] | None
) -> WeightsComparison | None:
    """What compares the weights, where an archive lists some and the source may hold them: a folder of records."""
    if not isinstance(target, Archive) or not source.is_dir() or (source / "zarr.json").is_file():
        return None
    listing = target.weights()
    return None if listing is None else WeightsComparison(target, listing, codes)


def _source_cells(
    source: Path, codes: list[int] | None, weights: WeightsComparison | None
) -> Iterator[tuple[int, CellRecord]]:
    """(how many come, cell) of an official file or of an archive: of all cells, or of those of `codes`."""
    if (source / "zarr.json").is_file():
        archive = open_archive(source)
        wanted = archive.codes().tolist() if codes is None else filter(archive.has, codes)
        wanted = list(wanted)
        for code in wanted:
            yield len(wanted), archive.cell(code)
        return
    take = None if weights is None else weights.take
    with open_source(source, take_weights=take) as opened:
        if codes is None:
            for cell in opened.cells():
                yield opened.count, cell
            return
        indexes = set(SPACES[opened.benchmark.space].official_index(codes).tolist())
        for cell in opened.cells(indexes):
            yield len(indexes), cell


class _Batch(NamedTuple):
    """Trials of one layout, schedule and data set that wait to be compared together."""

    trials: list[TrialRecord]
    laid_out: list[LaidOut]


class _Compared(NamedTuple):
    """How many trials of a batch are the same, the values in them, and the other trials."""

    same: int
    values: int
    differing: list[TrialRecord]


class Comparison:
    """Takes cells of the source in any order; trials are compared on threads, many at once.

    With `codes` other cells of the target are not looked for.
    """

    def __init__(
        self, path: Path, target: Target, workers: Workers, codes: Iterable[int] | None = None
    ) -> None:
        self._path = path
        self._workers = workers
        self._target = target
        self._expected = target.codes() if codes is None else codes
        self._slicer = target.slicer() if isinstance(target, ImageRecords) else None
        self._tables = self._target.trial_tables()
        self._joined: Joined | None = None
        self._loss = self._target.loss_dtype
        self._of_cells, self._of_trials = Report(), Report()
        self._layouts = Layouts()
        self._waiting: dict[tuple[int, int, str], _Batch] = {}
        self._waiting_trials = 0
        # In the order in which batches were handed to threads, so that a report is the same on every run.
        self._compared: deque[list[_Compared]] = deque()
        self._seen: dict[tuple[int, str], tuple[list[int], list[int]]] = defaultdict(
            lambda: ([], [])
        )
        self._codes: set[int] = set()

    def expect(self, source: Path) -> None:
        """Ask no more of a target that several sources were joined to than it can hold of this one."""
        self._joined = joined_with(self._target, source)

    def add(self, cell: CellRecord) -> None:
        """Compare what belongs to the cell; let its trials wait."""
        trials = cell.trials
        if self._slicer is not None:
            trials = tuple(filter(self._slicer.holds, trials))
            if not trials:
                return
        self._of_cells.cells += 1
        self._codes.add(cell.code)
        if not self._target.has(cell.code):
            self._of_cells.differ(f"code {cell.code}: missing in {self._path}")
            return
        form = self._target.cell_form(cell.code)
        if cell.form != form and self._slicer is None and self._joined is None:
            self._of_cells.differ(f"code {cell.code}: form {form!r}, source {cell.form!r}")
        for whole in trials:
            trial, laid_out = whole, self._layouts.laid_out(whole.splits)
            if self._slicer is not None:
                trial, laid_out = self._slicer.part(trial, laid_out)
            key = (id(laid_out.layout), trial.schedule, trial.dataset)
            batch = self._waiting.get(key)
            if batch is None:
                batch = self._waiting[key] = _Batch([], [])
            batch.trials.append(trial)
            batch.laid_out.append(laid_out)
            self._waiting_trials += 1
            codes, seeds = self._seen[trial.schedule, trial.dataset]
            codes.append(trial.code)
            seeds.append(trial.seed)
            if len(batch.trials) == _TOGETHER:
                self._compare(self._waiting.pop(key))
        if self._waiting_trials > _MOST_WAITING:
            self._compare_waiting()

    def finish(self) -> Report:
        """Compare what waits, and name what the source does not have."""
        self._compare_waiting()
        self._workers.finish()
        self._take_compared()
        report, of_trials = self._of_cells, self._of_trials
        if self._joined is not None:  # more than the source has is what the others gave
            report.not_compared = sorted(self._joined.not_compared)
            report.add(of_trials)
            return report
        for code in self._expected:
            if int(code) not in self._codes:
                report.differ(f"code {int(code)}: in {self._path}, but not in the source")
        for (schedule, dataset), table in self._tables.items():
            held = set(zip(*self._seen[schedule, dataset], strict=True))
            for code, seed in zip(table.codes.tolist(), table.seeds.tolist(), strict=True):
                if (code, seed) not in held and code in self._codes:
                    report.differ(
                        f"code {code}, {dataset}, schedule {schedule}, seed {seed}: not in the source"
                    )
        report.add(of_trials)
        return report

    def _compare_waiting(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for batch in waiting.values():
            self._compare(batch)

    def _compare(self, batch: _Batch) -> None:
        """Compare on a thread, and look one by one at what differed in batches before."""
        trials, laid_out = batch
        self._waiting_trials -= len(trials)
        table = self._tables.get((trials[0].schedule, trials[0].dataset))
        outcome: list[_Compared] = []
        self._compared.append(outcome)

        def work() -> None:
            same = [False] * len(trials)
            if table is not None:
                same = same_trials(trials, laid_out, table, self._loss, self._joined).tolist()
            values = sum(len(place.epochs) for place in laid_out[0].layout.places) * sum(same)
            values += sum(count_numbers(t) for t, one in zip(trials, same, strict=True) if one)
            differing = [t for t, one in zip(trials, same, strict=True) if not one]
            outcome.append(_Compared(sum(same), values, differing))

        self._workers.run(work)
        self._take_compared()

    def _take_compared(self) -> None:
        """Count what was the same, and name what was not, of batches that are done."""
        while self._compared and self._compared[0]:
            same, values, differing = self._compared.popleft()[0]
            self._of_trials.trials += same
            self._of_trials.values += values
            for trial in differing:
                self._of_trials.trials += 1
                self._name_differences(trial)

    def _name_differences(self, trial: TrialRecord) -> None:
        key = (trial.schedule, trial.dataset, trial.seed)
        for ours in self._target.cell(trial.code).trials:
            if (ours.schedule, ours.dataset, ours.seed) == key:
                compare_trials(trial, ours, self._loss, self._of_trials, self._joined)
                return
        self._of_trials.differ(f"{trial.name}: missing")
