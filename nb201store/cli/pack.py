"""nb201 pack"""

from __future__ import annotations

import time
from pathlib import Path

import click

from nb201store.cli import output


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--schedule", "schedules", type=int, multiple=True, help="Keep this schedule only.")
@click.option("--dataset", "datasets", multiple=True, help="Keep this data set only.")
@click.option("--split", "splits", multiple=True, help="Keep this split only.")
@click.option(
    "--last-epoch",
    type=int,
    multiple=True,
    metavar="SCHEDULE",
    help="Of this schedule keep accuracy, top5 and loss at the last epoch only.",
)
@output.overwrite_option
@output.json_option
def command(
    archive: Path,
    image: Path,
    schedules: tuple[int, ...],
    datasets: tuple[str, ...],
    splits: tuple[str, ...],
    last_epoch: tuple[int, ...],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Pack ARCHIVE (X.zarr) into IMAGE (X.nb201), the one file that is memory-mapped and asked.

    All of it, or a part: each choice can be said more than once. `--last-epoch 200` makes the whole 12-epoch
    benchmark with the final results of the 200-epoch one, in one small file.
    """
    from nb201store.image import Slice, pack

    start = time.perf_counter()
    part = Slice(schedules, datasets, splits, last_epoch)
    with output.progress_bar() as progress:
        size = pack(archive, image, part=part, overwrite=overwrite, progress=progress)
    seconds = time.perf_counter() - start
    if as_json:
        output.print_json({"target": str(image), "bytes": size, "seconds": round(seconds, 3)})
    else:
        click.echo(f"{image}: {output.size_text(size)}, {seconds:.1f} s, every section checked")
