"""Weights of the official networks, as torch reads them from the official file and as they come out of ours."""

from __future__ import annotations

import json
import pickle
import shutil
from collections import OrderedDict

import pytest
import weights_sources as made
from official import official_states

import nb201store as nb
from nb201store import archive, image
from nb201store.conversion import convert
from nb201store.verify import check_weights, verify

pytestmark = pytest.mark.peers

INDICES = (0, 7)
SCHEDULES = {"full": 200, "less": 12, "200": 200, "12": 12}


@pytest.fixture(scope="module", params=made.LAYOUTS)
def converted(request, tmp_path_factory):
    """(source, archive, image) with weights, of one layout."""
    folder = tmp_path_factory.mktemp("weights")
    cells = {index: made.trained(index, request.param) for index in INDICES}
    source = made.write_folder(folder / "source", request.param, cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb201store.replacing._fsync", lambda _: None)
        convert(source, folder / "a.zarr", weights=True)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    return source, folder / "a.zarr", folder / "a.nb201"


def official_trials(source):
    """(code, data set, schedule, seed, state dict) as the official packages read them."""
    for index, states in official_states(source).items():
        for hp, (dataset, seed), trial in made.trials(states):
            code = nb.tss.from_official_index(index)
            yield code, dataset, SCHEDULES[hp], seed, trial["net_state_dict"]


def test_every_tensor_bit_for_bit(converted):
    import torch

    source, _, packed = converted
    compared = 0
    with nb.open(packed) as bench:
        for code, dataset, schedule, seed, expected in official_trials(source):
            found = bench.weights(code, dataset, schedule=schedule, seed=seed)
            arrays = bench.weights(code, dataset, schedule=schedule, seed=seed, framework="numpy")
            assert list(found) == list(arrays) == list(expected)
            for name, tensor in expected.items():
                assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape), name
                bits = tensor.contiguous().numpy().tobytes()
                assert found[name].numpy().tobytes() == arrays[name].tobytes() == bits, name
                compared += 1
            network = made.network(nb.tss.arch_str(code), made.CLASSES[dataset], seed=1)
            network.load_state_dict(found)
            again = network.state_dict()
            assert all(torch.equal(again[name], tensor) for name, tensor in expected.items())
    assert compared > 200


def test_verify_compares_them_with_the_source(converted, tmp_path):
    source, zarr, _ = converted
    trials = len(list(official_trials(source)))
    report = verify(zarr, source)
    assert report.same
    assert report.weights == trials
    assert check_weights(archive.open_archive(zarr)) == trials
    copy = copied(zarr, tmp_path)
    # A file of another trial in a trial's place: sound in itself, not the source's.
    one, other = sorted((tmp_path / "a.weights").rglob("*.safetensors"))[:2]
    shutil.copy(other, one)
    report = verify(copy, source)
    assert report.difference_count == 1
    assert "weights: " in report.differences[0]
    one.unlink()
    (difference,) = verify(copy, source).differences
    assert difference.endswith(f"weights: {one.resolve()} is missing")


def test_a_tensor_that_differs_is_named(converted, tmp_path):
    source, zarr, _ = converted
    copy = copied(zarr, tmp_path)
    states = official_states(source)
    hp, (dataset, seed), trial = next(made.trials(states[7]))
    trial["net_state_dict"]["stem.1.bias"][2] += 1
    layout = next(
        name for name, (named, _) in made.LAYOUTS.items() if (source / named.format(7)).exists()
    )
    changed = made.write_folder(tmp_path / "changed", layout, states)
    (difference,) = verify(copy, changed).differences
    code = nb.tss.from_official_index(7)
    trial = f"code {code}, {dataset}, schedule {SCHEDULES[hp]}, seed {seed}"
    assert difference == f"{trial}: weights: stem.1.bias: other values than the source"


def test_archives_differ_in_the_listing_only(converted, tmp_path):
    source, zarr, _ = converted
    convert(source, tmp_path / "b.zarr")
    assert not (tmp_path / "b.weights").exists()
    with_weights, without = files_of(zarr), files_of(tmp_path / "b.zarr")
    added = {name.split("/")[2] for name in with_weights.keys() - without.keys()}
    assert added == {"weights_bytes", "weights_crc32c"}
    assert without.keys() <= with_weights.keys()
    differing = {name for name in without if with_weights[name] != without[name]}
    assert differing == {"zarr.json"}
    ours, theirs = (json.loads(held["zarr.json"])["attributes"] for held in (with_weights, without))
    files = list((zarr.parent / "a.weights").rglob("*.safetensors"))
    assert ours.pop("weights") == {
        "folder": "a.weights",
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
    }
    assert ours == theirs
    report = verify(zarr, tmp_path / "b.zarr")
    assert report.same


def test_an_image_in_one_step_is_the_same(converted, tmp_path):
    source, zarr, packed = converted
    convert(source, tmp_path / "a.nb201", weights=True)
    assert (tmp_path / "a.nb201").read_bytes() == packed.read_bytes()
    assert files_of(tmp_path / "a.weights") == files_of(zarr.parent / "a.weights")


def test_every_layout_gives_the_same_files(tmp_path):
    written = []
    for number, layout in enumerate(made.LAYOUTS):
        source = made.write_folder(tmp_path / f"{number}", layout, {3: made.trained(3, layout)})
        convert(source, tmp_path / f"{number}.zarr", weights=True)
        written.append(files_of(tmp_path / f"{number}.weights"))
    assert written[0] == written[1] == written[2]
    assert len(written[0]) == 2


@pytest.mark.parametrize("layout", made.LAYOUTS)
def test_tensors_of_every_kind(tmp_path, layout):
    """Views of one storage, not contiguous, of every dtype that numpy has too, parameters, and empty ones."""
    import torch

    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    expected = OrderedDict(
        whole=base,
        turned=base.t(),
        part=base[1:3, 2:5],
        steps=base[::2, ::3],
        channels_last=torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        scalar=torch.tensor(7),
        empty=torch.zeros(0, 3),
        parameter=torch.nn.Parameter(torch.rand(3)),
        frozen=torch.nn.Parameter(torch.arange(3), requires_grad=False),
        nan=torch.tensor([float("nan"), -0.0, float("inf")]),
    )
    for dtype in ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float64"):
        expected[dtype] = torch.arange(-3, 3).to(getattr(torch, dtype))
    states = made.trained(0, layout)
    for _, _, trial in made.trials(states):
        trial["net_state_dict"] = expected
    source = made.write_folder(tmp_path / "source", layout, {0: states})
    convert(source, tmp_path / "a.nb201", weights=True)
    with nb.open(tmp_path / "a.nb201") as bench:
        found = bench.weights(nb.tss.from_official_index(0), "cifar10-valid", schedule=12, seed=777)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert (found[name].dtype, found[name].shape) == (tensor.dtype, tensor.shape), name
        same = tensor.detach().contiguous().numpy().tobytes()
        assert found[name].numpy().tobytes() == same, name


def test_trials_without_weights_among_others(tmp_path):
    states = made.trained(0, "archive")
    (_, (dataset, seed), trial), *_ = made.trials({"less": states["less"]})
    trial["net_state_dict"] = None
    source = made.write_folder(tmp_path / "some", "archive", {0: states})
    summary, _ = convert(source, tmp_path / "a.nb201", weights=True)
    assert summary.weights.about()["files"] == 1
    code = nb.tss.from_official_index(0)
    with nb.open(tmp_path / "a.nb201") as bench:
        missing = rf"code {code}, {dataset}, schedule 12, seed {seed}: this trial has no weights"
        with pytest.raises(nb.MissingDataError, match=missing):
            bench.weights(code, dataset, schedule=12, seed=seed)


def test_an_archive_moved_with_its_weights_and_a_pickled_store(converted, tmp_path):
    source, _, packed = converted
    code, dataset, schedule, seed, expected = next(official_trials(source))
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.copytree(packed.parent / "a.weights", moved / "a.weights")
    shutil.copy(packed, moved / "a.nb201")
    bench = pickle.loads(pickle.dumps(nb.open(moved / "a.nb201")))
    assert list(bench.weights(code, dataset, schedule=schedule, seed=seed)) == list(expected)


def files_of(folder):
    """{relative path: bytes} of all files below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def copied(zarr, to):
    """Copy an archive and its weights."""
    shutil.copytree(zarr, to / zarr.name)
    shutil.copytree(zarr.with_suffix(".weights"), to / "a.weights")
    return to / zarr.name
