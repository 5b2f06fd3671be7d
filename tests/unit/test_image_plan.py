"""What an image leaves out: equal sections, row tables that say nothing, seconds that follow from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import nb201store as nb
from nb201store import _core, archive, image, kernels
from nb201store.image.seconds import seconds_per_image
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.schema import Benchmark, Dataset, Split
from nb201store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

CELLS = 15_625
IMAGES = {"a": (25_000, 5_000, 3_000), "b": (50_000, 5_000, 3_000)}
SPLITS = ("train", "x-valid", "ori-test")
BENCHMARK = Benchmark(
    "whole", "tss", 16, 5, 3, 256, (1, 2),
    tuple(Dataset(name, 10, 32, tuple(map(Split, SPLITS, IMAGES[name]))) for name in IMAGES),
)  # fmt: skip


def measured(code: int) -> tuple[float, float]:
    """Seconds of training and evaluation of one image."""
    rng = np.random.default_rng(code)
    return rng.uniform(1, 100) / 25_000, rng.uniform(1e-5, 1e-3)


def record(code: int) -> CellRecord:
    training, evaluation = measured(code)
    trials = []
    for schedule in BENCHMARK.schedules:
        epochs = np.arange(schedule, dtype=np.int32)
        for dataset in BENCHMARK.datasets:
            splits = {}
            for split in dataset.splits:
                seconds = (training if split.name == "train" else evaluation) * split.images
                splits[split.name] = SplitRecord(
                    *(Series(epochs, np.full(schedule, value)) for value in (50.0, float(code))),
                    time=Series(epochs, np.full(schedule, seconds)),
                )
            trials.append(TrialRecord(code, dataset.name, schedule, 7, splits, 0.5, 1.0, None, "f"))
    return CellRecord(code, tuple(trials), "c")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(archive, image) of trials of every cell."""
    path = tmp_path_factory.mktemp("whole") / "whole.zarr"
    source = Source("v1_1", "made", 1, "0" * 32, "0" * 64, "none")
    archive.write(path, BENCHMARK, map(record, range(CELLS)), source, durable=False)
    image.pack(path, path.with_suffix(".nb201"))
    return path, path.with_suffix(".nb201")


def test_nothing_is_written_twice_and_every_value_is_there(whole: tuple[Path, Path]) -> None:
    held = _core.Image(str(whole[1]))
    data = [s for s in held.sections() if s["required"]]
    loss = [s["name"] for s in data if s["name"].endswith("/loss")]
    assert len(loss) == 12  # large sections are written as they come, equal or not
    times = [s["name"] for s in data if s["name"].endswith("/time")]
    assert times == ["1/a/train/time", "1/a/x-valid/time"]
    encodings = {c["encoding"] for c in held.describe()["columns"] if c["metric"] == "time"}
    assert encodings == {"per_image"}
    assert not [s["name"] for s in data if s["name"].endswith("/rows")]
    held.check()
    report = verify(whole[1], whole[0])
    assert report.same
    assert report.trials == 4 * CELLS


def test_answers_where_there_is_no_row_table(whole: tuple[Path, Path]) -> None:
    with nb.open(whole[1]) as bench:
        for code in (0, 1, 7_777, CELLS - 1):
            training, evaluation = measured(code)
            words = {"schedule": 2, "seed": 7}
            assert bench.value(code, "a", "train", "time", **words) == training * 25_000
            assert bench.value(code, "b", "ori-test", "time", **words) == evaluation * 3_000
            assert bench.value(code, "b", "x-valid", "loss", **words) == code
            paid = bench.simulated_cost(code, "a", "x-valid", **words)
            assert paid == training * 25_000 + training * 25_000 + evaluation * 5_000
            assert bench.seeds(code, "a", 2) == (7,)
        views = bench.views("a", "x-valid", "time", schedule=2)
        assert views.rows.dtype == np.int32
        assert views.rows.tolist() == [[row] for row in range(CELLS)]
        assert not views.rows.flags.writeable
        codes = np.arange(CELLS)
        column = bench.column("a", "x-valid", "time", schedule=2, seed=7)
        looked_up = kernels.gather(views, codes, epochs=0, seeds=7)
        np.testing.assert_array_equal(looked_up[0], column.array())


def test_seconds_of_an_image_are_found_again() -> None:
    rng = np.random.default_rng(0)
    per_image = rng.uniform(1e-5, 4e-3, 5_000)
    codes = np.arange(5_000)
    columns = [(images, codes, per_image * images) for images in (25_000, 50_000, 151_700, 6_000)]
    found = seconds_per_image(columns, 5_000)
    assert found is not None
    for images, _, seconds in columns:
        np.testing.assert_array_equal(found * images, seconds)
    again = seconds_per_image(columns[::-1], 5_000)
    assert again is not None
    assert again.tobytes() == found.tobytes()


def test_one_cell_that_is_another_product_is_not_forced() -> None:
    rng = np.random.default_rng(1)
    per_image = rng.uniform(1e-5, 4e-3, 100)
    codes = np.arange(100)
    other = per_image * 5_000
    other[40] *= 1 + 1e-14  # 45 doubles away
    columns = [(25_000, codes, per_image * 25_000), (5_000, codes, other)]
    assert seconds_per_image(columns, 100) is None
    # Two trials of one cell that took different times.
    twice = np.repeat(codes, 2)
    seconds = np.repeat(per_image * 5_000, 2)
    seconds[3] *= 2
    assert seconds_per_image([(5_000, twice, seconds)], 100) is None


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan, 1e308, 0.0, -0.0, 5e-324, -3.5])
def test_odd_seconds_come_back_as_they_are_or_not_at_all(odd: float) -> None:
    codes = np.array([1, 3])
    seconds = np.array([odd, 1.5])
    found = seconds_per_image([(7, codes, seconds)], 5)
    if found is not None:
        with np.errstate(all="ignore"):
            assert (found[codes] * 7.0).tobytes() == seconds.tobytes()
        assert not found[[0, 2, 4]].any()


def test_no_columns_have_no_seconds() -> None:
    assert seconds_per_image([], 5) is None
