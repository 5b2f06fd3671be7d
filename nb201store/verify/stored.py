"""What can be verified, archives and images, and the quick comparison of one with another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nb201store.archive import open_archive
from nb201store.difference import diff
from nb201store.image.reader import ImageRecords, is_image
from nb201store.image.slicing import Slice
from nb201store.verify.joined import joined_with
from nb201store.verify.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    import numpy as np

    from nb201store.records import CellRecord
    from nb201store.trial_rows import TrialTable

    Progress = Callable[[str, int, int], None]


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


def is_stored(path: Path) -> bool:
    """Whether there is an archive or an image, and no official source."""
    return (path / "zarr.json").is_file() or is_image(path)


def same_as_stored(
    target: Target,
    path: Path,
    source: Path,
    codes: Collection[int] | None,
    progress: Progress | None,
) -> Report | None:
    """Compare a target with an archive or image, a group of trials at a time.

    Returns
    -------
    Report, without differences; None where there are any (cell by cell they are named better), where losses of the
    source are rounded and those of the target are not, and where `source` is official or one of several joined ones
    """
    if not is_stored(source) or joined_with(target, source) is not None:
        return None
    if target.loss_dtype.itemsize > open_target(source).loss_dtype.itemsize:
        return None
    part = target.part if isinstance(target, ImageRecords) else Slice()

    def told(_: str, done: int, groups: int) -> None:
        if progress is not None:
            progress("verify", done, groups)

    found = diff(path, source, part=part, codes=codes, shown=0, progress=told)
    if not found.same_values or found.cell_forms or any(group.forms for group in found.groups):
        return None
    return Report(
        found.cells,
        sum(group.trials for group in found.groups),
        sum(group.values for group in found.groups),
    )
