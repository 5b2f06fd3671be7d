"""One official cell (its `ArchResults` state dicts by hyper-parameters) as a CellRecord, and back.

`cell_state(cell_record(index, state, benchmark), benchmark) == state`, types and orders included,
weights apart: what holds the trials goes to the cell's `form`, JSON that thousands of cells share:

* `type`: container of the whole, `dict` or `OrderedDict`;
* `schedules`: for each entry, in order: `hp`, its key; `schedule`, its epochs; `type` and `fields`
  of its state; `all_results`: [container, [[data set, seed], ...]]; `dataset_seed`: [container,
  [[data set, [seed, ...]], ...]]; `clear_net_done`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from nb201store.errors import SettingsError, SourceError
from nb201store.records import CellRecord, TrialRecord
from nb201store.space import SPACES
from nb201store.upstream.forms import MAKE_DICT, container, form_json, shown
from nb201store.upstream.trials import trial_record, trial_state

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from nb201store.schema import Benchmark

__all__ = ["HP_SCHEDULES", "cell_record", "cell_state", "trial_record", "trial_state"]

# Epochs by hyper-parameter key: the .pth files of NAS-Bench-201 have words, NATS-Bench has numbers.
HP_SCHEDULES = {
    "tss": {"full": 200, "less": 12, "200": 200, "12": 12},
    "sss": {"01": 1, "12": 12, "90": 90},
}
_FIELDS = ("arch_index", "arch_str", "all_results", "dataset_seed", "clear_net_done")


def cell_record(index: int, state: Any, benchmark: Benchmark) -> CellRecord:
    """Return the record of one official cell.

    Parameters
    ----------
    index : int, official index, REQUIRES 0 <= index < cells of the space
    state : dict, `ArchResults.state_dict()` by hyper-parameter key, as in `arch2infos` or a
        folder's file
    benchmark : schema.TSS or schema.SSS

    Raises
    ------
    SourceError   the state contradicts the index or itself, or holds what a record cannot; the
                  message names index, hyper-parameters, trial and field
    """
    space = SPACES[benchmark.space]
    code = space.from_official_index(index)
    arch_str = space.arch_str(code)
    known = HP_SCHEDULES[benchmark.space]
    trials: list[TrialRecord] = []
    schedules: dict[int, dict[str, Any]] = {}
    try:
        kind = container(state)
    except SourceError as error:
        raise SourceError(f"index {index}: {error}") from None
    for hp, results in state.items():
        try:
            schedule = _schedule(hp, known, schedules)
            _check_results(results, index, arch_str)
            trials.extend(_read_trials(results, code, arch_str, schedule, benchmark))
            schedules[schedule] = {"hp": hp, "schedule": schedule, **_results_form(results)}
        except SourceError as error:
            raise SourceError(f"index {index}, {shown(hp)}: {error}") from None
    if not schedules:
        raise SourceError(f"index {index}: no trials")
    rank = {dataset.name: place for place, dataset in enumerate(benchmark.datasets)}
    trials.sort(key=lambda trial: (trial.schedule, rank[trial.dataset], trial.seed))
    form = form_json({"type": kind, "schedules": list(schedules.values())})
    return CellRecord(code, tuple(trials), _interned(form))


def cell_state(record: CellRecord, benchmark: Benchmark) -> dict[str, dict[str, Any]]:
    """Return the official states of a cell by hyper-parameter key, exactly; weights are None."""
    space = SPACES[benchmark.space]
    arch_str = space.arch_str(record.code)
    trials = {(trial.schedule, trial.dataset, trial.seed): trial for trial in record.trials}
    index = space.official_index(record.code)
    return assembled_cell(
        json.loads(record.form), index, arch_str, lambda key: trial_state(trials[key], arch_str)
    )


def assembled_cell(
    form: Mapping[str, Any],
    index: int,
    arch_str: str,
    trial: Callable[[tuple[int, str, int]], dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Return the states of a cell by its parsed form; `trial` gives the state of (schedule, data set, seed)."""
    states = MAKE_DICT[form["type"]]()
    for part in form["schedules"]:
        results_type, order = part["all_results"]
        seeds_type, seeds = part["dataset_seed"]
        made: dict[str, Any] = {
            "arch_index": index,
            "arch_str": arch_str,
            "all_results": MAKE_DICT[results_type](
                ((dataset, seed), trial((part["schedule"], dataset, seed)))
                for dataset, seed in order
            ),
            "dataset_seed": MAKE_DICT[seeds_type](
                (dataset, list(of_dataset)) for dataset, of_dataset in seeds
            ),
            "clear_net_done": part["clear_net_done"],
        }
        states[part["hp"]] = MAKE_DICT[part["type"]](
            (field, made[field]) for field in part["fields"]
        )
    return states


@lru_cache(4096)
def _interned(form: str) -> str:
    """Return one str object for equal forms: a full file has 15,625 of a handful."""
    return form


def _schedule(hp: object, known: Mapping[str, int], taken: Container[int]) -> int:
    """Return the epochs that a hyper-parameter key means."""
    if type(hp) is not str or hp not in known:
        raise SourceError(f"expected hyper-parameters among {', '.join(known)}")
    if known[hp] in taken:
        raise SourceError(f"a second set of {known[hp]}-epoch trials")
    return known[hp]


def _check_results(results: Any, index: int, arch_str: str) -> None:
    container(results)
    if sorted(map(str, results)) != sorted(_FIELDS):
        raise SourceError(f"expected the fields {', '.join(_FIELDS)}, found {shown(list(results))}")
    if type(results["arch_index"]) is not int or results["arch_index"] != index:
        raise SourceError(f"arch_index: expected {index}, found {shown(results['arch_index'])}")
    if type(results["arch_str"]) is not str or results["arch_str"] != arch_str:
        raise SourceError(f"arch_str: expected {arch_str}, found {shown(results['arch_str'])}")
    if type(results["clear_net_done"]) is not bool:
        raise SourceError(
            f"clear_net_done: expected a bool, found {shown(results['clear_net_done'])}"
        )


def _read_trials(
    results: Any, code: int, arch_str: str, schedule: int, benchmark: Benchmark
) -> list[TrialRecord]:
    trials = []
    _named("all_results", results)
    for key, state in results["all_results"].items():
        if type(key) is not tuple or list(map(type, key)) != [str, int]:
            raise SourceError(f"all_results: expected (data set, seed) as key, found {shown(key)}")
        if not 0 <= key[1] < 1 << 31:
            raise SourceError(f"all_results: {shown(key)}: seed out of range")
        try:
            trial = trial_record(
                state,
                code=code,
                arch_str=arch_str,
                dataset=benchmark.dataset(key[0]),
                schedule=schedule,
                seed=key[1],
            )
        except (SourceError, SettingsError) as error:
            raise SourceError(f"{shown(key[0])}, seed {shown(key[1])}: {error}") from None
        trials.append(trial)
    return trials


def _results_form(results: Any) -> dict[str, Any]:
    """Return the form of one schedule; `dataset_seed` must list the trials of `all_results`."""
    keys = list(results["all_results"])
    seeds = results["dataset_seed"]
    _named("dataset_seed", results)
    listed: list[tuple[Any, int]] = []
    for dataset, of_dataset in seeds.items():
        if type(of_dataset) is not list or not all(type(seed) is int for seed in of_dataset):
            raise SourceError(f"dataset_seed: expected lists of seeds, found {shown(of_dataset)}")
        listed.extend((dataset, seed) for seed in of_dataset)
    if len(listed) != len(keys) or set(listed) != set(keys):
        raise SourceError("dataset_seed: lists other trials than all_results holds")
    return {
        "type": container(results),
        "fields": list(results),
        "all_results": [container(results["all_results"]), keys],
        "dataset_seed": [container(seeds), list(seeds.items())],
        "clear_net_done": results["clear_net_done"],
    }


def _named(field: str, results: Any) -> None:
    try:
        container(results[field])
    except SourceError as error:
        raise SourceError(f"{field}: {error}") from None
