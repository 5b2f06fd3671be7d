"""A Zarr v3 archive to records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive import layout
from nb201store.archive.group import Group
from nb201store.archive.trial_table import ArchiveTrials
from nb201store.archive.weights_arrays import read_listing
from nb201store.errors import FormatError, VersionError
from nb201store.records import CellRecord, Source, SplitRecord, TrialRecord
from nb201store.space import SPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import NoReturn

    import zarr

    from nb201store.archive.row_tables import Array
    from nb201store.schema import Benchmark
    from nb201store.weights.listing import Listing

    Progress = Callable[[str, int, int], None]

# What zarr and the standard library raise on metadata and chunks that are not what they should be.
_DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, FileNotFoundError, LookupError, MemoryError,
    NotADirectoryError, RecursionError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


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


class Archive:
    """An open archive: what it describes, which cells it has, and each of them as records.

    `has_results`: bool, of each code. `keep_blocks` keeps decoded blocks in memory, for reading cells in
    another order than ascending codes.
    """

    def __init__(self, path: Path, *, keep_blocks: bool = False) -> None:
        self.path = path
        self.keep_blocks = keep_blocks
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such archive")
        attributes = self._open()
        try:
            self._describe(attributes)
        except _DAMAGE as problem:
            raise FormatError(
                f"{path}: attributes of the archive's root are damaged: {problem!r}"
            ) from problem
        # Blocks of codes that hold cells: their chunks must be there in every array. None: all blocks.
        self._filled: set[int] | None = None
        self.has_results: Array = self._column("present", "b")
        self._form: Array = self._column("form", "u")
        self._filled = set((self.codes() // layout.CODES_PER_BLOCK).tolist())
        self.groups = [
            Group(self, schedule, dataset)
            for schedule in self._schedules()
            for dataset in self.benchmark.datasets
            if f"{schedule}/{dataset.name}" in self._names
        ]

    def _open(self) -> dict[str, Any]:
        """Open the root group and list what lies below it; return its attributes."""
        import zarr

        try:
            self._root = zarr.open_group(self.path, mode="r", zarr_format=3)
            attributes: dict[str, Any] = {**self._root.attrs}
            version = attributes["nb201store_archive"]
            self._names = [name for name, _ in self._root.members(max_depth=None)]
        except _DAMAGE as problem:
            raise FormatError(
                f"{self.path} is not an nb201store archive (a Zarr v3 folder made by nb201 convert), "
                f"or its zarr.json is damaged: {_one_line(problem)}"
            ) from problem
        if version != layout.ARCHIVE_VERSION:
            raise VersionError(
                f"{self.path}: archive format {version!r}, this reader knows {layout.ARCHIVE_VERSION}; "
                "a newer nb201store reads it"
            )
        return attributes

    def _describe(self, attributes: dict[str, Any]) -> None:
        self.benchmark: Benchmark = layout.benchmark_from_json(attributes["benchmark"])
        self.sources = tuple(Source(**source) for source in attributes["sources"])
        self.merged = layout.merged_from_json(attributes.get("merged"))
        self._weights_about = attributes.get("weights")
        self.written_by = str(attributes["written_by"])
        self.cell_forms = [str(form) for form in attributes["cell_forms"]]
        self.trial_forms = [str(form) for form in attributes["trial_forms"]]
        self.space = SPACES[self.benchmark.space]
        images = [split.images for dataset in self.benchmark.datasets for split in dataset.splits]
        if self.benchmark.batch < 1 or min(images, default=1) < 1:
            raise ValueError("a batch or a split of no images")

    def _schedules(self) -> list[int]:
        return sorted(int(name) for name in self._names if name.isascii() and name.isdigit())

    def _column(self, name: str, kind: str) -> Array:
        """One of the root's arrays over all codes."""
        values = self.read(name)
        if values.shape != (len(self.space),) or values.dtype.kind != kind:
            expected = f"{len(self.space)} {'booleans' if kind == 'b' else 'unsigned integers'}"
            self.refuse(name, expected, f"{values.dtype} {values.shape}")
        return values

    @property
    def loss_dtype(self) -> np.dtype[Any]:
        """float32, or float64 in an archive converted with `--loss float64`."""
        for group in self.groups:
            for split in group.splits:
                if group.has(f"{split.name}/loss"):
                    return self.read(f"{group.prefix}/{split.name}/loss", 0, 0).dtype
        return np.dtype("<f4")

    def weights(self) -> Listing | None:
        """The weights files that lie beside the archive, by trial; None where it was converted without."""
        return read_listing(self.path, self._weights_about, self.groups)

    def codes(self) -> Array:
        """Codes of the cells that have results, ascending."""
        return np.flatnonzero(self.has_results)

    def array_names(self, prefix: str) -> list[str]:
        """Names of all arrays below a group, relative to it."""
        below = f"{prefix}/" if prefix else ""
        names = [name for name in self._names if name.startswith(below)]
        return [name.removeprefix(below) for name in names if hasattr(self._root[name], "shape")]

    def attributes(self, prefix: str) -> dict[str, Any]:
        """Attributes of the group at `prefix`."""
        return {**self._root[prefix].attrs}

    def array(self, name: str) -> zarr.Array[Any]:
        """The array `name`, not yet read; FormatError where there is none."""
        import zarr

        try:
            found = self._root[name]
        except _DAMAGE as problem:
            raise FormatError(f"{self.path}: the array {name} is missing") from problem
        if not isinstance(found, zarr.Array):
            raise FormatError(f"{self.path}: {name} is a group; expected an array")
        return found

    def read(self, name: str, first: int | None = None, past: int | None = None) -> Array:
        """Read an array, or rows first..past-1 of it; damage is a FormatError that names it."""
        array = self.array(name)
        try:
            missing = self._missing_chunk(array, name, first, past)
            values: Array = np.asarray(array[first:past])
        except _DAMAGE as problem:
            raise FormatError(
                f"{self.path}: the array {name} cannot be read: {_one_line(problem)}"
            ) from problem
        if missing is not None:
            raise FormatError(f"{self.path}: the array {name} lacks its chunk {missing}")
        return values

    def _missing_chunk(
        self, array: zarr.Array[Any], name: str, first: int | None, past: int | None
    ) -> str | None:
        """The first chunk that should be there and is not: Zarr would read it as fill values, in silence."""
        step = array.chunks[0]
        begin, end, _ = slice(first, past).indices(array.shape[0])
        for chunk in range(begin // step, -(-end // step)):
            blocks = range(
                chunk * step // layout.CODES_PER_BLOCK,
                -(-(chunk + 1) * step // layout.CODES_PER_BLOCK),
            )
            if self._filled is None or step >= array.shape[0] or self._filled.intersection(blocks):
                key = array.metadata.encode_chunk_key((chunk, *[0] * (len(array.shape) - 1)))
                if not (self.path / name / key).is_file():
                    return key
        return None

    def refuse(self, name: str, expected: str, found: object) -> NoReturn:
        """Raise FormatError about an array."""
        shown = " ".join(str(found).split())[:120]
        raise FormatError(f"{self.path}: the array {name}: expected {expected}, found {shown}")

    def check(self, progress: Progress | None = None) -> int:
        """Read every chunk by its checksum and decode every cell; return how many cells there are."""
        size = len(self.space)
        for name in self.array_names(""):
            if name.rsplit("/", 1)[-1] == "code" and self.read(name).tolist() != list(range(size)):
                self.refuse(name, f"0..{size - 1}", "others")
            elif name.rsplit("/", 1)[-1] in ("arch_str", "seed", "epoch"):
                self.read(name)
        for group in self.groups:
            group.read_present()
        codes = self.codes().tolist()
        for done, code in enumerate(codes):
            if progress is not None:
                progress("check", done + 1, len(codes))
            self.cell(code)
        return len(codes)

    def has(self, code: int) -> bool:
        """Whether the cell has results."""
        return 0 <= code < len(self.has_results) and bool(self.has_results[code])

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
        return CellRecord(code, tuple(trials), self.cell_form(code))

    def cell_form(self, code: int) -> str:
        """The form of a cell. REQUIRES: has(code)."""
        return self.form_text(self.cell_forms, int(self._form[code]), "form")

    def trial_tables(self) -> dict[tuple[int, str], ArchiveTrials]:
        """All trials as rows, by (schedule, data set)."""
        return {
            (group.schedule, group.dataset.name): ArchiveTrials(self, group)
            for group in self.groups
        }

    def form_text(self, forms: list[str], place: int, where: str) -> str:
        """One of `forms`; FormatError about the array `where` if there are not so many."""
        if place >= len(forms):
            self.refuse(where, f"a place among {len(forms)} forms", place)
        return forms[place]

    def _trial(
        self, group: Group, block: Mapping[str, Array], code: int, row: int, slot: int
    ) -> TrialRecord:
        at = (row, slot)
        splits = {}
        for split in group.dataset.splits:
            scores = group.scores(block, split, at)
            record = SplitRecord(**scores, time=group.time(block, split, at))
            if record.series():
                splits[split.name] = record
        form = group.form_text(int(block["form"][at]))
        costs = {
            name: float(block[name][at]) if block[f"{name}_present"][at] else None
            for name in ("params_m", "flops_m")
        }
        return TrialRecord(
            code, group.dataset.name, group.schedule, int(group.seeds[slot]), splits,
            costs["params_m"], costs["flops_m"], group.latency(block, at), form,
        )  # fmt: skip


def _one_line(problem: BaseException) -> str:
    if isinstance(problem, KeyError):  # whose text is the key alone
        return f"it lacks {problem}"
    return " ".join(str(problem).split())[:200] or type(problem).__name__
