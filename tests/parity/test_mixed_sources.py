"""Partial files of mixed trials in every official layout: everything is stored, and the summary counts it."""

from __future__ import annotations

import bz2
import pickle
import shutil
import warnings
from collections import OrderedDict

import counted_summary
import numpy as np
import pytest
from answers import differences
from official import Tables, official_results, official_states, torch_load, unpickle

import nb201store as nb
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

N = 20
MISSING = (0, 7, 19)
LAYOUTS = {
    "v1_0": "tss",
    "v1_1": "tss",
    "archive": "tss",
    "nats-file": "tss",
    "nats-dir": "tss",
    "sss-dir": "sss",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everything_is_stored_and_counted(layout, make_official, converted, summary_of, tmp_path):
    space = LAYOUTS[layout]
    made = make_official(layout, N)
    states = official_states(made)
    mix(states)
    source = write(layout, made, states, tmp_path / layout)
    results = official_results(source, space)
    expected = counted_summary.count(results, space)
    assert_mixed(expected)
    assert summary_of(source) == expected
    archive, image = converted(source)
    with nb.open(image) as bench:
        assert differences(bench, Tables(results, space)) == []
    report = verify(archive, source)
    assert report.same, report.differences
    assert report.values == expected.values


def mix(states) -> None:
    """Take cells and trials away, and make of others what only some official files hold, cell by cell."""
    for index in MISSING:
        del states[index]
    for index, seeds in ((1, 1), (2, 2)):
        for part in states[index].values():
            keep_seeds(part, seeds)
    for trial in trials(states[3]):  # as after the new-style evaluation
        fill_every_epoch(trial)
    for trial in trials(states[4]):  # as after the old-style evaluation
        keep_last_epoch(trial)
    one_of_several_seeds(states[5])["params"] = np.float64(0.25)
    for trial in trials(states[6]):  # all seeds alike: only the closed form tells
        trial["flop"] *= 0.7
    for trial in trials(states[8]):
        trial["latency"] = None
    for trial in trials(states[9]):
        trial.update(train_times=None, eval_times={})
    for trial in trials(states[10]):
        trial["train_acc5es"] = None
    for trial in list(trials(states[11]))[:3]:
        trial["net_state_dict"] = weights()


def trials(state):
    for part in state.values():
        yield from part["all_results"].values()


def one_of_several_seeds(state):
    return next(
        trial
        for part in state.values()
        for (dataset, _), trial in part["all_results"].items()
        if len(part["dataset_seed"][dataset]) > 1
    )


def keep_seeds(part, most) -> None:
    for dataset, seeds in part["dataset_seed"].items():
        for seed in seeds[most:]:
            del part["all_results"][dataset, seed]
        del seeds[most:]


def fill_every_epoch(trial) -> None:
    for field in ("eval_acc1es", "eval_losses"):
        held = trial[field]
        for split in {key.split("@")[0] for key in held}:
            last = held[f"{split}@{trial['epochs'] - 1}"]
            for epoch in range(trial["epochs"]):
                held.setdefault(f"{split}@{epoch}", last)


def keep_last_epoch(trial) -> None:
    for field in ("eval_acc1es", "eval_losses"):
        for key in list(trial[field]):
            if not key.endswith(f"@{trial['epochs'] - 1}"):
                del trial[field][key]


def weights():
    import torch

    return torch.nn.BatchNorm1d(2).state_dict()


def write(layout, made, states, folder):
    """Write changed states in the layout of the file or folder that they were read from."""
    import torch

    folder.mkdir()
    target = folder / made.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storages
        if made.is_dir():
            target.mkdir()
            if (made / "meta.pickle.pbz2").exists():
                shutil.copy(made / "meta.pickle.pbz2", target)
            for index, state in states.items():
                if layout == "archive":
                    file = target / f"{index:06d}-FULL.pth"
                    torch.save(OrderedDict(state), file, _use_new_zipfile_serialization=False)
                else:
                    data = bz2.compress(pickle.dumps(state, 4), 1)
                    (target / f"{index:06d}.pickle.pbz2").write_bytes(data)
            return target
        top = torch_load(made) if made.suffix == ".pth" else unpickle(made)
        kind = type(top["evaluated_indexes"])
        top.update(arch2infos=states, evaluated_indexes=kind(states))
        if made.suffix == ".pth":
            torch.save(top, target, _use_new_zipfile_serialization=False)
        else:
            target.write_bytes(bz2.compress(pickle.dumps(top, 4), 1))
    return target


def assert_mixed(summary) -> None:
    """The source has what the test is about."""
    assert summary.cells == N - len(MISSING)
    assert summary.first_missing == (0, 7, 19, 20, 21)
    assert summary.cells_of_two_costs > 0
    fields = ("sparse", "dense", "without_times", "without_top5", "without_latency", "weights")
    for field in (*fields, "wrong_params", "wrong_flops"):
        assert sum(getattr(group, field) for group in summary.groups), field
    counts = {count for group in summary.groups for count in group.cells_by_seeds}
    assert counts == {1, 2, 3}
    longest = [group for group in summary.groups if group.schedule in (90, 200)]
    assert all(group.sparse > 0 for group in longest)
    assert all(group.dense > 0 for group in longest)
