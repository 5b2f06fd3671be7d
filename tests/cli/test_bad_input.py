"""The user's mistakes: exit code 2, one line on standard error that says what, where and what to do, and no traces.

Here: files and targets. test_bad_words.py: what is asked of a good file.
"""

from __future__ import annotations

import bz2
import os
import pickle
import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize(
    "command", ["info", "verify", "query", "top", "compare", "pack", "convert"]
)
def test_a_missing_file_is_named(command: str, nb201: Any, refused: Any, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    rest = {
        "query": ["0"],
        "top": ["--dataset", "cifar10", "--split", "train", "--schedule", "200", "--seed", "777"],
        "compare": ["0", "1", "--schedule", "200", "--seed", "777"],
        "pack": [tmp_path / "x.nb201"],
        "convert": [tmp_path / "x.zarr"],
    }
    refused(nb201(command, missing, *rest.get(command, [])), str(missing), "o such")
    assert tree(tmp_path) == []


def test_a_folder_where_an_image_belongs(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    refused(nb201("query", tmp_path, "0"), str(tmp_path), "a folder", "image")
    refused(nb201("query", files.archive, "0"), str(files.archive), "nb201 pack")
    refused(nb201("verify", tmp_path), str(tmp_path), "not an nb201store archive")
    refused(nb201("info", tmp_path), str(tmp_path), "not an nb201store archive")


def test_a_file_where_an_archive_belongs(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    for wrong in (files.image, files.source):
        refused(nb201("pack", wrong, tmp_path / "x.nb201"), str(wrong), "not an nb201store archive")
    assert tree(tmp_path) == []


def test_an_official_file_where_an_image_belongs(files: Any, nb201: Any, refused: Any) -> None:
    for command in (("query", files.source, "0"), ("info", files.source), ("verify", files.source)):
        refused(nb201(*command), str(files.source), "magic")


def test_a_folder_that_is_no_official_one(nb201: Any, refused: Any, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "notes.txt").write_text("nothing official")
    refused(nb201("convert", source, tmp_path / "x.zarr"), str(source), "meta.pickle.pbz2")
    assert tree(tmp_path) == ["source", "source/notes.txt"]


@pytest.mark.parametrize("kept", [0, 1, 4, 100, 0.5, -1])
@pytest.mark.parametrize("target", ["x.zarr", "x.nb201"])
def test_an_empty_or_truncated_source(
    files: Any, nb201: Any, refused: Any, tmp_path: Path, kept: float, target: str
) -> None:
    data = files.source.read_bytes()
    source = tmp_path / "cut.pickle.pbz2"
    source.write_bytes(data[: int(len(data) * kept) if isinstance(kept, float) else kept])
    refused(nb201("convert", source, tmp_path / target), str(source))
    assert tree(tmp_path) == ["cut.pickle.pbz2"]


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "posix.system", "subprocess.Popen"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_pickle_that_names_code_is_refused_before_anything_runs(
    nb201: Any, refused: Any, tmp_path: Path, name: str, packed: bool
) -> None:
    module, attribute = name.rsplit(".", 1)
    trace = tmp_path / "it-ran"
    argument = f"open({str(trace)!r}, 'w')" if attribute == "eval" else f"touch {trace}"
    # Protocol 2 by hand: a name, a tuple of one text, REDUCE, hidden in a list in a dict.
    named = f"c{module}\n{attribute}\nX".encode() + len(argument).to_bytes(4, "little")
    program = b"\x80\x02}X\x04\0\0\0meta]" + named + argument.encode() + b"\x85Ras."
    source = tmp_path / "hostile.pickle.pbz2"
    source.write_bytes(bz2.compress(program) if packed else program)
    refused(nb201("convert", source, tmp_path / "x.nb201"), str(source), name)
    assert tree(tmp_path) == ["hostile.pickle.pbz2"]


def test_a_pickle_of_something_else(nb201: Any, refused: Any, tmp_path: Path) -> None:
    source = tmp_path / "other.pickle"
    source.write_bytes(pickle.dumps({"accuracy": [1.0]}))
    refused(nb201("convert", source, tmp_path / "x.zarr"), str(source), "arch2infos")


@pytest.mark.parametrize("target", ["x", "x.pth", "x.zarr.zip", ".zarr"])
def test_a_target_of_another_ending(
    files: Any, nb201: Any, refused: Any, tmp_path: Path, target: str
) -> None:
    refused(nb201("convert", files.source, tmp_path / target), ".zarr", ".nb201")
    assert tree(tmp_path) == []


def test_a_target_in_no_folder(files: Any, nb201: Any, refused: Any, tmp_path: Path) -> None:
    for target in ("x.zarr", "x.nb201"):
        done = nb201("convert", files.source, tmp_path / "nowhere" / target)
        refused(done, str(tmp_path / "nowhere"), "not a folder")
    done = nb201("pack", files.archive, tmp_path / "nowhere" / "x.nb201")
    refused(done, str(tmp_path / "nowhere"), "not a folder")


@pytest.mark.parametrize("kind", ["archive", "image"])
def test_an_existing_target_is_kept_without_overwrite(
    files: Any, nb201: Any, refused: Any, tmp_path: Path, kind: str
) -> None:
    target = tmp_path / ("x.zarr" if kind == "archive" else "x.nb201")
    target.write_text("precious")
    refused(nb201("convert", files.source, target), str(target), "exists", "--overwrite")
    if kind == "image":
        refused(nb201("pack", files.archive, target), str(target), "exists", "--overwrite")
    assert target.read_text() == "precious"
    assert tree(tmp_path) == [target.name]


def test_overwrite_spares_a_folder_that_is_no_archive(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    target = tmp_path / "thesis.zarr"
    target.mkdir()
    (target / "chapter.tex").write_text("precious")
    refused(nb201("convert", files.source, target, "--overwrite"), "not an nb201store archive")
    (target / "zarr.json").write_text(
        '{"attributes": {}, "zarr_format": 3}'
    )  # another's Zarr store
    refused(nb201("convert", files.source, target, "--overwrite"), "not an nb201store archive")
    assert (target / "chapter.tex").read_text() == "precious"
    assert tree(tmp_path) == ["thesis.zarr", "thesis.zarr/chapter.tex", "thesis.zarr/zarr.json"]


def test_overwrite_spares_what_is_of_another_kind(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    folder, file = tmp_path / "x.nb201", tmp_path / "x.zarr"
    folder.mkdir()
    file.write_text("precious")
    refused(nb201("convert", files.source, folder, "--overwrite"), str(folder), "is a folder")
    refused(nb201("pack", files.archive, folder, "--overwrite"), str(folder), "is a folder")
    refused(nb201("convert", files.source, file, "--overwrite"), str(file), "is a file")
    assert file.read_text() == "precious"


def test_a_truncated_image(files: Any, nb201: Any, refused: Any, tmp_path: Path) -> None:
    cut = tmp_path / "cut.nb201"
    cut.write_bytes(files.image.read_bytes()[:-1])
    for command in (("info", cut), ("verify", cut), ("query", cut, "0")):
        refused(nb201(*command), str(cut), "truncated", "byte 16")


def test_a_damaged_archive_is_not_packed(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    archive = tmp_path / "damaged.zarr"
    shutil.copytree(files.archive, archive)
    folder = archive / "200" / "cifar10" / "train" / "hits" / "c"
    chunk = next(path for path in folder.rglob("*") if path.is_file())
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.write_bytes(data)
    done = nb201("pack", archive, tmp_path / "x.nb201")
    refused(done, str(archive), "200/cifar10/train/hits")
    refused(nb201("verify", archive), str(archive), "200/cifar10/train/hits")
    assert not list(tmp_path.glob("*.nb201*"))
    assert not list(tmp_path.glob(".*"))


def test_a_name_that_states_another_md5_is_one_warning(
    files: Any, nb201: Any, tmp_path: Path
) -> None:
    source = tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2"
    shutil.copyfile(files.source, source)
    done = nb201("convert", source, tmp_path / "x.nb201")
    assert done.code == 0
    assert done.err.startswith("nb201: warning: ")
    assert done.err.count("\n") == 1
    assert "3ffb9" in done.err
    md5 = nb201("info", tmp_path / "x.nb201", "--json").json["sources"][0]["md5"]
    assert md5 in done.err


def test_our_own_files_where_an_official_one_belongs(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    target = tmp_path / "x.nb201"
    refused(nb201("convert", files.image, target), str(files.image), "this is an nb201store image")
    refused(
        nb201("convert", files.archive, target),
        str(files.archive),
        "Zarr folder",
        "nb201 pack",
        "copy",
    )
    refused(nb201("convert", files.source, files.image, target), "this is an nb201store image")
    refused(nb201("query", files.source, "0"), "magic", "nb201 convert")
    assert tree(tmp_path) == []


def test_pipes_and_devices_are_not_waited_for(nb201: Any, refused: Any, tmp_path: Path) -> None:
    """Converting a named pipe hung, and /dev/zero was blamed at a negative byte."""
    pipe = tmp_path / "pipe.pth"
    os.mkfifo(pipe)
    for special in (pipe, "/dev/zero", "/dev/null"):
        refused(nb201("convert", special, tmp_path / "x.nb201"), str(special), "expected a file")
    assert tree(tmp_path) == ["pipe.pth"]


def test_something_behind_a_bz2_stream_is_refused(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    """It was passed over in silence."""
    source = tmp_path / "tail.pickle.pbz2"
    source.write_bytes(files.source.read_bytes() + b"tail")
    refused(
        nb201("convert", source, tmp_path / "x.nb201"),
        str(source),
        "damaged: something that is",
        "no bz2 stream",
    )
    assert tree(tmp_path) == [source.name]
