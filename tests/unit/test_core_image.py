"""The bindings of the C++ core, on an image of four cells built here byte by byte (docs/format.md).

What the core itself does with good and bad files is tested in tests/cpp; here it is what Python
sees of it.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nb201store._core import Column, Image, crc32c
from nb201store.errors import (
    ArchError,
    ChecksumError,
    FormatError,
    MissingDataError,
    SettingsError,
    VersionError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NONE = 0xFFFFFFFF
LOSS = {"split": "test", "metric": "loss"}
DTYPES = {"u1": 1, "u2": 2, "u4": 3, "i4": 4, "f4": 5, "f8": 6}
ROWS = np.array([[0, 1], [-1, 2], [-1, -1], [3, -1]], "<i4")  # cells x seeds 777, 888
# rows x epochs, of 25 images
HITS = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 0, 20]], "<u2")


def pad(name: str, width: int) -> bytes:
    return name.encode().ljust(width, b"\0")


def record(*fields: bytes | int) -> bytes:
    raw = b"".join(f if isinstance(f, bytes) else struct.pack("<I", f) for f in fields)
    return raw.ljust(64, b"\0")


def build(sections: list[tuple[str, NDArray[Any], bool]]) -> bytes:
    """Return the bytes of an image with these sections: name, array, required."""
    end = 64 + 128 * len(sections)
    table, body = b"", b""
    for name, array, required in sections:
        raw = array.tobytes()
        gap = -end % 64
        shape = (*array.shape, 1, 1)[:3]
        kind = DTYPES[array.dtype.str[1:]]
        extent = (end + gap, len(raw), *shape)
        entry = struct.pack("<BBHIQQ3Q", kind, array.ndim, required, crc32c(raw), *extent)
        table += pad(name, 64) + entry.ljust(64, b"\0")
        body += bytes(gap) + raw
        end += gap + len(raw)
    head = b"\x89NB201\r\n" + struct.pack("<HHIQQI", 1, 1, len(sections), end, 64, crc32c(table))
    head = head.ljust(60, b"\0")
    return head + struct.pack("<I", crc32c(head)) + table + body


def records(*rows: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(rows), "<u1").reshape(len(rows), -1)


@pytest.fixture
def sections() -> list[tuple[str, NDArray[Any], bool]]:
    """Four cells (two choices, two positions), one data set, one schedule, seeds 777 and 888."""
    latency = np.array([0, 2, 2, 3, 4], "<u4")
    return [
        ("space", records(record(pad("tss", 16), 4, 2, 2, 16, 5, 3, 256)), True),
        ("choices", records(pad("none", 32), pad("skip", 32)), True),
        ("datasets", records(record(pad("toy", 40), 10, 32)), True),
        ("splits", records(
            record(pad("train", 40), 0, 25, 0),
            record(pad("test", 40), 0, 10, 0),
        ), True),
        ("trials", records(record(3, 0, 2, 0, 4, 8)), True),
        ("seeds", np.array([777, 888], "<u4"), True),
        ("epochs", np.array([0, 1, 2, 2], "<u4"), True),
        ("columns", records(
            record(0, 0, 1, 1, 0, 3, 9, NONE, NONE),
            record(0, 1, 3, 3, 3, 1, 10, NONE, 11),
            record(0, NONE, 7, 7, 0, 0, 12, 13, NONE),
        ), True),
        ("3/toy/rows", ROWS, True),
        ("3/toy/train/accuracy", HITS, True),
        ("3/toy/test/loss", np.array([[0.5], [0.0], [1.5], [2.5]], "<f4"), True),
        ("3/toy/test/loss.present", np.array([[1], [0], [1], [1]], "<u1"), True),
        ("3/toy/latency_s", latency, True),
        ("3/toy/latency_s.values", np.array([1.0, 2.0, 3.0, 4.0], "<f8"), True),
        ("note", np.array([1, 2], "<u2"), False),
    ]  # fmt: skip


@pytest.fixture
def path(tmp_path: Path, sections: list[tuple[str, NDArray[Any], bool]]) -> Path:
    path = tmp_path / "toy.nb201"
    path.write_bytes(build(sections))
    return path


@pytest.fixture(params=["mmap", "read"])
def image(request: pytest.FixtureRequest, path: Path) -> Image:
    return Image(str(path), mode=request.param, check=True)


def test_values_of_one_seed_and_of_the_mean(image: Image) -> None:
    assert image.value(0, "toy", "train", "accuracy", 3, -1, 777) == 12.0
    assert image.value(np.int64(0), "toy", "train", "accuracy", 3, 1, np.uint16(888)) == 20.0
    mean = image.value(0, "toy", "train", "accuracy", schedule=3, epoch=2, seed="mean")
    assert mean == (12.0 + 24.0) / 2
    assert image.value(0, "toy", "test", "loss", 3, 2, "mean") == 0.5
    assert image.value(0, "toy", None, "latency_s", 3, -1, 777) == 1.5
    assert image.trial_list(0, "toy", "latency_s", 3, 777) == (1.0, 2.0)
    assert image.trial_list(0, "toy", "latency_s", 3, 888) == ()
    assert image.column("toy", None, "latency_s", 3, -1, "mean")[1] == 3.0
    assert image.seeds(1, "toy", 3) == (888,)
    assert image.seeds(2, "toy", 3) == ()
    assert image.epochs("toy", "test", "loss", 3) == (2,)


def test_columns_and_curves(image: Image) -> None:
    column = image.column("toy", "train", "accuracy", 3, -1, 777)
    assert isinstance(column, Column)
    assert len(column) == 4
    assert column[3] == 80.0
    values, present = column.take(np.array([[3, 0], [2, 1]], np.int8))
    assert values.dtype == np.float64
    assert present.dtype == np.bool_
    assert present.tolist() == [[True, True], [False, False]]
    assert values[0].tolist() == [80.0, 12.0]
    assert np.isnan(values[1]).all()
    values, present = column.array()
    assert present.tolist() == [True, False, False, True]
    assert [part.shape for part in column.take([])] == [(0,), (0,)]
    values, present = image.curve(0, "toy", "train", "accuracy", 3, "mean")
    assert values.tolist() == [10.0, 14.0, 18.0]
    assert present.all()


@pytest.mark.parametrize("code", [-1, 4, 2**70, 1.0, True, "0", None, np.True_, np.float32(2)])
def test_a_code_that_is_no_cell(image: Image, code: Any) -> None:
    column = image.column("toy", "train", "accuracy", 3, 0, 777)
    with pytest.raises(ArchError, match=r"code must be an integer 0\.\.3, found "):
        image.value(code, "toy", "train", "accuracy", 3, 0, 777)
    with pytest.raises(ArchError, match=r"code must be an integer 0\.\.3, found "):
        column[code]
    with pytest.raises(ArchError, match=r"code must be an integer 0\.\.3, found "):
        column.take([code])


def test_take_names_the_first_bad_code(image: Image) -> None:
    column = image.column("toy", "train", "accuracy", 3, 0, 777)
    with pytest.raises(ArchError, match=r"found 9 at position 2$"):
        column.take([0, 1, 9, 10])
    with pytest.raises(ArchError, match=rf"found {2**64 - 1} at position 0$"):
        column.take(np.array([2**64 - 1], np.uint64))


@pytest.mark.parametrize(
    ("change", "expected", "message"),
    [
        ({"dataset": "toys"}, SettingsError, "no dataset 'toys': this file has toy"),
        ({"dataset": 3}, SettingsError, "dataset must be a str, found 3"),
        ({"split": "x-valid"}, SettingsError, "no split 'x-valid': this file has train, test"),
        ({"metric": "top5"}, SettingsError, "no metric 'top5': this file has accuracy, loss"),
        ({"metric": "params_m"}, SettingsError, "belongs to a trial"),
        ({"schedule": 12}, SettingsError, "no schedule 12: this file has 3"),
        ({"schedule": 3.0}, SettingsError, "schedule must be an integer, found 3.0"),
        ({"epoch": 3}, SettingsError, r"epoch must be -3..2 for schedule 3, found 3"),
        ({"epoch": True}, SettingsError, "epoch must be an integer, found True"),
        ({"seed": True}, SettingsError, 'seed must be an integer or "mean", found True'),
        ({"seed": "all"}, SettingsError, 'seed must be an integer or "mean", found \'all\''),
        ({"split": "test"}, MissingDataError, "toy, schedule 3, test has no accuracy: it has loss"),
        ({**LOSS, "epoch": 0}, MissingDataError, "epoch 0 was not recorded; epochs recorded: 2"),
        ({**LOSS, "seed": 888}, MissingDataError, "seed 888 was not recorded"),
        ({"seed": 999}, MissingDataError, "code 0, toy, schedule 3: seed 999 was not recorded, only 777, "),
        ({"code": 1}, MissingDataError, "schedule 3: seed 777 was not recorded, only 888"),
        ({"code": 2, "seed": "mean"}, MissingDataError, "toy, schedule 3: no trial was recorded"),
    ],
)  # fmt: skip
def test_questions_without_an_answer(
    image: Image, change: dict[str, Any], expected: type[Exception], message: str
) -> None:
    asked: dict[str, Any] = {
        "code": 0, "dataset": "toy", "split": "train", "metric": "accuracy",
        "schedule": 3, "epoch": -1, "seed": 777,
    }  # fmt: skip
    with pytest.raises(expected, match=message):
        image.value(**(asked | change))


def test_description(image: Image, path: Path) -> None:
    about = image.describe()
    assert (image.space, image.cells, image.size) == ("tss", 4, path.stat().st_size)
    assert image.path == str(path)
    assert about["choices"] == ["none", "skip"]
    assert about["datasets"][0]["splits"][0] == {"name": "train", "images": 25, "last_batch": 0}
    assert about["groups"] == [{"schedule": 3, "dataset": "toy", "seeds": [777, 888], "rows": 4}]
    assert about["columns"][2] == {
        "schedule": 3, "dataset": "toy", "split": None, "metric": "latency_s",
        "encoding": "list", "epochs": [],
    }  # fmt: skip
    note = image.sections()[-1]
    assert (note["name"], note["dtype"], note["shape"]) == ("note", "u16", (2,))
    assert not note["required"]


def test_views_are_read_only_and_outlive_the_image(path: Path) -> None:
    image = Image(str(path))
    view = image.section("3/toy/rows")
    del image
    assert np.array_equal(view, ROWS)
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 7
    with pytest.raises(ValueError, match="WRITEABLE"):
        view.flags.writeable = True


def test_sections_by_name(image: Image) -> None:
    assert image.has_section("note")
    assert not image.has_section("forms")
    with pytest.raises(SettingsError, match="no section 'forms': this file has space, choices"):
        image.section("forms")


def test_check_reports_progress_and_the_damaged_section(path: Path) -> None:
    calls: list[tuple[int, int]] = []
    Image(str(path)).check(lambda done, total: calls.append((done, total)))
    size = path.stat().st_size
    assert calls[-1] == (size, size)
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 1
    path.write_bytes(raw)
    image = Image(str(path))  # a plain open does not read data
    with pytest.raises(ChecksumError, match="section 'note' at byte ") as caught:
        image.check()
    assert (caught.value.path, caught.value.section) == (str(path), "note")
    assert caught.value.offset == image.sections()[-1]["offset"]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image.check(stop)


def test_files_that_are_no_image(tmp_path: Path, path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        Image(str(tmp_path / "absent"))
    assert missing.value.filename == str(tmp_path / "absent")
    with pytest.raises(IsADirectoryError):
        Image(str(tmp_path))
    with pytest.raises(SettingsError, match='mode must be "mmap" or "read"'):
        Image(str(path), mode="r")
    raw = path.read_bytes()
    path.write_bytes(raw[:-1])
    with pytest.raises(FormatError, match=f"expected a file of {len(raw)} bytes, found a trunc"):
        Image(str(path))
    newer = raw[:8] + struct.pack("<HH", 7, 7) + raw[12:60]
    path.write_bytes(newer + struct.pack("<I", crc32c(newer)) + raw[64:])
    with pytest.raises(VersionError, match="needs reader version 7"):
        Image(str(path))


def test_point_queries_do_not_import_numpy(path: Path) -> None:
    program = (
        "import sys\n"
        "from nb201store._core import Image\n"
        f"image = Image({str(path)!r})\n"
        "image.value(0, 'toy', 'train', 'accuracy', 3, -1, 'mean')\n"
        "image.column('toy', 'train', 'accuracy', 3, -1, 777)[0]\n"
        "image.describe()\n"
        "assert 'numpy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
