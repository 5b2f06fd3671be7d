"""nb201 compare"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb201store.cli import output
from nb201store.cli.cells import parse_cell, parse_seed
from nb201store.errors import MissingDataError, SettingsError

if TYPE_CHECKING:
    from nb201store.answers import Cost
    from nb201store.store import Seed, Store


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("cells", nargs=-1, required=True)
@click.option(
    "--schedule", type=int, required=True, help="Epochs of the training run: 12, 200, ..."
)
@click.option("--seed", required=True, help="777, 888, ..., or mean over the recorded seeds.")
@click.option("--metric", default="accuracy", show_default=True, help="accuracy, top5, loss, time")
@output.json_option
def command(
    image: Path, cells: tuple[str, ...], schedule: int, seed: str, metric: str, as_json: bool
) -> None:
    """Show CELLS of IMAGE side by side: one metric at the last epoch on every split, and costs."""
    from nb201store.store import open_store

    with open_store(image) as bench:
        codes = [parse_cell(cell, bench.space) for cell in cells]
        columns = [
            column for column in bench.describe()["columns"]
            if column["schedule"] == schedule and column["metric"] == metric and column["split"] is not None
        ]  # fmt: skip
        if not columns:
            schedules = sorted({group["schedule"] for group in bench.describe()["groups"]})
            listed = ", ".join(str(known) for known in schedules)
            raise SettingsError(
                f"{image}: no {metric} in schedule {schedule}; schedules here: {listed}"
            )
        lines = [_line(bench, codes, column, metric, parse_seed(seed)) for column in columns]
        if all(value is None for line in lines for value in line["values"]):
            groups = [g for g in bench.describe()["groups"] if g["schedule"] == schedule]
            known = ", ".join(str(one) for one in sorted({s for g in groups for s in g["seeds"]}))
            raise MissingDataError(
                f"{image}: none of these cells has {metric} in schedule {schedule} with seed {seed}; "
                f"seeds there: {known}"
            )
        lines += _costs(bench, codes, list(dict.fromkeys(column["dataset"] for column in columns)))
        names = [bench.space.arch_str(code) for code in codes]
    if as_json:
        about = [{"code": code, "arch_str": name} for code, name in zip(codes, names, strict=True)]
        output.print_json({"schedule": schedule, "seed": seed, "cells": about, "rows": lines})
        return
    for code, name in zip(codes, names, strict=True):
        click.echo(f"{code:>6}  {name}")
    rows = [
        [line["dataset"], line["split"] or "", line["what"], *map(_text, line["values"])]
        for line in lines
    ]
    output.print_table(
        ["dataset", "split", "what", *map(str, codes)],
        rows,
        title=f"schedule {schedule}, seed {seed}",
    )


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _line(
    bench: Store, codes: list[int], column: dict[str, Any], metric: str, seed: Seed
) -> dict[str, Any]:
    values: list[float | None] = []
    for code in codes:
        try:
            question = (code, column["dataset"], column["split"], metric)
            values.append(bench.value(*question, schedule=column["schedule"], seed=seed))
        except MissingDataError:
            values.append(None)
    return {
        "dataset": column["dataset"],
        "split": column["split"],
        "what": metric,
        "values": values,
    }


def _costs(bench: Store, codes: list[int], datasets: list[str]) -> list[dict[str, Any]]:
    lines = []
    for dataset in datasets:
        costs: list[Cost] = [bench.cost(code, dataset) for code in codes]
        for what in ("params_m", "flops_m", "latency_s", "train_epoch_s"):
            values = [getattr(cost, what) for cost in costs]
            lines.append({"dataset": dataset, "split": None, "what": what, "values": values})
    return lines
