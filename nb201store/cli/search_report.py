"""How the results of searches are printed: the table, the regret, best over time, the rules of a fair comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from nb201store.cli import output
from nb201store.search.algorithms import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.search import Result
    from nb201store.search.fairness import Rule
    from nb201store.search.over_time import OverTime
    from nb201store.search.summary import Summary

TIMES_SHOWN = 10
WORDS = ["algorithm", "parameters", "searched", "n"]


@dataclass(frozen=True)
class Row:
    """What is printed of one result, without its runs."""

    summary: Summary
    rules: tuple[Rule, ...]
    best: OverTime | None
    wall_s: float

    @property
    def words(self) -> list[str]:
        """What tells it from others: algorithm, parameters other than the defaults, data set, how many runs."""
        summary = self.summary
        known = ALGORITHMS[summary.algorithm].parameters if summary.algorithm in ALGORITHMS else ()
        defaults = {parameter.name: parameter.default for parameter in known}
        changed = [f"{n}={v}" for n, v in summary.parameters.items() if defaults.get(n) != v]
        n = f"{summary.n} (partial)" if summary.partial else str(summary.n)
        return [summary.algorithm, " ".join(changed) or "default", summary.dataset, n]


def row(result: Result, *, over_time: bool) -> Row:
    """Return what is printed of a result."""
    best = result.over_time() if over_time else None
    return Row(result.summary(), result.fairness(), best, result.wall_s)


def print_report(rows: Sequence[Row]) -> None:
    """Print all that is known of these results, all of one image and one schedule of report."""
    columns = [f"{column.dataset} {column.split}" for column in rows[0].summary.columns]
    output.print_table(
        [*WORDS, *columns, "evaluations", "simulated s", "wall s", "searches/s"],
        [
            [
                *row.words,
                *map(str, row.summary.columns),
                f"{row.summary.evaluations:.1f}",
                f"{row.summary.seconds:.0f}",
                f"{row.wall_s:.2f}",
                _rate(row),
            ]
            for row in rows
        ],
        title=f"accuracy in percent (schedule {rows[0].summary.columns[0].schedule}, last epoch, mean over seeds) of "
        "the cells found: mean +- population standard deviation over n searches",
    )
    regrets = [[*row.words, *(f"{c.regret:.2f}" for c in row.summary.columns)] for row in rows]
    optima = dict.fromkeys(tuple(f"{c.optimum:.2f}" for c in row.summary.columns) for row in rows)
    regrets += [["(optimum)", "", "", "", *optimum] for optimum in optima]
    title = "regret: the column's best cell minus the mean"
    output.print_table([*WORDS, *columns], regrets, title=title)
    for row in rows:
        if row.best is not None:
            _print_over_time(row, row.best)
    for row in rows:
        for note in row.summary.notes():
            click.echo(f"{' '.join(row.words[:3])}: {note}")
    rules = {str(rule): rule.number for row in rows for rule in row.rules}
    click.echo("\n".join(sorted(rules, key=rules.__getitem__)))


def _rate(row: Row) -> str:
    return f"{row.summary.runs / max(row.wall_s, 1e-9):.0f}"


def _print_over_time(row: Row, best: OverTime) -> None:
    count = len(best.times_s)
    some = [math.ceil(count * (i + 1) / TIMES_SHOWN) - 1 for i in range(min(TIMES_SHOWN, count))]
    lines = [
        [
            f"{best.times_s[i]:.0f}", str(best.n[i]), f"{best.mean[i]:.2f}", f"{best.std[i]:.2f}",
            *(f"{values[i]:.2f}" for values in best.values),
        ]
        for i in some
    ]  # fmt: skip
    output.print_table(
        ["simulated s", "n", "mean", "std", *(f"quantile {q:g}" for q in best.quantiles)],
        lines,
        title=f"{' '.join(row.words[:2])} on {row.summary.dataset}: best so far by {best.dataset} {best.split}",
    )
