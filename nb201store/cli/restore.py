"""nb201 restore"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from nb201store.cli import output

# As upstream.KINDS, which would load numpy here.
_LAYOUTS = ("v1_0", "v1_1", "archive", "nats-file", "nats-folder")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--layout", type=click.Choice(_LAYOUTS), help="What to write; as the source was, if not given."
)
@output.overwrite_option
@output.json_option
def command(file: Path, out: Path, layout: str | None, overwrite: bool, as_json: bool) -> None:
    """Write the official objects of FILE (an archive or a whole image) to OUT, as the official packages load them.

    v1_0 and v1_1 are the .pth of NAS-Bench-201, archive a folder of NNNNNN-FULL.pth, nats-file and nats-folder the
    two forms of NATS-Bench. Numbers, types and orders are those of the source; weights are not restored.
    """
    from nb201store.restoration import restore

    start = time.perf_counter()
    with output.progress_bar() as progress:
        made = restore(file, out, layout=layout, overwrite=overwrite, progress=progress)
    seconds = time.perf_counter() - start
    if as_json:
        output.print_json({"target": str(out), **asdict(made), "seconds": round(seconds, 3)})
        return
    click.echo(f"{out}: {made.layout}, {made.cells} of {made.space_cells} cells, {made.trials} trials, "
               f"{output.size_text(made.size)}, {seconds:.1f} s")  # fmt: skip
    if made.loss == "float32":
        click.echo("losses are rounded once, to float32: the file was converted so")
    if made.weights:
        click.echo(f"{made.weights} trials had weights in the source and come back without")
