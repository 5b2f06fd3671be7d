"""`verify` of what several sources were joined to, beside one of them: all that it has must be there."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import synthetic
from small_sources import cell, file_with

from nb201store import archive, image
from nb201store.conversion import convert
from nb201store.verify import verify
from nb201store.verify.joined import joined_with
from nb201store.verify.stored import open_target

INDEX = 5


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("nb201store.replacing._fsync", lambda _: None)


def trials(state):
    return state["12"]["all_results"].values()


def joined(folder, *cells, **options):
    """[archive, image], paths of the sources."""
    paths = [file_with(folder / f"{place}.pickle.bz2", held) for place, held in enumerate(cells)]
    convert(paths, folder / "x.zarr", **options)
    image.pack(folder / "x.zarr", folder / "x.nb201")
    return [folder / "x.zarr", folder / "x.nb201"], paths


def poor(index):
    """A cell without seconds of training, latencies, and most evaluations."""
    held = cell(index)
    for trial in trials(held):
        trial.update(train_times=None, latency=None, params=None)
        for field in ("eval_acc1es", "eval_losses"):
            trial[field] = {
                key: value for key, value in trial[field].items() if key.endswith("@11")
            }
    return held


def test_what_others_added_is_no_difference(tmp_path):
    full = {3: synthetic.Maker().cell(3, 2), INDEX: cell(INDEX)}
    made, paths = joined(tmp_path, {INDEX: poor(INDEX), 9: cell(9)}, full)
    for target in made:
        for path, cells in zip(paths, (2, 2), strict=True):
            report = verify(target, path)
            assert report.same, report.differences
            assert (report.cells, report.not_compared) == (cells, [])
        convert(paths[0], tmp_path / "first.zarr", overwrite=True)
        assert verify(target, tmp_path / "first.zarr").same


def test_every_value_of_a_source_must_be_there(tmp_path):
    made, paths = joined(tmp_path, {INDEX: cell(INDEX)}, {INDEX: poor(INDEX), 9: cell(9)})
    flips = {
        "train_acc1es": (2, 50.0), "train_losses": (2, 0.5), "train_acc5es": (2, 50.0),
        "eval_losses": ("ori-test@11", 0.5),
        "eval_times": ("x-valid@3", 0.5), "latency": (0, 0.5),
    }  # fmt: skip
    for field, (key, value) in flips.items():
        changed = cell(INDEX)
        next(iter(trials(changed)))[field][key] = value
        other = file_with(tmp_path / "other.pickle.bz2", {INDEX: changed, 3: cell(3)})
        for target in made:
            report = verify(target, other)
            assert report.difference_count == 2, (field, report.differences)
            assert any("missing in" in text for text in report.differences)
    extra = copy.deepcopy(poor(INDEX))
    for trial in trials(extra):
        trial["flop"] = 1.0
    assert verify(made[0], file_with(paths[1], {INDEX: extra})).difference_count == 2


def test_metrics_where_the_first_stands_are_compared_with_the_first_only(tmp_path):
    other = {INDEX: cell(INDEX)}
    for trial in trials(other[INDEX]):
        trial["latency"] = [0.5, 0.25]
        trial["train_losses"][0] = 0.125
    made, (first, second) = joined(
        tmp_path, {INDEX: cell(INDEX)}, other, first_wins=["latency_s", "loss"]
    )
    for target in made:
        report = verify(target, first)
        assert (report.same, report.not_compared) == (True, [])
        report = verify(target, second)
        assert report.same, report.differences
        assert report.not_compared == ["accuracy", "latency_s", "loss"]
        changed = copy.deepcopy(other)
        next(iter(trials(changed[INDEX])))["train_times"][3] = 9.0
        report = verify(target, file_with(tmp_path / "changed.pickle.bz2", changed))
        assert report.difference_count == 1
        assert "train, time" in report.differences[0]


def test_an_image_must_hold_exactly_what_its_joined_archive_holds(tmp_path):
    made, _ = joined(tmp_path, {INDEX: poor(INDEX)}, {INDEX: cell(INDEX), 9: cell(9)})
    assert verify(made[1], made[0]).same
    opened = archive.open_archive(made[0])
    cells = [held for held in archive.read_records(made[0]) if len(held.trials)][:1]
    archive.write(tmp_path / "less.zarr", opened.benchmark, cells, opened.sources)
    report = verify(made[1], tmp_path / "less.zarr")
    assert report.difference_count == 1
    assert "but not in the source" in report.differences[0]
    changed = [replace(held, form="another") for held in archive.read_records(made[0])]
    archive.write(tmp_path / "forms.zarr", opened.benchmark, changed, opened.sources)
    assert verify(made[1], tmp_path / "forms.zarr").difference_count == 2


def test_the_command_says_what_was_not_compared(tmp_path, capsys):
    from nb201store.cli import main

    other = {INDEX: cell(INDEX)}
    for trial in trials(other[INDEX]):
        trial["params"] = np.float64(3.0)
    made, paths = joined(tmp_path, {INDEX: cell(INDEX)}, other, first_wins=["params_m"])
    assert main(["verify", str(made[0]), str(paths[1])]) == 0
    assert (
        f"not compared: params_m: {made[0]} says that another source's numbers stand"
        in capsys.readouterr().out
    )


def test_a_joined_archive_and_its_image_must_hold_the_same_either_way(tmp_path):
    """Each is all of the other: nothing is left out, not even where one source's numbers stand."""
    other = cell(INDEX)
    for trial in trials(other):
        trial["train_losses"][3] += 1.0
    made, _ = joined(tmp_path, {INDEX: cell(INDEX)}, {INDEX: other}, first_wins=["loss"])
    (tmp_path / "again").mkdir()
    longer, _ = joined(tmp_path / "again", {INDEX: cell(INDEX), 9: cell(9)}, {9: cell(9)})
    for path, source in (made, made[::-1]):
        report = verify(path, source)
        assert (report.same, report.not_compared) == (True, [])
        assert joined_with(open_target(path), source) is None
    assert joined_with(open_target(longer[0]), made[1]) is not None
