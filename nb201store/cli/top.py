"""nb201 top"""

from __future__ import annotations

from pathlib import Path

import click

from nb201store.cli import output
from nb201store.cli.cells import parse_seed


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-n", "count", type=int, default=10, show_default=True, help="How many cells.")
@click.option(
    "--dataset", required=True, help="cifar10-valid, cifar10, cifar100, ImageNet16-120, ..."
)
@click.option("--split", required=True, help="train, x-valid, x-test, ori-test")
@click.option("--metric", default="accuracy", show_default=True, help="accuracy, top5, loss, time")
@click.option(
    "--schedule", type=int, required=True, help="Epochs of the training run: 12, 200, ..."
)
@click.option(
    "--epoch", type=int, default=-1, show_default=True, help="0-based; negative from the end."
)
@click.option("--seed", required=True, help="777, 888, ..., or mean over the recorded seeds.")
@output.json_option
def command(
    image: Path,
    count: int,
    dataset: str,
    split: str,
    metric: str,
    schedule: int,
    epoch: int,
    seed: str,
    as_json: bool,
) -> None:
    """List the best cells of IMAGE: highest accuracy or top5, lowest loss or time."""
    from nb201store.store import open_store

    with open_store(image) as bench:
        ranked = bench.top(
            count, dataset, split, metric, schedule=schedule, epoch=epoch, seed=parse_seed(seed)
        )
        space = bench.space
        cells = [
            {
                "rank": place, "code": best.code, "official_index": space.official_index(best.code),
                "value": best.value, "seeds": list(bench.seeds(best.code, dataset, schedule)),
                "arch_str": space.arch_str(best.code),
            }
            for place, best in enumerate(ranked, start=1)
        ]  # fmt: skip
    if as_json:
        output.print_json({
            "dataset": dataset, "split": split, "metric": metric, "schedule": schedule, "epoch": epoch,
            "seed": seed, "cells": cells,
        })  # fmt: skip
        return
    rows = [
        [
            str(c["rank"]),
            str(c["code"]),
            str(c["official_index"]),
            f"{c['value']:.4f}",
            str(len(c["seeds"])),
            c["arch_str"],
        ]
        for c in cells
    ]
    title = f"{dataset}, {split}, {metric}, schedule {schedule}, epoch {epoch}, seed {seed}"
    output.print_table(["rank", "code", "index", metric, "seeds", "arch_str"], rows, title=title)
