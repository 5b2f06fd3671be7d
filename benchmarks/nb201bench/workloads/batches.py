"""batch_random, mean: a million questions at once, as an analysis or a surrogate's training set asks them."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from nb201bench import database, official
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import PLAIN_U16, VALIDATION, Batch, Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Ready

    Floats = np.ndarray


@cache
def compiled_loop() -> Callable[..., Floats]:
    """A plain numba loop over an array in RAM."""
    import numba

    @numba.njit
    def take(values: Floats, codes: Floats, seeds: Floats, epochs: Floats) -> Floats:
        out = np.empty(len(codes))
        for i in range(len(codes)):
            out[i] = values[codes[i], seeds[i], epochs[i]]
        return out

    return take


def _gather(base: Baselines, column: Column, batch: Batch, threads: int = 1) -> Floats:
    return base.inputs.store.gather(
        batch.codes, column.dataset, column.split, column.metric,
        schedule=column.schedule, epochs=batch.epochs, seeds=batch.seeds, threads=threads,
    )  # fmt: skip


def _kernel(base: Baselines, column: Column, batch: Batch) -> Floats:
    from nb201store import kernels

    views = base.inputs.store.views(*column[:3], schedule=column.schedule)
    return kernels.gather(views, batch.codes, batch.seeds, batch.epochs).values


def batch_random(base: Baselines) -> list[Case]:
    """Two columns, then all of them."""
    inputs = base.inputs
    scores = {c: n for c, n in inputs.columns_200.items() if c.metric in ("accuracy", "loss")}
    return [
        _one_column(base, "one u16 metric", PLAIN_U16),
        _one_column(base, "u16 and last-batch hits", VALIDATION),
        _many_columns(base, "whole store", inputs.columns_200),
        _many_columns(base, "whole store without times", scores),
    ]


def _one_column(base: Baselines, title: str, column: Column) -> Case:
    batch = base.inputs.batch(column, base.inputs.size.batch)
    narrow = batch.narrow()
    plain = base.plain(column)
    values = plain.it.values
    places = plain.it.places(batch)
    all_of_them = partial(Contender, n=len(batch.codes))
    from_plain = partial(all_of_them, note="places looked up before", ready_s=plain.seconds)
    contenders = [
        all_of_them("gather", partial(_gather, base, column, narrow), role="ours", note="one core"),
        all_of_them(
            "gather, questions in int64", partial(_gather, base, column, batch), role="ours"
        ),
        all_of_them("gather, 2 threads", partial(_gather, base, column, narrow, 2), role="ours"),
        all_of_them(
            "kernels.gather",
            partial(_kernel, base, column, narrow),
            role="ours",
            note="numba, one core",
        ),
        from_plain("numpy array[codes, seeds, epochs]", lambda: values[places]),
        from_plain("numba loop over that array", partial(compiled_loop(), values, *places)),
    ]
    if column == PLAIN_U16:
        hits = np.rint(np.nan_to_num(values) * 100).astype(np.uint16)  # of 10,000 images
        contenders.append(
            from_plain("numpy u16 hits, decoded", lambda: hits[places] * 100.0 / 10_000)
        )
    else:
        contenders += _one_at_a_time(base, batch)
    return Case(title, contenders)


def _one_at_a_time(base: Baselines, batch: Batch) -> list[Contender]:
    """The first questions, asked of the validation column in SQLite and of NATS-Bench."""
    asked = list(
        zip(*(axis[: base.inputs.size.slow_batch].tolist() for axis in batch), strict=True)
    )
    execute = base.sqlite.it.execute

    def sqlite() -> list[float]:
        found = (execute(database.POINT, (*VALIDATION, *question)) for question in asked)
        return [value.fetchone()[0] for value in found]

    out = [Contender("sqlite", sqlite, len(asked), ready_s=base.sqlite.seconds)]
    if base.nats:
        out.append(_get_more_info(base.nats, asked[: base.inputs.size.peer_cells]))
    return out


def _get_more_info(api: Ready, asked: list[tuple[int, int, int]]) -> Contender:
    ask, key = api.it.get_more_info, official.KEYS[VALIDATION.split]
    indices = official.indices([code for code, _, _ in asked])
    questions = [(i, seed, epoch) for i, (_, seed, epoch) in zip(indices, asked, strict=True)]

    def get_more_info() -> list[float]:
        return [
            ask(i, VALIDATION.dataset, iepoch=epoch, hp="200", is_random=seed)[key]
            for i, seed, epoch in questions
        ]

    note = "cells read before"
    return Contender(
        "nats_bench get_more_info", get_more_info, len(questions), note=note, ready_s=api.seconds
    )


def _many_columns(base: Baselines, title: str, columns: dict[Column, int]) -> Case:
    """Questions uniform over (column, trial, epoch), asked column by column as the words of a call demand."""
    inputs = base.inputs
    all_epochs = sum(columns.values())
    asked = {
        column: inputs.batch(column, max(1, round(inputs.size.batch * epochs / all_epochs)))
        for column, epochs in columns.items()
    }
    plains = {column: base.plain(column) for column in columns}
    places = {column: plains[column].it.places(batch) for column, batch in asked.items()}
    narrow = {column: batch.narrow() for column, batch in asked.items()}

    def gather(threads: int) -> list[Floats]:
        return [_gather(base, column, batch, threads) for column, batch in narrow.items()]

    def kernel() -> list[Floats]:
        return [_kernel(base, column, batch) for column, batch in narrow.items()]

    def fancy() -> list[Floats]:
        return [plains[column].it.values[where] for column, where in places.items()]

    def numba_loops() -> list[Floats]:
        take = compiled_loop()
        return [take(plains[column].it.values, *where) for column, where in places.items()]

    size = sum(len(batch.codes) for batch in asked.values())
    ready_s = sum(plain.seconds for plain in plains.values())
    gigabytes = sum(plain.it.values.nbytes for plain in plains.values()) / 1e9
    note = f"{len(columns)} arrays, {gigabytes:.2g} GB"
    here = partial(Contender, n=size, answer=np.concatenate)
    return Case(
        title,
        [
            here("gather", partial(gather, 1), role="ours", note=f"one core, {len(columns)} calls"),
            here("gather, 2 threads", partial(gather, 2), role="ours"),
            here("kernels.gather", kernel, role="ours", note="numba, one core"),
            here("numpy array[codes, seeds, epochs]", fancy, note=note, ready_s=ready_s),
            here("numba loops over these arrays", numba_loops, note=note, ready_s=ready_s),
        ],
    )


def mean(base: Baselines) -> list[Case]:
    """The mean over the seeds that a cell has: one cell at a time, and a million."""
    return [_mean_scalars(base), _mean_batch(base)]


def _mean_scalars(base: Baselines) -> Case:
    inputs, codes = base.inputs, base.inputs.point_codes
    dataset, split, metric, schedule = VALIDATION
    value, plain = inputs.store.value, base.plain(VALIDATION)
    array = plain.it.values[:, :, 199]
    execute = base.sqlite.it.execute
    few = codes[: inputs.size.slow_batch]

    def ours() -> list[float]:
        return [
            value(code, dataset, split, metric, schedule=schedule, epoch=199, seed="mean")
            for code in codes
        ]

    def numpy_mean() -> list[float]:
        return [np.nanmean(array[code]) for code in few]

    def sqlite() -> list[float]:
        asked = (execute(database.MEAN, (*VALIDATION, code, 199)) for code in few)
        return [found.fetchone()[0] for found in asked]

    some = partial(Contender, n=len(few), tolerance=1e-12)
    contenders = [
        Contender("value", ours, len(codes), "ours"),
        some("numpy nanmean of a row", numpy_mean, ready_s=plain.seconds),
        some("sqlite avg", sqlite, ready_s=base.sqlite.seconds),
    ]
    if base.nats:
        ask, indices = base.nats.it.get_more_info, official.indices(inputs.peer_codes)
        key = official.KEYS[split]

        def get_more_info() -> list[float]:
            return [ask(i, dataset, iepoch=199, hp="200", is_random=False)[key] for i in indices]

        contenders.append(
            Contender(
                "nats_bench get_more_info", get_more_info, len(indices),
                note="cells read before", ready_s=base.nats.seconds, tolerance=1e-12,
            )
        )  # fmt: skip
    return Case("one cell", contenders)


def _mean_batch(base: Baselines) -> Case:
    inputs = base.inputs
    batch = inputs.batch(VALIDATION, inputs.size.batch)
    narrow = batch.narrow()
    plain = base.plain(VALIDATION)
    values, (codes, _, epochs) = plain.it.values, plain.it.places(batch)
    dataset, split, metric, schedule = VALIDATION

    def ours() -> Floats:
        return inputs.store.gather(
            narrow.codes, dataset, split, metric, schedule=schedule, epochs=narrow.epochs, seeds="mean"
        )  # fmt: skip

    def kernel() -> Floats:
        from nb201store import kernels

        views = inputs.store.views(dataset, split, metric, schedule=schedule)
        return kernels.mean(views, narrow.codes, narrow.epochs).values

    def numpy_mean() -> Floats:
        found = values[codes, :, epochs]
        has = ~np.isnan(found)
        return np.where(has, found, 0.0).sum(axis=1) / has.sum(axis=1)

    note = "places looked up before"
    return Case(
        "a batch of (cell, epoch)",
        [
            Contender("gather", ours, len(batch.codes), "ours", "one core"),
            Contender("kernels.mean", kernel, len(batch.codes), "ours", "numba, one core"),
            Contender("numpy", numpy_mean, len(batch.codes), note=note, ready_s=plain.seconds, tolerance=1e-12),
        ],
    )  # fmt: skip


WORKLOADS = [
    Workload(
        "batch_random",
        "A million random (code, seed, epoch): the latency of memory, and what is left of it with prefetching.",
        batch_random,
    ),
    Workload("mean", "Means over the seeds that each cell has, one to three of them.", mean),
]
