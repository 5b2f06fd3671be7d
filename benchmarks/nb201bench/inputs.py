"""What workloads are asked on: the image, the peers' files of the same cells, and the questions."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

import nb201store as nb
from nb201bench import page_cache

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Column(NamedTuple):
    """Dataset, split, metric and schedule, as the words of a question."""

    dataset: str
    split: str
    metric: str
    schedule: int


# What nearly every search reads, last epoch of the 200-epoch run, of the seed that every cell has.
VALIDATION = Column("cifar10-valid", "x-valid", "accuracy", 200)
VALIDATION_12 = Column("cifar10-valid", "x-valid", "accuracy", 12)
# Hits of 10,000 images: one u16 a value and nothing beside it.
PLAIN_U16 = Column("cifar10", "ori-test", "accuracy", 200)
SEED, SEED_12 = 888, 111


@dataclass(frozen=True)
class Size:
    """How much is asked in a round."""

    points: int  # questions one at a time
    batch: int  # questions of a batch
    slow_batch: int  # of those, asked of what answers one at a time
    curves: int
    peer_cells: int  # cells asked of the official packages, whose answers take up to a millisecond
    starts: int  # processes started
    columns: int  # of the whole store


FULL = Size(
    points=20_000, batch=1_000_000, slow_batch=20_000, curves=2_000, peer_cells=200, starts=5, columns=1_000,
)  # fmt: skip
TOY = Size(points=40, batch=300, slow_batch=50, curves=6, peer_cells=3, starts=1, columns=4)


class Ready(NamedTuple):
    """Something and the seconds that it took to have it."""

    it: Any
    seconds: float


def ready(make: Callable[[], Any]) -> Ready:
    """Make something, timed."""
    start = time.perf_counter()
    made = make()
    return Ready(made, time.perf_counter() - start)


class Batch(NamedTuple):
    """Questions that all have an answer: codes, seeds and epochs, arrays of one length."""

    codes: NDArray[np.int64]
    seeds: NDArray[np.int64]
    epochs: NDArray[np.int64]

    def narrow(self) -> Batch:
        """The same in the narrowest types of numpy that hold them, as one who asks millions would keep them."""
        return Batch(
            self.codes.astype(np.int16), self.seeds.astype(np.int16), self.epochs.astype(np.uint8)
        )


class Inputs:
    """A context manager: what it opened or wrote is gone when it is left.

    image : what is asked; None where sources are converted and nothing is asked
    folder : scratch
    archive : the Zarr archive of the image, or None; archive_float64 : one of the same with `--loss float64`, or None
    official : a NATS-Bench -simple folder (asked in fast mode) or single file of the same cells, or None
    official_201 : a NAS-Bench-201 `.pth` of some of them, or None
    programs : the folder with the built C++ benchmarks, or None
    interpreter : the Python whose start is timed; one with nb201store installed from a wheel, since an editable
        install has a finder of its own that every start of that Python pays for
    """

    def __init__(
        self, image: Path | None, folder: Path, size: Size, *,
        archive: Path | None = None, archive_float64: Path | None = None, official: Path | None = None,
        official_201: Path | None = None, programs: Path | None = None, interpreter: Path | None = None,
        rng_seed: int = 0,
    ) -> None:  # fmt: skip
        self.image, self.folder, self.size = image, folder, size
        self.archive, self.official, self.official_201 = archive, official, official_201
        self.archive_float64, self.programs = archive_float64, programs
        self.interpreter = interpreter or Path(sys.executable)
        self.rng_seed = rng_seed
        self._owned = ExitStack()
        self.batch = cache(self._batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._owned.close()

    def owned(self, resource: Any) -> Any:
        """Close `resource` at the end, and return it."""
        self._owned.callback(resource.close)
        return resource

    @cached_property
    def store(self) -> nb.Store:
        return self.owned(nb.open(self.image))

    @cached_property
    def cold_image(self) -> Path:
        """A copy that no store maps: a mapped file stays in the page cache whatever is asked of the system."""
        copy = self.folder / "cold.nb201"
        shutil.copyfile(self.image, copy)
        page_cache.flush(copy)
        self._owned.callback(copy.unlink)
        return copy

    def present(self, column: Column, seed: int | str, epoch: int = -1) -> NDArray[np.bool_]:
        """Bool [cells]: which cells have a value."""
        handle = self.store.column(*column[:3], schedule=column.schedule, epoch=epoch, seed=seed)
        return ~np.ma.getmaskarray(handle.array(missing="mask"))

    def seeds(self, column: Column) -> list[int]:
        """Seeds of any cell, ascending."""
        for group in self.store.describe()["groups"]:
            if (group["dataset"], group["schedule"]) == (column.dataset, column.schedule):
                return list(group["seeds"])
        raise LookupError(f"{self.image.name} holds nothing of {column}")

    @cached_property
    def recorded_cells(self) -> int:
        """How many cells have results."""
        groups = self.store.describe()["groups"]
        columns = [Column(g["dataset"], "train", "accuracy", g["schedule"]) for g in groups]
        return int(np.any([self.present(column, "mean") for column in columns], axis=0).sum())

    @cached_property
    def columns_200(self) -> dict[Column, int]:
        """Every (dataset, split, metric) of schedule 200 (some, in a toy run), with its number of epochs."""
        every = {
            Column(c["dataset"], c["split"], c["metric"], 200): len(c["epochs"])
            for c in self.store.describe()["columns"]
            if c["schedule"] == 200 and c["split"] is not None
        }
        return dict(list(every.items())[: self.size.columns])

    @cached_property
    def peer_codes(self) -> list[int]:
        """Cells of the lowest official indices that the image holds: those asked of the official packages."""
        present = self.present(VALIDATION, SEED)
        codes = (nb.tss.from_official_index(index) for index in range(len(nb.tss)))
        held = (code for code in codes if present[code])
        return [code for code, _ in zip(held, range(self.size.peer_cells), strict=False)]

    @cached_property
    def point_codes(self) -> list[int]:
        """`peer_codes`, then random recorded cells, as Python integers."""
        recorded = np.flatnonzero(self.present(VALIDATION, SEED))
        rng = np.random.default_rng(self.rng_seed)
        rest = max(0, self.size.points - len(self.peer_codes))
        return self.peer_codes + rng.choice(recorded, rest).tolist()

    @cached_property
    def curve_codes(self) -> list[int]:
        return self.point_codes[: self.size.curves]

    def _batch(self, column: Column, count: int) -> Batch:
        """Random (code, seed, epoch) that exist, uniform over trials and epochs; the first are of `peer_codes`."""
        seeds = self.seeds(column)
        epochs = np.array(self.store.epochs(*column[:3], schedule=column.schedule))
        last = int(epochs[-1])
        exists = np.stack([self.present(column, seed, last) for seed in seeds], axis=1)
        rng = np.random.default_rng([self.rng_seed, *map(ord, "".join(column[:3]))])
        trials = np.argwhere(exists)
        of_peers = trials[np.isin(trials[:, 0], self.peer_codes)]
        few = min(self.size.peer_cells, count)
        drawn = np.concatenate(
            [
                of_peers[rng.integers(0, len(of_peers), few)],
                trials[rng.integers(0, len(trials), count - few)],
            ]
        )
        return Batch(drawn[:, 0].copy(), np.array(seeds)[drawn[:, 1]], rng.choice(epochs, count))
