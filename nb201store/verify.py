"""An archive or an image against its source, value by value, compared as bits.

Losses are compared after the one rounding that the target states (float32 unless it was converted with
`--loss float64`); everything else must be the very same double. Forms are compared too: key orders, what was None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nb201store.archive import open_archive
from nb201store.errors import SettingsError
from nb201store.image.reader import ImageRecords
from nb201store.records import SplitRecord
from nb201store.upstream import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nb201store.records import CellRecord, Series, TrialRecord

    Progress = Callable[[str, int, int], None]

MOST_SHOWN = 20
"""Differences that a report keeps; all are counted."""


class Target(Protocol):
    """What can be verified: cells by code, and how losses are held."""

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

    def cell(self, code: int) -> CellRecord:
        """Everything recorded for one cell."""
        ...


@dataclass(slots=True)
class Report:
    """What was compared, and what was found to differ."""

    cells: int = 0
    trials: int = 0
    values: int = 0
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)

    def differ(self, text: str, count: int = 1) -> None:
        """Count differences; keep the first texts."""
        self.difference_count += count
        if len(self.differences) < MOST_SHOWN:
            self.differences.append(text)

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.difference_count == 0


def open_target(path: Path) -> Target:
    """Open an archive (a folder) or an image (a file) for verification."""
    if path.is_dir():
        archive = open_archive(path)
        archive.keep_blocks = True
        return archive
    return ImageRecords(path)


def verify(path: str | Path, source: str | Path, *, progress: Progress | None = None) -> Report:
    """Compare an archive or an image with the official file, or the archive, that it was made from.

    Returns
    -------
    Report : its `differences` name the first of them; `same` is true where there is none

    Raises
    ------
    SettingsError               both are the same file
    SourceError, FormatError    one of them cannot be read
    """
    path, source = Path(path), Path(source)
    if path.resolve() == source.resolve():
        raise SettingsError(
            f"{path} cannot be verified against itself; name the file it was made from"
        )
    target = open_target(path)
    report = Report()
    seen = set()
    for done, (count, cell) in enumerate(_source_cells(source)):
        if progress is not None:
            progress("verify", done + 1, count)
        seen.add(cell.code)
        report.cells += 1
        if target.has(cell.code):
            compare_cells(cell, target.cell(cell.code), target.loss_dtype, report)
        else:
            report.differ(f"code {cell.code}: missing in {path}")
    for code in target.codes():
        if int(code) not in seen:
            report.differ(f"code {int(code)}: in {path}, but not in the source")
    return report


def _source_cells(source: Path) -> Iterator[tuple[int, CellRecord]]:
    """(how many come, cell) of an official file or of an archive."""
    if (source / "zarr.json").is_file():
        archive = open_archive(source)
        codes = archive.codes()
        for code in codes:
            yield len(codes), archive.cell(int(code))
        return
    with open_source(source) as opened:
        for cell in opened.cells():
            yield opened.count, cell


def compare_cells(
    source: CellRecord, ours: CellRecord, loss: np.dtype[Any], report: Report
) -> None:
    """Compare one cell; add to `report`."""
    theirs = {(t.schedule, t.dataset, t.seed): t for t in source.trials}
    found = {(t.schedule, t.dataset, t.seed): t for t in ours.trials}
    if source.form != ours.form:
        report.differ(f"code {source.code}: form {ours.form!r}, source {source.form!r}")
    for key, trial in theirs.items():
        report.trials += 1
        if key in found:
            _compare_trials(trial, found[key], loss, report)
        else:
            report.differ(f"{trial.name}: missing")
    for key in found.keys() - theirs.keys():
        report.differ(f"{found[key].name}: not in the source")


def _compare_trials(
    source: TrialRecord, ours: TrialRecord, loss: np.dtype[Any], report: Report
) -> None:
    pairs = {
        "params_m": ((source.params_m,), (ours.params_m,)),
        "flops_m": ((source.flops_m,), (ours.flops_m,)),
        "latency_s": (source.latency_s or (), ours.latency_s or ()),
    }
    for metric, (theirs, found) in pairs.items():
        report.values += len(theirs)
        if _bits(theirs) != _bits(found):
            report.differ(f"{source.name}: {metric} {found}, source {theirs}")
    if source.form != ours.form:
        report.differ(f"{source.name}: form {ours.form!r}, source {source.form!r}")
    for split in sorted(source.splits.keys() | ours.splits.keys()):
        theirs_split = source.splits.get(split, SplitRecord()).series()
        found_split = ours.splits.get(split, SplitRecord()).series()
        for metric in sorted(theirs_split.keys() | found_split.keys()):
            where = f"{source.name}, {split}, {metric}"
            dtype = loss if metric == "loss" else None
            _compare_series(where, theirs_split.get(metric), found_split.get(metric), dtype, report)


def _bits(numbers: tuple[float | None, ...]) -> list[bytes | None]:
    return [None if number is None else np.float64(number).tobytes() for number in numbers]


def _compare_series(
    where: str,
    source: Series | None,
    ours: Series | None,
    dtype: np.dtype[Any] | None,
    report: Report,
) -> None:
    epochs = np.empty(0, np.int32) if source is None else source.epochs
    found_epochs = np.empty(0, np.int32) if ours is None else ours.epochs
    report.values += len(epochs)
    if not np.array_equal(epochs, found_epochs):
        only = sorted(set(epochs.tolist()) ^ set(found_epochs.tolist()))
        report.differ(
            f"{where}: exists on one side only at epochs {only[:5]}, {len(only)} in all", len(only)
        )
        return
    if source is None or ours is None:
        return
    expected = source.values if dtype is None else source.values.astype(dtype).astype(np.float64)
    wrong = np.flatnonzero(expected.view(np.uint64) != ours.values.view(np.uint64))
    if len(wrong):
        first = wrong[0]
        report.differ(
            f"{where}, epoch {epochs[first]}: {float(ours.values[first])!r}, source {float(expected[first])!r} "
            f"({len(wrong)} of {len(epochs)} epochs differ)",
            len(wrong),
        )
