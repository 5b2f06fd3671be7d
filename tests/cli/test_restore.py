"""`nb201 restore`: what it says and writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import small_sources
from official import assert_same, official_states
from targets import digest, names

from nb201store import conversion
from nb201store.errors import FormatError
from nb201store.restoration import restore


class Stop(Exception):
    """Raised by the progress, at a moment of the test's choice."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three cells with few arrays, from a folder."""
    folder = tmp_path_factory.mktemp("small")
    source = small_sources.folder_of(folder / "cells", [3, 5, 8])
    conversion.convert(source, folder / "small.zarr", loss="float64")
    return folder / "small.zarr"


@pytest.mark.parametrize("kind", ["archive", "image"])
def test_the_source_comes_back(nb201: Any, files: Any, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "back.pickle.pbz2"
    done = nb201("restore", getattr(files, kind), out)
    assert (done.code, done.err) == (0, "")
    first, *others = done.out.splitlines()
    assert first.startswith(f"{out}: nats-file, 2 of 15625 cells, 30 trials, ")
    assert others == ["losses are rounded once, to float32: the file was converted so"]
    assert_same(official_states(out), official_states(files.source), loss="float32")
    assert list(official_states(out)) == [0, 11]


def test_an_archive_and_its_image_give_the_same_bytes(files: Any, tmp_path: Path) -> None:
    for layout in ("v1_1", "nats-folder"):
        one, other = tmp_path / f"{layout}-1", tmp_path / f"{layout}-2"
        restore(files.archive, one, layout=layout)
        restore(files.image, other, layout=layout)
        assert digest(one) == digest(other)


def test_json(nb201: Any, files: Any, tmp_path: Path) -> None:
    out = tmp_path / "back"
    found = nb201("restore", files.archive, out, "--layout", "nats-folder", "--json").json
    assert found.pop("seconds") >= 0
    assert found == {
        "target": str(out), "layout": "nats-folder", "cells": 2, "space_cells": 15625, "trials": 30, "weights": 0,
        "loss": "float32", "size": sum(path.stat().st_size for path in out.iterdir()),
    }  # fmt: skip
    assert names(out) == ["000000.pickle.pbz2", "000011.pickle.pbz2", "meta.pickle.pbz2"]


def test_exact_losses_need_no_words(nb201: Any, small: Path, tmp_path: Path) -> None:
    done = nb201("restore", small, tmp_path / "back")
    assert len(done.out.splitlines()) == 1
    assert_same(official_states(tmp_path / "back"), official_states(small.with_name("cells")))


def test_trials_that_had_weights_are_counted(nb201: Any, tmp_path: Path) -> None:
    folder = small_sources.folder_of(tmp_path / "cells", [3])
    conversion.convert(folder, tmp_path / "a.zarr")
    root = tmp_path / "a.zarr" / "zarr.json"
    root.write_text(root.read_text().replace('\\"weights\\":false', '\\"weights\\":true'))
    done = nb201("restore", tmp_path / "a.zarr", tmp_path / "back")
    assert "2 trials had weights in the source and come back without" in done.out


@pytest.mark.parametrize("layout", ["v1_0", "v1_1", "archive", "nats-file", "nats-folder"])
def test_every_layout_can_be_converted_again(
    nb201: Any, small: Path, tmp_path: Path, layout: str
) -> None:
    out = tmp_path / "back"
    assert nb201("restore", small, out, "--layout", layout).code == 0
    done = nb201("convert", out, tmp_path / "again.zarr", "--json")
    assert done.json["cells"] == 3
    # Another layout names the schedules otherwise: that is the one difference that is seen.
    differences = nb201("verify", tmp_path / "again.zarr", small, "--json").json[
        "first_differences"
    ]
    assert len(differences) == (0 if layout.startswith("nats") else 3)
    assert all(": form " in line for line in differences)


class TestRefusals:
    def test_an_existing_target(
        self, nb201: Any, refused: Any, small: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "back"
        nb201("restore", small, out)
        before = digest(out)
        refused(nb201("restore", small, out), str(out), "exists", "--overwrite")
        (out / "000003.pickle.pbz2").unlink()
        assert nb201("restore", small, out, "--overwrite").code == 0
        assert digest(out) == before
        assert names(tmp_path) == ["back"]

    @pytest.mark.parametrize("layout", ["archive", "nats-folder"])
    @pytest.mark.parametrize("also", ["notes.txt", None])
    def test_a_strangers_folder_is_not_replaced(
        self, nb201: Any, refused: Any, small: Path, tmp_path: Path, layout: str, also: str | None
    ) -> None:
        out = tmp_path / "back"
        out.mkdir()
        if also is not None:
            nb201("restore", small, tmp_path / "other", "--layout", layout)
            shutil.copytree(tmp_path / "other", out, dirs_exist_ok=True)
            (out / also).write_text("mine")
        done = nb201("restore", small, out, "--layout", layout, "--overwrite")
        refused(done, str(out), f"no folder in the layout {layout}", "remove it yourself")
        assert also is None or (out / also).read_text() == "mine"

    @pytest.mark.parametrize("layout", ["v1_1", "nats-file"])
    def test_a_strangers_file_is_not_replaced(
        self, nb201: Any, refused: Any, small: Path, tmp_path: Path, layout: str
    ) -> None:
        out = tmp_path / "thesis.tex"
        out.write_text("years of work")
        done = nb201("restore", small, out, "--layout", layout, "--overwrite")
        refused(done, str(out), f"no file in the layout {layout}")
        assert out.read_text() == "years of work"

    def test_itself(self, nb201: Any, refused: Any, small: Path) -> None:
        before = digest(small)
        refused(nb201("restore", small, small, "--overwrite"), str(small))
        assert digest(small) == before

    def test_what_is_no_archive_or_image(
        self, nb201: Any, refused: Any, files: Any, small: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "out"
        refused(nb201("restore", tmp_path / "nothing.zarr", out), "nothing.zarr")
        refused(nb201("restore", files.source, out), str(files.source))
        refused(nb201("restore", small.with_name("cells"), out), "not an nb201store archive")
        refused(nb201("restore", small, tmp_path / "no" / "out"), str(tmp_path / "no"))
        refused(nb201("restore", small, out, "--layout", "v2"), "v2", "v1_1")
        assert names(tmp_path) == []

    def test_a_slice(self, nb201: Any, refused: Any, files: Any, tmp_path: Path) -> None:
        part = tmp_path / "part.nb201"
        assert nb201("pack", files.archive, part, "--schedule", 12).code == 0
        refused(
            nb201("restore", part, tmp_path / "back"), str(part), "slice", "restore the archive"
        )
        assert names(tmp_path) == ["part.nb201"]

    def test_trials_without_their_curves(
        self, nb201: Any, refused: Any, small: Path, tmp_path: Path
    ) -> None:
        """As in a slice of the last epochs: the forms tell of more than there is."""
        root = json.loads((small / "zarr.json").read_text())
        forms = root["attributes"]["trial_forms"]
        changed = tmp_path / "x.zarr"
        shutil.copytree(small, changed)
        root["attributes"]["trial_forms"] = [
            form.replace('"train_losses":["dict","float",[[0,11]]]', '"train_losses":["dict","float",[[0,10]]]')
            for form in forms
        ]  # fmt: skip
        assert root["attributes"]["trial_forms"] != forms
        (changed / "zarr.json").write_text(json.dumps(root))
        done = nb201("restore", changed, tmp_path / "back")
        refused(done, str(changed), "cifar10-valid, schedule 12", "no slice")
        assert names(tmp_path) == ["x.zarr"]

    @pytest.mark.parametrize(
        "form",
        [
            "", "[]", "{}", '{"type":"set"}', "[" * 5000, '{"seed_width":99}',
            '{"seed_width":4,"train_acc1es":["dict","float",[[0,2000000000]]]}',
            '{"seed_width":4,"train_acc1es":["dict","float",[[0,"many"]]]}',
            '{"seed_width":4,"train_acc1es":["dict","float",[[-5,2]]]}',
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("which", ["trial_forms", "cell_forms"])
    def test_a_damaged_form(self, small: Path, tmp_path: Path, form: str, which: str) -> None:
        changed = tmp_path / "x.zarr"
        shutil.copytree(small, changed)
        root = json.loads((small / "zarr.json").read_text())
        root["attributes"][which] = [form for _ in root["attributes"][which]]
        (changed / "zarr.json").write_text(json.dumps(root))
        with pytest.raises(FormatError, match=r"x\.zarr: .*code \d+.*form|stored, which") as caught:
            restore(changed, tmp_path / "back")
        assert "\n" not in str(caught.value)
        assert names(tmp_path) == ["x.zarr"]


@pytest.mark.parametrize("layout", ["v1_1", "archive", "nats-file", "nats-folder"])
@pytest.mark.parametrize("exists", [False, True])
def test_an_exception_on_the_way_leaves_nothing(
    small: Path, tmp_path: Path, layout: str, exists: bool
) -> None:
    out = tmp_path / "back"
    if exists:
        restore(small, out, layout=layout)
    before = digest(out)

    def progress(_stage: str, done: int, _total: int) -> None:
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        restore(small, out, layout=layout, overwrite=True, progress=progress)
    assert digest(out) == before
    assert names(tmp_path) == (["back"] if exists else [])
