"""From an archive or a full image back to an official layout, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nb201store.archive import open_archive
from nb201store.archive.layout import benchmark_from_json
from nb201store.errors import SettingsError
from nb201store.image.reader import ImageRecords
from nb201store.space import SPACES
from nb201store.upstream.hp_words import hp_words, same_words
from nb201store.upstream.restored_layouts import check_layout_target, write_layout
from nb201store.upstream.row_cells import RestoredCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from nb201store.schema import Benchmark
    from nb201store.upstream.row_cells import CellTables

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What `restore` wrote.

    `layout`: one of `upstream.KINDS`. `size` in bytes. `weights`: trials that had weights in the source and have none
    now. `loss`: "float32" where the losses are those of the source rounded once, "float64" where they are exact.
    """

    layout: str
    cells: int
    space_cells: int
    trials: int
    weights: int
    loss: str
    size: int


def restore(
    path: str | Path,
    out: str | Path,
    *,
    layout: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Restored:
    """Write the official objects of an archive (.zarr) or a full image (.nb201) in an official layout.

    Parameters
    ----------
    layout : one of `upstream.KINDS`; None: that of the (first) source
    overwrite : replace `out` if it is a file or folder of that layout
    progress : called as progress("restore", done, total), of cells

    Raises
    ------
    SettingsError      no such layout, or none of that search space; `path` is a slice; `out` is something else
    FormatError        `path` is damaged, or holds less than whole official objects
    FileExistsError    `out` exists and `overwrite` is false
    """
    path, out = Path(path), Path(out)
    tables, benchmark, kinds, loss = _open(path)
    kind = layout or kinds[0]
    words = hp_words(kind, benchmark.space)
    check_layout_target(kind, out, overwrite=overwrite)
    # Where cells were always kept so, they come back in the order that they had.
    kept = all(same_words(kind, source) for source in kinds)
    restored = RestoredCells(path, tables, benchmark, None if kept else words)
    space = SPACES[benchmark.space]
    archs = space.arch_str(space.from_official_index(range(len(space))))
    cells = _watched(restored, progress)
    write_layout(kind, out, archs, restored.indexes, cells, overwrite=overwrite)
    files = out.iterdir() if out.is_dir() else (out,)
    return Restored(
        kind,
        len(restored.indexes),
        len(space),
        restored.trials,
        restored.weights,
        loss,
        sum(file.stat().st_size for file in files),
    )


def _open(path: Path) -> tuple[CellTables, Benchmark, list[str], str]:
    """Return an archive or an image, what it is of, the kinds of its sources, and how it holds losses."""
    if path.is_dir():
        archive = open_archive(path)
        kinds = [source.kind for source in archive.sources]
        return archive, archive.benchmark, _some(path, kinds), archive.loss_dtype.name
    records = ImageRecords(path)
    if not records.part.whole:
        raise SettingsError(
            f"{path} is a slice of an archive, which holds less than whole official objects; restore the archive"
        )
    kinds = [source["kind"] for source in records.facts()["sources"]]
    try:
        benchmark = benchmark_from_json(records.about["benchmark"])
    except (LookupError, TypeError, ValueError) as problem:
        raise records.refusal("about", f"its benchmark is damaged: {problem!r}") from problem
    return records, benchmark, _some(path, kinds), records.loss_dtype.name


def _some(path: Path, kinds: list[str]) -> list[str]:
    if not kinds:
        raise SettingsError(f"{path} names no source; choose a layout that its cells came in")
    return kinds


def _watched(
    restored: RestoredCells, progress: Progress | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cells, counted as they come."""
    total = len(restored.indexes)
    for done, cell in enumerate(restored.cells()):
        yield cell
        if progress is not None:
            progress("restore", done + 1, total)
