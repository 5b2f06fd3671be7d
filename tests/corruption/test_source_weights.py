"""Weights that torch would not write, or that are cut off: each is refused by trial and tensor, none is taken."""

from __future__ import annotations

import bz2
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import tiny_layouts
import torch_parts as parts
from torch_parts import NUMBERS, Call, Pid, loaded, storage, tensor

from nb201store.errors import SourceError
from nb201store.upstream import containers, open_source, storages

pytestmark = pytest.mark.peers

WHERE = r"000000-FULL\.pth: weights of code \d+, cifar10-valid, schedule 12, seed \d+: '?w"


def read(folder, data, name="000000-FULL.pth"):
    """{name: array} of the one trial of a folder of one file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    found = []
    with open_source(folder, take_weights=lambda w: found.append(dict(w.tensors()))) as source:
        list(source.cells())
    (tensors,) = found
    return tensors


def read_numbers(folder, data):
    """Read the same file without weights."""
    (folder / "000000-FULL.pth").write_bytes(data)
    with open_source(folder) as source:
        return list(source.cells())


def legacy(value, **more):
    return parts.legacy(parts.cell(OrderedDict(w=value)), **more)


def test_what_is_sound(tmp_path):
    """Each case below differs from this in one thing."""
    found = read(tmp_path, legacy(tensor()))
    assert found["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["w"].dtype == np.float32


SIZES = {
    "an offset before the storage": (tensor, {"offset": -1}, "expected an offset"),
    "an offset that is a text": (tensor, {"offset": "1"}, "expected an offset"),
    "an offset that is True": (tensor, {"offset": True}, "expected an offset"),
    "an end behind the storage": (tensor, {"offset": 1}, "its storage has 6 elements"),
    "strides behind the storage": (tensor, {"strides": (4, 1)}, "its storage has 6 elements"),
    "an empty one behind the storage": (tensor, {"offset": 7, "shape": (0, 3)}, "its storage has 6 elements"),
    "a negative stride": (tensor, {"offset": 5, "strides": (-3, 1)}, "expected a strides"),
    "a negative length": (tensor, {"shape": (-2, -3)}, "expected a shape"),
    "elements that repeat": (tensor, {"shape": (7,), "strides": (0,)}, "its storage has 6 elements"),
    "a product that overflows": (tensor, {"shape": (1 << 32, 1 << 32), "strides": (0, 0)}, "its storage has 6"),
    "a stride that overflows": (tensor, {"shape": (2, 3), "strides": (1 << 62, 1)}, "its storage has 6"),
    "a length of more than 64 bits": (tensor, {"shape": (1 << 70,), "strides": (1,)}, "expected a shape"),
    "a shape that is a list": (tensor, {"shape": [2, 3]}, "expected a shape"),
    "33 dimensions": (tensor, {"shape": (1,) * 33, "strides": (1,) * 33}, "expected a shape"),
    "strides of other dimensions": (tensor, {"strides": (1,)}, "as many strides as dimensions"),
    "no storage": (tensor, {"held": "7"}, "expected a torch storage"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "words", "why"), SIZES.values(), ids=SIZES)
def test_sizes_that_cannot_be(tmp_path, make, words, why):
    keys, held = (("7",), None) if "held" not in words else ((), b"")
    with pytest.raises(SourceError, match=f"{WHERE}.*{why}") as caught:
        read(tmp_path, legacy(make(**words), keys=keys, storages=held))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_storages_that_cannot_be(tmp_path):
    for held, why, numbers in (
        (storage("BFloat16Storage"), "which numpy does not know", NUMBERS.astype("<f2")),
        (storage("FloatStorage", "7", 6, ("view", 0, 3)), "a torch storage of its own", NUMBERS),
        (Pid((*storage().parts, None)), "a torch storage of its own", NUMBERS),
        (Pid((*storage().parts[:3], 1, 6)), "type, key and device", NUMBERS),
    ):
        with pytest.raises(SourceError, match=f"{WHERE}.*{why}"):
            read(tmp_path, legacy(tensor(held), storages=parts.raw(numbers)))
    with pytest.raises(SourceError, match=r"expected 6 elements, found 5"):
        read(tmp_path, legacy(tensor(), storages=parts.raw(count=5)))
    with pytest.raises(SourceError, match=rf"{WHERE}.*expected a torch storage of its own"):
        read(tmp_path, legacy(tensor(loaded(bytes(200))), keys=(), storages=b""))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "expected a tensor"), (1, "expected a tensor"), ([1], "expected a tensor"),
        (OrderedDict(), "expected a tensor"), ("text", "expected a tensor"),
    ],
)  # fmt: skip
def test_what_is_no_tensor(tmp_path, value, why):
    with pytest.raises(SourceError, match=f"{WHERE}.*{why}"):
        read(tmp_path, legacy(value, keys=(), storages=b""))


@pytest.mark.parametrize("weights", [1, "text", [1], {"w": 1.5}], ids=str)
def test_what_is_no_state_dict(tmp_path, weights):
    with pytest.raises(SourceError, match=r"seed \d+: expected a state dict"):
        read(tmp_path, parts.legacy(parts.cell(weights), keys=(), storages=b""))


def test_names_that_are_no_texts(tmp_path):
    with pytest.raises(SourceError, match=r"seed \d+: expected names of tensors, found 1"):
        read(tmp_path, parts.legacy(parts.cell({1: tensor()})))


def test_a_tensor_called_with_other_arguments(tmp_path):
    import torch

    for value in (
        Call(torch._utils, "_rebuild_tensor_v2"),
        Call(torch._utils, "_rebuild_parameter", tensor()),
        Call(torch._utils, "_rebuild_parameter", 1, True, OrderedDict()),
    ):
        keys, held = ((), b"") if b"storage" not in parts.pickled(value) else (("7",), None)
        with pytest.raises(SourceError, match=f"{WHERE}.*expected a tensor"):
            read(tmp_path, legacy(value, keys=keys, storages=held))


class TestWithAndWithoutWeights:
    """A legacy file has the length that its storages ask for: that is noticed without reading them."""

    @pytest.mark.parametrize("reading", [read, read_numbers])
    def test_cut_off_at_every_byte_of_the_storages(self, tmp_path, reading):
        whole = legacy(tensor())
        reading(tmp_path, whole)
        for cut in range(1, len(parts.raw()) + 1):
            with pytest.raises(SourceError, match="truncated file"):
                reading(tmp_path, whole[:-cut])
        with pytest.raises(SourceError, match="something follows"):
            reading(tmp_path, whole + b"\0")

    @pytest.mark.parametrize("reading", [read, read_numbers])
    @pytest.mark.parametrize("keys", [(), ("8",), ("7", "8"), ("7", "7"), (7,)], ids=str)
    def test_keys_of_other_storages(self, tmp_path, reading, keys):
        with pytest.raises(SourceError, match="expected the keys of the 1 storages"):
            reading(tmp_path, legacy(tensor(), keys=keys))

    @pytest.mark.parametrize("reading", [read, read_numbers])
    @pytest.mark.parametrize(
        ("count", "why"),
        [(-1, "found -1"), (7, "truncated"), (5, "follows"), (1 << 62, "truncated file")],
    )
    def test_counts_of_other_storages(self, tmp_path, reading, count, why):
        with pytest.raises(SourceError, match=why):
            reading(tmp_path, legacy(tensor(storage(count=count))))

    def test_storages_are_not_read(self, tmp_path):
        """A file of 64 GB, nearly all of it a hole."""
        count = 1 << 34
        data = legacy(tensor(storage(count=count)))
        before = len(data) - len(NUMBERS.tobytes())
        path = tmp_path / "000000-FULL.pth"
        with path.open("wb") as file:
            file.write(data)
            file.truncate(before + 4 * count)
        read_before = bytes_read()
        with open_source(tmp_path) as source:
            (cell,) = source.cells()
        assert cell.trials[0].form.endswith('"weights":true}')
        assert bytes_read() - read_before < 16 << 20
        with (
            open_source(tmp_path, take_weights=lambda w: list(w.tensors())) as source,
            pytest.raises(SourceError, match="expected at most 268,435,456 bytes"),
        ):
            list(source.cells())


def bytes_read():
    """Bytes that this process has read so far, by the kernel's count."""
    return int(Path("/proc/self/io").read_text().split()[1])


class TestZip:
    def read(self, folder, members, value=None):
        weights = OrderedDict(w=tensor() if value is None else value)
        return read(folder, parts.zipped(parts.cell(weights), members))

    def test_members_that_cannot_be(self, tmp_path):
        assert self.read(tmp_path, {"7": NUMBERS.tobytes()})["w"].sum() == 15
        with pytest.raises(SourceError, match=f"{WHERE}.*'archive/data/7', found none"):
            self.read(tmp_path, {"8": NUMBERS.tobytes()})
        with pytest.raises(SourceError, match=f"{WHERE}.*expected 24 bytes, found 23"):
            self.read(tmp_path, {"7": NUMBERS.tobytes()[1:]})
        with pytest.raises(SourceError, match=f"{WHERE}.*expected 24 bytes, found 25"):
            self.read(tmp_path, {"7": NUMBERS.tobytes() + b"\0"})

    def test_a_byte_that_flipped(self, tmp_path):
        weights = parts.cell(OrderedDict(w=tensor()))
        data = bytearray(parts.zipped(weights, {"7": NUMBERS.tobytes()}))
        data[data.index(NUMBERS.tobytes()) + 9] ^= 1
        with pytest.raises(SourceError, match=f"{WHERE}.*cannot be read: Bad CRC-32"):
            read(tmp_path, bytes(data))

    def test_storages_are_not_read(self, tmp_path):
        numbers = np.zeros(10_000_000, dtype="<f4")
        weights = OrderedDict(w=tensor(storage(count=len(numbers))))
        data = parts.zipped(parts.cell(weights), {"7": numbers.tobytes()})
        (tmp_path / "000000-FULL.pth").write_bytes(data)
        before = bytes_read()
        with open_source(tmp_path) as source:
            list(source.cells())
        assert bytes_read() - before < numbers.nbytes / 2


class TestPickled:
    """Storages pickled as bytes, in a -full folder."""

    NAME = "000000.pickle.pbz2"

    def read(self, folder, payload):
        (folder / "meta.pickle.pbz2").write_bytes(tiny_layouts.packed(tiny_layouts.top({})))
        weights = OrderedDict(w=tensor(loaded(payload)))
        states = parts.cell(weights, "nats-folder")
        return read(folder, bz2.compress(parts.pickled(states, 4)), self.NAME)

    def payload(self, held=None, **more):
        return parts.legacy(storage() if held is None else held, **more)

    def test_payloads_that_cannot_be(self, tmp_path):
        assert self.read(tmp_path, self.payload())["w"].sum() == 15
        big_endian = (*tiny_layouts.TORCH_START[:2], {"little_endian": False})
        whole = self.payload()
        for payload, why in (
            (bytes(200), "not a pickle"),
            (bytes(20), "expected a storage pickled as bytes"),
            (whole[:-1], "truncated file"),
            (whole[:-30], "truncated file"),
            (whole + b"\0", "something follows"),
            (self.payload(start=big_endian), "little-endian"),
            (self.payload(storages=parts.raw(count=7)), "expected 6 elements, found 7"),
            (self.payload(storage(count=5)), "something follows"),
            (self.payload(tensor()), "expected a torch storage"),
            (self.payload([storage()]), "expected a torch storage"),
            (self.payload(loaded(bytes(300)), keys=()), "expected a torch storage"),
        ):
            with pytest.raises(SourceError, match=rf"000000\.pickle\.pbz2: weights of .*{why}"):
                self.read(tmp_path, payload)

    def test_a_payload_of_two_storages(self, tmp_path):
        payload = self.payload((storage(), storage(key="8")), keys=("7", "8"), storages=parts.raw() * 2)  # fmt: skip
        with pytest.raises(SourceError, match="expected a torch storage"):
            self.read(tmp_path, payload)


def test_a_trial_of_too_many_bytes(tmp_path, monkeypatch):
    """Of storages that are read, and of tensors that share one."""
    monkeypatch.setattr(storages, "MOST_TRIAL_BYTES", 40)
    monkeypatch.setattr("nb201store.upstream.tensors.MOST_TRIAL_BYTES", 40)
    two = OrderedDict(w1=tensor(), w2=tensor(storage(key="8")))
    data = parts.legacy(parts.cell(two), keys=("7", "8"), storages=parts.raw() * 2)
    with pytest.raises(SourceError, match="storages of at most 40 bytes"):
        read(tmp_path, data)
    shared = OrderedDict(w1=tensor(), w2=tensor())
    with pytest.raises(SourceError, match="expected at most 40 bytes"):
        read(tmp_path, parts.legacy(parts.cell(shared)))


def test_keys_of_many_files_do_not_fill_the_table_of_texts(tmp_path, monkeypatch):
    """They are other texts in every file, and a reader keeps every text that it has met."""
    path = tmp_path / "one.pth"
    loader = containers.Loader()
    path.write_bytes(legacy(tensor(storage(key="first")), keys=("first",)))
    loader.load(path)
    held = loader._kept.reader
    monkeypatch.setattr(containers, "_MOST_TEXTS", held.texts)
    loader.load(path)
    assert loader._kept.reader is held
    path.write_bytes(legacy(tensor(storage(key="second")), keys=("second",)))
    loader.load(path)
    loader.load(path)
    assert loader._kept.reader is not held
