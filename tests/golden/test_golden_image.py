"""The bytes of an image do not change by accident, and images written once open forever.

`golden/image-v<format>.nb201.xz` is what the writer of that format version made of the records below (compressed here
only because most of it is the row table of cells without results). A released one is never replaced: a new format
version adds a file. `pytest tests/golden --regen-golden` writes that of the current version.
"""

from __future__ import annotations

import io
import lzma
from pathlib import Path

import numpy as np
import pytest

import nb201store as nb
from nb201store import archive, image
from nb201store.image import format as fmt
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord
from nb201store.schema import Benchmark, Dataset, Split

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(GOLDEN.glob("image-v*.nb201.xz"))
CURRENT = GOLDEN / f"image-v{fmt.WRITER_VERSION}.nb201.xz"

BENCHMARK = Benchmark(
    "golden", "tss", 16, 5, 3, 256, (3,),
    (Dataset("tiny", 10, 32, (Split("train", 151_700), Split("x-valid", 3_000), Split("ori-test", 10_000))),),
)  # fmt: skip
SOURCE = Source("v1_1", "golden.pth", 1, "0" * 32, "0" * 64, "torch-legacy")


def series(*values: float, epochs: tuple[int, ...] = (0, 1, 2)) -> Series:
    return Series(np.array(epochs, dtype=np.int32), np.array(values))


def records() -> list[CellRecord]:
    """Two cells that between them need every kind of column: wide and packed hits, holes, lists, constants."""
    train = SplitRecord(
        series(100 / 1517, 28.160184574919306, 50.0), series(2.5, 1.25, 0.1),
        top5=series(50.0, 100.0, 100.0), time=series(1.5, 1.5, 1.5),
    )  # fmt: skip
    valid = SplitRecord(
        series(27.366666666666667, epochs=(2,)),
        series(2.0, epochs=(2,)),
        time=series(0.1, 0.2, 0.3),
    )
    test = SplitRecord(series(10.0, 20.0, 30.01), series(2.0, float("nan"), 1.0))
    both = TrialRecord(
        7,
        "tiny",
        3,
        777,
        {"train": train, "x-valid": valid, "ori-test": test},
        0.5,
        70.0,
        (0.01, 0.02),
        "a",
    )
    bare = TrialRecord(15_624, "tiny", 3, 888, {"ori-test": test}, 0.5, None, None, "b")
    return [CellRecord(7, (both,), "cell"), CellRecord(15_624, (bare,), "cell")]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    archive.write(folder / "a.zarr", BENCHMARK, records(), SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            image.plan, "__version__", "golden"
        )  # a release alone does not change the format
        image.pack(folder / "a.zarr", folder / "a.nb201")
    return folder / "a.nb201"


def test_the_writer_writes_the_golden_bytes(written: Path, request) -> None:
    if request.config.getoption("--regen-golden"):
        GOLDEN.mkdir(exist_ok=True)
        CURRENT.write_bytes(lzma.compress(written.read_bytes(), preset=9))
    golden = lzma.decompress(CURRENT.read_bytes())
    assert written.read_bytes() == golden, (
        "the format changed: raise its version, or see CONTRIBUTING.md"
    )


@pytest.mark.parametrize("golden", VERSIONS, ids=lambda path: path.name)
def test_every_golden_image_opens_and_answers(golden: Path, tmp_path) -> None:
    path = tmp_path / "golden.nb201"
    path.write_bytes(lzma.decompress(golden.read_bytes()))
    with nb.open(path, check=True) as bench:
        assert (
            bench.value(7, "tiny", "train", "accuracy", schedule=3, epoch=1, seed=777)
            == 28.160184574919306
        )
        assert (
            bench.value(7, "tiny", "x-valid", "accuracy", schedule=3, seed="mean")
            == 27.366666666666667
        )
        assert bench.value(7, "tiny", "x-valid", "time", schedule=3, epoch=1, seed=777) == 0.2
        assert bench.value(15_624, "tiny", "ori-test", "accuracy", schedule=3, seed=888) == 30.01
        assert np.isnan(bench.value(7, "tiny", "ori-test", "loss", schedule=3, epoch=1, seed=777))
        assert bench.cost(7, "tiny").latency_s == 0.015
        with pytest.raises(nb.MissingDataError):
            bench.recorded_cost(15_624, "tiny", schedule=3, seed=888)


def test_the_header_is_little_endian_and_starts_with_the_magic(written: Path) -> None:
    head = io.BytesIO(written.read_bytes())
    assert head.read(8) == b"\x89NB201\r\n"
    assert head.read(4) == b"\x01\x00\x01\x00"
    assert int.from_bytes(written.read_bytes()[16:24], "little") == written.stat().st_size
