"""A wrong decoding rule does not go unseen: each is found by `verify` and by comparison with the official loader.

The mutants are made of a sound image of genuine records by rewriting one section, its checksums made right again, so
that the file opens and passes its own check; and of the archive by breaking the rule in the reader itself.
"""

from __future__ import annotations

import struct

import numpy as np
import pytest
from answers import differences
from image_sections import section_names
from official import Tables, official_results

import nb201store as nb
from nb201store import _core, hits
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

ENTRY, TABLE = 128, 64
# The format counts bits of integers, numpy bytes.
DTYPES = {
    "u8": "u1",
    "u16": "<u2",
    "u32": "<u4",
    "i32": "<i4",
    "f4": "<f4",
    "f8": "<f8",
    "text": "u1",
}


@pytest.fixture(scope="module")
def tables(genuine):
    return Tables(official_results(genuine["tss"], "tss"), "tss")


@pytest.fixture(scope="module")
def files(converted, genuine):
    """(archive, image) of the genuine tss records."""
    return converted(genuine["tss"])


class Mutant:
    """The bytes of an image; `array(name)` views a section, `save` makes the checksums right and writes."""

    def __init__(self, image):
        self._data = bytearray(image.read_bytes())
        self._sections = {s["name"]: s for s in _core.Image(str(image)).sections()}
        self._numbers = {name: number for number, name in enumerate(self._sections)}
        self._holding = section_names(image)

    def array(self, name):
        section = self._sections[self._holding[name]]
        dtype = DTYPES[section["dtype"]]
        flat = np.frombuffer(
            self._data, dtype, offset=section["offset"], count=int(np.prod(section["shape"]))
        )
        return flat.reshape(section["shape"])

    def save(self, path):
        for name, section in self._sections.items():
            at = TABLE + ENTRY * self._numbers[name] + 68
            crc = _core.crc32c(self.array(name).tobytes())
            self._data[at : at + 4] = struct.pack("<I", crc)
            assert section["size"] == self.array(name).nbytes
        table = bytes(self._data[TABLE : TABLE + ENTRY * len(self._sections)])
        self._data[32:36] = struct.pack("<I", _core.crc32c(table))
        self._data[60:64] = struct.pack("<I", _core.crc32c(bytes(self._data[:60])))
        path.write_bytes(self._data)
        return path


CURVE = "200/cifar100/ori-test"


def forget_the_last_batch(mutant):
    mutant.array("200/cifar10-valid/x-valid/accuracy.last")[:] = 0


def shift_epochs(mutant):
    values = mutant.array(f"{CURVE}/accuracy")
    values[:] = np.roll(values, 1, axis=1)


def swap_seeds(mutant):
    rows = mutant.array("200/cifar10/rows")
    held = np.flatnonzero((rows >= 0).all(axis=1))
    rows[held] = rows[held][:, ::-1].copy()


def swap_splits(mutant):
    one, other = (mutant.array(f"200/cifar100/{split}/accuracy") for split in ("x-valid", "x-test"))
    one[:], other[:] = other.copy(), one.copy()


def round_losses_twice(mutant):
    loss = mutant.array(f"{CURVE}/loss")
    loss[:] = loss.astype("f2")


def move_one_hit(mutant):
    mutant.array(f"{CURVE}/accuracy")[0, 57] += 1


def by_one_ulp(name):
    def change(mutant):
        values = mutant.array(name)
        place = np.flatnonzero(values)[0]
        values.ravel()[place] = np.nextafter(values.ravel()[place], np.inf)

    return change


def doubles_of(mutant_files, column):
    """The section that holds the doubles of a column: its own, or its dictionary."""
    doubles = [s["name"] for s in _core.Image(str(mutant_files)).sections() if s["dtype"] == "f8"]
    held = section_names(mutant_files)
    return next(n for n in (column, f"{column}.values") if held.get(n) in doubles)


DECODING = [
    forget_the_last_batch,
    shift_epochs,
    swap_seeds,
    swap_splits,
    round_losses_twice,
    move_one_hit,
]


@pytest.mark.parametrize("break_it", DECODING, ids=lambda f: f.__name__)
def test_a_wrong_decoding_is_found(break_it, files, genuine, tables, tmp_path):
    mutant = Mutant(files[1])
    break_it(mutant)
    path = mutant.save(tmp_path / "mutant.nb201")
    with nb.open(path) as bench:
        assert differences(bench, tables)
    assert not verify(path, genuine["tss"]).same
    assert not verify(path, files[0]).same


def test_an_epoch_axis_shifted_by_one_is_found(files, genuine, tables, tmp_path):
    mutant = Mutant(files[1])
    epochs = mutant.array("epochs")
    # The run of epoch 199 alone (x-valid of cifar100 and others): say 198.
    lone = [i for i in np.flatnonzero(epochs == 199) if i == 0 or epochs[i - 1] != 198]
    assert len(lone) == 1
    epochs[lone] = 198
    path = mutant.save(tmp_path / "mutant.nb201")
    with nb.open(path) as bench:
        assert bench.epochs("cifar100", "x-valid", schedule=200) == (198,)
        assert differences(bench, tables)
    assert not verify(path, genuine["tss"]).same


@pytest.mark.parametrize(
    "column",
    [
        "200/cifar10/params_m",
        "200/cifar10/flops_m",
        "200/cifar10/latency_s",
        "12/cifar100/x-test/time",
    ],
)
def test_one_number_that_is_off_by_one_ulp_is_found(column, files, genuine, tmp_path):
    mutant = Mutant(files[1])
    by_one_ulp(doubles_of(files[1], column))(mutant)
    report = verify(mutant.save(tmp_path / "mutant.nb201"), genuine["tss"])
    assert report.difference_count >= 1
    assert column.rsplit("/", 1)[-1] in report.differences[0]


def test_a_form_that_is_another_is_found(files, genuine, tmp_path):
    mutant = Mutant(files[1])
    form = mutant.array("200/cifar100/form")
    form[0] = (form[0] + 1) % len({*form.tolist(), *range(8)})
    report = verify(mutant.save(tmp_path / "mutant.nb201"), genuine["tss"])
    assert report.difference_count == 1
    assert "form" in report.differences[0]


def test_the_unchanged_file_passes_the_same_mill(files, genuine, tables, tmp_path):
    path = Mutant(files[1]).save(tmp_path / "same.nb201")
    assert path.read_bytes() == files[1].read_bytes()
    with nb.open(path, check=True) as bench:
        assert differences(bench, tables) == []
    assert verify(path, genuine["tss"]).same


def test_an_archive_reader_that_forgets_the_last_batch_is_found(files, genuine, monkeypatch):
    def forget(total, _last_hits, images, _last):
        return np.asarray(total, dtype=np.int64) * 100.0 / images

    monkeypatch.setattr(hits, "decode", forget)
    report = verify(files[0], genuine["tss"])
    assert report.difference_count > 1000
    assert "accuracy" in report.differences[0]
