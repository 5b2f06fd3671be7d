"""Several sources as one: what they share is compared, what one lacks another gives, nothing is chosen silently."""

from __future__ import annotations

import copy
import json
import re
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import record_cases
import small_sources
import synthetic
from small_sources import cell, file_with

import nb201store as nb
from nb201store import archive, upstream
from nb201store.conversion import convert
from nb201store.errors import FormatError, SettingsError, SourceError
from nb201store.merging import SETTLED_BY, Joining

INDEX = 5
SEEDS = (777, 111)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """An archive is hundreds of files to flush, and no test here pulls the plug."""
    monkeypatch.setattr("nb201store.replacing._fsync", lambda _: None)


def no_scratch() -> Path:
    raise AssertionError("official sources need no scratch folder")


def joined(*paths, first_wins=(), scratch=no_scratch):
    """({code: cell}, Joining) of sources."""
    with Joining([Path(p) for p in paths], scratch, first_wins=first_wins) as joining:
        return {cell.code: cell for cell in joining.cells()}, joining


def states(cells):
    """The official objects of records by official index."""
    return {
        nb.tss.official_index(code): upstream.cell_state(record, nb.schema.TSS)
        for code, record in cells.items()
    }


def trials_of(state):
    return state["12"]["all_results"]


def without(state, *keys):
    """A cell without some trials."""
    changed = copy.deepcopy(state)
    for dataset, seed in keys:
        del changed["12"]["all_results"][dataset, seed]
        changed["12"]["dataset_seed"][dataset].remove(seed)
    return changed


def contents(path):
    """Every file of an archive by its bytes; of the root's metadata, what does not name the sources."""
    found = {}
    for file in path.rglob("*"):
        if file.is_file():
            found[str(file.relative_to(path))] = file.read_bytes()
    root = json.loads(found.pop("zarr.json"))
    for name in ("sources", "merged"):
        root["attributes"].pop(name, None)
    return found | {"zarr.json": json.dumps(root)}


# ------------------------------------------------------------------------------------ what is joined


def test_halves_of_a_source_are_the_whole(tmp_path):
    indexes = [3, 11, 4000, 15_624, 7]
    whole = {index: synthetic.Maker().cell(index, 1 + index % 3) for index in sorted(indexes)}
    parts = {
        "cells": ({i: whole[i] for i in (3, 7)}, {i: whole[i] for i in (11, 4000, 15_624)}),
        "overlap": ({i: whole[i] for i in (3, 7, 11)}, {i: whole[i] for i in (7, 11, 4000, 15_624)}),
        "schedules": (
            {i: OrderedDict({"12": state["12"]}) for i, state in whole.items()},
            {i: OrderedDict({"200": state["200"]}) for i, state in whole.items()},
        ),
    }  # fmt: skip
    convert(file_with(tmp_path / "whole.pickle.bz2", whole), tmp_path / "whole.zarr")
    expected = contents(tmp_path / "whole.zarr")
    for name, halves in parts.items():
        paths = [
            file_with(tmp_path / f"{name}{place}.pickle.bz2", half)
            for place, half in enumerate(halves)
        ]
        summary, _ = convert(paths, tmp_path / f"{name}.zarr")
        assert contents(tmp_path / f"{name}.zarr") == expected, name
        assert summary.cells == 5
        assert [s.name for s in archive.open_archive(tmp_path / f"{name}.zarr").sources] == [
            path.name for path in paths
        ]
    paths = [tmp_path / "cells0.pickle.bz2", tmp_path / "cells1.pickle.bz2"]
    convert(paths[0], tmp_path / "first.zarr")
    mixtures = {
        "archive and file": [tmp_path / "first.zarr", paths[1]],
        "file and archive": [paths[1], tmp_path / "first.zarr"],
        "archive, file, whole": [tmp_path / "first.zarr", paths[1], tmp_path / "whole.zarr"],
    }
    for name, sources in mixtures.items():
        convert(sources, tmp_path / f"{name}.zarr")
        assert contents(tmp_path / f"{name}.zarr") == expected, name
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith(".")} == set()


def test_official_objects_of_joined_trials_are_those_of_the_whole(tmp_path):
    whole = {index: synthetic.Maker().cell(index, 3) for index in (2, 9)}
    one, other = copy.deepcopy(whole), copy.deepcopy(whole)
    for state in one.values():  # the 200-epoch seeds are 777, 888, 999
        keep(state["200"], {777})
    for state in other.values():
        keep(state["200"], {888, 999})
    paths = [
        file_with(tmp_path / "one.pickle.bz2", one),
        file_with(tmp_path / "other.pickle.bz2", other),
    ]
    cells, joining = joined(*paths)
    found = states(cells)
    for index, state in whole.items():
        assert {hp: sorted(part["all_results"]) for hp, part in found[index].items()} == {
            hp: sorted(part["all_results"]) for hp, part in state.items()
        }
        for hp, part in state.items():
            assert part["dataset_seed"] == found[index][hp]["dataset_seed"]
            for key, trial in part["all_results"].items():
                assert repr(found[index][hp]["all_results"][key]) == repr(trial)
    shares = [(s.cells, s.only_cells, s.trials, s.only_trials) for s in joining.shares]
    assert shares == [(2, 0, 2 * 9, 2 * 4), (2, 0, 2 * 13, 2 * 8)]


def keep(part, seeds):
    for key in list(part["all_results"]):
        if key[1] not in seeds:
            del part["all_results"][key]
    for dataset, listed in part["dataset_seed"].items():
        part["dataset_seed"][dataset] = [seed for seed in listed if seed in seeds]


def test_what_one_lacks_another_gives_with_its_form(tmp_path):
    """Seconds and latency from the second, evaluations at all epochs from it too: the object is the whole one."""
    whole = cell(INDEX)
    poor = copy.deepcopy(whole)
    for trial in trials_of(poor).values():
        trial.update(
            train_times=None, eval_times={}, params=None, arch_config=None, eval_names=None
        )
        del trial["latency"]
        for field in ("eval_acc1es", "eval_losses"):
            trial[field] = {
                key: value for key, value in trial[field].items() if key.endswith("@11")
            }
    full = file_with(tmp_path / "full.pickle.bz2", {INDEX: whole})
    lacking = file_with(tmp_path / "poor.pickle.bz2", {INDEX: poor})
    for paths in ((full, lacking), (lacking, full)):
        cells, _ = joined(*paths)
        found = trials_of(states(cells)[INDEX])
        for key, trial in trials_of(whole).items():
            assert found[key] == trial
            assert [type(found[key][f]) for f in trial] == [type(trial[f]) for f in trial]
            assert sorted(found[key]) == sorted(trial)


def test_the_fullest_of_three_stands_whatever_the_order(tmp_path):
    """Two of them hold epochs that the other lacks; the third holds all of both."""
    paths = []
    for name, dropped in (("a", "x-valid@0"), ("b", "ori-test@3"), ("c", None)):
        state = cell(INDEX)
        for trial in trials_of(state).values():
            for field in ("eval_acc1es", "eval_losses"):
                trial[field].pop(dropped, None)
        paths.append(file_with(tmp_path / f"{name}.pickle.bz2", {INDEX: state}))
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        cells, _ = joined(*[paths[place] for place in order])
        for key, trial in trials_of(cell(INDEX)).items():
            assert trials_of(states(cells)[INDEX])[key]["eval_acc1es"] == trial["eval_acc1es"]
    with pytest.raises(
        SourceError, match=r"accuracy: neither has all epochs of the other: .*x-valid"
    ) as refusal:
        joined(*paths[:2])
    assert "1 only in" in str(refusal.value)
    assert "(first: ori-test, epoch 3)" in str(refusal.value)
    assert "2 in accuracy, 2 in loss" in str(refusal.value)


def test_hyper_parameters_are_named_as_in_the_first_source(tmp_path):
    numbers = synthetic.Maker().cell(INDEX, 1)
    words = {"full": copy.deepcopy(numbers["200"])}
    paths = [
        file_with(tmp_path / "words.pickle.bz2", {INDEX: words}),
        file_with(tmp_path / "numbers.pickle.bz2", {INDEX: numbers}),
    ]
    assert list(states(joined(*paths)[0])[INDEX]) == ["full", "less"]
    assert list(states(joined(*paths[::-1])[0])[INDEX]) == ["12", "200"]


def test_other_orders_of_keys_are_no_contradiction(tmp_path):
    turned = cell(INDEX)
    for key, trial in trials_of(turned).items():
        for field in ("train_acc1es", "train_losses"):
            trial[field] = dict(reversed(trial[field].items()))
        trials_of(turned)[key] = dict(reversed(trial.items()))
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    other = file_with(tmp_path / "other.pickle.bz2", {INDEX: turned})
    for first, second, expected in ((one, other, cell(INDEX)), (other, one, turned)):
        found = trials_of(states(joined(first, second)[0])[INDEX])
        for key, trial in trials_of(expected).items():
            assert repr(found[key]) == repr(trial)


def test_benchmarks_of_ones_own_are_joined_and_the_first_form_stays(tmp_path):
    """Their forms say nothing of fields that could be taken over."""
    full = record_cases.trial(5, "plain", 2, 777, form="mine")
    untimed = {name: replace(record, time=None) for name, record in full.splits.items()}
    poor = replace(full, splits=untimed, latency_s=None, form="other")
    other = record_cases.trial(5, "wide", 2, 1)
    for name, held in (
        ("full", record_cases.cell(5, full, form="[]")),
        ("poor", record_cases.cell(5, other, poor, form="cell")),
    ):
        archive.write(
            tmp_path / f"{name}.zarr", record_cases.BENCHMARK, [held], record_cases.SOURCE
        )
    for first, second, forms in (
        ("full", "poor", ("[]", "mine")),
        ("poor", "full", ("cell", "other")),
    ):
        found, _ = joined(tmp_path / f"{first}.zarr", tmp_path / f"{second}.zarr")
        assert (found[5].form, found[5].trials[1].form) == forms
        assert [trial.dataset for trial in found[5].trials] == ["wide", "plain"]
        for split, record in full.splits.items():
            for metric, values in record.series().items():
                held = found[5].trials[1].splits[split].series()[metric].values
                dtype = np.float32 if metric == "loss" else np.float64
                assert held.tobytes() == values.values.astype(dtype).astype(np.float64).tobytes()
        assert found[5].trials[1].latency_s == full.latency_s


# --------------------------------------------------------------------------------- contradictions


def bump(mapping, key):
    """Change one number by one ulp, or of a percentage by one hit; return (before, after)."""
    before = float(mapping[key])
    return before, type(mapping[key])(np.nextafter(before, np.inf))


FLIPS = {
    "train accuracy": ("train_acc1es", 3, 40.0, "accuracy", "train, accuracy, epoch 3"),
    "train loss": ("train_losses", 0, None, "loss", "train, loss, epoch 0"),
    "top-5": ("train_acc5es", 11, 50.0, "top5", "train, top5, epoch 11"),
    "train time": ("train_times", 4, None, "time", "train, time, epoch 4"),
    "accuracy": ("eval_acc1es", "x-valid@2", 30.0, "accuracy", "x-valid, accuracy, epoch 2"),
    "loss": ("eval_losses", "ori-test@11", None, "loss", "ori-test, loss, epoch 11"),
    "time": ("eval_times", "ori-test@7", None, "time", "ori-test, time, epoch 7"),
    "latency": ("latency", 0, None, "latency_s", "latency_s"),
    "parameters": (None, "params", None, "params_m", "params_m"),
    "multiply-adds": (None, "flop", None, "flops_m", "flops_m"),
}


@pytest.mark.parametrize("flip", FLIPS)
def test_one_other_number_is_named_with_both_values(flip, tmp_path):
    field, key, value, metric, where = FLIPS[flip]
    state = cell(INDEX)
    trial = trials_of(state)["cifar10-valid", 777]
    held = trial if field is None else trial[field]
    before, after = bump(held, key)
    held[key] = after if value is None else value
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [3, INDEX])
    other = file_with(tmp_path / "other.pickle.bz2", {INDEX: state})
    with pytest.raises(SourceError) as refusal:
        convert([one, other], tmp_path / "x.zarr")
    text = str(refusal.value)
    code = nb.tss.from_official_index(INDEX)
    assert f"code {code}, cifar10-valid, schedule 12, seed 777, {where}: " in text
    numbers = [float(found) for found in re.findall(r"\[?([\d.e-]+)\]? in [^;,]*pickle.bz2", text)]
    assert numbers == [before, float(held[key])]
    assert text.index("one.pickle") < text.index("other.pickle")
    assert f"1 in {metric}" in text
    assert f"--first-wins {metric}" in text
    assert "\n" not in text
    assert not (tmp_path / "x.zarr").exists()
    for settled in (metric, "all"):
        cells, joining = joined(other, one, first_wins=[settled])
        found = trials_of(states(cells)[INDEX])["cifar10-valid", 777]
        assert (found if field is None else found[field])[key] == held[key]
        assert joining.differing_trials() == {metric: 1}
    others = [name for name in SETTLED_BY if name not in (metric, "all")]
    with pytest.raises(SourceError, match=f"1 in {metric}"):
        joined(one, other, first_wins=others)


def test_losses_are_compared_as_an_archive_rounded_them(tmp_path):
    state = cell(INDEX)
    losses = trials_of(state)["cifar10-valid", 777]["train_losses"]
    losses[0] = float(np.nextafter(losses[0], np.inf))
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    other = file_with(tmp_path / "other.pickle.bz2", {INDEX: state})
    convert(one, tmp_path / "rounded.zarr")
    convert(one, tmp_path / "exact.zarr", loss="float64")
    convert([tmp_path / "rounded.zarr", other], tmp_path / "x.zarr")
    for exact in ([one, other], [tmp_path / "exact.zarr", other]):
        with pytest.raises(SourceError, match="1 in loss"):
            convert(exact, tmp_path / "y.zarr")
    with pytest.raises(SettingsError, match=r"rounded\.zarr: its losses are float32"):
        convert([one, tmp_path / "rounded.zarr"], tmp_path / "y.zarr", loss="float64")
    convert([one, tmp_path / "exact.zarr"], tmp_path / "y.zarr", loss="float64")
    assert archive.open_archive(tmp_path / "y.zarr").loss_dtype == np.float64


def test_an_archive_says_what_was_chosen_and_hands_it_on(tmp_path):
    state = cell(INDEX)
    for trial in trials_of(state).values():
        trial["latency"] = [0.5, 0.25]
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    other = file_with(tmp_path / "other.pickle.bz2", {INDEX: state})
    summary, _ = convert([one, other], tmp_path / "x.zarr", first_wins=["latency_s"])
    assert summary.differing_trials == {"latency_s": len(SEEDS)}
    third = small_sources.file_of(tmp_path / "third.pickle.bz2", [INDEX + 1])
    convert([tmp_path / "x.zarr", third], tmp_path / "y.zarr", first_wins=["time"])
    made = archive.open_archive(tmp_path / "y.zarr")
    assert made.merged.first_wins == ("time", "latency_s")
    assert made.merged.differing_trials == {"latency_s": len(SEEDS)}
    assert [source.name for source in made.sources] == [one.name, other.name, third.name]
    convert(one, tmp_path / "alone.zarr")
    assert archive.open_archive(tmp_path / "alone.zarr").merged is None


def test_reading_ends_where_thousands_contradict(tmp_path, monkeypatch):
    monkeypatch.setattr("nb201store.merging.contradictions._MOST", 4)
    changed = {}
    for index in range(6):
        changed[index] = cell(index)
        for trial in trials_of(changed[index]).values():
            trial["flop"] = 1.0
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", list(range(6)))
    with pytest.raises(SourceError, match="read no further: 4 in flops_m"):
        joined(one, file_with(tmp_path / "other.pickle.bz2", changed))


# -------------------------------------------------------------------------------------- refusals


def test_sources_that_cannot_be_joined_are_refused_before_anything_is_read(tmp_path):
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    sss = tmp_path / "sss.pickle.bz2"
    synthetic.dump(synthetic.Maker("sss").benchmark_object([0], [1]), sss)
    target = tmp_path / "x.zarr"
    with pytest.raises(
        SettingsError, match=r"sss\.pickle\.bz2 is of the space sss .*one\.pickle\.bz2 of tss"
    ):
        convert([one, sss], target)
    (tmp_path / "link").symlink_to(one)
    with pytest.raises(SettingsError, match="link: named twice"):
        convert([one, tmp_path / "link"], target)
    with pytest.raises(SettingsError, match="name a source"):
        convert([], target)
    with pytest.raises(SettingsError, match=r"expected metrics among accuracy.*found 'accuracies'"):
        convert([one, sss], target, first_wins=["accuracies"])
    with pytest.raises(SettingsError, match="for several sources"):
        convert(one, target, first_wins=["time"])
    with pytest.raises(FileNotFoundError, match=r"absent\.zarr"):
        convert([one, tmp_path / "absent.zarr"], target)
    convert(one, target)
    root = json.loads((target / "zarr.json").read_text())
    for change, words in (
        ({"nb201store_archive": 2}, "archive format 2"),
        ({"benchmark": root["attributes"]["benchmark"] | {"batch": 128}}, "batch differ"),
        ({"merged": {"first_wins": 3}}, "attributes of the archive's root are damaged"),
        ({"nb201store_archive": None}, "archive format None"),
    ):
        changed = copy.deepcopy(root)
        changed["attributes"] |= change
        for part in (changed, changed.get("consolidated_metadata") or {}):
            part.get("attributes", {}).update(change)
        (target / "zarr.json").write_text(json.dumps(changed))
        with pytest.raises((FormatError, SettingsError), match=words) as refusal:
            convert(
                [small_sources.file_of(tmp_path / "b.pickle.bz2", [3]), target], tmp_path / "y.zarr"
            )
        assert str(target) in str(refusal.value)
    assert not (tmp_path / "y.zarr").exists()


def test_copies_of_a_source_are_told_by_their_bytes(tmp_path):
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    (tmp_path / "copy.pickle.bz2").write_bytes(one.read_bytes())
    with pytest.raises(
        SettingsError, match=r"copy\.pickle\.bz2 and .*one\.pickle\.bz2 are the same source"
    ):
        convert([one, tmp_path / "copy.pickle.bz2"], tmp_path / "x.zarr")
    convert(one, tmp_path / "one.zarr")
    convert(
        [tmp_path / "one.zarr", one], tmp_path / "x.zarr"
    )  # compares them; one source is listed
    assert len(archive.open_archive(tmp_path / "x.zarr").sources) == 1


def test_a_source_in_another_order_is_told_to_become_an_archive(tmp_path):
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    other = file_with(tmp_path / "other.pickle.bz2", {index: cell(index) for index in (9, 2)})
    with pytest.raises(
        SourceError, match=r"other.*not in ascending official index \(2 comes after 9\)"
    ):
        joined(one, other)
    convert(other, tmp_path / "other.zarr")
    convert([one, tmp_path / "other.zarr"], tmp_path / "x.zarr")
    assert len(archive.open_archive(tmp_path / "x.zarr").codes()) == 3


def test_a_missing_chunk_of_an_archive_is_named(tmp_path):
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    convert(one, tmp_path / "one.zarr")
    chunks = sorted((tmp_path / "one.zarr" / "12/cifar10-valid/train/hits/c").rglob("*"))
    next(chunk for chunk in chunks if chunk.is_file()).unlink()
    other = small_sources.file_of(tmp_path / "other.pickle.bz2", [3])
    with pytest.raises(
        FormatError, match=r"one\.zarr: the array 12/cifar10-valid/train/hits lacks"
    ):
        convert([other, tmp_path / "one.zarr"], tmp_path / "x.zarr")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "one.pickle.bz2", "one.zarr", "other.pickle.bz2",
    ]  # fmt: skip


def test_an_archive_takes_in_another_source_in_place(tmp_path):
    one = small_sources.file_of(tmp_path / "one.pickle.bz2", [INDEX])
    other = small_sources.file_of(tmp_path / "other.pickle.bz2", [3])
    convert(one, tmp_path / "x.zarr")
    summary, _ = convert([tmp_path / "x.zarr", other], tmp_path / "x.zarr", overwrite=True)
    assert (summary.cells, len(archive.open_archive(tmp_path / "x.zarr").sources)) == (2, 2)
