"""nb201 convert"""

from __future__ import annotations

import time
from pathlib import Path

import click

from nb201store.cli import output


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--loss", type=click.Choice(["float32", "float64"]), default="float32", show_default=True,
              help="float64 keeps losses exact; float32 rounds them once, by at most 6e-8.")  # fmt: skip
@output.overwrite_option
@output.json_option
def command(source: Path, target: Path, loss: str, overwrite: bool, as_json: bool) -> None:
    """Convert the official file or folder SOURCE.

    TARGET ends in .zarr for an archive (complete, portable, compressed), or in .nb201 for an image (what is asked;
    the archive in between is not kept). SOURCE is any of: NAS-Bench-201-v1_0/v1_1 .pth, a NATS-Bench .pickle.pbz2,
    a NATS-Bench -simple folder, an archive folder of NNNNNN-FULL.pth. It is read by a pickle machine that can execute
    nothing.
    """
    from nb201store.conversion import convert

    start = time.perf_counter()
    with output.source_warnings(), output.progress_bar() as progress:
        summary, size = convert(source, target, loss=loss, overwrite=overwrite, progress=progress)
    seconds = time.perf_counter() - start
    if as_json:
        output.print_json({
            "target": str(target), "bytes": size, "cells": summary.cells, "trials": summary.trials,
            "values": summary.values, "trials_by_seed": dict(summary.seeds), "seconds": round(seconds, 3),
        })  # fmt: skip
        return
    click.echo(f"{target}: {summary.cells} cells, {summary.trials} trials, {summary.values} values, "
               f"{output.size_text(size)}, {seconds:.1f} s")  # fmt: skip
    rows = [[*key.split("/"), str(count)] for key, count in summary.seeds.items()]
    output.print_table(["schedule", "dataset", "seed", "trials"], rows)
