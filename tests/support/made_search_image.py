"""An image of every cell of a space whose numbers are invented, for tests of searches that need no real data.

As in the official benchmarks: a long schedule with the last epoch alone and up to three seeds, a short one with every
epoch and one seed (two of `cifar10-valid`, whose rewards differ), costs that differ from cell to cell. A cell is good
as the sum of what its digits are worth, so that evolution and policies have something to climb.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measured_image import Made

from nb201store import hits
from nb201store.image import format as fmt
from nb201store.image.description import description_sections
from nb201store.image.sections import json_section
from nb201store.image.writer import write_sections
from nb201store.schema import SSS, TSS
from nb201store.space import SPACES

SHORT = 12
# Percent of the poorest and of the best cell, after the long schedule.
RANGES = {"cifar10-valid": (60, 91), "cifar10": (65, 94), "cifar100": (30, 73), "ImageNet16-120": (15, 47)}  # fmt: skip


@dataclass(frozen=True)
class Trials:
    """What every cell's trials of one schedule have in common."""

    schedule: int
    epochs: tuple[int, ...]
    """Of accuracies; times are known at every epoch."""
    share: float
    """Of the accuracy after the long schedule."""


def make(target, *, space="tss", missing=None, about=None, schedules=(SHORT, None)) -> Path:
    """Write the image; its path.

    missing: {schedule: codes without a trial}; about: the JSON of that section (None: no such section); schedules: of
    the image, None for the longest one of the space.
    """
    benchmark = {"tss": TSS, "sss": SSS}[space]
    longest = benchmark.schedules[-1]
    codes = np.arange(len(SPACES[space]))
    noise = np.random.default_rng(201)
    goodness = _goodness(SPACES[space], codes)
    made = Made()
    for schedule in (longest if one is None else one for one in schedules):
        short = schedule == SHORT
        trials = Trials(schedule, tuple(range(SHORT)) if short else (schedule - 1,), 0.8 if short else 1.0)  # fmt: skip
        for number, dataset in enumerate(benchmark.datasets):
            seeds = [777, 888, 999]
            if short:
                seeds = [111, 777] if dataset.name == "cifar10-valid" else [111]
            exists = np.ones((len(codes), len(seeds)), bool)
            exists[:, 2:] &= (codes % 2 == 0)[:, None]  # a third seed of every second cell
            exists[list((missing or {}).get(schedule, ()))] = False
            _add_group(made, benchmark, trials, number, dataset, seeds, exists, goodness, noise)
    sections = description_sections(benchmark, made.trials, made.columns, made.seeds, made.epochs)
    sections += made.data
    if about is not None:
        sections.append(json_section("about", about))
    path = Path(target)
    with path.open("xb") as file:
        write_sections(file, sections)
    return path


def _goodness(space, codes) -> np.ndarray:
    """0..1 a cell: what its digits are worth, added up."""
    worth = np.random.default_rng(7).random((space.positions, len(space.choices)))
    worth[:, 0] = 0.0
    total = worth[np.arange(space.positions), space.ops(codes)].sum(axis=1)
    return (total - total.min()) / np.ptp(total)


def _add_group(made, benchmark, trials, number, dataset, seeds, exists, goodness, noise) -> None:
    rows = np.full(exists.shape, -1, "<i4")
    rows[exists] = np.arange(exists.sum())
    prefix = f"{trials.schedule}/{dataset.name}"
    group = len(made.trials)
    table = made.add(f"{prefix}/rows", rows)
    made.trials.append(
        fmt.trials_record(trials.schedule, number, len(seeds), len(made.seeds), int(exists.sum()), table)
    )  # fmt: skip
    made.seeds += seeds
    first_split = sum(len(earlier.splits) for earlier in benchmark.datasets[:number])
    cells = np.nonzero(exists)[0]
    for split_number, split in enumerate(dataset.splits, first_split):
        name = f"{prefix}/{split.name}"
        if split.name != "train":
            grown = 1 - np.exp2(-1.0 - np.array(trials.epochs) / 2.0) * (trials.share < 1)
            low, high = RANGES[dataset.name]
            percent = low + (high - low) * goodness[cells, None] * grown * trials.share
            percent = percent + noise.normal(0, 0.3, percent.shape)
            columns = _accuracy_sections(made, split, benchmark.batch, name, percent)
            epochs = made.run(trials.epochs[0], trials.epochs[-1] + 1)
            made.columns.append(
                fmt.column_record(group, split_number, "accuracy", "hits", *epochs, *columns, fmt.NONE)
            )  # fmt: skip
        seconds = (3.0 + 12.0 * goodness) * split.images / 25_000
        seconds *= 1.0 if split.name == "train" else 0.3
        data = made.add(f"{name}/time", seconds.astype("<f8"))
        epochs = made.run(0, trials.schedule)
        made.columns.append(
            fmt.column_record(group, split_number, "time", "per_cell", *epochs, data, fmt.NONE, fmt.NONE)
        )  # fmt: skip


def _accuracy_sections(made, split, batch, name, percent) -> tuple[int, int]:
    """Hits nearest to these percentages [rows, epochs], spread evenly over the images; (data, extra)."""
    total = np.rint(np.clip(percent, 0, 100) * split.images / 100.0)
    last = hits.last_batch(split.images, batch)
    data = made.add(f"{name}/accuracy", total.astype("<u2"))
    if not last:
        return data, fmt.NONE
    in_last = np.minimum(np.rint(total * last / split.images), last)
    return data, made.add(f"{name}/accuracy.last", in_last.astype("u1"))
