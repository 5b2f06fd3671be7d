"""nb201 convert"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from nb201store.cli import output
from nb201store.schema import METRICS

# `merging.SETTLED_BY`, which would load numpy; a test compares them.
SETTLED_BY = (*METRICS, "all")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nb201store.archive import Summary

# Field of a GroupSummary, and what is said of the trials that it counts.
_ANOMALIES = {
    "without_times": "have no seconds of an epoch",
    "without_top5": "have no top-5 accuracy",
    "without_latency": "have no latency",
    "wrong_params": "recorded other parameters than their networks have",
    "wrong_flops": "recorded other multiply-adds than their networks have",
}


@click.command()
@click.argument(
    "sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--loss", type=click.Choice(["float32", "float64"]), default="float32", show_default=True,
              help="float64 keeps losses exact; float32 rounds them once, by at most 6e-8.")  # fmt: skip
@click.option("--first-wins", "first_wins", multiple=True, metavar="METRIC", type=click.Choice(SETTLED_BY),
              help="Where sources differ in METRIC, the numbers of the first one that has the trial stand "
                   f"(repeatable: {', '.join(SETTLED_BY)}). Without it a difference is an error.")  # fmt: skip
@click.option("--weights", is_flag=True,
              help="Write the weights that SOURCE holds to X.weights beside TARGET.")  # fmt: skip
@output.overwrite_option
@output.json_option
def command(
    sources: tuple[Path, ...],
    target: Path,
    loss: str,
    first_wins: tuple[str, ...],
    weights: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Convert the official file or folder SOURCE, or join several.

    TARGET ends in .zarr for an archive (complete, portable, compressed), or in .nb201 for an image (what is asked;
    the archive in between is not kept). SOURCE is any of: NAS-Bench-201-v1_0/v1_1 .pth, a NATS-Bench .pickle.pbz2,
    a NATS-Bench -simple folder, an archive folder of NNNNNN-FULL.pth. It is read by a pickle machine that can execute
    nothing.

    Several sources of one benchmark are joined, archives (X.zarr) among them: trials that more than one has must be
    equal in every number; what one lacks another gives.
    """
    from nb201store.conversion import convert

    start = time.perf_counter()
    with output.source_warnings(), output.progress_bar() as progress:
        summary, size = convert(
            sources, target, loss=loss, first_wins=first_wins, weights=weights, overwrite=overwrite, progress=progress
        )  # fmt: skip
    seconds = time.perf_counter() - start
    if as_json:
        output.print_json({
            "target": str(target), "bytes": size, "cells": summary.cells, "space_cells": summary.space_cells,
            "missing_cells": summary.missing, "first_missing_indexes": list(summary.first_missing),
            "trials": summary.trials, "values": summary.values, "trials_by_seed": summary.seeds,
            "cells_of_two_costs": summary.cells_of_two_costs,
            "sources": [asdict(source) for source in summary.sources],
            "differing_trials": dict(summary.differing_trials),
            "groups": [asdict(group) | {"dense": group.dense} for group in summary.groups],
            "weights": None if summary.weights is None else summary.weights.about(),
            "seconds": round(seconds, 3),
        })  # fmt: skip
        return
    click.echo(f"{target}: {summary.cells} of {summary.space_cells} cells, {summary.trials} trials, "
               f"{summary.values} values, {output.size_text(size)}, {seconds:.1f} s")  # fmt: skip
    _print_sources(summary)
    _print_groups(summary)
    _print_anomalies(summary)


def _print_sources(summary: Summary) -> None:
    """Say what each of several sources gave, and where the first one's numbers stand."""
    for source in summary.sources:
        click.echo(f"{source.name}: {source.cells} cells, {source.only_cells} of them in no other source; "
                   f"{source.trials} trials, {source.only_trials} in no other")  # fmt: skip
    for metric, trials in summary.differing_trials.items():
        click.echo(f"{trials} trials differ in {metric}: the first source's numbers stand")


def _print_groups(summary: Summary) -> None:
    counts = sorted({count for group in summary.groups for count in group.cells_by_seeds})
    columns = [f"{count} seed{'s' if count > 1 else ''}" for count in counts]
    rows = [
        [
            str(group.schedule),
            group.dataset,
            str(group.cells),
            *[str(group.cells_by_seeds.get(count, 0)) for count in counts],
            str(group.trials),
            str(group.dense),
            str(group.sparse),
            " ".join(f"{seed}:{trials}" for seed, trials in group.seeds.items()),
        ]
        for group in summary.groups
    ]
    names = [
        "schedule",
        "dataset",
        "cells",
        *columns,
        "trials",
        "dense",
        "sparse",
        "trials by seed",
    ]
    output.print_table(names, rows)


def _print_anomalies(summary: Summary) -> None:
    """Print one line for each anomaly that occurs: how often, and in which schedules."""
    if summary.missing:
        shown = ", ".join(map(str, summary.first_missing))
        more = ", ..." if summary.missing > len(summary.first_missing) else ""
        click.echo(f"{summary.missing} cells are missing: official index {shown}{more}")
    for field, what in _ANOMALIES.items():
        _print_anomaly(summary, field, what)
    if summary.weights is None:
        _print_anomaly(summary, "weights", "came with weights, which are left out")
    else:
        about = summary.weights.about()
        trials = sum(group.weights for group in summary.groups)
        size = output.size_text(int(about["bytes"]))
        click.echo(
            f"{trials} trials came with weights: {about['files']} files, {size} in {about['folder']}"
        )
    if summary.cells_of_two_costs:
        click.echo(
            f"{summary.cells_of_two_costs} cells recorded different costs for different seeds"
        )


def _print_anomaly(summary: Summary, field: str, what: str) -> None:
    by_schedule: dict[int, int] = {}
    for group in summary.groups:
        if count := getattr(group, field):
            by_schedule[group.schedule] = by_schedule.get(group.schedule, 0) + count
    if by_schedule:
        where = ", ".join(f"{count} of schedule {key}" for key, count in by_schedule.items())
        click.echo(f"{sum(by_schedule.values())} trials {what}: {where}")
