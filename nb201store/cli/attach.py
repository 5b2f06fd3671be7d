"""nb201 attach"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb201store.arguments import shown
from nb201store.cli import output
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from nb201store.user_columns import AttachedColumn


@click.command()
@click.argument("image", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path), required=False)
@click.option("--by", type=click.Choice(["arch_str", "code", "official_index"]),
              help="How the table names its cells.")  # fmt: skip
@click.option(
    "--key", help="The column that does; without it the column of the name that --by says."
)
@click.option("--column", "columns", multiple=True, metavar="NAME[=NEW]",
              help="Attach this column, under a new name if one is given; may be repeated. Without it: every column "
              "of numbers.")  # fmt: skip
@click.option("--unit", "units", multiple=True, metavar="NAME=UNIT",
              help="Unit of a column, by the name it gets; may be repeated.")  # fmt: skip
@click.option("--source", help="Where the numbers come from, in words.")
@click.option("--missing-if", multiple=True, metavar="[NAME] OP NUMBER",
              help="Numbers that stand for none: '<= 0', or 'NAME <= 0' for one column (< <= == >= >).")  # fmt: skip
@click.option(
    "--replace", is_flag=True, help="Give columns that are there already their new values."
)
@click.option("--drop", multiple=True, metavar="NAME",
              help="Take a column off the image; may be repeated.")  # fmt: skip
@output.json_option
def command(
    image: Path, table: Path | None, by: str | None, key: str | None, columns: tuple[str, ...],
    units: tuple[str, ...], source: str | None, missing_if: tuple[str, ...], replace: bool, drop: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Attach columns of TABLE (X.csv or X.parquet) to IMAGE: one value a cell, asked like a metric.

    \b
      nb201 attach nats-tss.nb201 latency.csv --by arch_str --unit edge_latency=ms
      nb201 attach nats-tss.nb201 --drop edge_latency

    Rows that name no cell, or a cell twice, are refused, and the image stays as it was; a cell without a row or a
    value is a gap. IMAGE is replaced by rename: programs that have it open keep the old data.
    """
    if drop:
        if table is not None:
            raise SettingsError(
                "--drop takes columns off IMAGE and needs no TABLE; run it by itself"
            )
        _drop(image, drop, as_json=as_json)
        return
    if table is None or by is None:
        raise SettingsError(
            "name a TABLE and what its rows are told by: --by arch_str, code or official_index"
        )
    from nb201store.user_columns import attach

    with output.progress_bar() as progress:
        done = attach(
            image, table, by=by, key=key, columns=_renamed(columns) or None, units=_pairs("--unit", units),
            source=source, missing_if=missing_if, replace=replace, progress=progress,
        )  # fmt: skip
    if as_json:
        output.print_json({
            "image": str(image), "bytes": done.size, "table": str(table), "by": by,
            "columns": [
                {"name": c.name, "unit": c.unit, "values": c.values, "gaps": c.gaps, "first_gap": c.first_gap}
                for c in done.columns
            ],
            "left_out": done.left_out,
        })  # fmt: skip
        return
    for column in done.columns:
        click.echo(_line(column))
    if done.left_out:
        click.echo(f"left out, not only numbers: {', '.join(done.left_out)}")
    click.echo(f"{image}: {output.size_text(done.size)}, every section checked")


def _line(column: AttachedColumn) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    gaps = f", {column.gaps} gaps, the first at code {column.first_gap}" if column.gaps else ""
    return f"{column.name}{unit}: {column.values} values{gaps}"


def _drop(image: Path, names: tuple[str, ...], *, as_json: bool) -> None:
    from nb201store.user_columns import detach

    size = detach(image, names)
    if as_json:
        output.print_json({"image": str(image), "bytes": size, "dropped": list(names)})
    else:
        click.echo(f"{image}: without {', '.join(names)}, {output.size_text(size)}")


def _renamed(columns: tuple[str, ...]) -> dict[str, str]:
    """NAME or NAME=NEW, as the new names by the old ones."""
    names: dict[str, str] = {}
    for text in columns:
        old, equals, new = text.partition("=")
        if old in names:
            raise SettingsError(f"--column {shown(old)} is given twice")
        names[old] = new if equals else old
    return names


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"{option}: expected NAME=UNIT, found {shown(text)}")
        pairs[name] = value
    return pairs
