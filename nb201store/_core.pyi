"""Types of the C++ core. Written by hand; `make check` compares it with the built module (mypy.stubtest)."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, SupportsIndex, TypeAlias, TypedDict, overload

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Buffer

_Seed: TypeAlias = SupportsIndex | Literal["mean"]
_Codes: TypeAlias = NDArray[np.integer[Any]] | Sequence[Any] | SupportsIndex
_Masked: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]

def crc32c(data: Buffer, crc: int = 0) -> int: ...

# Percentages (bind_hits.cpp)
def find_hits(
    percent: NDArray[np.float64], images: int, last_batch: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.bool_]]: ...

# Search spaces (bind_space.cpp)
def tss_code_to_ops(code: int) -> list[int]: ...
def tss_ops_to_code(ops: list[int] | tuple[int, ...]) -> int: ...
def tss_code_to_arch_str(code: int) -> str: ...
def tss_arch_str_to_code(arch_str: str) -> int: ...
def tss_neighbours(code: int) -> list[int]: ...
def tss_representative(code: int) -> int: ...
def tss_code_to_official_index(code: int) -> int: ...
def tss_official_index_to_code(index: int) -> int: ...
def tss_unique_str(code: int, consider_zero: bool | None) -> str: ...
def sss_code_to_ops(code: int) -> list[int]: ...
def sss_ops_to_code(ops: list[int] | tuple[int, ...]) -> int: ...
def sss_code_to_arch_str(code: int) -> str: ...
def sss_arch_str_to_code(arch_str: str) -> int: ...
def sss_neighbours(code: int) -> list[int]: ...
def sss_representative(code: int) -> int: ...
def sss_code_to_official_index(code: int) -> int: ...
def sss_official_index_to_code(index: int) -> int: ...
def sss_unique_str(code: int, consider_zero: bool | None) -> str: ...

# Costs of networks (bind_cost.cpp): parameters and multiply-adds
def tss_cost(
    code: SupportsIndex,
    classes: int,
    image_size: int,
    channels: int,
    cells: int,
    in_channels: int,
) -> tuple[int, int]: ...
def tss_costs(
    classes: int, image_size: int, channels: int, cells: int, in_channels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
def sss_cost(
    code: SupportsIndex,
    classes: int,
    image_size: int,
    channels: int,
    cells: int,
    in_channels: int,
) -> tuple[int, int]: ...
def sss_costs(
    classes: int, image_size: int, channels: int, cells: int, in_channels: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...

class _Split(TypedDict):
    name: str
    images: int
    last_batch: int

class _Dataset(TypedDict):
    name: str
    classes: int
    image_size: int
    splits: list[_Split]

class _Group(TypedDict):
    schedule: int
    dataset: str
    seeds: list[int]
    rows: int

class _Column(TypedDict):
    schedule: int
    dataset: str
    split: str | None
    metric: str
    encoding: str
    epochs: list[int]

class _UserColumn(TypedDict):
    name: str
    unit: str
    values: int

class _Description(TypedDict):
    reader_version: int
    writer_version: int
    space: str
    cells: int
    positions: int
    choices: list[str]
    channels: int
    cells_per_stage: int
    in_channels: int
    batch: int
    datasets: list[_Dataset]
    groups: list[_Group]
    columns: list[_Column]
    user_columns: list[_UserColumn]

class _Section(TypedDict):
    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    crc32c: int
    required: bool

class _ColumnSections(TypedDict):
    rows: NDArray[np.int32]
    data: NDArray[Any]
    extra: NDArray[Any] | None
    present: NDArray[np.uint8] | None
    seeds: list[int]
    epochs: list[int]
    trials: int
    schedule: int
    metric: int
    encoding: int
    images: int
    last_batch: int

class Column:
    @overload
    def __init__(self, image: Image, name: str) -> None: ...
    @overload
    def __init__(
        self,
        image: Image,
        dataset: str,
        split: str | None,
        metric: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, code: SupportsIndex, /) -> float: ...
    def take(self, codes: _Codes, threads: int = 1) -> _Masked: ...
    def array(self) -> _Masked: ...

class Image:
    def __init__(
        self, path: str | os.PathLike[str], mode: str = "mmap", check: bool = False
    ) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def fingerprint(self) -> int: ...
    @property
    def space(self) -> str: ...
    @property
    def cells(self) -> int: ...
    def describe(self) -> _Description: ...
    def sections(self) -> list[_Section]: ...
    def section(self, name: str) -> NDArray[Any]: ...
    def section_bytes(self, name: str) -> bytes: ...
    def has_section(self, name: str) -> bool: ...
    def check(self, progress: Callable[[int, int], object] | None = None) -> None: ...
    def value(
        self,
        code: SupportsIndex,
        dataset: str,
        split: str | None,
        metric: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
    ) -> float: ...
    def best_epoch(
        self,
        code: SupportsIndex,
        dataset: str,
        split: str,
        metric: str,
        schedule: SupportsIndex,
        seed: _Seed,
    ) -> tuple[int, float]: ...
    def simulated_cost(
        self,
        code: SupportsIndex,
        dataset: str,
        split: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
    ) -> float: ...
    def curve(
        self,
        code: SupportsIndex,
        dataset: str,
        split: str,
        metric: str,
        schedule: SupportsIndex,
        seed: _Seed,
    ) -> _Masked: ...
    def column(
        self,
        dataset: str,
        split: str | None,
        metric: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
    ) -> Column: ...
    def user_column(self, name: str) -> Column: ...
    # Batches (bind_batch.cpp): flat arrays
    def gather(
        self,
        codes: _Codes,
        dataset: str,
        split: str,
        metric: str,
        schedule: SupportsIndex,
        epochs: _Codes,
        seeds: _Codes | Literal["mean"],
        threads: int = 1,
    ) -> _Masked: ...
    def best_epochs(
        self,
        codes: _Codes,
        dataset: str,
        split: str,
        metric: str,
        schedule: SupportsIndex,
        seed: _Seed,
        threads: int = 1,
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]: ...
    def simulated_costs(
        self,
        codes: _Codes,
        dataset: str,
        split: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
        threads: int = 1,
    ) -> _Masked: ...
    def seed_counts(
        self, codes: _Codes, dataset: str, schedule: SupportsIndex
    ) -> NDArray[np.int64]: ...
    def neighbour_codes(self, codes: _Codes) -> NDArray[np.int64]: ...
    def trial_list(
        self,
        code: SupportsIndex,
        dataset: str,
        metric: str,
        schedule: SupportsIndex,
        seed: SupportsIndex,
    ) -> tuple[float, ...]: ...
    def column_sections(
        self, dataset: str, split: str | None, metric: str, schedule: SupportsIndex
    ) -> _ColumnSections: ...
    def row_table(self, dataset: str, schedule: SupportsIndex) -> NDArray[np.int32]: ...
    def seeds(
        self, code: SupportsIndex, dataset: str, schedule: SupportsIndex
    ) -> tuple[int, ...]: ...
    def epochs(
        self, dataset: str, split: str, metric: str, schedule: SupportsIndex
    ) -> tuple[int, ...]: ...
    def where(self, conditions: Sequence[str], dataset: str | None) -> NDArray[np.bool_]: ...
    def top(
        self,
        n: int,
        by: Column,
        order: str | None,
        conditions: Sequence[str],
        mask: NDArray[np.bool_] | None,
        dataset: str | None,
    ) -> list[tuple[int, float]]: ...
    def cost(self, code: SupportsIndex, dataset: str) -> tuple[float, float]: ...

# Pickles of official files (bind_pickle.cpp, pickle_objects.cpp)
class _PickleFile(Protocol):
    def read(self, size: int, /) -> bytes: ...

_PickleSource: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes] | _PickleFile

class PickleReader:
    def __init__(
        self,
        source: _PickleSource,
        what: str,
        *,
        packed: Callable[
            [
                Literal["dict", "OrderedDict"],
                tuple[int, ...] | tuple[str, ...],
                Literal["float", "float64"],
                NDArray[np.float64],
            ],
            object,
        ],
        weights: object,
        parts: Callable[[str, tuple[Any, ...]], object] | None = None,
    ) -> None: ...
    def open(self, source: _PickleSource, what: str) -> None: ...
    def read(self) -> Any: ...
    def items(self) -> PickleReader: ...
    def __iter__(self) -> PickleReader: ...
    def __next__(self) -> tuple[tuple[Any, ...], Any]: ...
    def at_end(self) -> bool: ...
    def storages(self) -> dict[str, tuple[str, int]]: ...
    @property
    def texts(self) -> int: ...
    @property
    def container(self) -> Literal["dict", "OrderedDict"] | None: ...
    @property
    def offset(self) -> int: ...
    @property
    def cells(self) -> int: ...
    @property
    def memo_bytes(self) -> int: ...
