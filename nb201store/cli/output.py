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


_WIDEST = 10_000


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
    """Print a table; columns of numbers are right-aligned. Nothing is cut: a narrow terminal wraps the lines."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False
    )
    numeric = [all(_is_number(row[place]) for row in rows) for place in range(len(columns))]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right and rows else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    # Names from a file are text and no markup.
    console = Console(highlight=False, markup=False, emoji=False)
    wide = console.options.update(width=_WIDEST)
    console.width = max(console.measure(table, options=wide).maximum, len(title or ""))
    console.print(table)


def _is_number(text: str) -> bool:
    return not text or text in {"-", "None"} or text.replace(".", "", 1).lstrip("-").isdigit()


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Give progress(stage, done, total); a bar per stage on a terminal's standard error, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total or None)
            bar.update(tasks[stage], completed=min(done + 1, total or done + 1))

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
