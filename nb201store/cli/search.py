"""nb201 search"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nb201store.arguments import shown
from nb201store.cli import output
from nb201store.cli.cells import parse_integer
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb201store.cli.search_plan import Row
    from nb201store.search import Result
    from nb201store.store import Store

INTERRUPTED = 130


@click.command()
@click.argument("algorithms", nargs=-1, required=True, metavar="ALGORITHM...")
@click.option(
    "--image", type=click.Path(path_type=Path), help="The benchmark.  [default: the one that ships]"
)
@click.option("--runs", type=int, help="Searches of each.  [default: 500, as published]")
@click.option(
    "--rng-seed", type=int, default=0, show_default=True, help="The same one, the same answers."
)
@click.option(
    "--preset", help="nas-bench-201 or nats-bench: published data sets, budgets, rules, parameters."
)
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    help="What to search; repeatable.  [default: all of the preset]",
)
@click.option("--split", default="x-valid", show_default=True, help="Of validation, never of test.")
@click.option(
    "--schedule", type=int, default=12, show_default=True, help="Epochs of the runs that reward."
)
@click.option(
    "--epoch", type=int, default=-1, show_default=True, help="0-based; negative from the end."
)
@click.option("--budget", "budget_s", type=float, help="Simulated seconds of one search.")
@click.option(
    "--budget-rule",
    help="discard or overshoot: what becomes of the evaluation that passes the budget.",
)
@click.option(
    "--reward-seed",
    default="random",
    show_default=True,
    help="random, mean, or a seed: 111, 777, ...",
)
@click.option(
    "--overhead",
    "overhead_s",
    type=float,
    default=0.0,
    show_default=True,
    help="Seconds of the algorithm's own that each evaluation is charged with.",
)
@click.option(
    "--report-schedule",
    type=int,
    help="Epochs of the runs that are reported.  [default: the longest]",
)
@click.option(
    "--set", "fixed", multiple=True, metavar="NAME=VALUE", help="A parameter; repeatable."
)
@click.option(
    "--sweep",
    "swept",
    multiple=True,
    metavar="NAME=V1,V2,...",
    help="A parameter at several values, each searched; repeatable: all combinations.",
)
@click.option(
    "--threads", type=int, help="How many searches run side by side.  [default: all cores]"
)
@click.option(
    "--allow-missing", is_flag=True, help="Leave out cells that lack data, instead of refusing."
)
@click.option(
    "--import",
    "modules",
    multiple=True,
    metavar="FILE.py",
    help="Run this file first: it registers algorithms of your own (docs/own-search.md); repeatable.",
)
@click.option("--over-time", is_flag=True, help="Print best so far by simulated seconds, too.")
@click.option(
    "--save",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write each result to a file there, for nb201store.search.load.",
)
@output.overwrite_option
@output.json_option
def command(
    algorithms: tuple[str, ...], image: Path | None, runs: int | None, preset: str | None, datasets: tuple[str, ...],
    reward_seed: str, fixed: tuple[str, ...], swept: tuple[str, ...], modules: tuple[str, ...], over_time: bool,
    folder: Path | None, overwrite: bool, as_json: bool, **words: Any,
) -> None:  # fmt: skip
    """Run search algorithms many times on the benchmark's table: random, rea, reinforce, bohb, local-search.

    Prints what the found cells are worth after full training: mean +- population standard deviation over n searches,
    then the regret, and which of the benchmark's rules of a fair comparison the result can attest.

    \b
      nb201 search rea random --image X.nb201 --runs 1000000 --preset nas-bench-201
      nb201 search rea --image X.nb201 --dataset cifar100 --budget 40000 --sweep sample_size=3,5,10
    """
    from nb201store.cli import search_plan, search_report
    from nb201store.search.presets import PUBLISHED_RUNS
    from nb201store.store import open_store

    for path in modules:
        search_plan.run_file(path)
    words |= {"preset": preset, "reward_seed": _reward_seed(reward_seed)}
    words["grid"] = search_plan.grid(wanted=over_time or as_json or folder is not None)
    kept: list[Any] = []
    complete, stopped = 0, False
    unsaved: OSError | None = None
    with open_store(image) as bench:
        rows = search_plan.rows(algorithms, datasets, preset, bench.space.name, fixed, swept)
        words["runs"] = PUBLISHED_RUNS if runs is None else runs
        targets = search_plan.targets(folder, rows, overwrite=overwrite)
        try:
            for row, result in _results(bench, rows, words):
                if result.runs.done:
                    kept.append(
                        result.as_dict()
                        if as_json
                        else search_report.row(result, over_time=over_time)
                    )
                    if folder is not None:
                        result.save(targets[row.label], overwrite=overwrite)
                stopped = result.runs.stopped
                if stopped:
                    break
                complete += 1
                del result  # its runs may take hundreds of MB, and the next search has as many
        except KeyboardInterrupt:
            stopped = True
        except OSError as problem:  # the disk is full, say: what was found is printed all the same
            unsaved = problem
    if as_json:
        output.print_json({"partial": stopped or unsaved is not None, "results": kept})
    elif kept:
        search_report.print_report(kept)
    if unsaved is not None:
        raise unsaved
    if stopped:
        click.echo(
            f"nb201: interrupted; {complete} of {len(rows)} searches are complete, the rest is partial or missing",
            err=True,
        )
        sys.exit(INTERRUPTED)


def _reward_seed(text: str) -> str | int:
    if text in ("random", "mean"):
        return text
    seed = parse_integer(text)
    if seed is None:
        raise SettingsError(f"--reward-seed must be random, mean or a number, found {shown(text)}")
    return seed


def _results(bench: Store, rows: list[Row], words: dict[str, Any]) -> Iterator[tuple[Row, Result]]:
    """Run one row after the other."""
    from nb201store import search

    with output.progress_bar(rate="searches") as progress:
        for row in rows:
            yield row, search.run(
                row.algorithm, bench, dataset=row.dataset, on_interrupt="return", **words, **row.parameters,
                progress=lambda done, total, label=row.label: progress(label, done, total),  # type: ignore[misc]
            )  # fmt: skip
