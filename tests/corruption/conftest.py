"""A small real image, and a subprocess in which damaged copies of it are opened."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nb201store import _core, archive, image
from nb201store.errors import FormatError
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.schema import Benchmark, Dataset, Split

WORKER = Path(__file__).with_name("damaged_images.py")
EPOCHS = 3
# Image counts that bring every encoding of hits: u16 alone, u16 beside last-batch hits, u32 alone, both in one u32.
SPLITS = (
    Split("train", 70_144),
    Split("packed", 151_700),
    Split("test", 1_000),
    Split("halves", 10_000),
)
TOY = Benchmark(
    "toy", "tss", 16, 5, 3, 256, (EPOCHS, 9), (
        Dataset("one", 10, 32, SPLITS), Dataset("two", 10, 32, (Split("test", 1_000),)),
    ),
)  # fmt: skip


def split_record(split: Split, rng: np.random.Generator, epochs: range) -> SplitRecord:
    """Accuracies that are numbers of hits; times that vary on one split, are constant elsewhere."""
    from nb201store import hits

    last = hits.last_batch(split.images, TOY.batch)
    total = rng.integers(split.images // 4, split.images // 2, EPOCHS)
    accuracy = hits.decode(total, total * last // split.images, split.images, last)
    every, kept = np.arange(EPOCHS, dtype=np.int32), np.array(epochs, dtype=np.int32)
    # Of one split constant for all trials, of another varying: all encodings, and no two sections are equal.
    constant = 2.5 if split.name == "train" else rng.random()
    times = rng.random(EPOCHS) if split.name == "halves" else np.full(EPOCHS, constant)
    return SplitRecord(
        accuracy=Series(kept, accuracy[kept]),
        loss=Series(kept, rng.random(EPOCHS)[kept]),
        time=Series(every, times),
    )


def trial(code: int, dataset: Dataset, seed: int) -> TrialRecord:
    rng = np.random.default_rng([code, seed])
    # One cell lacks the first epoch of one split: presence bits.
    splits = {
        s.name: split_record(s, rng, range(code == 7 and s.name == "test", EPOCHS))
        for s in dataset.splits
    }
    params = 0.25 if seed == 777 else 0.5
    latency = tuple(rng.random(2)) if dataset.name == "one" else (0.5,)
    return TrialRecord(
        code, dataset.name, EPOCHS, seed, splits, params, rng.random(), latency, '{"trial": 1}'
    )


def cells() -> list[CellRecord]:
    one, two = TOY.datasets
    return [
        CellRecord(
            code,
            (*(trial(code, one, seed) for seed in seeds), trial(code, two, 777)),
            '{"cell": 1}',
        )
        for code, seeds in ((3, (777, 888)), (7, (777,)), (2050, (777, 888)))
    ]


@dataclass(frozen=True)
class ImageFile:
    """An image, its bytes, and where its sections are."""

    path: Path
    data: bytes
    sections: list[dict[str, Any]]

    def number(self, name: str) -> int:
        return [s["name"] for s in self.sections].index(name)

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.sections[self.number(name)]

    def entry(self, name: str) -> int:
        """Byte at which the table's entry of a section begins."""
        return 64 + 128 * self.number(name)


@pytest.fixture(scope="session")
def toy_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy") / "toy.zarr"
    archive.write(path, TOY, cells(), Source("toy", "toy.bin", 1, "0" * 32, "0" * 64, "none"))
    return path


@pytest.fixture(scope="session")
def toy(toy_archive: Path) -> ImageFile:
    path = toy_archive.with_suffix(".nb201")
    image.pack(toy_archive, path)
    return ImageFile(path, path.read_bytes(), _core.Image(str(path)).sections())


@pytest.fixture(scope="session")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of one cell and one trial: short enough to be cut at every length."""
    path = tmp_path_factory.mktemp("smallest") / "smallest.zarr"
    cell = CellRecord(7, (trial(7, TOY.datasets[1], 777),), "{}")
    archive.write(path, TOY, [cell], Source("toy", "toy.bin", 1, "0" * 32, "0" * 64, "none"))
    image.pack(path, path.with_suffix(".nb201"))
    return path.with_suffix(".nb201")


@pytest.fixture(scope="session")
def damaged(toy: ImageFile, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run(mode, **arguments): what `damaged_images.py` reports; a crash or a hang fails the test."""

    def run(mode: str, *, path: Path = toy.path, **arguments: Any) -> Any:
        copy = tmp_path_factory.mktemp("damaged") / "copy.nb201"
        shutil.copyfile(path, copy)
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", WORKER, mode, copy],
            input=json.dumps(arguments), capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{mode} ended with {done.returncode}:\n{done.stderr[-3000:]}"
        return json.loads(done.stdout)

    return run


@pytest.fixture
def copy(toy_archive: Path, tmp_path: Path) -> Path:
    """A copy of the archive, to be damaged."""
    return shutil.copytree(toy_archive, tmp_path / "copy.zarr")


@pytest.fixture(scope="session")
def refuse() -> Any:
    return refused_by_all


@pytest.fixture(scope="session")
def refuse_check() -> Any:
    return refused_by_check


def refused_by_all(path: Path, *words: str, error: type[FormatError] = FormatError) -> None:
    """Checking and packing both refuse the archive, and name it and the words; packing leaves nothing."""
    refused_by_check(path, *words, error=error)
    with pytest.raises(error) as found:
        image.pack(path, path.parent / "copy.nb201")
    assert_names(found.value, path, words)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def refused_by_check(path: Path, *words: str, error: type[FormatError] = FormatError) -> None:
    with pytest.raises(error) as found:
        archive.open_archive(path).check()
    assert_names(found.value, path, words)


def assert_names(problem: BaseException, path: Path, words: tuple[str, ...]) -> None:
    missing = [word for word in (str(path), *words) if word not in str(problem)]
    assert not missing, problem
    assert "\n" not in str(problem)
