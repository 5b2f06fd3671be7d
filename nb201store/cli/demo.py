"""nb201 demo"""

from __future__ import annotations

from pathlib import Path

import click

from nb201store.cli import output

SOURCE = Path(__file__).parent.parent / "demo_data" / "synthetic-tss.pickle.pbz2"


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("nb201-demo"),
              show_default=True, help="Where the demo's archive and image go.")  # fmt: skip
def command(folder: Path) -> None:
    """Convert, pack and ask a small file in the official layout.

    Its numbers are SYNTHETIC: invented by examples/synthetic.py, 12 of the 15,625 cells. They show how the tool
    works and say nothing about any network.
    """
    from nb201store.conversion import convert
    from nb201store.image import pack
    from nb201store.verify import verify

    folder.mkdir(parents=True, exist_ok=True)
    archive, image = folder / "synthetic.zarr", folder / "synthetic.nb201"
    click.echo("SYNTHETIC numbers: they show how the tool works, not what any network scores.\n")
    with output.progress_bar() as progress:
        click.echo(f"$ nb201 convert {SOURCE.name} {archive}")
        summary, size = convert(SOURCE, archive, overwrite=True, progress=progress)
        click.echo(
            f"  {summary.cells} cells, {summary.trials} trials, {summary.values} values, {output.size_text(size)}"
        )
        click.echo(f"$ nb201 pack {archive} {image}")
        click.echo(f"  {output.size_text(pack(archive, image, overwrite=True, progress=progress))}")
        click.echo(f"$ nb201 verify {image} {SOURCE.name}")
        report = verify(image, SOURCE, progress=progress)
        click.echo(f"  {report.values} values compared, {report.difference_count} differ\n")
    _answers(image)


def _answers(image: Path) -> None:
    from nb201store.store import open_store

    with open_store(image) as bench:
        rows = []
        for place, best in enumerate(
            bench.top(5, "cifar10", "ori-test", schedule=200, seed="mean"), start=1
        ):
            valid = bench.accuracy(best.code, "cifar10-valid", "x-valid", schedule=200, seed="mean")
            cost = bench.cost(best.code, "cifar10")
            seeds = " ".join(map(str, bench.seeds(best.code, "cifar10", 200)))
            rows.append([
                str(place), str(best.code), f"{best.value:.2f}", f"{valid:.2f}", seeds, f"{cost.params_m:.3f}",
                f"{cost.flops_m:.2f}", bench.space.arch_str(best.code),
            ])  # fmt: skip
    title = "Best cells by cifar10 ori-test accuracy, schedule 200, mean over seeds (SYNTHETIC)"
    names = ["rank", "code", "test %", "valid %", "seeds", "params M", "FLOPs M", "arch_str"]
    output.print_table(names, rows, title=title)
    click.echo(f"Ask more: nb201 query {image} {rows[0][1]} --dataset cifar10 --schedule 200")
