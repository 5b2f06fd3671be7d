"""How the results of searches are printed: the table, the regret, best over time, the rules of a fair comparison."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from nb201store.cli import output
from nb201store.search.algorithms import ALGORITHMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.search import Result
    from nb201store.search.summary import Summary

TIMES_SHOWN = 10
WORDS = ["algorithm", "parameters", "searched", "n"]


def print_report(results: Sequence[Result], *, over_time: bool) -> None:
    """Print all that is known of these results, all of one image and one schedule of report."""
    summaries = [result.summary() for result in results]
    first = summaries[0]
    columns = [f"{column.dataset} {column.split}" for column in first.columns]
    output.print_table(
        [*WORDS, *columns, "seconds", "searches/s"],
        [
            [*_words(result, summary), *map(str, summary.columns), f"{result.wall_s:.2f}", _rate(result)]
            for result, summary in zip(results, summaries, strict=True)
        ],
        title=f"accuracy in percent (schedule {first.columns[0].schedule}, last epoch, mean over seeds) of the cells "
        "found: mean +- population standard deviation over n searches",
    )  # fmt: skip
    optima = dict.fromkeys(tuple(f"{c.optimum:.2f}" for c in s.columns) for s in summaries)
    regrets = [
        [*_words(result, summary), *(f"{column.regret:.2f}" for column in summary.columns)]
        for result, summary in zip(results, summaries, strict=True)
    ]
    regrets += [["(optimum)", "", "", "", *optimum] for optimum in optima]
    output.print_table(
        [*WORDS, *columns], regrets, title="regret: the column's best cell minus the mean"
    )
    if over_time:
        for result, summary in zip(results, summaries, strict=True):
            _print_over_time(result, summary)
    for result, summary in zip(results, summaries, strict=True):
        for note in summary.notes():
            click.echo(f"{' '.join(_words(result, summary)[:3])}: {note}")
    rules = [str(rule) for result in results for rule in result.fairness()]
    click.echo("\n".join(sorted(dict.fromkeys(rules), key=lambda rule: rule.split(",")[0])))


def _words(result: Result, summary: Summary) -> list[str]:
    """What tells a row from the others: its name, parameters other than the defaults, data set, and how many runs."""
    known = ALGORITHMS[summary.algorithm].parameters if summary.algorithm in ALGORITHMS else ()
    defaults = {parameter.name: parameter.default for parameter in known}
    changed = [f"{n}={v}" for n, v in summary.parameters.items() if defaults.get(n) != v]
    n = f"{summary.n} (partial)" if result.interrupted else str(summary.n)
    return [summary.algorithm, " ".join(changed) or "default", summary.dataset, n]


def _rate(result: Result) -> str:
    return f"{result.runs.done / max(result.wall_s, 1e-9):.0f}"


def _print_over_time(result: Result, summary: Summary) -> None:
    best = result.over_time()
    count = len(best.times_s)
    some = [math.ceil(count * (i + 1) / TIMES_SHOWN) - 1 for i in range(min(TIMES_SHOWN, count))]
    lines: list[Any] = [
        [
            f"{best.times_s[i]:.0f}", str(best.n[i]), f"{best.mean[i]:.2f}", f"{best.std[i]:.2f}",
            *(f"{row[i]:.2f}" for row in best.values),
        ]
        for i in some
    ]  # fmt: skip
    name = " ".join(_words(result, summary)[:2])
    output.print_table(
        ["simulated s", "n", "mean", "std", *(f"quantile {q:g}" for q in best.quantiles)],
        lines,
        title=f"{name} on {summary.dataset}: best so far by {best.dataset} {best.split}",
    )
