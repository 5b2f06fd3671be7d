"""nb201 pack"""

from __future__ import annotations

import time
from pathlib import Path

import click

from nb201store.cli import output


@click.command()
@click.argument("archive", type=click.Path(path_type=Path))
@click.argument("image", type=click.Path(path_type=Path))
@output.overwrite_option
@output.json_option
def command(archive: Path, image: Path, overwrite: bool, as_json: bool) -> None:
    """Pack ARCHIVE (X.zarr) into IMAGE (X.nb201), the one file that is memory-mapped and asked."""
    from nb201store.image import pack

    start = time.perf_counter()
    with output.progress_bar() as progress:
        size = pack(archive, image, overwrite=overwrite, progress=progress)
    seconds = time.perf_counter() - start
    if as_json:
        output.print_json({"target": str(image), "bytes": size, "seconds": round(seconds, 3)})
    else:
        click.echo(f"{image}: {output.size_text(size)}, {seconds:.1f} s, every section checked")
