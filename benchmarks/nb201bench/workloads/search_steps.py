"""simulated_cost, neighbours: what a simulated search asks besides accuracies."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

import nb201store as nb
from nb201bench import official
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import SEED, SEED_12, VALIDATION, Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Ready

DATASET, SPLIT, METRIC, SCHEDULE = VALIDATION


def simulated_cost(base: Baselines) -> list[Case]:
    """The 12-epoch cost that searches pay, the 200-epoch one, and that of every cell."""
    return [_cost_case(base, 12, SEED_12), _cost_case(base, 200, SEED), _cost_batch(base)]


def _cost_case(base: Baselines, schedule: int, seed: int) -> Case:
    inputs, codes = base.inputs, base.inputs.point_codes
    ask = inputs.store.simulated_cost
    train, passes = _times(base, schedule)
    row = train.it.seed_place[seed]
    train_s, pass_s = train.it.values[:, row], passes.it.values[:, row, -1]
    few = codes[: inputs.size.slow_batch]

    def ours() -> list[float]:
        return [ask(code, DATASET, SPLIT, schedule=schedule, seed=seed) for code in codes]

    def numpy_sum() -> list[float]:
        return [train_s[code].sum() + pass_s[code] for code in few]

    ready_s = train.seconds + passes.seconds
    contenders = [
        Contender("simulated_cost", ours, len(codes), "ours"),
        Contender("numpy sum of a row", numpy_sum, len(few), ready_s=ready_s, tolerance=1e-12),
    ]
    for name, api in (("nats_bench", base.nats), ("nas_201_api", base.nas_201)):
        if api and not (name == "nas_201_api" and schedule == 200):  # its clock is as nats_bench's
            contenders.append(_simulate(name, api, inputs.peer_codes, schedule))
    return Case(f"{schedule} epochs", contenders)


def _simulate(name: str, api: Ready, codes: list[int], schedule: int) -> Contender:
    """`simulate_train_eval` draws a seed, but all trials of a cell took equally long."""
    ask, hp = api.it.simulate_train_eval, str(schedule)
    indices = [i for i in official.indices(codes) if i in api.it.evaluated_indexes]

    def simulate() -> list[float]:
        return [ask(i, "cifar10", hp=hp, account_time=False)[2] for i in indices]

    return Contender(
        f"{name} simulate_train_eval", simulate, len(indices),
        note="cells read before; answers accuracy and latency too", ready_s=api.seconds, tolerance=1e-12,
    )  # fmt: skip


def _times(base: Baselines, schedule: int) -> tuple[Ready, Ready]:
    """Seconds of every training epoch and of every pass over the validation split."""
    return (
        base.plain(Column(DATASET, "train", "time", schedule)),
        base.plain(Column(DATASET, SPLIT, "time", schedule)),
    )


def _cost_batch(base: Baselines) -> Case:
    inputs = base.inputs
    column = Column(DATASET, SPLIT, "time", 12)
    codes = np.flatnonzero(inputs.present(column, SEED_12))
    train, passes = _times(base, 12)
    row = train.it.seed_place[SEED_12]
    train_s, pass_s = train.it.values[:, row], passes.it.values[:, row, 11]
    table = train_s.sum(axis=1) + pass_s
    store = inputs.store

    def kernel() -> np.ndarray:
        from nb201store import kernels

        times = (store.views(DATASET, split, "time", schedule=12) for split in ("train", SPLIT))
        return kernels.simulated_cost(*times, codes, SEED_12, -1).values

    ready_s = train.seconds + passes.seconds
    note = "a table of costs made before, as the search kernels have"
    here = partial(Contender, n=len(codes), tolerance=1e-12, ready_s=ready_s)
    ours = partial(store.simulated_cost, codes, DATASET, SPLIT, schedule=12, seed=SEED_12)
    return Case(
        "12 epochs, all cells in one call",
        [
            Contender("simulated_cost", ours, len(codes), "ours"),
            Contender("kernels.simulated_cost", kernel, len(codes), "ours", "numba, one core"),
            here("numpy sums of rows", lambda: train_s[codes].sum(axis=1) + pass_s[codes]),
            here("numpy table[codes]", lambda: table[codes], note=note),
        ],
        per="cell",
    )


def neighbours(base: Baselines) -> list[Case]:
    """Codes and validation accuracies of the 24 cells one edge away."""
    inputs, codes = base.inputs, base.inputs.curve_codes
    ask, of_code = inputs.store.neighbour_values, inputs.store.space.neighbours
    table = base.nested.it[DATASET][SPLIT][METRIC][SCHEDULE][199][SEED]
    plain = base.plain(VALIDATION)
    values = plain.it.values[:, plain.it.seed_place[SEED], 199].copy()
    around = np.array([of_code(code) for code in range(len(inputs.store.space))])
    array = np.array(codes)
    nan = float("nan")
    all_codes = partial(Contender, n=len(codes))
    question = {"schedule": SCHEDULE, "epoch": 199, "seed": SEED, "missing": "mask"}

    def one_by_one() -> list[np.ma.MaskedArray]:
        return [ask(code, DATASET, SPLIT, METRIC, **question).values for code in codes]

    def at_once() -> np.ma.MaskedArray:
        return ask(array, DATASET, SPLIT, METRIC, **question).values

    def nested() -> list[list[float]]:
        return [[table.get(other, nan) for other in of_code(code)] for code in codes]

    scalars = [
        all_codes("neighbour_values", one_by_one, role="ours", answer=_stacked),
        all_codes("space.neighbours and dict of floats", nested, ready_s=base.nested.seconds),
    ]
    if base.nats and base.nats.it.fast_mode:
        scalars.append(_official_neighbours(base.nats, codes[0], of_code))
    batches = [
        all_codes("neighbour_values(codes)", at_once, role="ours", answer=_filled),
        all_codes(
            "numpy values[table[codes]]", lambda: values[around[array]],
            note="a table of neighbours made before", ready_s=plain.seconds,
        ),
    ]  # fmt: skip
    return [Case("one cell", scalars, per="cell"), Case("many cells", batches, per="cell")]


def _filled(found: np.ma.MaskedArray) -> np.ndarray:
    return found.filled(np.nan)


def _stacked(found: list[np.ma.MaskedArray]) -> np.ndarray:
    return np.ma.stack(found).filled(np.nan)


def _official_neighbours(api: Ready, code: int, of_code: Callable[[int], list[int]]) -> Contender:
    """The 24 neighbours of one cell; their files are read before."""
    indices = [nb.tss.official_index(other) for other in of_code(code)]
    official.touch(api.it, indices)
    ask, key = api.it.get_more_info, official.KEYS[SPLIT]

    def get_more_info() -> list[float]:
        return [ask(i, DATASET, iepoch=199, hp="200", is_random=SEED)[key] for i in indices]

    note = "24 calls, cells read before"
    return Contender("nats_bench get_more_info", get_more_info, note=note, ready_s=api.seconds)


WORKLOADS = [
    Workload(
        "simulated_cost",
        "Seconds that a simulated search pays: training epochs added one by one, and one validation pass.",
        simulated_cost,
    ),
    Workload(
        "neighbours",
        "The step of a local search: which cells are one edge away, and their values.",
        neighbours,
    ),
]
