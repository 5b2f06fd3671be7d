"""nb201 export"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb201store.arguments import shown
from nb201store.cli import output
from nb201store.cli.cells import parse_integer
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--schedule", multiple=True, help="Training schedule: 12, 200, ..., or all.")
@click.option("--seed", multiple=True, help="777, ..., mean over the recorded seeds, or all.")
@click.option("--dataset", multiple=True, help="Only this data set.")
@click.option("--split", multiple=True, help="Only this split: train, x-valid, x-test, ori-test.")
@click.option(
    "--metric",
    multiple=True,
    help="accuracy (the default), top5, loss, time; params_m, flops_m, latency_s as recorded; or all.",
)
@click.option("--epoch", multiple=True, help="0-based; negative from the end (default -1), or all.")
@click.option("--cost", is_flag=True, help="Also params_m and flops_m, counted from each network.")
@click.option("--column", multiple=True, help="A user column, or all.")
@click.option("--recorded", is_flag=True, help="Only cells that have one of the chosen values.")
@output.overwrite_option
@output.json_option
def command(
    image: Path, file: Path, schedule: tuple[str, ...], seed: tuple[str, ...], dataset: tuple[str, ...],
    split: tuple[str, ...], metric: tuple[str, ...], epoch: tuple[str, ...], cost: bool, column: tuple[str, ...],
    recorded: bool, overwrite: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write a table of IMAGE to FILE (.csv or .parquet): one row a cell, a column for each chosen value.

    Options that name what to choose can be repeated. A data set or split that is not named stands for all there
    are; measured values need --schedule and --seed. Missing values are null in Parquet, empty in CSV.
    """
    from nb201store.store import open_store

    chosen: dict[str, Any] = {
        "schedule": _numbers("--schedule", schedule),
        "seed": _numbers("--seed", seed, "mean"),
        "datasets": _names(dataset),
        "splits": _names(split),
        "metrics": _names(metric),
        "epoch": _numbers("--epoch", epoch),
        "columns": _names(column),
        "codes": "recorded" if recorded else "all",
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    with open_store(image) as bench, output.progress_bar() as progress:
        written = bench.export(file, overwrite=overwrite, progress=progress, cost=cost, **given)
    if as_json:
        output.print_json({"target": str(file), **written._asdict()})
        return
    size = output.size_text(written.bytes)
    click.echo(f"{file}: {written.rows} rows, {len(written.columns)} columns, {size}")


def _names(given: Sequence[str]) -> str | Sequence[str] | None:
    """One name, "all" among them, as itself; several; None where the option was not given."""
    return (given[0] if len(given) == 1 else given) or None


def _numbers(option: str, given: Sequence[str], *other: str) -> Any:
    """The same of numbers; `other` words than "all" pass too."""
    numbers: list[int | str] = []
    for text in given:
        number = parse_integer(text)
        if number is None and text not in (*other, "all"):
            words = ", ".join(["a number", *other])
            raise SettingsError(f"{option} must be {words} or all, found {shown(text)}")
        numbers.append(text if number is None else number)
    return (numbers[0] if len(numbers) == 1 else numbers) if numbers else None
