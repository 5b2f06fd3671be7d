"""Types of the C++ core. Written by hand; `make check` compares it with the built module (mypy.stubtest)."""

import os
from collections.abc import Buffer, Callable, Sequence
from typing import Any, Literal, SupportsIndex, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import NDArray

_Seed: TypeAlias = SupportsIndex | Literal["mean"]
_Codes: TypeAlias = NDArray[np.integer[Any]] | Sequence[Any] | SupportsIndex
_Masked: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]

def crc32c(data: Buffer, crc: int = 0) -> int: ...

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

class _Section(TypedDict):
    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    size: int
    crc32c: int
    required: bool

@final
class Column:
    def __len__(self) -> int: ...
    def __getitem__(self, code: SupportsIndex) -> float: ...
    def take(self, codes: _Codes) -> _Masked: ...
    def array(self) -> _Masked: ...

@final
class Image:
    def __init__(
        self, path: str | os.PathLike[str], mode: str = "mmap", check: bool = False
    ) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def space(self) -> str: ...
    @property
    def cells(self) -> int: ...
    def describe(self) -> _Description: ...
    def sections(self) -> list[_Section]: ...
    def section(self, name: str) -> NDArray[Any]: ...
    def has_section(self, name: str) -> bool: ...
    def check(self, progress: Callable[[int, int], object] | None = None) -> None: ...
    def value(
        self,
        code: SupportsIndex,
        dataset: str,
        split: str,
        metric: str,
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
        split: str,
        metric: str,
        schedule: SupportsIndex,
        epoch: SupportsIndex,
        seed: _Seed,
    ) -> Column: ...
    def trial_column(
        self, dataset: str, metric: str, schedule: SupportsIndex, seed: _Seed
    ) -> Column: ...
    def trial_value(
        self, code: SupportsIndex, dataset: str, metric: str, schedule: SupportsIndex, seed: _Seed
    ) -> float: ...
    def trial_list(
        self,
        code: SupportsIndex,
        dataset: str,
        metric: str,
        schedule: SupportsIndex,
        seed: SupportsIndex,
    ) -> tuple[float, ...]: ...
    def seeds(
        self, code: SupportsIndex, dataset: str, schedule: SupportsIndex
    ) -> tuple[int, ...]: ...
    def epochs(
        self, dataset: str, split: str, metric: str, schedule: SupportsIndex
    ) -> tuple[int, ...]: ...
