"""The sources of a merge: opened before anything is read of them, all of one benchmark, none of them twice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nb201store.archive import open_archive
from nb201store.errors import SettingsError
from nb201store.upstream import open_source
from nb201store.weights.listed import listed_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import ExitStack

    from nb201store.archive import Archive
    from nb201store.records import CellRecord, Merged, Source
    from nb201store.schema import Benchmark
    from nb201store.upstream import Upstream
    from nb201store.upstream.tensors import Take

    Progress = Callable[[str, int, int], None]


class Opened(Protocol):
    """One source, open.

    Attributes
    ----------
    path : as it was given: how messages call it
    by_official_index : whether its cells come in ascending official index, else they do in ascending code
    loss_dtype : how exactly it holds losses
    merged : what it says of a merge that it was made by
    """

    path: Path
    benchmark: Benchmark
    by_official_index: bool
    loss_dtype: np.dtype[Any]
    merged: Merged | None

    def count(self) -> int:
        """How many cells it has, or an upper bound."""
        ...

    def cells(self) -> Iterator[CellRecord]:
        """Its cells."""
        ...

    def told(self) -> tuple[Source, ...]:
        """What it is, or was made from; asked when its cells have come."""
        ...


class OfficialSource:
    """An `Opened` official file or folder."""

    by_official_index = True
    loss_dtype: np.dtype[Any] = np.dtype("<f8")
    merged: Merged | None = None

    def __init__(self, path: Path, upstream: Upstream) -> None:
        self.path = path
        self.benchmark = upstream.benchmark
        self._upstream = upstream

    def count(self) -> int:
        """See `Opened`."""
        return self._upstream.count

    def cells(self) -> Iterator[CellRecord]:
        """See `Opened`."""
        return self._upstream.cells()

    def told(self) -> tuple[Source, ...]:
        """See `Opened`."""
        return (self._upstream.source,)


class ArchiveSource:
    """An `Opened` archive; also the scratch archive that an official source was put into, under that one's path."""

    by_official_index = False

    def __init__(self, path: Path, archive: Archive, take_weights: Take | None = None) -> None:
        self.path = path
        self._take_weights = take_weights
        self.benchmark = archive.benchmark
        self.loss_dtype = archive.loss_dtype
        self.merged = archive.merged
        self._archive = archive

    def count(self) -> int:
        """See `Opened`."""
        return len(self._archive.codes())

    def cells(self) -> Iterator[CellRecord]:
        """See `Opened`."""
        archive, take = self._archive, self._take_weights
        listing = None if take is None else archive.weights()
        for code in archive.codes().tolist():
            if take is not None and listing is not None:
                for weights in listed_weights(
                    archive.path, listing, archive.space.arch_str(code), code
                ):
                    take(weights)
            yield archive.cell(code)

    def told(self) -> tuple[Source, ...]:
        """See `Opened`."""
        return self._archive.sources


def open_all(
    paths: Sequence[Path],
    stack: ExitStack,
    progress: Progress | None,
    take_weights: Take | None = None,
) -> list[Opened]:
    """Open all sources, which `stack` closes.

    Raises
    ------
    SettingsError       one is named twice, or they are of different benchmarks
    FileNotFoundError, SourceError, FormatError   one of them is not there, or not sound
    """
    for place, path in enumerate(paths):
        for before in paths[:place]:
            if path.exists() and before.exists() and path.samefile(before):
                raise SettingsError(f"{path}: named twice as a source; name each source once")
    opened = [_open(path, stack, progress, take_weights) for path in paths]
    first = opened[0]
    for other in opened[1:]:
        _check_benchmark(first, other)
    return opened


def _open(
    path: Path, stack: ExitStack, progress: Progress | None, take_weights: Take | None
) -> Opened:
    if (path / "zarr.json").is_file():
        return ArchiveSource(path, open_archive(path), take_weights)
    only_checksums = None if progress is None else _only_checksums(progress)
    take = take_weights if path.is_dir() else None  # single files have none
    upstream = stack.enter_context(
        open_source(path, progress=only_checksums, checksums=True, take_weights=take)
    )
    return OfficialSource(path, upstream)


def _only_checksums(progress: Progress) -> Progress:
    """Leave out the cells of single sources: it is told of the joined ones."""

    def told(stage: str, done: int, total: int) -> None:
        if stage != "read":
            progress(stage, done, total)

    return told


def _check_benchmark(first: Opened, other: Opened) -> None:
    one, two = first.benchmark, other.benchmark
    if one.space != two.space:
        raise SettingsError(
            f"{other.path} is of the space {two.space} ({two.name}), {first.path} of {one.space} ({one.name}); "
            "only sources of one space can be joined"
        )
    if one != two:
        fields = [
            name
            for name in (
                "name",
                "channels",
                "cells",
                "in_channels",
                "batch",
                "schedules",
                "datasets",
            )
            if getattr(one, name) != getattr(two, name)
        ]
        raise SettingsError(
            f"{other.path} ({two.name}) and {first.path} ({one.name}) describe different benchmarks: "
            f"{', '.join(fields)} differ; only sources of one benchmark can be joined"
        )
