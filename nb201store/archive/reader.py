"""A Zarr v3 archive to records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import hits as hits_codec
from nb201store.archive import layout
from nb201store.errors import FormatError, VersionError
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.space import SPACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import zarr

    from nb201store.archive.staging import Array
    from nb201store.schema import Benchmark, Dataset


def open_archive(path: str | Path) -> Archive:
    """Open an archive for reading.

    Raises
    ------
    FileNotFoundError  nothing is there
    FormatError        it is no archive of ours, or a damaged one
    VersionError       it was written by a newer format
    """
    return Archive(Path(path))


def read_records(path: str | Path) -> Iterator[CellRecord]:
    """Yield every cell of an archive, in ascending code, as it was recorded."""
    archive = open_archive(path)
    for code in archive.codes():
        yield archive.cell(int(code))


class Group:
    """The trials of one schedule on one data set, as arrays; blocks of codes are read when first touched.

    `seeds`: int32, ascending. `split_epochs`: int32 epochs of each split that has scores. `block(first)` gives the
    arrays of `layout.CODES_PER_BLOCK` codes from `first` on, by name ("params_m", "x-valid/hits", ...).
    """

    def __init__(self, archive: Archive, schedule: int, dataset: Dataset) -> None:
        self.schedule = schedule
        self.dataset = dataset
        self.prefix = f"{schedule}/{dataset.name}"
        self._archive = archive
        self._blocks: dict[int, dict[str, Array]] = {}
        self.names = archive.array_names(self.prefix)
        self.splits = [
            s for s in dataset.splits if any(n.startswith(f"{s.name}/") for n in self.names)
        ]
        self.time_splits = [str(name) for name in self.read("split")]
        self.seeds: Array = self.read("seed")
        self.split_epochs = {s.name: self.read(f"{s.name}/epoch") for s in self.splits}
        self.last = {
            s.name: hits_codec.last_batch(s.images, archive.benchmark.batch) for s in dataset.splits
        }
        sets = archive.attributes(self.prefix).get("time_epoch_sets", [])
        self.time_epoch_sets = [layout.epochs_of(runs) for runs in sets]

    def has(self, name: str) -> bool:
        """Whether the group has the array `name`."""
        return name in self.names

    def read(self, name: str, first: int | None = None, past: int | None = None) -> Array:
        """Read a whole array, or its codes first..past-1."""
        return self._archive.read(f"{self.prefix}/{name}", first, past)

    def block(self, first: int, *, keep: bool = False) -> Mapping[str, Array]:
        """Arrays over the block of codes that starts at `first`; with `keep` earlier blocks stay in memory."""
        if first not in self._blocks:
            if not keep:
                self._blocks.clear()
            past = min(first + layout.CODES_PER_BLOCK, len(SPACES[self._archive.benchmark.space]))
            skip = {"code", "seed", "epoch", "split"}
            wanted = [name for name in self.names if name.rsplit("/", 1)[-1] not in skip]
            self._blocks[first] = {name: self.read(name, first, past) for name in wanted}
        return self._blocks[first]


class Archive:
    """An open archive: what it describes, which cells it has, and each of them as records.

    `keep_blocks` keeps decoded blocks in memory, for reading cells in another order than ascending codes.
    """

    def __init__(self, path: Path, *, keep_blocks: bool = False) -> None:
        import zarr

        self.path = path
        self.keep_blocks = keep_blocks
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such archive")
        try:
            self._root = zarr.open_group(path, mode="r", zarr_format=3)
            attributes: dict[str, Any] = {**self._root.attrs}
            version = attributes["nb201store_archive"]
        except (KeyError, ValueError, TypeError, FileNotFoundError, NotADirectoryError) as problem:
            raise FormatError(
                f"{path} is not an nb201store archive (a Zarr v3 folder made by nb201 convert)"
            ) from problem
        if version != layout.ARCHIVE_VERSION:
            raise VersionError(
                f"{path}: archive format {version}, this reader knows {layout.ARCHIVE_VERSION}"
            )
        try:
            self.benchmark: Benchmark = layout.benchmark_from_json(attributes["benchmark"])
            self.sources = tuple(Source(**source) for source in attributes["sources"])
            self.written_by = str(attributes["written_by"])
            self.cell_forms: list[str] = attributes["cell_forms"]
            self.trial_forms: list[str] = attributes["trial_forms"]
            self.space = SPACES[self.benchmark.space]
        except (KeyError, TypeError, ValueError) as problem:
            raise FormatError(
                f"{path}: attributes of the archive's root are damaged: {problem!r}"
            ) from problem
        self.groups = [
            Group(self, schedule, dataset)
            for schedule in sorted(int(name) for name, _ in self._root.groups())
            for dataset in self.benchmark.datasets
            if f"{schedule}/{dataset.name}" in self._root
        ]
        self._present: Array = self.read("present")
        self._form: Array = self.read("form")

    @property
    def loss_dtype(self) -> np.dtype[Any]:
        """float32, or float64 in an archive converted with `--loss float64`."""
        for group in self.groups:
            for split in group.splits:
                if group.has(f"{split.name}/loss"):
                    return self.read(f"{group.prefix}/{split.name}/loss", 0, 0).dtype
        return np.dtype("<f4")

    def codes(self) -> Array:
        """Codes of the cells that have results, ascending."""
        return np.flatnonzero(self._present)

    def array_names(self, prefix: str) -> list[str]:
        """Names of all arrays below a group, relative to it."""
        return [
            name
            for name, node in self._group(prefix).members(max_depth=None)
            if hasattr(node, "shape")
        ]

    def attributes(self, prefix: str) -> dict[str, Any]:
        """Attributes of the group at `prefix`."""
        return dict(self._group(prefix).attrs)

    def _group(self, prefix: str) -> zarr.Group:
        return self._root.require_group(prefix) if not prefix else self._root[prefix]  # type: ignore[return-value]

    def read(self, name: str, first: int | None = None, past: int | None = None) -> Array:
        """Read an array, or rows first..past-1 of it; damage is a FormatError that names it."""
        try:
            array = self._root[name]
            values: Array = np.asarray(array[first:past])  # type: ignore[index]
        except KeyError as problem:
            raise FormatError(f"{self.path}: the array {name} is missing") from problem
        except (ValueError, RuntimeError, OSError) as problem:
            raise FormatError(
                f"{self.path}: the array {name} cannot be read: {problem}"
            ) from problem
        return values

    def has(self, code: int) -> bool:
        """Whether the cell has results."""
        return 0 <= code < len(self._present) and bool(self._present[code])

    def cell(self, code: int) -> CellRecord:
        """Return everything recorded for one cell. REQUIRES: has(code)."""
        first = code // layout.CODES_PER_BLOCK * layout.CODES_PER_BLOCK
        trials = []
        for group in self.groups:
            block = group.block(first, keep=self.keep_blocks)
            row = code - first
            trials += [
                self._trial(group, block, code, row, slot)
                for slot in np.flatnonzero(block["present"][row]).tolist()
            ]
        return CellRecord(
            code, tuple(trials), self._form_text(self.cell_forms, self._form[code], "form")
        )

    def _form_text(self, forms: list[str], place: Any, where: str) -> str:
        if place >= len(forms):
            raise FormatError(f"{self.path}: {where}: form {place} of {len(forms)}")
        return str(forms[place])

    def _trial(
        self, group: Group, block: Mapping[str, Array], code: int, row: int, slot: int
    ) -> TrialRecord:
        at = (row, slot)
        splits = {}
        for split in group.dataset.splits:
            scores = _scores(group, block, split.name, split.images, at)
            record = SplitRecord(**scores, time=_time(group, block, split.name, at))
            if record.series():
                splits[split.name] = record
        count = int(block["latency_count"][at])
        latency = tuple(float(v) for v in block["latency_s"][at][:count]) if count else ()
        form = self._form_text(self.trial_forms, block["form"][at], f"{group.prefix}/form")
        costs = {
            name: float(block[name][at]) if block[f"{name}_present"][at] else None
            for name in ("params_m", "flops_m")
        }
        return TrialRecord(
            code, group.dataset.name, group.schedule, int(group.seeds[slot]), splits,
            costs["params_m"], costs["flops_m"], latency or None, form,
        )  # fmt: skip


def _scores(
    group: Group, block: Mapping[str, Array], split: str, images: int, at: tuple[int, int]
) -> dict[str, Series | None]:
    """Accuracy, loss and top-5 of one trial on one split."""
    out: dict[str, Series | None] = {"accuracy": None, "loss": None, "top5": None}
    for prefix, metric in (("", "accuracy"), ("top5_", "top5")):
        if f"{split}/{prefix}present" not in block:
            continue
        there = block[f"{split}/{prefix}present"][at]
        if not there.any():
            continue
        epochs = group.split_epochs[split][there]
        hits = block[f"{split}/{prefix}hits"][at][there]
        last = group.last[split]
        last_hits = block[f"{split}/{prefix}last_hits"][at][there] if last else None
        out[metric] = Series(epochs, hits_codec.decode(hits, last_hits, images, last))
        if metric == "accuracy":
            out["loss"] = Series(epochs, block[f"{split}/loss"][at][there].astype(np.float64))
    return out


def _time(
    group: Group, block: Mapping[str, Array], split: str, at: tuple[int, int]
) -> Series | None:
    """Seconds per epoch of one trial on one split, unfolded."""
    place = (*at, group.time_splits.index(split))
    which = int(block["time_epoch_set"][place])
    if which == 0:
        return None
    epochs = group.time_epoch_sets[which - 1]
    if block["time_varies"][place]:
        return Series(epochs, block["epoch_time"][place][epochs])
    return Series(epochs, np.full(len(epochs), block["time"][place]))
