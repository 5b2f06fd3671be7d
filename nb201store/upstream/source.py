"""What every reader of official files has in common: its source, and its cells as records."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.errors import SourceError
from nb201store.records import CellRecord, Source
from nb201store.schema import OFFICIAL
from nb201store.space import SPACES
from nb201store.upstream.forms import shown
from nb201store.upstream.objects import HP_SCHEDULES, cell_record
from nb201store.upstream.tensors import give_weights
from nb201store.upstream.watching import path_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from types import TracebackType
    from typing import Self

    from nb201store.schema import Benchmark
    from nb201store.upstream.storages import StorageFile
    from nb201store.upstream.tensors import Take

Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total): stage "checksum" counts bytes, stage "read" counts cells."""


class Options(NamedTuple):
    """How a source is to be read: see `opening.open_source`."""

    checksums: bool = False
    take_weights: Take | None = None


class State(NamedTuple):
    """One cell as its file holds it; `storages` where the file's weights lie, None of a single file.

    `value`: states by hyper-parameters.
    """

    official_index: int
    value: Any
    path: Path
    storages: StorageFile | None = None


class Upstream(ABC):
    """One official source, open: what it is, and its cells as records.

    Attributes
    ----------
    kind : one of `upstream.KINDS`
    path : pathlib.Path
    benchmark : schema.TSS or schema.SSS
    count : how many cells `cells()` yields; of a single file an upper bound until they have come

    A context manager; closing closes its files. It can be read more than once.
    """

    kind: str
    benchmark: Benchmark
    count: int

    def __init__(
        self, path: Path, progress: Progress | None, take_weights: Take | None = None
    ) -> None:
        self.path = path
        self._progress = progress
        self._take_weights = take_weights

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:  # noqa: B027  # a folder's reader holds nothing
        """Drop what is held in memory."""

    @cached_property
    @abstractmethod
    def source(self) -> Source:
        """Name, size and checksums. Costs one pass over the bytes of the source on first use."""

    @abstractmethod
    def _states(self, indexes: Collection[int] | None) -> Iterator[State]:
        """Yield every cell in the source's order, or only those of `indexes`."""

    def cells(self, indexes: Collection[int] | None = None) -> Iterator[CellRecord]:
        """Yield the record of every cell, in the source's order: of official ones ascending official index.

        With `indexes` only cells of these official indexes: no other file of a folder is read, and a single file
        is read until the last of them has come.

        Where the source was opened with `take_weights`, that is called with each trial's weights before its cell comes.

        Raises SourceError, with file, index, trial and field, at what a record cannot hold.
        """
        count = None if indexes is None else len(indexes)
        for done, (index, state, path, storages) in enumerate(self._states(indexes)):
            try:
                record = cell_record(index, state, self.benchmark)
                if self._take_weights is not None and storages is not None:
                    schedules = HP_SCHEDULES[self.benchmark.space]
                    give_weights(state, record.code, schedules, storages, self._take_weights)
            except SourceError as error:
                raise SourceError(f"{path}: {error}") from None
            self._tell("read", done + 1, self.count if count is None else count)
            yield record

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(stage, done, total)


class FileDigest(NamedTuple):
    """A file's size in bytes and its sha256, hexadecimal."""

    size: int
    sha256: str


def file_digest(path: Path) -> FileDigest:
    """Return the digest of a file. REQUIRES: a regular one; a pipe would be waited for."""
    with path_named(path), path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileDigest(stream.tell(), sha256)


def folder_source(
    folder: Path,
    files: list[Path],
    known: Mapping[Path, FileDigest],
    kind: str,
    container: str,
    progress: Progress | None,
) -> Source:
    """Return the Source of a folder: checksums over the sorted lines "name sha256" of `files`."""
    unknown = [path for path in files if path not in known]
    total, done, size = sum(path.stat().st_size for path in unknown), 0, 0
    lines = []
    for path in files:
        digest = known.get(path)
        if digest is None:
            digest = file_digest(path)
            done += digest.size
            if progress is not None:
                progress("checksum", done, total)
        size += digest.size
        lines.append(f"{path.name} {digest.sha256}\n")
    text = "".join(sorted(lines)).encode()
    md5 = hashlib.md5(text, usedforsecurity=False).hexdigest()
    name = folder.absolute().name
    return Source(kind, name, size, md5, hashlib.sha256(text).hexdigest(), container)


META_KEYS = ("meta_archs", "total_archs", "arch2infos", "evaluated_indexes")


def read_meta(value: Any, path: Path) -> Benchmark:
    """Return which benchmark an official top-level dict is of; its list of cells decides."""
    if not isinstance(value, dict) or set(map(shown, value)) != set(map(shown, META_KEYS)):
        found = ", ".join(map(shown, list(value)[:5])) if isinstance(value, dict) else type(value)
        raise SourceError(f"{path}: expected a dict of {', '.join(META_KEYS)}, found {found}")
    archs = value["meta_archs"]
    sizes = {len(space): name for name, space in SPACES.items()}
    if type(archs) is not list or len(archs) not in sizes:
        count = len(archs) if type(archs) is list else type(archs).__name__
        sizes_known = " or ".join(f"{size:,} ({name})" for size, name in sizes.items())
        raise SourceError(f"{path}: meta_archs: expected {sizes_known} strings, found {count}")
    name = sizes[len(archs)]
    space = SPACES[name]
    expected = _official_archs(name)
    if archs != expected:
        index = next(i for i in range(len(archs)) if archs[i] != expected[i])
        raise SourceError(
            f"{path}: meta_archs: index {index}: expected {expected[index]}, found {shown(archs[index])}"
        )
    if value["total_archs"] != len(space):
        raise SourceError(
            f"{path}: total_archs: expected {len(space)}, found {shown(value['total_archs'])}"
        )
    return OFFICIAL[name]


@cache
def _official_archs(name: str) -> list[str]:
    """Return the strings of all cells of a space, by official index. Spelling them takes longer than reading them."""
    space = SPACES[name]
    return [space.arch_str(code) for code in space.from_official_index(range(len(space))).tolist()]


def read_indexes(value: Any, path: Path, what: str, size: int) -> list[int]:
    """Return official indexes in ascending order; refuse what is none, or comes twice."""
    if not isinstance(value, (list, set, dict)):
        raise SourceError(f"{path}: {what}: expected indexes, found {type(value).__name__}")
    found = list(value)
    for index in found:
        if type(index) is not int or not 0 <= index < size:
            raise SourceError(f"{path}: {what}: {shown(index)} is not an index of 0..{size - 1}")
    if len(set(found)) != len(found):
        raise SourceError(f"{path}: {what}: an index comes twice")
    return sorted(found)
