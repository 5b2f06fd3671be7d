"""What a benchmark records: data sets, splits, image counts, schedules, metrics and their units.

The one declarative table of the project. `TSS` and `SSS` describe the official benchmarks; an archive or an image of
another benchmark carries a `Benchmark` of its own in the same form, so nothing here is a closed list.
`docs/data.md` is made from this module (`python -m tools.data_md`, see CONTRIBUTING.md).

Sources: NAS-Bench-201 (ICLR 2020), NATS-Bench (TPAMI 2021), and the published records themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

from nb201store.errors import SettingsError

TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Metric:
    """One kind of number that is recorded per epoch (or per trial, where `per_epoch` is false)."""

    name: str
    unit: str
    per_epoch: bool
    highest_is_best: bool
    meaning: str


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "accuracy", "percent", True, True,
            "Top-1 accuracy of the epoch. `train`: running average over the epoch's augmented batches, batch norm in "
            "training mode; other splits: one pass after the epoch, batch norm in evaluation mode.",
        ),
        Metric(
            "top5", "percent", True, True,
            "Top-5 accuracy. Upstream keeps it for `train` only, and not in the 200-epoch runs.",
        ),
        Metric(
            "loss", "nats", True, False,
            "Mean cross-entropy over the images of the split. Stored as float32 (at most 6e-8 relative from the "
            "published double) unless converted with `--loss float64`.",
        ),
        Metric(
            "time", "seconds", True, False,
            "Seconds of that one epoch: training for `train`, one evaluation pass for another split. In v1_1 and NATS "
            "files these are constants per cell, scaled by image counts from one measured 12-epoch run.",
        ),
        Metric("params_m", "million parameters", False, False, "Trainable parameters as upstream recorded them."),
        Metric(
            "flops_m", "million multiply-adds", False, False,
            "Multiply-adds of convolutions and linear layers for one image, as upstream recorded them.",
        ),
        Metric(
            "latency_s", "seconds per batch of 256", False, False,
            "Wall time of one evaluation batch, without device synchronisation; the mean where several were kept.",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Split:
    """One set of images on which a data set's networks are trained or evaluated."""

    name: str
    images: int
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One training protocol: what is trained on, and on which splits the network is evaluated."""

    name: str
    classes: int
    image_size: int
    splits: tuple[Split, ...]
    meaning: str = ""

    def split(self, name: str) -> Split:
        """Return the split called `name`; SettingsError names those that exist."""
        for split in self.splits:
            if split.name == name:
                return split
        known = ", ".join(split.name for split in self.splits)
        raise SettingsError(f"data set {self.name}: no split {name!r}; it has {known}")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A search space trained on data sets: everything that is constant across its cells.

    `channels` and `cells` are the macro network's width and its cells per stage (in the size space the widths are
    what is searched, and `channels` is 0); `batch` is the batch size of training and evaluation, which decides how a
    published percentage is made of hits (hits.py).
    """

    name: str
    space: str
    channels: int
    cells: int
    in_channels: int
    batch: int
    schedules: tuple[int, ...]
    datasets: tuple[Dataset, ...]

    def dataset(self, name: str) -> Dataset:
        """Return the data set called `name`; SettingsError names those that exist."""
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        known = ", ".join(dataset.name for dataset in self.datasets)
        raise SettingsError(f"benchmark {self.name}: no data set {name!r}; it has {known}")


_TEST_HALVES = "a fixed random half of the test images; with its other half it makes up ori-test"

OFFICIAL_DATASETS = (
    Dataset(
        "cifar10-valid", 10, 32,
        (
            Split(TRAIN, 25_000, "half of the CIFAR-10 training images"),
            Split("x-valid", 25_000, "the other half of the CIFAR-10 training images: search on this"),
            Split("ori-test", 10_000, "the CIFAR-10 test images"),
        ),
        "CIFAR-10 with half of its training images held out for validation.",
    ),
    Dataset(
        "cifar10", 10, 32,
        (
            Split(TRAIN, 50_000, "all CIFAR-10 training images"),
            Split("ori-test", 10_000, "the CIFAR-10 test images"),
        ),
        "CIFAR-10 trained on everything: no validation split exists, use cifar10-valid to search.",
    ),
    Dataset(
        "cifar100", 100, 32,
        (
            Split(TRAIN, 50_000, "all CIFAR-100 training images"),
            Split("x-valid", 5_000, "validation: " + _TEST_HALVES),
            Split("x-test", 5_000, "test: " + _TEST_HALVES),
            Split("ori-test", 10_000, "all test images, x-valid and x-test together (upstream's `valtest`)"),
        ),
        "CIFAR-100; validation and test images are the two halves of its test set.",
    ),
    Dataset(
        "ImageNet16-120", 120, 16,
        (
            Split(TRAIN, 151_700, "the training images of the first 120 ImageNet classes, 16 x 16 pixels"),
            Split("x-valid", 3_000, "validation: " + _TEST_HALVES),
            Split("x-test", 3_000, "test: " + _TEST_HALVES),
            Split("ori-test", 6_000, "all test images, x-valid and x-test together (upstream's `valtest`)"),
        ),
        "Down-sampled ImageNet, 120 classes.",
    ),
)  # fmt: skip

TSS = Benchmark("NAS-Bench-201", "tss", 16, 5, 3, 256, (12, 200), OFFICIAL_DATASETS)
SSS = Benchmark("NATS-Bench-size", "sss", 0, 1, 3, 256, (1, 12, 90), OFFICIAL_DATASETS)
OFFICIAL = {benchmark.space: benchmark for benchmark in (TSS, SSS)}
