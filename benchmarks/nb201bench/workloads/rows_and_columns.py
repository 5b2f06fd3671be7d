"""curve, column, topk: whole rows and columns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nb201bench import database, official
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import SEED, VALIDATION, ready

if TYPE_CHECKING:
    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Ready

DATASET, SPLIT, METRIC, SCHEDULE = VALIDATION
KEY = official.KEYS[SPLIT]
EPOCHS = range(19, 200, 20)  # far enough apart to lie in cache lines of their own
FEW = 2  # curves that get_more_info is asked for: 200 calls each
SPARSE = 20  # curves that zarr is asked for: chunks are read for each


def curve(base: Baselines) -> list[Case]:
    """200 validation accuracies of one trial."""
    codes, ask = base.inputs.curve_codes, base.inputs.store.curve
    plain = base.plain(VALIDATION)
    array, row = plain.it.values, plain.it.seed_place[SEED]
    execute = base.sqlite.it.execute

    def ours() -> list[np.ndarray]:
        return [ask(code, DATASET, SPLIT, METRIC, schedule=SCHEDULE, seed=SEED) for code in codes]

    def copied() -> list[np.ndarray]:
        return [array[code, row].copy() for code in codes]

    def sqlite() -> list[list[float]]:
        asked = (execute(database.CURVE, (*VALIDATION, code, SEED)) for code in codes)
        return [[value for (value,) in found] for found in asked]

    all_codes = partial(Contender, n=len(codes))
    contenders = [
        all_codes("curve", ours, role="ours"),
        all_codes("numpy array[code, seed].copy()", copied, ready_s=plain.seconds),
        all_codes("sqlite", sqlite, ready_s=base.sqlite.seconds),
    ]
    if base.nats:
        contenders += _official_curves(base.nats, official.indices(base.inputs.peer_codes))
    if base.archive:
        archive, some = base.archive, codes[:SPARSE]
        contenders.append(
            Contender(
                "zarr",
                lambda: [archive.it.values(code, SEED, slice(None)) for code in some],
                len(some),
                note="chunks read and decoded for each",
                ready_s=archive.seconds,
            )
        )
    return [Case("200 epochs of one trial", contenders, per="curve")]


def _official_curves(api: Ready, indices: list[int]) -> list[Contender]:
    ask, cells, epochs = api.it.get_more_info, api.it.arch2infos_dict, range(SCHEDULE)

    def get_more_info() -> list[list[float]]:
        return [
            [ask(i, DATASET, iepoch=e, hp="200", is_random=SEED)[KEY] for e in epochs]
            for i in indices[:FEW]
        ]

    def inside() -> list[list[float]]:
        held = (cells[i]["200"].all_results[DATASET, SEED].eval_acc1es for i in indices)
        return [[of_trial[f"{SPLIT}@{epoch}"] for epoch in epochs] for of_trial in held]

    here = partial(Contender, note="cells read before", ready_s=api.seconds)
    few = len(indices[:FEW])
    return [
        here("nats_bench get_more_info", get_more_info, few),
        here("nats_bench inner dicts", inside, len(indices)),
    ]


def column(base: Baselines) -> list[Case]:
    """Ten epochs of one seed, each of every cell; times are per cell of the space, recorded or not."""
    store = base.inputs.store
    cells = len(store.space)
    plain = base.plain(VALIDATION)
    array = plain.it.values[:, plain.it.seed_place[SEED]]
    execute = base.sqlite.it.execute

    def ours() -> list[np.ma.MaskedArray]:
        question = (DATASET, SPLIT, METRIC)
        handles = (store.column(*question, schedule=SCHEDULE, epoch=e, seed=SEED) for e in EPOCHS)
        return [handle.array(missing="mask") for handle in handles]

    def copied() -> list[np.ndarray]:
        return [array[:, epoch].copy() for epoch in EPOCHS]

    def sqlite() -> np.ndarray:
        out = np.full((len(EPOCHS), cells), np.nan)
        for row, epoch in zip(out, EPOCHS, strict=True):
            for code, value in execute(database.COLUMN, (*VALIDATION, SEED, epoch)):
                row[code] = value
        return out

    all_cells = partial(Contender, n=cells * len(EPOCHS))
    contenders = [
        all_cells("column(...).array()", ours, role="ours", answer=_stacked),
        all_cells("numpy array[:, seed, epoch].copy()", copied, ready_s=plain.seconds),
        all_cells("sqlite", sqlite, note="by a covering index", ready_s=base.sqlite.seconds),
    ]
    if base.archive:
        values = base.archive.it.values

        def zarr() -> list[np.ndarray]:
            return [values(slice(None), SEED, epoch) for epoch in EPOCHS]

        contenders.append(all_cells("zarr", zarr, ready_s=base.archive.seconds))
    return [Case("ten epochs of all cells", contenders, per="cell and epoch")]


def _stacked(found: list[np.ma.MaskedArray]) -> np.ndarray:
    return np.ma.stack(found).filled(np.nan)


def topk(base: Baselines) -> list[Case]:
    """The ten best cells by mean validation accuracy, and the best one alone beside `find_best`."""
    inputs, top = base.inputs, base.inputs.store.top
    plain = base.plain(VALIDATION)
    last = plain.it.values[:, :, 199]
    execute = base.sqlite.it.execute
    n = min(10, int(inputs.present(VALIDATION, "mean").sum()))

    def ours() -> list[int]:
        found = top(n, DATASET, SPLIT, METRIC, schedule=SCHEDULE, epoch=199, seed="mean")
        return [code for code, _ in found]

    def numpy_top() -> list[int]:
        has = ~np.isnan(last)
        count = has.sum(axis=1)
        mean = np.where(has, last, 0.0).sum(axis=1) / np.maximum(count, 1)
        mean[count == 0] = -np.inf
        best = np.argpartition(-mean, n - 1)[:n]
        return best[np.lexsort((best, -mean[best]))].tolist()

    def sqlite() -> list[int]:
        return [code for code, _ in execute(database.TOP, (*VALIDATION, 199, n))]

    all_cells = partial(Contender, n=len(inputs.store.space))
    note = "mean over seeds, then argpartition"
    contenders = [
        all_cells("top", ours, role="ours"),
        all_cells("numpy", numpy_top, note=note, ready_s=plain.seconds),
        all_cells("sqlite", sqlite, ready_s=base.sqlite.seconds),
    ]
    cases = [
        Case("10 best by mean over seeds", contenders, per="cell of the space"),
        _small_ones(base, n),
    ]
    return [*cases, _find_best(base, base.nats)] if base.nats else cases


def _small_ones(base: Baselines, n: int) -> Case:
    """The best of one seed among cells of at most half a million parameters."""
    store = base.inputs.store
    space, top = store.space, store.top
    plain = base.plain(VALIDATION)
    last = plain.it.values[:, plain.it.seed_place[SEED], 199]
    counted = ready(lambda: _params_m(np.array([space.ops(code) for code in range(len(space))])))
    sizes = counted.it
    n = min(n, int(((sizes <= 0.5) & ~np.isnan(last)).sum()))

    def ours() -> list[int]:
        found = top(
            n, DATASET, SPLIT, METRIC, schedule=SCHEDULE, epoch=199, seed=SEED, where="params_m <= 0.5",
        )  # fmt: skip
        return [code for code, _ in found]

    def numpy_top() -> list[int]:
        keys = np.where((sizes <= 0.5) & ~np.isnan(last), last, -np.inf)
        best = np.argpartition(-keys, n - 1)[:n]
        return best[np.lexsort((best, -keys[best]))].tolist()

    all_cells = partial(Contender, n=len(space))
    contenders = [
        all_cells("top(..., where='params_m <= 0.5')", ours, role="ours", note="sizes counted anew"),
        all_cells("numpy", numpy_top, note="sizes and values are there", ready_s=counted.seconds + plain.seconds),
    ]  # fmt: skip
    return Case("10 best with params_m <= 0.5", contenders, per="cell of the space")


def _params_m(ops: np.ndarray) -> np.ndarray:
    """Millions of parameters for 10 classes, by the closed form of the topology space."""
    ones, threes = (ops == 2).sum(axis=1), (ops == 3).sum(axis=1)
    return (72_656 + 650 + 28_000 * ones + 243_040 * threes) / 1e6


def _find_best(base: Baselines, nats: Ready) -> Case:
    """What the official packages offer, over the cells that they have read."""
    api, space, top = nats.it, base.inputs.store.space, base.inputs.store.top
    codes = [space.from_official_index(index) for index in api.evaluated_indexes]
    among = np.zeros(len(space), dtype=bool)
    among[codes] = True
    all_read = {"enforce_all": False} if api.fast_mode else {}

    def ours() -> list[float]:
        found = top(
            1, DATASET, SPLIT, METRIC, schedule=SCHEDULE, epoch=199, seed="mean", where=among
        )
        return [found[0].value]

    def find_best() -> list[float]:
        return [api.find_best(DATASET, SPLIT, hp="200", **all_read)[1]]

    per_cell = partial(Contender, n=len(codes))
    contenders = [
        per_cell("top(1, where=...)", ours, role="ours", note="looks at every cell of the space"),
        per_cell("nats_bench find_best", find_best, ready_s=nats.seconds, tolerance=1e-12),
    ]
    return Case("the best of the cells that the peer has read", contenders, per="cell of the peer")


WORKLOADS = [
    Workload("curve", "All epochs of one trial: one row, decoded, in an array of its own.", curve),
    Workload("column", "One epoch of all cells: a strided walk, decoded.", column),
    Workload("topk", "Mean over the seeds of all cells, and the best of them.", topk),
]
