"""How commands print: JSON lines for programs, tables for people, progress and warnings on standard error."""

from __future__ import annotations

import contextlib
import json
import math
import sys
import warnings
from typing import TYPE_CHECKING, Any

import click

from nb201store.errors import SourceWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Progress = Callable[[str, int, int], None]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace the target if it exists."
)


def print_json(data: Any) -> None:
    """Print one JSON document; doubles keep every bit (shortest text that reads back the same).

    JSON has no NaN and no infinities: they become the texts "NaN", "Infinity" and "-Infinity".
    """
    click.echo(json.dumps(_finite(data), indent=2, allow_nan=False))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None
) -> None:
    """Print a table; columns of numbers are right-aligned. Nothing is cut: a narrow terminal wraps the lines.

    Plain text on purpose: rich takes seconds for the thousands of rows of a curve.
    """
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    right = [
        bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(columns))
    ]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        ]
        return "   ".join(padded).rstrip()

    lines = ["", click.style(title, bold=True)] if title else [""]
    lines += [click.style(line(columns), bold=True), "\u2500" * (sum(widths) + 3 * len(widths) - 3)]
    click.echo("\n".join([*lines, *map(line, rows), ""]))


def _is_number(text: str) -> bool:
    return not text or text in {"-", "None"} or text.replace(".", "", 1).lstrip("-").isdigit()


@contextlib.contextmanager
def progress_bar(*, rate: str | None = None) -> Iterator[Progress]:
    """Give progress(stage, done, total), `done` of them finished: a bar a stage on a terminal, else nothing.

    `rate` names what is counted: then how many a second are shown as well.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.completed / (task.elapsed or math.inf):,.0f} {rate}/s")

    columns: list[ProgressColumn] = [
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    if rate is not None:
        columns.append(RateColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=done)

        yield progress


@contextlib.contextmanager
def source_warnings() -> Iterator[None]:
    """Print warnings about official files as one line each, whether what follows them fails or not."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", SourceWarning)
            yield
    finally:
        for warning in caught:
            if issubclass(warning.category, SourceWarning):
                click.echo(f"nb201: warning: {' '.join(str(warning.message).split())}", err=True)
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )


def size_text(size: float) -> str:
    """Bytes for people, decimal units."""
    if size < 1e3:
        return f"{size:.0f} bytes"
    return f"{size / 1e3:.1f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"
