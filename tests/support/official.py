"""The official packages as oracles: what their own loaders make of a file, and all values of it."""

from __future__ import annotations

import bz2
import pickle
import struct
from dataclasses import dataclass

import numpy as np

from nb201store.space import SPACES

HP_KEYS = {"full": "200", "less": "12"}
TRAIN_FIELDS = {
    "train_acc1es": "accuracy",
    "train_acc5es": "top5",
    "train_losses": "loss",
    "train_times": "time",
}
EVAL_FIELDS = {"eval_acc1es": "accuracy", "eval_losses": "loss", "eval_times": "time"}


def torch_load(file):
    import torch

    return torch.load(file, map_location="cpu", weights_only=False)


def unpickle(file):
    with bz2.open(file) as stream:
        return pickle.load(stream)


def folder_files(path):
    """The files of a folder by index, ascending."""
    files = {int(file.name[:6]): file for file in path.iterdir() if file.name[:6].isdigit()}
    return dict(sorted(files.items()))


def official_states(path):
    """Return {index: states} as the official packages would unpickle them."""
    if path.is_dir():
        return {
            index: torch_load(file) if file.suffix == ".pth" else unpickle(file)
            for index, file in folder_files(path).items()
        }
    top = torch_load(path) if path.suffix == ".pth" else unpickle(path)
    return top["arch2infos"]


def official_results(path, space):
    """Return {index: {hp: ArchResults}} as the official packages' own objects hold them."""
    import nas_201_api
    import nats_bench

    if path.is_dir() and (path / "meta.pickle.pbz2").exists():
        api = nats_bench.create(str(path), space, fast_mode=True, verbose=False)
        for index in folder_files(path):
            api._prepare_info(index)  # what every question of the API does first
        return api.arch2infos_dict
    if path.is_dir():
        make = nas_201_api.ArchResults.create_from_state_dict
        return {
            index: {HP_KEYS[hp]: make(state) for hp, state in held.items()}
            for index, held in official_states(path).items()
        }
    if path.suffix == ".pth":
        return nas_201_api.NASBench201API(torch_load(path), verbose=False).arch2infos_dict
    return nats_bench.create(str(path), space, fast_mode=False, verbose=False).arch2infos_dict


def official_values(result):
    """Yield (split, metric, epoch, value) of everything a ResultsCount holds."""
    for field, metric in TRAIN_FIELDS.items():
        for epoch, value in (getattr(result, field) or {}).items():
            yield "train", metric, epoch, value
    for field, metric in EVAL_FIELDS.items():
        for key, value in getattr(result, field).items():
            split, epoch = key.split("@")
            yield split, metric, int(epoch), value


def record_values(trial):
    """Yield the same of a record."""
    for split, held in trial.splits.items():
        for metric, series in held.series().items():
            for epoch, value in zip(series.epochs.tolist(), series.values.tolist(), strict=True):
                yield split, metric, epoch, value


def bits(values, loss="float64"):
    """{where: bits of the value}, losses rounded to `loss` first."""
    rounded = np.dtype(loss).type
    return {
        tuple(where): struct.pack("<d", rounded(value) if where[1] == "loss" else value)
        for *where, value in values
    }


def assert_same(found, expected, where="state", *, loss="float64"):
    """Equal values (to the bit), types, containers and orders; losses after rounding to `loss`."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key, value in expected.items():
            wanted = value
            if key in ("train_losses", "eval_losses"):
                rounded = np.dtype(loss).type
                wanted = type(value)((k, float(rounded(v))) for k, v in value.items())
            assert_same(found[key], wanted, f"{where}[{key!r}]", loss=loss)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other, where, loss=loss)
    elif isinstance(expected, float):
        assert struct.pack("<d", found) == struct.pack("<d", expected), where
    else:
        assert found == expected, where


@dataclass(frozen=True)
class OfficialTrial:
    """One ResultsCount of the official loader, and where it stands."""

    code: int
    dataset: str
    schedule: int
    seed: int
    result: object


def official_trials(results, space):
    """Every trial of `official_results`, in ascending index."""
    for index, of_cell in sorted(results.items()):
        code = SPACES[space].from_official_index(index)
        for hp, held in of_cell.items():
            for (dataset, seed), result in held.all_results.items():
                yield OfficialTrial(code, dataset, int(hp), seed, result)


class Tables:
    """All that the official loader holds of many cells, as arrays over (cell, epoch).

    `codes`: the cells. `values[dataset, schedule, seed, split, metric]` and `present[...]`: [cells, schedule].
    `trials[dataset, schedule, seed]`: {code: (params, flop, latency list or None)}. `count`: of values, without these.
    """

    def __init__(self, results, space):
        codes = [SPACES[space].from_official_index(index) for index in results]
        self.codes = sorted(codes)
        self.values, self.present, self.trials = {}, {}, {}
        self.count = 0
        row = {code: row for row, code in enumerate(self.codes)}
        for trial in official_trials(results, space):
            where, result = (trial.dataset, trial.schedule, trial.seed), trial.result
            costs = (result.params, result.flop, result.latency)
            self.trials.setdefault(where, {})[trial.code] = costs
            for field, metric in TRAIN_FIELDS.items():
                held = getattr(result, field) or {}
                self._add((*where, "train", metric), row[trial.code], held)
            for field, metric in EVAL_FIELDS.items():
                by_split = {}
                for key, value in getattr(result, field).items():
                    split, epoch = key.split("@")
                    by_split.setdefault(split, {})[int(epoch)] = value
                for split, held in by_split.items():
                    self._add((*where, split, metric), row[trial.code], held)

    def _add(self, where, row, held):
        if not held:
            return
        if where not in self.values:
            shape = (len(self.codes), where[1])
            self.values[where] = np.zeros(shape)
            self.present[where] = np.zeros(shape, dtype=bool)
        self.values[where][row, list(held)] = list(held.values())
        self.present[where][row, list(held)] = True
        self.count += len(held)

    def seeds(self, dataset, schedule):
        """Seeds of any cell, ascending."""
        return sorted(seed for d, s, seed in self.trials if (d, s) == (dataset, schedule))

    def rounded(self, where, loss):
        """`values[where]`, losses rounded to `loss`."""
        values = self.values[where]
        return values.astype(loss).astype(float) if where[4] == "loss" else values
