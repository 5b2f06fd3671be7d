"""Weights files: what is in one, the folder of them, their listing in an archive, and one loaded through a store."""

from __future__ import annotations

import json
import re
import shutil
import sys

import numpy as np
import pytest
from record_cases import BENCHMARK, EPOCHS, SOURCE, cell, trial

import nb201store as nb
from nb201store import archive, image
from nb201store.errors import (
    ChecksumError,
    FormatError,
    MissingDataError,
    SettingsError,
    SourceError,
)
from nb201store.image.reader import ImageRecords
from nb201store.trial_weights import TrialKey, TrialWeights
from nb201store.verify import check_weights
from nb201store.weights import file_name, weights_folder
from nb201store.weights.encoding import decode, encode
from nb201store.weights.naming import check_folder
from nb201store.weights.writing import WeightsWriter

WITH = TrialKey(5, "plain", EPOCHS, 777)
INSTALL = "pip install 'nb201store[torch]'"
WITHOUT = TrialKey(5, "plain", EPOCHS, 888)
ARCH_STR = nb.tss.arch_str(5)
TENSORS = {
    "stem.weight": np.arange(6, dtype="<f4").reshape(2, 3),
    "stem.num_batches_tracked": np.array(7),
    "b.half": np.array([1.5], dtype="<f2"),
    "a.none": np.zeros((0, 3), dtype="<f8"),
    "a.bool": np.array([True, False]),
}


def weights(key=WITH, tensors=TENSORS):
    return TrialWeights(key, nb.tss.arch_str(key.code), lambda: iter(tensors.items()))


class TestOneFile:
    def test_it_keeps_names_order_dtypes_shapes_and_bytes(self):
        about, tensors = decode(encode(weights()))
        assert list(tensors) == list(TENSORS)
        for name, expected in TENSORS.items():
            assert (tensors[name].dtype, tensors[name].shape) == (expected.dtype, expected.shape)
            assert tensors[name].tobytes() == expected.tobytes()
        assert about.pop("crc32c") > 0
        assert about == {**WITH._asdict(), "arch_str": ARCH_STR, "names": list(TENSORS)}

    def test_equal_weights_are_equal_bytes(self):
        assert len({encode(weights()) for _ in range(20)}) == 1
        other = dict(reversed(TENSORS.items()))
        assert encode(weights(tensors=other)) != encode(weights())

    def test_any_safetensors_reader_reads_it(self, tmp_path):
        from safetensors import safe_open

        path = tmp_path / "one.safetensors"
        path.write_bytes(encode(weights()))
        with safe_open(path, framework="numpy") as opened:
            assert set(opened.keys()) == set(TENSORS)
            assert json.loads(opened.metadata()["nb201store"])["names"] == list(TENSORS)
            assert opened.get_tensor("stem.weight").tolist() == [[0, 1, 2], [3, 4, 5]]

    def test_none_at_all(self):
        assert decode(encode(weights(tensors={})))[1] == {}

    def test_a_name_that_safetensors_keeps_for_itself(self):
        with pytest.raises(SourceError, match="a tensor is called __metadata__"):
            encode(weights(tensors={"__metadata__": np.zeros(1)}))

    def test_cut_off_or_changed_at_any_byte(self):
        """An error, or the very same tensors: of what the header says a store compares the trial too."""
        whole = encode(weights())
        about, tensors = decode(whole)
        refused = 0
        for place in range(len(whole)):
            with pytest.raises(FormatError):
                decode(whole[:place])
            changed = bytearray(whole)
            changed[place] ^= 0x11
            try:
                found_about, found = decode(bytes(changed))
            except FormatError:
                refused += 1
                continue
            same_trial = all(found_about.get(field) == about[field] for field in WITH._fields)
            assert list(found) == list(tensors) or not same_trial
            assert {name: found[name].tobytes() for name in found} == {
                name: tensors[name].tobytes() for name in tensors
            }
        assert refused > len(whole) / 2

    def test_a_header_nested_deep(self):
        header = b'{"__metadata__":{"nb201store":"' + b"[" * 100_000 + b'"}}'
        with pytest.raises(FormatError):
            decode(len(header).to_bytes(8, "little") + header)

    @pytest.mark.parametrize("missing", ["safetensors", "safetensors.numpy"])
    def test_without_safetensors(self, monkeypatch, missing, tmp_path):
        monkeypatch.setitem(sys.modules, missing, None)
        told = re.escape("need safetensors, which is not installed: " + INSTALL)
        with pytest.raises(SettingsError, match=told):
            decode(b"")
        if missing == "safetensors.numpy":
            with pytest.raises(SettingsError, match=told):
                WeightsWriter(tmp_path / "a.zarr", overwrite=False)


class TestFolder:
    def test_where_files_lie(self, tmp_path):
        assert weights_folder(tmp_path / "a.b.zarr") == tmp_path / "a.b.weights"
        assert weights_folder(tmp_path / "a.nb201") == tmp_path / "a.weights"
        assert file_name(TrialKey(7, "cifar10", 200, 888)) == "200/cifar10/00007-888.safetensors"
        (tmp_path / "other").mkdir()
        (tmp_path / "link.nb201").symlink_to(tmp_path / "other" / "b.nb201")
        assert weights_folder(tmp_path / "link.nb201") == tmp_path / "other" / "b.weights"

    def test_it_appears_when_it_is_placed(self, tmp_path):
        with WeightsWriter(tmp_path / "a.zarr", overwrite=False) as writer:
            writer.take(weights())
            assert not (tmp_path / "a.weights").exists()
            writer.place()
            (file,) = (tmp_path / "a.weights").rglob("*.safetensors")
            assert file.read_bytes() == encode(weights())
            assert writer.listing.about() == {
                "folder": "a.weights",
                "files": 1,
                "bytes": len(encode(weights())),
            }

    @pytest.mark.parametrize("placed", [False, True])
    def test_an_error_removes_it(self, tmp_path, placed):
        writer = WeightsWriter(tmp_path / "a.zarr", overwrite=False)
        with pytest.raises(KeyboardInterrupt), writer:
            self.begin(writer, placed)
        assert list(tmp_path.iterdir()) == []

    def test_an_error_leaves_an_old_one(self, tmp_path):
        old = tmp_path / "a.weights" / "200" / "cifar10" / "00001-777.safetensors"
        old.parent.mkdir(parents=True)
        old.write_bytes(b"old")
        writer = WeightsWriter(tmp_path / "a.zarr", overwrite=True)
        with pytest.raises(KeyboardInterrupt), writer:
            self.begin(writer, placed=False)
        assert old.read_bytes() == b"old"
        with WeightsWriter(tmp_path / "a.zarr", overwrite=True) as writer:
            writer.take(weights())
            writer.place()
        assert not old.exists()
        assert [path.name for path in tmp_path.iterdir()] == ["a.weights"]

    def begin(self, writer, placed):
        writer.take(weights())
        if placed:
            writer.place()
        raise KeyboardInterrupt

    def test_another_folder_is_never_replaced(self, tmp_path):
        folder = tmp_path / "a.weights"
        (folder / "200" / "cifar10").mkdir(parents=True)
        check_folder(folder, overwrite=True)
        with pytest.raises(FileExistsError):
            check_folder(folder, overwrite=False)
        (folder / "200" / "cifar10" / "00001-777.safetensors").write_bytes(b"")
        check_folder(folder, overwrite=True)
        for name in ("notes.txt", "200/cifar10/mine.safetensors", "00001-777.safetensors"):
            (folder / name).write_bytes(b"")
            with pytest.raises(SettingsError, match=f"it holds {name}; --overwrite will not replace it"):  # fmt: skip
                WeightsWriter(tmp_path / "a.zarr", overwrite=True)
            (folder / name).unlink()
        shutil.rmtree(folder)
        folder.write_bytes(b"")
        with pytest.raises(NotADirectoryError):
            check_folder(folder, overwrite=True)

    def test_a_trial_that_comes_twice(self, tmp_path):
        with WeightsWriter(tmp_path / "a.zarr", overwrite=False) as writer:
            writer.take(weights())
            writer.take(weights())
            with pytest.raises(SourceError, match=f"weights of {WITH.name}: came twice, and differ"):  # fmt: skip
                writer.take(weights(tensors={"stem.weight": np.zeros(1)}))
            assert len(writer.listing.files) == 1


FORMS = {WITH: '{"weights":true}', WITHOUT: '{"weights":false}'}


@pytest.fixture
def made(tmp_path):
    """(archive, image) of two trials of a cell, of which the first has weights."""
    trials = [trial(*key, form=form) for key, form in FORMS.items()]
    zarr = tmp_path / "a.zarr"
    with WeightsWriter(zarr, overwrite=False) as writer:
        writer.take(weights())
        archive.write(
            zarr, BENCHMARK, [cell(5, *trials)], SOURCE, durable=False, weights=writer.listing, finish=writer.place
        )  # fmt: skip
    image.pack(zarr, tmp_path / "a.nb201")
    return zarr, tmp_path / "a.nb201"


class TestListing:
    def test_it_comes_back(self, made):
        listing = archive.open_archive(made[0]).weights()
        data = encode(weights())
        assert listing.folder == "a.weights"
        assert {key: file.size for key, file in listing.files.items()} == {WITH: len(data)}
        assert check_weights(archive.open_archive(made[0])) == 1

    def test_none_is_none(self, tmp_path):
        archive.write(
            tmp_path / "b.zarr", BENCHMARK, [cell(5, trial(*WITH))], SOURCE, durable=False
        )
        opened = archive.open_archive(tmp_path / "b.zarr")
        assert opened.weights() is None
        assert check_weights(opened) is None

    def test_damaged_files(self, made):
        opened = archive.open_archive(made[0])
        (file,) = made[0].with_suffix(".weights").rglob("*.safetensors")
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(ChecksumError, match=f"{WITH.name}: expected CRC-32C 0x"):
            check_weights(opened)
        file.write_bytes(whole[:-1])
        sizes = f"expected {len(whole)} bytes, found {len(whole) - 1}"
        with pytest.raises(FormatError, match=f"{WITH.name}: {sizes}"):
            check_weights(opened)
        file.unlink()
        with pytest.raises(FormatError, match=f"{WITH.name} are listed in .*, but there is no such file"):  # fmt: skip
            check_weights(opened)

    @pytest.mark.parametrize(
        "about",
        [
            1, [], {}, {"folder": 1, "files": 1, "bytes": 1}, {"folder": "a.weights", "files": 2, "bytes": 1},
            {"folder": "a.weights"},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_root_that_says_something_else(self, made, about):
        path = made[0] / "zarr.json"
        root = json.loads(path.read_bytes())
        root["attributes"]["weights"] = about
        path.write_text(json.dumps(root))
        with pytest.raises(FormatError, match=r"a\.zarr: weights: "):
            archive.open_archive(made[0]).weights()

    def test_arrays_that_list_what_does_not_exist(self, made):
        import zarr

        group = zarr.open_group(made[0], mode="r+")
        sizes = group[f"{EPOCHS}/plain/weights_bytes"]
        sizes[6, 0] = 12
        with pytest.raises(FormatError, match="weights_bytes: expected files of trials that exist"):
            archive.open_archive(made[0]).weights()
        sizes[6, 0] = np.iinfo(np.uint64).max
        assert len(archive.open_archive(made[0]).weights().files) == 1
        shutil.rmtree(made[0] / f"{EPOCHS}/plain/weights_crc32c")
        with pytest.raises(FormatError, match="weights_crc32c lacks its chunk"):
            archive.open_archive(made[0]).weights()


class TestStore:
    def ask(self, path, key=WITH, **changed):
        words = key._asdict() | {"framework": "numpy"} | changed
        with nb.open(path) as bench:
            return bench.weights(words.pop("code"), words.pop("dataset"), **words)

    def test_one_trial(self, made):
        found = self.ask(made[1])
        assert list(found) == list(TENSORS)
        assert all(found[name].tobytes() == TENSORS[name].tobytes() for name in TENSORS)
        found["stem.weight"][0, 0] = 9  # a copy of one's own

    @pytest.mark.peers
    def test_as_torch_tensors(self, made):
        import torch

        found = self.ask(made[1], framework="torch")
        assert found["stem.num_batches_tracked"].item() == 7
        assert found["a.none"].shape == (0, 3)
        assert {name: tensor.dtype for name, tensor in found.items()} == {
            "stem.weight": torch.float32,
            "stem.num_batches_tracked": torch.int64,
            "b.half": torch.float16,
            "a.none": torch.float64,
            "a.bool": torch.bool,
        }

    def test_without_torch(self, made, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        told = re.escape("need torch, which is not installed: " + INSTALL)
        with pytest.raises(SettingsError, match=told):
            self.ask(made[1], framework="torch")
        assert self.ask(made[1])

    def test_words_that_make_no_sense(self, made):
        for changed, kind, why in (
            ({"framework": "jax"}, SettingsError, "torch or numpy, found 'jax'"),
            ({"seed": "mean"}, SettingsError, "no mean over seeds"),
            (
                {"seed": 999},
                MissingDataError,
                "seed 999: no such trial; seeds of that cell: 777, 888",
            ),
            ({"code": 6}, MissingDataError, "no such trial; seeds of that cell: none"),
            ({"code": 15_625}, nb.ArchError, "15625"),
            ({"dataset": "cifar10"}, SettingsError, "cifar10"),
            ({"schedule": 7}, SettingsError, "7"),
        ):
            with pytest.raises(kind, match=why):
                self.ask(made[1], **changed)
        for seed in (777.0, None, "777"):
            with pytest.raises(SettingsError, match="seed must be an integer"):
                self.ask(made[1], seed=seed)
        with pytest.raises(nb.ArchError, match=r"found \[5\]"):
            self.ask(made[1], code=[5])

    def test_weights_that_are_not_there(self, made, tmp_path):
        with pytest.raises(MissingDataError, match=f"{WITHOUT.name}: this trial has no weights"):
            self.ask(made[1], WITHOUT)
        folder = made[0].with_suffix(".weights")
        folder.rename(tmp_path / "moved")
        told = rf"777\.safetensors: no such file; .*a\.nb201 says that its weights lie in {folder}"
        with pytest.raises(FileNotFoundError, match=told):
            self.ask(made[1])
        archive.write(
            tmp_path / "b.zarr", BENCHMARK, [cell(5, trial(*WITH))], SOURCE, durable=False
        )
        image.pack(tmp_path / "b.zarr", tmp_path / "b.nb201")
        told = "lists no weights: convert the official archive with --weights"
        with pytest.raises(MissingDataError, match=told):
            self.ask(tmp_path / "b.nb201")

    def test_files_that_are_damaged_or_of_another_trial(self, made):
        (file,) = made[0].with_suffix(".weights").rglob("*.safetensors")
        whole = file.read_bytes()
        for data, why in (
            (whole[:-1], "incomplete"),
            (whole[:-1] + b"\7", "not those that were written"),
            (b"", "header"),
            (encode(weights(TrialKey(6, "plain", EPOCHS, 777))), "code: expected 5, found 6"),
            (encode(weights()._replace(arch_str="|none|")), "arch_str: expected"),
        ):
            file.write_bytes(data)
            told = rf"00005-777\.safetensors: not the weights of {WITH.name}: .*{why}"
            with pytest.raises(FormatError, match=told):
                self.ask(made[1])

    @pytest.mark.parametrize("about", [3, [], {}, {"folder": 1}, {"folder": "a\0b"}, "x"], ids=str)
    def test_an_image_that_says_something_else(self, made, monkeypatch, tmp_path, about):
        monkeypatch.setattr("nb201store.image.writer.weights_about", lambda *_: about)
        image.pack(made[0], tmp_path / "b.nb201")
        with pytest.raises(FormatError, match="section 'about': weights: expected a folder"):
            self.ask(tmp_path / "b.nb201")
        with pytest.raises(FormatError, match="section 'about': it lacks what it must have"):
            ImageRecords(tmp_path / "b.nb201").facts()

    def test_an_image_elsewhere_says_where_they_lie_from_there(self, made, tmp_path):
        (tmp_path / "images" / "deep").mkdir(parents=True)
        packed = tmp_path / "images" / "deep" / "b.nb201"
        image.pack(made[0], packed)
        assert list(self.ask(packed)) == list(TENSORS)
        link = tmp_path / "link.nb201"
        link.symlink_to(packed)
        assert list(self.ask(link)) == list(TENSORS)
