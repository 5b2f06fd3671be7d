"""What an archive was made of: counted from the staged columns, before they are laid out as arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.cost import count_all
from nb201store.errors import SettingsError
from nb201store.space import SPACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nb201store.archive.forms import Forms
    from nb201store.archive.row_tables import Array, Tables
    from nb201store.archive.staging import GroupStage, Stage
    from nb201store.schema import Benchmark
    from nb201store.weights.listing import Listing

_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The trials of one schedule on one data set; every field but the first two counts.

    Attributes
    ----------
    schedule : int, epochs
    dataset : str
    cells : cells that have any trial here
    trials : int
    seeds : {seed: trials of it}, ascending
    cells_by_seeds : {how many seeds a cell has: cells that have so many}, ascending
    sparse : trials in which some split of the data set has its accuracy at fewer epochs than the schedule has, or at
        none; the others are dense
    without_times, without_top5, without_latency : trials that recorded none, of any split
    wrong_params, wrong_flops : trials whose recorded number, as a whole number of parameters or of multiply-adds, is
        not the one that `cost.count_all` counts
    cells_of_two_costs : cells whose trials recorded different parameters or multiply-adds
    weights : trials that came with weights
    """

    schedule: int
    dataset: str
    cells: int
    trials: int
    seeds: Mapping[int, int]
    cells_by_seeds: Mapping[int, int]
    sparse: int
    without_times: int
    without_top5: int
    without_latency: int
    wrong_params: int
    wrong_flops: int
    cells_of_two_costs: int
    weights: int

    @property
    def dense(self) -> int:
        """Trials that are not sparse."""
        return self.trials - self.sparse


@dataclass(slots=True)
class SourceShare:
    """What one of several sources gave: how many cells and trials it has, and how many of them no other has."""

    name: str
    cells: int = 0
    only_cells: int = 0
    trials: int = 0
    only_trials: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive was made of.

    Attributes
    ----------
    cells, space_cells : cells that came, and cells that the space has
    first_missing : the first few official indexes that did not come, ascending
    trials, values : int; values are all numbers of all trials, costs and latencies included
    cells_of_two_costs : cells that are counted so in any group, each once
    groups : by (schedule, data set as described)
    sources : of several sources that were joined, a SourceShare each
    differing_trials : trials in which those differ and the first one's numbers stand, as `first_wins` said, by metric
    weights : the weights files that were written, None where weights were left out
    """

    cells: int
    space_cells: int
    first_missing: tuple[int, ...]
    trials: int
    values: int
    cells_of_two_costs: int
    groups: tuple[GroupSummary, ...]
    sources: tuple[SourceShare, ...] = ()
    differing_trials: Mapping[str, int] = field(default_factory=dict)
    weights: Listing | None = None

    @property
    def missing(self) -> int:
        """How many cells of the space did not come."""
        return self.space_cells - self.cells

    @property
    def seeds(self) -> dict[str, int]:
        """Trials by "<schedule>/<data set>/<seed>"."""
        return {
            f"{group.schedule}/{group.dataset}/{seed}": trials
            for group in self.groups
            for seed, trials in group.seeds.items()
        }


def summarize(stage: Stage, values: int) -> Summary:
    """Return the summary of a finished stage, whose trials hold `values` numbers; before its tables are finished."""
    space = SPACES[stage.benchmark.space]
    missing = np.ones(len(space), dtype=bool)
    have = np.fromiter(stage.cell_form, dtype=np.int64)
    missing[space.official_index(have)] = False
    weights = _came_with_weights(stage.trial_forms)
    two_costs = np.zeros(len(space), dtype=bool)
    groups = tuple(
        _summarize_group(group, stage.benchmark, weights, two_costs)
        for group in stage.ordered_groups()
    )
    return Summary(
        len(have),
        len(space),
        tuple(np.flatnonzero(missing)[:_MOST_SHOWN].tolist()),
        sum(group.trials for group in groups),
        values,
        int(two_costs.sum()),
        groups,
    )


def _summarize_group(
    group: GroupStage, benchmark: Benchmark, weights: Array, two_costs: Array
) -> GroupSummary:
    """Count one group; `weights` says it of each form by arrival, `two_costs` is set at the codes that have them."""
    columns = group.columns()
    codes, trials = columns.codes, len(columns.codes)
    keys = _keys(codes, columns.seeds)
    dense, top5 = np.ones(trials, dtype=bool), np.zeros(trials, dtype=bool)
    timed = np.zeros(trials, dtype=bool)
    for name, split in group.splits.items():
        dense &= np.isin(keys, _keys_in(split.scores, at_least=group.schedule))
        top5 |= np.isin(keys, _keys_in(split.top5, at_least=1))
        timed |= columns.time_set[name] != 0
    params = _Costs(columns.params_m, columns.params_m_known)
    flops = _Costs(columns.flops_m, columns.flops_m_known)
    counted = _counted(benchmark, group)
    _, trials_of_cell = np.unique(codes, return_counts=True)
    of_two_costs = np.union1d(params.cells_of_two(codes), flops.cells_of_two(codes))
    two_costs[of_two_costs] = True
    return GroupSummary(
        schedule=group.schedule,
        dataset=group.dataset.name,
        cells=len(trials_of_cell),
        trials=trials,
        seeds=_counts(columns.seeds),
        cells_by_seeds=_counts(trials_of_cell),
        sparse=int((~dense).sum()),
        without_times=int((~timed).sum()),
        without_top5=int((~top5).sum()),
        without_latency=int((columns.latency_count == 0).sum()),
        wrong_params=0 if counted is None else params.others_than(counted[0][codes]),
        wrong_flops=0 if counted is None else flops.others_than(counted[1][codes]),
        cells_of_two_costs=len(of_two_costs),
        weights=int(weights[columns.forms].sum()),
    )


class _Costs(NamedTuple):
    """Millions as recorded, and whether they were."""

    millions: Array
    known: Array

    def others_than(self, counted: Array) -> int:
        """How many are another whole number than the counted one."""
        return int((self.known & (np.rint(self.millions * 1e6) != counted)).sum())

    def cells_of_two(self, codes: Array) -> Array:
        """The codes of which more than one number was recorded; equal bits are one number."""
        order = np.argsort(codes[self.known], kind="stable")
        codes, bits = codes[self.known][order], self.millions[self.known][order].view(np.int64)
        differs = (codes[1:] == codes[:-1]) & (bits[1:] != bits[:-1])
        several: Array = np.unique(codes[1:][differs])
        return several


def _counted(benchmark: Benchmark, group: GroupStage) -> tuple[Array, Array] | None:
    """Parameters and multiply-adds of every cell, None of networks that are too large or cannot be."""
    try:
        return count_all(
            benchmark.space,
            classes=group.dataset.classes,
            image_size=group.dataset.image_size,
            channels=benchmark.channels,
            cells=benchmark.cells,
            in_channels=benchmark.in_channels,
        )
    except SettingsError:
        return None


def _came_with_weights(forms: Forms) -> Array:
    """Whether trials of each form, by arrival, had weights. What no official reader wrote says nothing of them."""
    return np.array([_says_weights(form) for form in forms.arrived()], dtype=bool)


def _says_weights(form: str) -> bool:
    try:
        parsed: Any = json.loads(form)
    except ValueError:
        return False
    return isinstance(parsed, dict) and parsed.get("weights") is True


def _keys(codes: Array, seeds: Array) -> Array:
    """One int64 for each trial of a group."""
    return codes.astype(np.int64) << 32 | seeds


def _keys_in(tables: Tables, *, at_least: int) -> Array:
    """The keys of all trials that have values at no fewer epochs than `at_least`."""
    found = [
        _keys(codes, seeds) for epochs, codes, seeds in tables.trials() if len(epochs) >= at_least
    ]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def _counts(values: Array) -> dict[int, int]:
    """{value: how often}, ascending."""
    found, times = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), times.tolist(), strict=True))
