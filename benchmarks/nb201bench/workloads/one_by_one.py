"""point, point_handle: one question at a time, as a search in plain Python asks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nb201bench import database, official
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import SEED, SEED_12, VALIDATION, VALIDATION_12

if TYPE_CHECKING:
    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Column, Ready

FEW = 30  # cells that stay in the processor's first cache
SPARSE = 200  # questions that zarr is asked: a chunk is read for each


def empty_loop(codes: list[int]) -> Contender:
    """What every other contender's loop costs without its answers."""
    return Contender("empty loop", lambda: [code for code in codes], len(codes), "floor")  # noqa: C416 - the loop is what is timed


def _official(
    name: str, api: Ready, codes: list[int], column: Column, seed: int
) -> list[Contender]:
    """`get_more_info`, and what someone who knows the package's insides would write."""
    indices = [i for i in official.indices(codes) if i in api.it.evaluated_indexes]
    ask, cells = api.it.get_more_info, api.it.arch2infos_dict
    dataset, epoch, hp = column.dataset, column.schedule - 1, str(column.schedule)
    key, inner = official.KEYS[column.split], f"{column.split}@{epoch}"

    def get_more_info() -> list[float]:
        return [ask(i, dataset, iepoch=epoch, hp=hp, is_random=seed)[key] for i in indices]

    def inside() -> list[float]:
        return [cells[i][hp].all_results[dataset, seed].eval_acc1es[inner] for i in indices]

    here = partial(Contender, n=len(indices), note="cells read before", ready_s=api.seconds)
    return [here(f"{name} get_more_info", get_more_info), here(f"{name} inner dicts", inside)]


def _point_case(base: Baselines, column: Column, seed: int) -> Case:
    inputs, codes = base.inputs, base.inputs.point_codes
    dataset, split, metric, schedule = column
    epoch = schedule - 1
    value, plain = inputs.store.value, base.plain(column)
    array, row = plain.it.values, plain.it.seed_place[seed]
    execute = base.sqlite.it.execute

    def ours() -> list[float]:
        return [
            value(code, dataset, split, metric, schedule=schedule, epoch=epoch, seed=seed)
            for code in codes
        ]

    def from_array() -> list[float]:
        return [array[code, row, epoch] for code in codes]

    def sqlite() -> list[float]:
        asked = (execute(database.POINT, (*column, code, seed, epoch)) for code in codes)
        return [found.fetchone()[0] for found in asked]

    all_codes = partial(Contender, n=len(codes))
    contenders = [
        all_codes("value", ours, role="ours"),
        all_codes("numpy array[code, seed, epoch]", from_array, ready_s=plain.seconds),
        empty_loop(codes),
    ]
    for name, api in (("nats_bench", base.nats), ("nas_201_api", base.nas_201)):
        if api:
            contenders += _official(name, api, inputs.peer_codes, column, seed)
    contenders.append(all_codes("sqlite", sqlite, ready_s=base.sqlite.seconds))
    return Case(f"{schedule} epochs", contenders)


def point(base: Baselines) -> list[Case]:
    """The full keyword call, on the last epoch of both schedules."""
    long = _point_case(base, VALIDATION, SEED)
    codes, table = base.inputs.point_codes, base.nested.it
    dataset, split, metric, schedule = VALIDATION

    def nested() -> list[float]:
        return [table[dataset][split][metric][schedule][199][SEED][code] for code in codes]

    note = "seven dict look-ups; one epoch and seed were put in"
    long.contenders.insert(
        1, Contender("nested dict", nested, len(codes), note=note, ready_s=base.nested.seconds)
    )
    if base.archive:
        archive, few = base.archive.it, codes[:SPARSE]
        note = "a chunk read and decoded for each"
        long.contenders.append(
            Contender(
                "zarr",
                lambda: [archive.values(code, SEED, 199) for code in few],
                len(few),
                note=note,
                ready_s=base.archive.seconds,
            )
        )
    return [long, _point_case(base, VALIDATION_12, SEED_12)]


def point_handle(base: Baselines) -> list[Case]:
    """`col[code]` on a handle that was made once: cells from everywhere, and the same few again and again."""
    codes = base.inputs.point_codes
    few = codes[:FEW]
    again = [few[place % len(few)] for place in range(len(codes))]
    return [
        _handle_case(base, "random cells", codes),
        _handle_case(base, "the same few cells", again),
    ]


def _handle_case(base: Baselines, title: str, codes: list[int]) -> Case:
    dataset, split, metric, schedule = VALIDATION
    column = base.inputs.store.column(
        dataset, split, metric, schedule=schedule, epoch=199, seed=SEED
    )
    table = base.nested.it[dataset][split][metric][schedule][199][SEED]
    plain = base.plain(VALIDATION)
    array = plain.it.values[:, plain.it.seed_place[SEED], 199].copy()
    values = array.tolist()
    all_codes = partial(Contender, n=len(codes))
    contenders = [
        all_codes("col[code]", lambda: [column[code] for code in codes], role="ours"),
        all_codes("dict of floats", lambda: [table[c] for c in codes], ready_s=base.nested.seconds),
        all_codes("list of floats", lambda: [values[c] for c in codes], ready_s=plain.seconds),
        all_codes("numpy array[code]", lambda: [array[c] for c in codes], ready_s=plain.seconds),
        empty_loop(codes),
    ]
    return Case(title, contenders)


WORKLOADS = [
    Workload(
        "point",
        "One number by the full keyword call: six coordinates looked up each time.",
        point,
    ),
    Workload(
        "point_handle",
        "The same number through a column handle: what is left when the words were looked up once.",
        point_handle,
    ),
]
