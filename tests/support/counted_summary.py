"""What an archive's summary has to say, counted trial by trial over the objects that the official loaders hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache

import counted_costs
from official import official_trials, official_values

from nb201store.archive import GroupSummary, Summary
from nb201store.schema import OFFICIAL
from nb201store.space import SPACES

SPLITS = {
    "cifar10-valid": {"train", "x-valid", "ori-test"},
    "cifar10": {"train", "ori-test"},
    "cifar100": {"train", "x-valid", "x-test", "ori-test"},
    "ImageNet16-120": {"train", "x-valid", "x-test", "ori-test"},
}
FIRST_MISSING = 5


def count(results, space):
    """Return the Summary of `official.official_results`."""
    trials = list(official_trials(results, space))
    values = 0
    by_group = defaultdict(list)
    for trial in trials:
        held = list(official_values(trial.result))
        values += len(held) + 2 + len(trial.result.latency or [])
        by_group[trial.schedule, trial.dataset].append((trial, held))
    order = list(SPLITS)
    groups, of_two_costs = [], set()
    for schedule, dataset in sorted(by_group, key=lambda key: (key[0], order.index(key[1]))):
        group, cells = _count_group(schedule, dataset, by_group[schedule, dataset], space)
        groups.append(group)
        of_two_costs |= cells
    size = len(SPACES[space])
    missing = [index for index in range(size) if index not in results]
    return Summary(
        len(results), size, tuple(missing[:FIRST_MISSING]), len(trials), values, len(of_two_costs), tuple(groups)
    )  # fmt: skip


def _count_group(schedule, dataset, trials, space):
    """Return (GroupSummary, the cells of two costs) of [(OfficialTrial, its values), ...]."""
    counted, seeds_of, costs_of = Counter(), defaultdict(set), defaultdict(set)
    for trial, held in trials:
        result = trial.result
        seeds_of[trial.code].add(trial.seed)
        costs_of[trial.code].add((float(result.params), float(result.flop)))
        epochs = Counter(split for split, metric, _, _ in held if metric == "accuracy")
        metrics = {metric for _, metric, _, _ in held}
        params, flops = _true_costs(space, trial.code, dataset)
        counted.update({
            "sparse": any(epochs[split] < schedule for split in SPLITS[dataset]),
            "without_times": "time" not in metrics,
            "without_top5": "top5" not in metrics,
            "without_latency": not result.latency,
            "wrong_params": round(float(result.params) * 1e6) != params,
            "wrong_flops": round(float(result.flop) * 1e6) != flops,
            "weights": result.net_state_dict is not None,
        })  # fmt: skip
    several = {code for code, costs in costs_of.items() if len(costs) > 1}
    summary = GroupSummary(
        schedule=schedule,
        dataset=dataset,
        cells=len(seeds_of),
        trials=len(trials),
        seeds=dict(sorted(Counter(trial.seed for trial, _ in trials).items())),
        cells_by_seeds=dict(sorted(Counter(map(len, seeds_of.values())).items())),
        cells_of_two_costs=len(several),
        **counted,
    )
    return summary, several


@cache
def _true_costs(space, code, dataset):
    described = OFFICIAL[space].dataset(dataset)
    return counted_costs.count(
        SPACES[space], code, classes=described.classes, image_size=described.image_size
    )
