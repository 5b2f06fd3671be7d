"""nb201 verify"""

from __future__ import annotations

from pathlib import Path

import click

from nb201store.cli import output
from nb201store.errors import SettingsError, VerifyError


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    metavar="CELLS",
    help="Compare so many cells only, drawn at random: a quick look.",
)
@click.option(
    "--rng-seed",
    type=click.IntRange(min=0),
    help="Draw the same cells again; without it every look is at others.",
)
@output.json_option
def command(
    file: Path, source: Path | None, sample: int | None, rng_seed: int | None, as_json: bool
) -> None:
    """Check FILE (an image or an archive): every section or chunk against its checksum and bounds.

    With SOURCE (the official file, or of an archive its image, of an image its archive) every value is compared too,
    as bits. Exit code 1 if anything differs.
    """
    if source is None:
        if sample is not None:
            raise SettingsError("--sample draws cells to compare with a source: name one")
        result = _check(file)
        if as_json:
            output.print_json(result)
        else:
            click.echo(f"{file}: sound ({result['checked']})")
        return
    from nb201store.verify import verify

    with output.source_warnings(), output.progress_bar() as progress:
        report = verify(file, source, sample=sample, rng_seed=rng_seed, progress=progress)
    if as_json:
        output.print_json({
            "file": str(file), "source": str(source), "same": report.same, "cells": report.cells,
            "trials": report.trials, "values": report.values, "weights": report.weights,
            "differences": report.difference_count, "first_differences": report.differences,
            "not_compared": report.not_compared,
        })  # fmt: skip
    else:
        for line in report.differences:
            click.echo(line)
        if report.not_compared:
            click.echo(
                f"not compared: {', '.join(report.not_compared)}: {file} says that another source's numbers stand"
            )
        weights = f", {report.weights} weights files" if report.weights else ""
        click.echo(
            f"{file}: {report.cells} cells, {report.trials} trials, {report.values} values{weights} "
            f"compared with {source}"
        )
    if not report.same:
        raise VerifyError(f"{file} differs from {source} in {report.difference_count} places")


def _check(file: Path) -> dict[str, str]:
    """Check a file against itself."""
    if file.is_dir():
        from nb201store.archive import open_archive
        from nb201store.verify import check_weights

        with output.progress_bar() as progress:
            archive = open_archive(file)
            cells = archive.check(progress)
            files = check_weights(archive, progress)
        weights = "" if files is None else f", {files} weights files by size and checksum"
        return {
            "file": str(file),
            "checked": f"{cells} cells read, every chunk by its checksum{weights}",
        }
    from nb201store import _core

    image = _core.Image(str(file))
    with output.progress_bar() as progress:
        image.check(lambda done, total: progress("check", done, total))
    return {"file": str(file), "checked": f"{len(image.sections())} sections, {image.size} bytes"}
