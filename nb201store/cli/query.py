"""nb201 query"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb201store.arguments import shown
from nb201store.cli import output
from nb201store.cli.cells import parse_cell, parse_integer, parse_seed
from nb201store.errors import MissingDataError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb201store.store import Seed, Store

UNITS = {"accuracy": "percent", "top5": "percent", "loss": "nats", "time": "s"}


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("cell")
@click.option("--dataset", help="Only this data set.")
@click.option("--split", help="Only this split: train, x-valid, x-test, ori-test.")
@click.option("--metric", help="Only this metric: accuracy, top5, loss, time.")
@click.option("--schedule", type=int, help="Only this training schedule: 12, 200, ...")
@click.option(
    "--epoch", default="-1", show_default=True, help="0-based, negative from the end, or all."
)
@click.option(
    "--seed", help="A seed, or mean over the recorded seeds; without it every seed is listed."
)
@output.json_option
def command(
    image: Path, cell: str, dataset: str | None, split: str | None, metric: str | None, schedule: int | None,
    epoch: str, seed: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Print every recorded value of CELL in IMAGE that the options leave.

    CELL is a code (4215), an official index (index:6111) or an architecture string. An option that is not given
    lists all there is: nothing is chosen for you. Without options, user columns (nb201 attach) are listed too.
    """
    from nb201store.store import open_store

    wanted = {"dataset": dataset, "split": split, "metric": metric, "schedule": schedule}
    with open_store(image) as bench:
        code = parse_cell(cell, bench.space)
        columns = _columns(
            bench, {name: value for name, value in wanted.items() if value is not None}
        )
        rows = [row for column in columns for row in _values(bench, code, column, epoch, seed)]
        narrowed = seed is not None or any(value is not None for value in wanted.values())
        attached = [] if narrowed else _user_values(bench, code)
        about = {
            "code": code, "official_index": bench.space.official_index(code), "arch_str": bench.space.arch_str(code),
        }  # fmt: skip
    if not rows and not attached:
        asked = ", ".join(
            f"{k} {v}"
            for k, v in (wanted | {"epoch": epoch, "seed": seed}).items()
            if v is not None
        )
        raise MissingDataError(
            f"{image}: code {code} has nothing recorded for {asked or 'any question'}"
        )
    if as_json:
        output.print_json(
            about | {"values": rows} | ({"user_columns": attached} if attached else {})
        )
        return
    click.echo(f"{about['arch_str']}  (code {code}, official index {about['official_index']})")
    shown = ["schedule", "dataset", "split", "metric", "seed", "epoch", "value", "unit"]
    if rows:
        output.print_table(shown, [[_text(row[name]) for name in shown] for row in rows])
    if attached:
        names = ["user column", "value", "unit"]
        output.print_table(
            names, [[_text(c[key]) for key in ("name", "value", "unit")] for c in attached]
        )


def _user_values(bench: Store, code: int) -> list[dict[str, Any]]:
    """What was attached of the cell."""
    values = []
    for column in bench.describe()["user_columns"]:
        with suppress(MissingDataError):
            value = bench.column(column["name"])[code]
            values.append({"name": column["name"], "value": value, "unit": column["unit"]})
    return values


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _columns(bench: Store, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of the image that the options leave; a word that none has is refused, naming those there are."""
    columns = [column for column in bench.describe()["columns"] if column["split"] is not None]
    for name, value in wanted.items():
        known = list(dict.fromkeys(column[name] for column in columns))
        if value not in known:
            listed = ", ".join(str(word) for word in known)
            raise SettingsError(f"{bench.path}: no {name} {value!r} here; there is {listed}")
        columns = [column for column in columns if column[name] == value]
    return columns


def _values(
    bench: Store, code: int, column: dict[str, Any], epoch: str, seed: str | None
) -> Iterator[dict[str, Any]]:
    """Values of one column, seed by seed, at one epoch or at all."""
    names = {name: column[name] for name in ("schedule", "dataset", "split", "metric")}
    recorded = bench.seeds(code, column["dataset"], column["schedule"])
    seeds: tuple[Seed, ...] = recorded if seed is None else (parse_seed(seed),)
    for one in seeds if recorded else ():
        every = epoch == "all"
        values = (
            _curve(bench, code, names, one)
            if every
            else _point(bench, code, names, _epoch(epoch), one)
        )
        for at, value in values:
            yield names | {
                "seed": one,
                "epoch": at,
                "value": value,
                "unit": UNITS[column["metric"]],
            }


def _epoch(text: str) -> int:
    epoch = parse_integer(text)
    if epoch is None:
        raise SettingsError(f"--epoch must be a number or all, found {shown(text)}")
    return epoch


def _curve(bench: Store, code: int, names: dict[str, Any], seed: Seed) -> list[tuple[int, float]]:
    question = (code, names["dataset"], names["split"], names["metric"])
    try:
        curve = bench.curve(*question, schedule=names["schedule"], seed=seed, missing="mask")
    except MissingDataError:
        return []
    epochs = bench.epochs(*question[1:], schedule=names["schedule"])
    values = curve.tolist()  # None where masked
    return [(at, value) for at, value in zip(epochs, values, strict=True) if value is not None]


def _point(
    bench: Store, code: int, names: dict[str, Any], epoch: int, seed: Seed
) -> list[tuple[int, float]]:
    question = (code, names["dataset"], names["split"], names["metric"])
    try:
        value = bench.value(*question, schedule=names["schedule"], epoch=epoch, seed=seed)
    except MissingDataError:
        return []
    return [(epoch if epoch >= 0 else epoch + names["schedule"], value)]
