"""nb201 top"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb201store.cli import output
from nb201store.cli.cells import parse_seed
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from nb201store.store import Store


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-n", "count", type=int, default=10, show_default=True, help="How many cells.")
@click.option("--dataset", help="cifar10-valid, cifar10, cifar100, ImageNet16-120, ...")
@click.option("--split", help="train, x-valid, x-test, ori-test")
@click.option("--metric", help="accuracy, top5, loss, time  [default: accuracy]")
@click.option("--schedule", type=int, help="Epochs of the training run: 12, 200, ...")
@click.option("--epoch", type=int, help="0-based; negative from the end.  [default: -1]")
@click.option("--seed", help="777, 888, ..., or mean over the recorded seeds.")
@click.option("--column", help="Rank by this user column instead of a metric; needs --order.")
@click.option("--order", help="Which values are best: highest or lowest.")
@click.option(
    "--where", "conditions", multiple=True, metavar="CONDITION",
    help='Only cells that meet it, e.g. "params_m <= 0.5": params_m or flops_m (millions, of the networks of '
    "--dataset) or a user column, one of < <= > >= == !=, a number. Repeatable: all must hold.",
)  # fmt: skip
@output.json_option
def command(
    image: Path,
    count: int,
    dataset: str | None,
    split: str | None,
    metric: str | None,
    schedule: int | None,
    epoch: int | None,
    seed: str | None,
    column: str | None,
    order: str | None,
    conditions: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the best cells of IMAGE: by a metric (highest accuracy or top5, lowest loss or time), or by a user column.

    \b
      nb201 top IMAGE --dataset cifar10 --split ori-test --schedule 200 --seed mean --where "params_m <= 0.5"
      nb201 top IMAGE --column edge_latency --order lowest --dataset cifar10 --where "flops_m > 50"
    """
    from nb201store.store import open_store

    coordinates = {
        "split": split, "metric": metric, "schedule": schedule, "epoch": epoch, "seed": seed,
    }  # fmt: skip
    asked: dict[str, Any]
    if column is None:
        asked = _metric_asked({"dataset": dataset, **coordinates})
    else:
        _refuse_coordinates(coordinates)
        asked = {"column": column, "dataset": dataset}
    with open_store(image) as bench:
        cells = _ranked_cells(bench, count, asked, order, conditions)
    if as_json:
        output.print_json({**asked, "order": order, "where": conditions, "cells": cells})
        return
    _print(asked, conditions, cells)


def _metric_asked(given: dict[str, Any]) -> dict[str, Any]:
    """The coordinates of a metric, complete; UsageError says which options are missing."""
    missing = [
        f"--{name}" for name in ("dataset", "split", "schedule", "seed") if given[name] is None
    ]
    if missing:
        raise click.UsageError(
            f"Missing {', '.join(missing)}, or --column with --order to rank by a user column.",
            click.get_current_context(),
        )
    return {
        **given,
        "metric": "accuracy" if given["metric"] is None else given["metric"],
        "epoch": -1 if given["epoch"] is None else given["epoch"],
    }


def _refuse_coordinates(given: dict[str, Any]) -> None:
    """A user column has one value a cell."""
    said = [f"--{name}" for name, value in given.items() if value is not None]
    if said:
        raise SettingsError(
            f"--column ranks by one value a cell: {', '.join(said)} would have no effect; leave out one or the other"
        )


def _ranked_cells(
    bench: Store, count: int, asked: dict[str, Any], order: Any, conditions: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The best cells with what is shown of them; `seeds` and costs only where a data set is known."""
    from nb201store import cost

    dataset = asked["dataset"]
    if "column" in asked:
        ranked = bench.top(count, asked["column"], order=order, where=conditions, dataset=dataset)
    else:
        ranked = bench.top(
            count, dataset, asked["split"], asked["metric"], schedule=asked["schedule"], epoch=asked["epoch"],
            seed=parse_seed(asked["seed"]), order=order, where=conditions,
        )  # fmt: skip
    space = bench.space
    network = None if dataset is None else _network(bench, dataset)
    cells = []
    for place, best in enumerate(ranked, start=1):
        cell = {
            "rank": place, "code": best.code, "official_index": space.official_index(best.code),
            "value": best.value,
        }  # fmt: skip
        if "schedule" in asked:
            cell["seeds"] = list(bench.seeds(best.code, dataset, asked["schedule"]))
        if network is not None:
            parameters, multiply_adds = cost.count(space.name, best.code, **network)
            cell |= {"params_m": parameters / 1e6, "flops_m": multiply_adds / 1e6}
        cells.append(cell | {"arch_str": space.arch_str(best.code)})
    return cells


def _network(bench: Store, dataset: str) -> dict[str, int]:
    """What the networks of a data set have in common. `bench.cost` would read every time of every cell, too."""
    described = bench.describe()
    info = next(entry for entry in described["datasets"] if entry["name"] == dataset)
    return {
        "classes": info["classes"], "image_size": info["image_size"], "channels": described["channels"],
        "cells": described["cells_per_stage"], "in_channels": described["in_channels"],
    }  # fmt: skip


def _print(asked: dict[str, Any], conditions: tuple[str, ...], cells: list[dict[str, Any]]) -> None:
    of_metric = "schedule" in asked
    name = asked["metric"] if of_metric else asked["column"]
    shown = {
        "rank": ("rank", "{}"), "code": ("code", "{}"), "official_index": ("index", "{}"),
        "value": (name, "{:.4f}" if of_metric else "{:.6g}"),
    }  # fmt: skip
    if of_metric:
        shown["seeds"] = ("seeds", "{}")
    if asked["dataset"] is not None:
        shown |= {"params_m": ("params_m", "{:.6f}"), "flops_m": ("flops_m", "{:.5f}")}
    shown["arch_str"] = ("arch_str", "{}")
    rows = []
    for cell in cells:
        counted = {**cell, "seeds": len(cell.get("seeds", ()))}
        rows.append([form.format(counted[key]) for key, (_, form) in shown.items()])
    if of_metric:
        title = (
            f"{asked['dataset']}, {asked['split']}, {name}, schedule {asked['schedule']}, epoch {asked['epoch']}, "
            f"seed {asked['seed']}"
        )
    else:
        title = f"user column {name}"
        title += f", networks of {asked['dataset']}" if asked["dataset"] is not None else ""
    title = ", ".join([title, *conditions])
    output.print_table([head for head, _ in shown.values()], rows, title=title)
