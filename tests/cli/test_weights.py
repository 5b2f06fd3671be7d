"""`convert --weights` and `verify` at the command line: what they print, refuse, and leave behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import small_sources
import weights_sources
from forked_commands import Commands
from targets import digest, names

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive folder of one cell, of which both trials have weights."""
    cells = {0: weights_sources.trained(0, "archive")}
    return weights_sources.write_folder(
        tmp_path_factory.mktemp("source") / "archive", "archive", cells
    )


@pytest.mark.parametrize("ending", [".zarr", ".nb201"])
def test_the_summary_says_where_they_are(
    source: Path, tmp_path: Path, nb201: Any, ending: str
) -> None:
    target = tmp_path / f"x{ending}"
    done = nb201("convert", source, target, "--weights")
    files = list((tmp_path / "x.weights").rglob("*.safetensors"))
    size = sum(file.stat().st_size for file in files)
    assert done.code == 0
    last = done.out.splitlines()[-1]
    assert last == f"2 trials came with weights: 2 files, {size / 1e3:.1f} kB in x.weights"
    again = nb201("convert", source, target, "--weights", "--overwrite", "--json").json
    assert again["weights"] == {"folder": "x.weights", "files": 2, "bytes": size}
    assert names(tmp_path) == sorted(["x.weights", target.name])
    assert f"weights: 2 files, {size / 1e3:.1f} kB in x.weights" in nb201("info", target).out
    assert nb201("info", target, "--json").json["weights"] == again["weights"]


def test_without_the_option_they_are_left_out(source: Path, tmp_path: Path, nb201: Any) -> None:
    done = nb201("convert", source, tmp_path / "x.zarr")
    assert "2 trials came with weights, which are left out" in done.out
    assert names(tmp_path) == ["x.zarr"]
    json = nb201("convert", source, tmp_path / "x.zarr", "--overwrite", "--json").json
    assert json["weights"] is None
    assert nb201("info", tmp_path / "x.zarr", "--json").json["weights"] is None
    assert sum(group["weights"] for group in json["groups"]) == 2


def test_verify(source: Path, tmp_path: Path, nb201: Any, refused: Any) -> None:
    archive = tmp_path / "x.zarr"
    nb201("convert", source, archive, "--weights")
    assert "2 weights files by size and checksum" in nb201("verify", archive).out
    assert "2 weights files compared with" in nb201("verify", archive, source).out
    assert nb201("verify", archive, source, "--json").json["weights"] == 2
    file = sorted((tmp_path / "x.weights").rglob("*.safetensors"))[0]
    damaged = bytearray(file.read_bytes())
    damaged[-1] ^= 1
    file.write_bytes(damaged)
    refused(nb201("verify", archive), str(file), "weights of code", "expected CRC-32C")
    done = nb201("verify", archive, source)
    assert done.code == 1
    assert "weights: the file is damaged" in done.out


def test_sources_without_weights(tmp_path: Path, nb201: Any, refused: Any) -> None:
    single = small_sources.file_of(tmp_path / "one.pickle.pbz2", [5])
    folder = small_sources.folder_of(tmp_path / "simple", [5])
    before = names(tmp_path)
    refused(nb201("convert", single, tmp_path / "x.zarr", "--weights"), "a single file")
    for ending in (".zarr", ".nb201"):
        target = tmp_path / f"x{ending}"
        refused(nb201("convert", folder, target, "--weights"), "no trial came with weights")  # fmt: skip
    assert names(tmp_path) == before


def test_a_folder_that_is_not_ours(source: Path, tmp_path: Path, nb201: Any, refused: Any) -> None:
    folder = tmp_path / "x.weights"
    folder.mkdir()
    refused(nb201("convert", source, tmp_path / "x.zarr", "--weights"), "x.weights exists")
    (folder / "mine.txt").write_text("mine")
    refused(nb201("convert", source, tmp_path / "x.zarr", "--weights", "--overwrite"), "mine.txt")
    assert names(tmp_path) == ["x.weights"]
    assert names(folder) == ["mine.txt"]


def test_without_safetensors(
    source: Path, tmp_path: Path, nb201: Any, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    done = nb201("convert", source, tmp_path / "x.zarr", "--weights")
    refused(done, "pip install 'nb201store[torch]'")
    assert names(tmp_path) == []


@pytest.mark.parametrize("ending", [".zarr", ".nb201"])
@pytest.mark.parametrize("exists", [False, True], ids=["new", "overwrite"])
def test_files_that_may_not_grow_leave_no_half(
    source: Path, tmp_path: Path, ending: str, exists: bool
) -> None:
    """A limit on the size of files stands for a full disk, at sizes around those of the weights files."""
    target, folder = tmp_path / f"x{ending}", tmp_path / "x.weights"
    arguments = ["convert", source, target, "--weights", *(["--overwrite"] if exists else [])]
    with Commands() as commands:
        if exists:
            commands.run("convert", source, target, "--weights")
        before = digest(target), digest(folder)
        smallest = 20_000  # of the files of weights; the largest of an archive are smaller
        for size in (0, 1000, smallest):
            ended = commands.run(*arguments, largest_file=size)
            assert (ended.code, ended.out) == (2, ""), size
            assert "File too large" in ended.err
            assert (digest(target), digest(folder)) == before
            assert len(names(tmp_path)) == (2 if exists else 0)
        assert commands.run(*arguments).code == 0
    assert digest(folder) is not None
    if exists:
        assert (digest(target), digest(folder)) == before


@pytest.mark.parametrize("stage", ["read", "write", "pack"])
def test_an_exception_at_any_stage_leaves_nothing(source: Path, tmp_path: Path, stage: str) -> None:
    from nb201store.conversion import convert

    def progress(now: str, _done: int, _total: int) -> None:
        if now == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(source, tmp_path / "x.nb201", weights=True, progress=progress)
    assert names(tmp_path) == []


def test_several_sources(source: Path, tmp_path: Path, nb201: Any, refused: Any) -> None:
    """Whichever of them has the weights, an archive too; where two have them, they must be the same."""
    nb201("convert", source, tmp_path / "one.zarr", "--weights")
    bare = weights_sources.trained(0, "archive")
    for _, _, trial in weights_sources.trials(bare):
        trial["net_state_dict"] = None
    without = weights_sources.write_folder(tmp_path / "without", "archive of zips", {0: bare})
    for place, sources in enumerate(
        [(without, source), (source, without), (tmp_path / "one.zarr", without), (source, tmp_path / "one.zarr")]
    ):  # fmt: skip
        target = tmp_path / f"{place}.zarr"
        done = nb201("convert", *sources, target, "--weights", "--json")
        assert done.json["weights"]["files"] == 2
        assert digest(tmp_path / f"{place}.weights") == digest(tmp_path / "one.weights")
        assert nb201("verify", target).code == 0
        for one in sources:
            assert nb201("verify", target, one).code == 0
    other = weights_sources.trained(0, "archive")
    _, _, trial = next(weights_sources.trials(other))
    trial["net_state_dict"]["stem.1.bias"][0] += 1
    others = weights_sources.write_folder(tmp_path / "others", "archive", {0: other})
    done = nb201("convert", source, others, tmp_path / "x.zarr", "--weights")
    refused(done, "others", "weights of code", "came twice, and differ")
    done = nb201("convert", without, tmp_path / "without2", tmp_path / "x.zarr", "--weights")
    assert done.code == 2
    file = next((tmp_path / "one.weights").rglob("*.safetensors"))
    file.write_bytes(b"")
    done = nb201("convert", tmp_path / "one.zarr", without, tmp_path / "x.zarr", "--weights")
    refused(done, str(file), "found 0")
    assert not (tmp_path / "x.zarr").exists()
    assert not (tmp_path / "x.weights").exists()
