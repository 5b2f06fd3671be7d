"""The benchmark as a folder of one file a cell: NATS-Bench, and the archive of NAS-Bench-201."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from nb201store.errors import SourceError
from nb201store.schema import TSS
from nb201store.space import SPACES
from nb201store.threads import made_ahead
from nb201store.upstream.containers import Loader
from nb201store.upstream.source import (
    FileDigest,
    Options,
    State,
    Upstream,
    file_digest,
    folder_source,
    read_indexes,
    read_meta,
)
from nb201store.upstream.watching import check_unchanged, file_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from nb201store.records import Source
    from nb201store.upstream.containers import Loaded
    from nb201store.upstream.source import Progress

META_FILE = "meta.pickle.pbz2"
NATS_FILE = re.compile(r"(\d{1,6})\.pickle\.pbz2", re.ASCII)
ARCHIVE_FILE = re.compile(r"(\d{6})-(FULL|SIMPLE)\.pth", re.ASCII)


class Folder(Upstream):
    """A folder of records, of which a few at a time are read."""

    container: str

    def __init__(self, path: Path, progress: Progress | None, options: Options) -> None:
        super().__init__(path, progress, options.take_weights)
        self._checksums = options.checksums
        self._files: dict[int, Path] = {}
        self._others: list[Path] = []
        self._digests: dict[Path, FileDigest] = {}
        self._loader = Loader(weights=options.take_weights is not None)

    def _settle(self, files: dict[int, Path]) -> None:
        """Take the record files, in ascending index, after checking that each is of a cell."""
        size = len(SPACES[self.benchmark.space])
        indexes = read_indexes(files, self.path, "file names", size)
        self._files = {index: files[index] for index in indexes}
        self.count = len(indexes)

    @cached_property
    def source(self) -> Source:
        """Name, size and checksums of the folder's files that are read."""
        files = [*self._others, *self._files.values()]
        return folder_source(
            self.path, files, self._digests, self.kind, self.container, self._progress
        )

    def _states(self, indexes: Collection[int] | None) -> Iterator[State]:
        done = 0
        files = self._files.items()
        wanted = files if indexes is None else [file for file in files if file[0] in indexes]
        try:
            for state, digest in made_ahead(self._load, wanted):
                if digest is not None:
                    self._digests[state.path] = digest
                yield state
                done += 1
        except SourceError as error:
            raise self._after(done, error) from None

    def _after(self, done: int, error: SourceError) -> SourceError:
        """`error` of one file, and how far the folder was read before it."""
        return SourceError(
            f"{error}; {done} of the folder's {self.count} architectures were read before it"
        )

    def _load(self, file: tuple[int, Path]) -> tuple[State, FileDigest | None]:
        """Read a record."""
        index, path = file
        loaded, digest = self._read(path)
        return State(index, loaded.value, path, loaded.storages), digest

    def _read(self, path: Path) -> tuple[Loaded, FileDigest | None]:
        """Read one file, and its checksum while the system holds it in memory; refuse it if it changes meanwhile."""
        before = file_state(path)
        loaded = self._loader.load(path)
        digest = file_digest(path) if self._checksums else None
        check_unchanged(path, before)
        return loaded, digest


class NatsFolder(Folder):
    """`meta.pickle.pbz2` and `000000.pickle.pbz2`... (or `0.pickle.pbz2`...)."""

    kind = "nats-folder"
    container = "bz2"

    def __init__(self, path: Path, progress: Progress | None, options: Options) -> None:
        super().__init__(path, progress, options)
        meta = path / META_FILE
        loaded, digest = self._read(meta)
        value = loaded.value
        if digest is not None:
            self._digests[meta] = digest
        self.benchmark = read_meta(value, meta)
        self._others = [meta]
        if value["arch2infos"]:
            raise SourceError(f"{meta}: arch2infos: expected none in a folder's meta file")
        self._settle(nats_files(path))
        size = len(SPACES[self.benchmark.space])
        listed = read_indexes(value["evaluated_indexes"], meta, "evaluated_indexes", size)
        # Genuine meta files list nothing.
        if listed and listed != list(self._files):
            odd = min(set(listed) ^ set(self._files))
            raise SourceError(
                f"{meta}: evaluated_indexes: not the files of the folder: index {odd} is only "
                f"{'a file' if odd in self._files else 'listed'}"
            )


class ArchiveFolder(Folder):
    """`000000-FULL.pth`..., where there is none `000000-SIMPLE.pth`; always the topology space."""

    kind = "archive"
    container = "torch-legacy"
    benchmark = TSS

    def __init__(self, path: Path, progress: Progress | None, options: Options) -> None:
        super().__init__(path, progress, options)
        files: dict[int, Path] = {}
        for file in sorted(path.iterdir()):  # FULL comes before SIMPLE
            named = ARCHIVE_FILE.fullmatch(file.name)
            if named:
                files.setdefault(int(named[1]), file)
        self._settle(files)
        try:
            self.container = self._loader.load(next(iter(self._files.values()))).container
        except SourceError as error:
            raise self._after(0, error) from None


def nats_files(folder: Path) -> dict[int, Path]:
    """Return the record files of a NATS-Bench folder by official index."""
    files: dict[int, Path] = {}
    for file in sorted(folder.iterdir()):
        named = NATS_FILE.fullmatch(file.name)
        if named:
            other = files.setdefault(int(named[1]), file)
            if other is not file:
                raise SourceError(f"{folder}: both {other.name} and {file.name} are there")
    return files


def open_folder(path: Path, progress: Progress | None, options: Options) -> Upstream:
    """Return the reader of a folder, by the names of its files."""
    if (path / "zarr.json").exists():
        raise SourceError(
            f"{path}: this is a Zarr folder, not an official source; `nb201 pack` makes an archive's image, "
            "and another archive is a copy of the folder"
        )
    if (path / META_FILE).exists():
        if not nats_files(path):
            raise SourceError(f"{path}: expected 000000.pickle.pbz2... beside {META_FILE}")
        return NatsFolder(path, progress, options)
    if any(ARCHIVE_FILE.fullmatch(file.name) for file in path.iterdir()):
        return ArchiveFolder(path, progress, options)
    if nats_files(path):
        raise SourceError(
            f"{path}: records without {META_FILE}: an incomplete copy, or -simple records of "
            f"before NATS-Bench 1.0; put the {META_FILE} of the same release beside them"
        )
    raise SourceError(
        f"{path}: expected a folder of {META_FILE} and 000000.pickle.pbz2..., or of "
        "000000-FULL.pth..., found neither"
    )
