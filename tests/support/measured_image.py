"""An image of every cell of the topology space that holds the benchmark's own last epochs, made in a second.

What the measured table says goes straight into sections; the numbers are those that a folder of made records with
these measurements has after `nb201 convert`, and nothing else is kept: at schedules 12 and 200 the last-epoch accuracy
of each evaluation split that was measured, and the seconds of every epoch. test_measured_image.py compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import nb201store as nb
from nb201store import hits
from nb201store.image import description
from nb201store.image import format as fmt
from nb201store.image.description import description_sections
from nb201store.image.sections import Section, small_section
from nb201store.image.writer import write_sections
from nb201store.schema import TSS

# Names of the splits of a data set's halved test images, in the table.
HALVED = {"cifar100": "c100", "ImageNet16-120": "in16"}


@dataclass
class Made:
    """Sections and records of an image, in the order of the file."""

    data: list[Section] = field(default_factory=list)
    trials: list[bytes] = field(default_factory=list)
    columns: list[bytes] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    runs: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    def add(self, name, array) -> int:
        """Add a data section; its number."""
        self.data.append(small_section(name, np.ascontiguousarray(array)))
        return len(description.NAMES) + len(self.data) - 1

    def run(self, first, past) -> tuple[int, int]:
        """(place, count) of the epochs first..past-1, which are kept once."""
        if (first, past) not in self.runs:
            self.runs[first, past] = len(self.epochs), past - first
            self.epochs += range(first, past)
        return self.runs[first, past]


def make(parquet_path, target_path) -> Path:
    """Write the image of the measured table `parquet_path`; its path."""
    import pandas as pd

    frame = pd.read_parquet(parquet_path).drop(columns="arch")
    codes = nb.tss.from_official_index(frame["index"].to_numpy())
    place = np.argsort(codes)
    assert np.array_equal(codes[place], np.arange(len(nb.tss)))
    table = {name: frame[name].to_numpy()[place] for name in frame.columns}
    made = Made()
    for schedule, finals in ((12, finals_of_12_epochs(table)), (200, finals_of_200_epochs(table))):
        for number, dataset in enumerate(TSS.datasets):
            _add_group(made, table, schedule, number, dataset, finals[dataset.name])
    head = description_sections(TSS, made.trials, made.columns, made.seeds, made.epochs)
    path = Path(target_path)
    with path.open("xb") as file:
        write_sections(file, head + made.data)
    return path


def finals_of_12_epochs(table) -> dict[str, dict[str, dict[int, np.ndarray]]]:
    """{data set: {split: {seed: percent of each code}}} after 12 epochs."""
    # Of the two cifar10-valid trials only the mean is known: the hits of both, of 2 x 25,000, are dealt out evenly.
    total = np.rint(table["c10valid_xvalid_acc_12"] * 500.0).astype(np.int64)
    halves = {111: (total // 2) / 250.0, 777: (total - total // 2) / 250.0}
    out = {
        "cifar10-valid": {"x-valid": halves},
        "cifar10": {"ori-test": {111: table["c10_test_acc_12"]}},
    }
    for dataset, short in HALVED.items():
        valid, test = table[f"{short}_xvalid_acc_12"], table[f"{short}_xtest_acc_12"]
        both = (valid + test) / 2
        out[dataset] = {"x-valid": {111: valid}, "x-test": {111: test}, "ori-test": {111: both}}
    return out


def finals_of_200_epochs(table) -> dict[str, dict[str, dict[int, np.ndarray]]]:
    """The same after 200 epochs, NaN where a cell was not trained with a seed."""
    c10_valid = _of_seeds(table, "c10valid_xvalid_acc_200")
    out = {
        "cifar10-valid": {
            "x-valid": c10_valid,
            "ori-test": _spread(table, "c10valid_oritest_acc_200", c10_valid),
        },
        "cifar10": {"ori-test": _of_seeds(table, "c10_test_acc_200")},
    }
    for dataset, short in HALVED.items():
        both = _of_seeds(table, f"{short}_valtest_acc_200")
        test = _spread(table, f"{short}_xtest_acc_200", both)
        valid = {seed: 2 * both[seed] - test[seed] for seed in both}
        out[dataset] = {"x-valid": valid, "x-test": test, "ori-test": both}
    return out


def _of_seeds(table, name) -> dict[int, np.ndarray]:
    """A split that is known seed by seed; what exists is for `n_seeds_nats_v1_0` to say."""
    third = table["n_seeds_nats_v1_0"] == 3
    values = {seed: table[f"{name}_s{seed}"] for seed in (777, 888, 999)}
    return values | {999: np.where(third, values[999], np.nan)}


def _spread(table, name, guide) -> dict[int, np.ndarray]:
    """A split of which seed 888 and the mean over seeds are known: the others lie apart as those of `guide`."""
    third = table["n_seeds_nats_v1_0"] == 3
    others = 1 + third
    of_888 = table[f"{name}_s888"]
    rest = table[f"{name}_mean"] * (others + 1) - of_888
    shift = (rest - np.where(third, guide[777] + guide[999], guide[777])) / others
    return {777: guide[777] + shift, 888: of_888, 999: guide[999] + shift}


def _add_group(made, table, schedule, number, dataset, finals) -> None:
    """The trials of one schedule on one data set."""
    seeds = sorted(next(iter(finals.values())))
    exists = np.stack([~np.isnan(next(iter(finals.values()))[seed]) for seed in seeds], axis=1)
    rows = np.full(exists.shape, -1, "<i4")
    rows[exists] = np.arange(exists.sum())
    prefix = f"{schedule}/{dataset.name}"
    group = len(made.trials)
    made.trials.append(
        fmt.trials_record(
            schedule, number, len(seeds), len(made.seeds), int(exists.sum()),
            made.add(f"{prefix}/rows", rows),
        )
    )  # fmt: skip
    made.seeds += seeds
    first_split = sum(len(earlier.splits) for earlier in TSS.datasets[:number])
    for split_number, split in enumerate(dataset.splits, first_split):
        name = f"{prefix}/{split.name}"
        columns = [_time_column(made, table, schedule, dataset, split, name)]
        if split.name in finals:
            percent = np.stack([finals[split.name][seed] for seed in seeds], axis=1)[exists]
            columns.insert(0, _accuracy_column(made, schedule, split, name, percent))
        made.columns += [fmt.column_record(group, split_number, *c, fmt.NONE) for c in columns]


def _accuracy_column(made, schedule, split, name, percent) -> tuple:
    """Hits at the last epoch, of percentages [rows] that were rounded when they were published."""
    last = hits.last_batch(split.images, TSS.batch)
    total, in_last, ok = hits.encode(_logged(percent, split.images), split.images, last)
    assert ok.all()
    data = made.add(f"{name}/accuracy", total[:, None].astype("<u2"))
    extra = made.add(f"{name}/accuracy.last", in_last[:, None].astype("u1")) if last else fmt.NONE
    return "accuracy", "hits", *made.run(schedule - 1, schedule), data, extra


def _logged(percent, images) -> np.ndarray:
    """The doubles that training logs for the hits nearest to `percent`, spread evenly over the images."""
    total = np.clip(np.rint(percent * images / 100.0), 0, images)
    last = images % TSS.batch
    in_last = np.minimum(np.minimum(np.rint(total * last / images), last), total)
    rate = (in_last.astype("f4") * np.float32(100.0 / last)).astype("f8")
    return ((total - in_last) * 100.0 + rate * last) / images


def _time_column(made, table, schedule, dataset, split, name) -> tuple:
    """Seconds of an epoch, the same at every epoch and for every seed of a cell."""
    if split.name == "train":
        seconds = table["c10valid_train_time_per_epoch_200"] / 25000 * split.images
    else:
        seconds = table["c10valid_xvalid_time_per_epoch_200"] / 25000 * split.images
    data = made.add(f"{name}/time", seconds.astype("<f8"))
    return "time", "per_cell", *made.run(0, schedule), data, fmt.NONE
