"""Make small files in the official layouts out of invented numbers, for the demo and for tests.

Nothing here was measured: curves follow a smooth shape with seeded noise. The layout is the published one (field
names, key orders, containers), so the readers of official files read these too.

    python examples/synthetic.py OUT.pickle.pbz2 --cells 16
"""

from __future__ import annotations

import argparse
import bz2
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from nb201store import hits
from nb201store.cost import count
from nb201store.schema import OFFICIAL, Dataset
from nb201store.space import SPACES

SEEDS = {12: {"cifar10-valid": (777, 111)}, 200: {}}
SPARSE = {
    "cifar10-valid": "x-valid"
}  # the split that a 200-epoch run keeps at every epoch; else ori-test


class Maker:
    """Official objects of one space, deterministic in (rng_seed, code)."""

    def __init__(self, space: str = "tss", rng_seed: int = 0) -> None:
        self.space = SPACES[space]
        self.benchmark = OFFICIAL[space]
        self.rng_seed = rng_seed

    def cell(self, index: int, trials: int = 3) -> OrderedDict[str, dict[str, Any]]:
        """Return {hp: ArchResults state} of the cell with this official index; `trials` seeds at 200 epochs."""
        code = self.space.from_official_index(index)
        rng = np.random.default_rng([self.rng_seed, code])
        quality = self._quality(code) + 0.05 * rng.standard_normal()
        speed = 4.0 + 6.0 * rng.random()
        out: OrderedDict[str, dict[str, Any]] = OrderedDict()
        for schedule in self.benchmark.schedules:
            out[self._hp(schedule)] = self._results(
                index, code, schedule, trials, quality, speed, rng
            )
        return out

    def _hp(self, schedule: int) -> str:
        return f"{schedule:02d}"

    def _quality(self, code: int) -> float:
        ops = np.array(self.space.ops(code), dtype=float)
        if self.space.name == "sss":
            return float(ops.mean() / 7)
        return float(np.mean([(0.0, 0.4, 0.7, 1.0, 0.2)[int(op)] for op in ops]))

    def _seeds(self, schedule: int, dataset: str, trials: int) -> tuple[int, ...]:
        if self.space.name == "sss":
            return (777, 888, 999) if schedule == 12 else (777,)
        if schedule == 12:
            return (777, 111) if dataset == "cifar10-valid" else (111,)
        return ((888,), (777, 888), (777, 888, 999))[trials - 1]

    def _results(
        self,
        index: int,
        code: int,
        schedule: int,
        trials: int,
        quality: float,
        speed: float,
        rng: np.random.Generator,
    ) -> dict[str, Any]:
        results = {}
        for dataset in self.benchmark.datasets:
            for seed in self._seeds(schedule, dataset.name, trials):
                results[dataset.name, seed] = self._trial(
                    code, dataset, schedule, seed, quality, speed, rng
                )
        datasets = list(dict.fromkeys(name for name, _ in results))
        return {
            "arch_index": index,
            "arch_str": self.space.arch_str(code),
            "all_results": results,
            "dataset_seed": {
                name: sorted(seed for d, seed in results if d == name) for name in datasets
            },
            "clear_net_done": True,
        }

    def _percent(
        self, rng: np.random.Generator, curve: np.ndarray[Any, Any], images: int
    ) -> list[float]:
        """A curve in 0..1 as published percentages: integer hits, some of them in the last batch."""
        last = hits.last_batch(images, self.benchmark.batch)
        total = np.clip(np.rint(curve * images), 0, images).astype(np.int64)
        in_last = np.rint(total * last / images + rng.normal(size=total.shape)).astype(np.int64)
        in_last = np.clip(in_last, np.maximum(0, total - (images - last)), np.minimum(last, total))
        return hits.decode(total, in_last, images, last).tolist()

    def _scores(
        self, rng: np.random.Generator, dataset: Dataset, images: int, epochs: int, quality: float
    ) -> tuple[list[float], list[float]]:
        """(accuracy in percent, loss in nats) of every epoch."""
        chance = 1.0 / dataset.classes
        best = chance + (0.95 - chance) * quality * (0.6 if epochs <= 12 else 1.0)
        rise = 1.0 - np.exp(-4.0 * np.arange(1, epochs + 1) / epochs)
        curve = np.clip(
            chance + (best - chance) * rise + 0.01 * rng.standard_normal(epochs), 0.0, 1.0
        )
        loss = np.log(dataset.classes) * (1.0 - curve) + 0.01 * rng.random(epochs)
        # Few digits on purpose: the file stays small, and nobody takes these for measurements.
        return self._percent(rng, curve, images), np.round(loss, 4).tolist()

    def _trial(
        self,
        code: int,
        dataset: Dataset,
        epochs: int,
        seed: int,
        quality: float,
        speed: float,
        rng: np.random.Generator,
    ) -> dict[str, Any]:
        images = {split.name: split.images for split in dataset.splits}
        accuracy, loss = self._scores(
            rng, dataset, images["train"], epochs, min(1.0, quality * 1.05)
        )
        top5 = self._percent(rng, np.minimum(1.0, np.array(accuracy) / 100 * 1.3), images["train"])
        evals = [name for name in ("x-valid", "x-test", "ori-test") if name in images]
        scores = {name: self._scores(rng, dataset, images[name], epochs, quality) for name in evals}
        dense = epochs != 200
        if not dense:
            first = SPARSE.get(dataset.name, "ori-test")
            evals = [first, *(name for name in evals if name != first)]
        kept = {
            name: range(epochs) if dense or name == evals[0] else (epochs - 1,) for name in evals
        }
        keys = [(name, epoch) for name in evals for epoch in kept[name]]
        params, flops = count(
            self.space.name, code, classes=dataset.classes, image_size=dataset.image_size,
            channels=self.benchmark.channels, cells=self.benchmark.cells, in_channels=self.benchmark.in_channels,
        )  # fmt: skip
        return {
            "name": dataset.name,
            "train_acc1es": dict(enumerate(accuracy)),
            "train_acc5es": dict(enumerate(top5)) if dense else None,
            "train_losses": dict(enumerate(loss)),
            "train_times": OrderedDict.fromkeys(range(epochs), speed / 25_000 * images["train"]),
            "arch_config": self._config(code, dataset),
            "params": np.float64(params / 1e6),
            "flop": flops / 1e6,
            "seed": f"{seed:04d}",
            "epochs": epochs,
            "latency": [np.float64(0.012 + 0.001 * quality)],
            "eval_names": evals,
            "eval_acc1es": {f"{name}@{epoch}": scores[name][0][epoch] for name, epoch in keys},
            "eval_times": {
                f"{name}@{epoch}": speed / 75_000 * images[name]
                for name in evals
                for epoch in range(epochs)
            },
            "eval_losses": {f"{name}@{epoch}": scores[name][1][epoch] for name, epoch in keys},
            "net_state_dict": None,
        }

    def _config(self, code: int, dataset: Dataset) -> dict[str, Any]:
        text = self.space.arch_str(code)
        if self.space.name == "tss":
            return {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": dataset.classes}
        genotype = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
        names = {
            "name": "infer.shape.tiny",
            "channels": text,
            "arch_str": text,
            "genotype": genotype,
        }
        return names | {"class_num": dataset.classes}

    def benchmark_object(self, indices: list[int], trials: list[int]) -> dict[str, Any]:
        """Return the object of a NATS-Bench single file that has results for `indices`."""
        space = self.space
        return {
            "meta_archs": [space.arch_str(space.from_official_index(i)) for i in range(len(space))],
            "total_archs": len(space),
            "arch2infos": {
                index: self.cell(index, n) for index, n in zip(indices, trials, strict=True)
            },
            "evaluated_indexes": set(indices),
        }


def dump(obj: Any, path: Path) -> None:
    """Write the pickle of a NATS-Bench file: protocol 4 in one bz2 stream, numpy scalars under numpy 1's name."""
    import numpy._core.multiarray as scalars

    new_name = scalars.scalar.__module__
    scalars.scalar.__module__ = "numpy.core.multiarray"
    try:
        path.write_bytes(bz2.compress(pickle.dumps(obj, protocol=4)))
    finally:
        scalars.scalar.__module__ = new_name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--space", choices=("tss", "sss"), default="tss")
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--rng-seed", type=int, default=0)
    arguments = parser.parse_args()
    indices = list(range(arguments.cells))
    maker = Maker(arguments.space, arguments.rng_seed)
    dump(maker.benchmark_object(indices, [1 + index % 3 for index in indices]), arguments.out)


if __name__ == "__main__":
    main()
