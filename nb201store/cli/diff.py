"""nb201 diff"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nb201store.cli import output
from nb201store.errors import VerifyError

if TYPE_CHECKING:
    from nb201store.difference import Difference


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--show", "shown", type=click.IntRange(min=0), default=10, show_default=True,
              help="How many differences are named; all are counted.")  # fmt: skip
@output.json_option
def command(a: Path, b: Path, shown: int, as_json: bool) -> None:
    """Show what A and B, archives or images, differ in.

    Cells, trials, every number as bits, forms, sources and the described benchmark. Exit code 1 if anything differs.
    """
    from nb201store.difference import diff

    with output.progress_bar() as progress:
        found = diff(a, b, shown=shown, progress=progress)
    if as_json:
        output.print_json(
            {"a": str(a), "b": str(b), "same": found.same, "same_values": found.same_values, **asdict(found)}
        )  # fmt: skip
    else:
        _print(found, a, b)
    if not found.same:
        what = (
            "sources, forms or description; all values are the same"
            if found.same_values
            else "values"
        )
        raise VerifyError(f"{a} and {b} differ in {what}")


def _print(found: Difference, a: Path, b: Path) -> None:
    for text in (*found.described, *found.first):
        click.echo(text)
    values = sum(group.values for group in found.groups)
    trials = sum(group.trials for group in found.groups)
    click.echo(f"compared: {found.cells} cells, {trials} trials, {values} values")
    click.echo(
        f"only in {a}: {found.cells_only_a} cells, {sum(g.only_a for g in found.groups)} trials"
    )
    click.echo(
        f"only in {b}: {found.cells_only_b} cells, {sum(g.only_b for g in found.groups)} trials"
    )
    forms = sum(group.forms for group in found.groups)
    if forms or found.cell_forms:
        click.echo(
            f"other forms: {found.cell_forms} cells, {forms} trials; where they differ first:"
        )
        for text, count in found.unlike_forms.items():
            click.echo(f"  {count} {text}")
    rows = [
        [
            str(metric.schedule),
            metric.dataset,
            metric.split or "-",
            metric.metric,
            str(metric.values),
            str(metric.differing),
            str(metric.only_a),
            str(metric.only_b),
        ]
        for group in found.groups
        for metric in group.metrics
    ]
    if rows:
        output.print_table(
            ["schedule", "dataset", "split", "metric", "values in both", "differing", "only in A", "only in B"], rows
        )  # fmt: skip
