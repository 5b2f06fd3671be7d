"""From official files, and archives beside them, to an archive or an image, in one call."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nb201store import archive, image
from nb201store.archive.writer import check_overwrite
from nb201store.errors import SettingsError
from nb201store.memory import give_memory_back
from nb201store.merging import Joining
from nb201store.replacing import check_target, scratch_folder
from nb201store.upstream import open_source
from nb201store.weights.writing import WeightsWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nb201store.records import CellRecord, Merged, Source
    from nb201store.schema import Benchmark

    Progress = Callable[[str, int, int], None]


def convert(
    source: str | Path | Sequence[str | Path],
    target: str | Path,
    *,
    loss: str = "float32",
    first_wins: Iterable[str] = (),
    weights: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[archive.Summary, int]:
    """Convert an official file to an archive (`target` ends in .zarr) or an image (.nb201), or join several.

    Parameters
    ----------
    source : an official file or folder; or several of one benchmark, archives among them
    first_wins : of several sources: metrics (schema.METRICS, or "all") in which the numbers of the first source that
        has a trial stand where another has different ones. All other differences are errors
    weights : write the state dicts that archive folders, -full folders, and archives with weights among several
        sources hold as safetensors files, one a trial, to the folder X.weights beside the target (docs/convert.md)

    Returns
    -------
    (Summary, size of the target in bytes)

    Raises
    ------
    SettingsError      another ending; `weights` of a single file, or without safetensors; of several sources: one is
                       named twice, or they are of different benchmarks
    SourceError        `source` is not what it should be, names code to run, or has none of the `weights` asked for;
                       sources contradict each other
    FormatError        an archive among the sources is damaged, or none of ours
    FileNotFoundError  no source; FileExistsError: `target` exists and `overwrite` is false. Nothing is lost by either
    """
    paths = [Path(source)] if isinstance(source, (str, os.PathLike)) else list(map(Path, source))
    target = Path(target)
    if target.suffix not in (".zarr", ".nb201"):
        raise SettingsError(f"{target}: name it X.zarr for an archive or X.nb201 for an image")
    if not paths:
        raise SettingsError("name a source to convert")
    to_archive = target.suffix == ".zarr"
    # Before minutes of reading, not after.
    check_target(target, overwrite=overwrite, folder=to_archive)
    if to_archive:
        check_overwrite(target)
    with ExitStack() as stack:

        def scratch() -> Path:
            return stack.enter_context(scratch_folder(target))

        writer = None
        if weights:
            writer = stack.enter_context(WeightsWriter(target, overwrite=overwrite))
        take = None if writer is None else writer.take
        if len(paths) > 1:
            joining = stack.enter_context(
                Joining(paths, scratch, loss=loss, first_wins=first_wins, take_weights=take, progress=progress)
            )  # fmt: skip
            records = _Records(joining.benchmark, joining.cells(), joining.told, joining.merged)
        else:
            if list(first_wins):
                raise SettingsError(
                    "first_wins (--first-wins) is for several sources; there is one"
                )
            opened = stack.enter_context(
                open_source(paths[0], progress=progress, checksums=True, take_weights=take)
            )
            records = _Records(opened.benchmark, opened.cells(), lambda: opened.source, None)
        listing, finish = (None, None) if writer is None else (writer.listing, writer.place)

        def told() -> Source | tuple[Source, ...]:
            if writer is not None:
                writer.check_any(paths)
            return records.source()

        between = target if to_archive else scratch() / "between.zarr"
        summary = archive.write(
            between,
            records.benchmark,
            records.cells,
            told,
            merged=records.merged,
            weights=listing,
            finish=finish if to_archive else None,
            loss=loss,
            overwrite=overwrite and to_archive,
            durable=to_archive,
            quick=not to_archive,
            progress=progress,
        )
        if len(paths) > 1:
            summary = replace(
                summary, sources=tuple(joining.shares), differing_trials=joining.differing_trials()
            )
        if to_archive:
            return summary, sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        give_memory_back()
        return summary, image.pack(
            between, target, overwrite=overwrite, finish=finish, progress=progress
        )


class _Records(NamedTuple):
    """What is written, as `archive.write` takes it."""

    benchmark: Benchmark
    cells: Iterator[CellRecord]
    source: Callable[[], Source | tuple[Source, ...]]
    merged: Callable[[], Merged] | None
