"""The benchmark in one file: `NAS-Bench-201-v1_*.pth`, and NATS-Bench's `.pickle.pbz2`."""

from __future__ import annotations

import re
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nb201store.errors import SourceError, SourceWarning
from nb201store.space import SPACES
from nb201store.upstream.checksums import FileChecksums
from nb201store.upstream.containers import load
from nb201store.upstream.forms import shown
from nb201store.upstream.objects import HP_SCHEDULES
from nb201store.upstream.source import Upstream, read_indexes, read_meta

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nb201store.records import Source
    from nb201store.schema import Benchmark
    from nb201store.upstream.source import Progress

# Official names end in the end of the file's md5.
_NAMED = re.compile(r"(?:NAS-Bench-201|NATS-[a-z]+)-v\d_\d-([0-9a-f]{5,32})\.(?:pth|pickle\.pbz2)")


class SingleFile(Upstream):
    """One official file. All of it is loaded; every cell is dropped once it is a record."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        super().__init__(path, progress)
        self._infos: dict[int, Any] | None = None
        # A pipe would be waited for: loading refuses it.
        self._checksums = FileChecksums(path) if path.is_file() else None
        try:
            self._infos, self.benchmark, self._container = self._load()
            self.count = len(self._infos)
            self.kind = _kind(self._infos, path)
            self._check_name()
        except BaseException:
            self.close()
            raise

    def _load(self) -> tuple[dict[int, Any], Benchmark, str]:
        loaded = load(self.path)
        if _is_record(loaded.value):
            raise SourceError(
                f"{self.path}: this is one cell of a folder of records; give the folder"
            )
        benchmark = read_meta(loaded.value, self.path)
        infos = loaded.value["arch2infos"]
        if type(infos) is not dict or not infos:
            raise SourceError(f"{self.path}: arch2infos: expected the cells, found {shown(infos)}")
        size = len(SPACES[benchmark.space])
        held = read_indexes(infos, self.path, "arch2infos", size)
        listed = read_indexes(
            loaded.value["evaluated_indexes"], self.path, "evaluated_indexes", size
        )
        if held != listed:
            odd = min(set(held) ^ set(listed))
            raise SourceError(
                f"{self.path}: evaluated_indexes: not the keys of arch2infos: index {odd} "
                f"is only in {'arch2infos' if odd in infos else 'evaluated_indexes'}"
            )
        return infos, benchmark, loaded.container

    def close(self) -> None:
        """Drop what is held in memory."""
        self._infos = None
        if self._checksums is not None:
            self._checksums.stop()
            self._checksums = None

    @cached_property
    def source(self) -> Source:
        """Name, size and checksums of the file."""
        checksums = self._checksums or FileChecksums(self.path)
        return checksums.source(self.kind, self._container, self._progress)

    def _states(self) -> Iterator[tuple[int, Any, Path]]:
        # A second iteration loads again: keeping a full file would cost tens of gigabytes.
        infos = self._load()[0] if self._infos is None else self._infos
        self._infos = None
        for index in sorted(infos):
            yield index, infos.pop(index), self.path

    def _check_name(self) -> None:
        named = _NAMED.fullmatch(self.path.absolute().name)
        if named and not self.source.md5.endswith(named[1]):
            warnings.warn(
                f"{self.path}: the name says that the md5 ends in {named[1]}, but it is "
                f"{self.source.md5}: not the published file",
                SourceWarning,
                stacklevel=4,
            )


def _is_record(value: Any) -> bool:
    hps = {hp for known in HP_SCHEDULES.values() for hp in known}
    return isinstance(value, dict) and bool(value) and all(key in hps for key in value)


def _kind(infos: dict[int, Any], path: Path) -> str:
    """Tell the kinds apart: by hyper-parameter keys, and v1_0 by 200 epochs without times."""
    first = infos[min(infos)]
    hps = list(first) if isinstance(first, dict) else []
    if not hps or not _is_record(first):
        raise SourceError(f"{path}: index {min(infos)}: expected trials by hyper-parameters")
    if not {"full", "less"}.intersection(hps):
        return "nats-file"
    for states in infos.values():
        full = states.get("full") if isinstance(states, dict) else None
        results = full.get("all_results") if isinstance(full, dict) else None
        for trial in results.values() if isinstance(results, dict) else ():
            timed = isinstance(trial, dict) and trial.get("train_times") is not None
            return "v1_1" if timed else "v1_0"
    return "v1_1"
