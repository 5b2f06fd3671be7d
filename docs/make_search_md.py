"""Write docs/search.md: what 100,000 searches a method find on an image, beside the published tables.

python docs/make_search_md.py IMAGE docs/search.md
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nb201store as nb
from nb201store import search
from nb201store.errors import Nb201Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TEMPLATE = Path(__file__).parent / "search.md.in"
RUNS, RNG_SEED = 100_000, 0
NAMES = {
    "rea": "REA", "random": "random search", "reinforce": "REINFORCE", "bohb": "BOHB", "local-search": "local search",
}  # fmt: skip
COLUMNS = {
    "cifar10-valid": [("cifar10-valid", "x-valid"), ("cifar10", "ori-test")],
    "cifar100": [("cifar100", "x-valid"), ("cifar100", "x-test")],
    "ImageNet16-120": [("ImageNet16-120", "x-valid"), ("ImageNet16-120", "x-test")],
}
ALL_COLUMNS = [column for columns in COLUMNS.values() for column in columns]
HEADS = [
    "CIFAR-10 validation", "test", "CIFAR-100 validation", "test", "ImageNet16-120 validation", "test",
]  # fmt: skip

# Percent, mean +- std over 500 runs, in the order of ALL_COLUMNS. c: quoted by others (EEEA-Net table 9, TE-NAS
# table 1, LLMatic, RMI-NAS's README); m: from memory.
PUBLISHED_201 = {
    "random": ["90.93 +- 0.36 m", "93.70 +- 0.36 c", "70.93 +- 1.09 m", "71.04 +- 1.07 m", "44.45 +- 1.10 m",
               "44.57 +- 1.25 c"],
    "rea": ["91.19 +- 0.31 m", "93.92 +- 0.30 m", "71.81 +- 1.12 m", "71.84 +- 0.99 m", "45.15 +- 0.89 m",
            "45.54 +- 1.03 m"],
    "reinforce": ["91.09 +- 0.37 c", "93.85 +- 0.37 c", "71.61 +- 1.12 m", "71.71 +- 1.09 c", "45.05 +- 1.02 m",
                  "45.24 +- 1.18 c"],
    "bohb": ["90.82 +- 0.53 m", "93.61 +- 0.52 m", "70.74 +- 1.29 m", "70.85 +- 1.28 m", "44.26 +- 1.36 m",
             "44.42 +- 1.49 m"],
}  # fmt: skip
# Another row of REINFORCE that is quoted (EEEA-Net table 9): of an earlier version, or of another setting.
SECOND_201 = {
    "reinforce": ["", "", "70.05 +- 1.67 c", "70.17 +- 1.61 c", "43.04 +- 2.18 c", "43.16 +- 2.28 c"],
}  # fmt: skip
OPTIMA_201 = ["91.61 c", "94.37 c", "73.49 c", "73.51 c", "46.77 c", "47.31 c"]
PUBLISHED_NATS = {
    "random": ["91.07 +- 0.26 m", "93.86 +- 0.23 m", "71.46 +- 0.97 m", "71.55 +- 0.97 m", "45.03 +- 0.91 m",
               "45.28 +- 0.97 m"],
    "rea": ["91.25 +- 0.31 m", "94.02 +- 0.31 m", "72.28 +- 0.95 m", "72.23 +- 0.84 m", "45.71 +- 0.77 m",
            "45.77 +- 0.80 m"],
    "reinforce": ["91.12 +- 0.25 m", "93.90 +- 0.26 m", "71.80 +- 0.94 m", "71.86 +- 0.89 m", "45.37 +- 0.74 m",
                  "45.64 +- 0.78 m"],
    "bohb": ["91.17 +- 0.27 m", "93.94 +- 0.28 m", "72.04 +- 0.93 m", "72.00 +- 0.86 m", "45.55 +- 0.79 m",
             "45.70 +- 0.86 m"],
}  # fmt: skip
SWEEPS = {
    "rea": ("sample_size", [3, 5, 10]),
    "reinforce": ("learning_rate", [0.01, 0.02, 0.1, 0.2, 0.5]),
}
TIMES = 10
"""Columns of the table over time; the grid of 150 times is a multiple."""


class Searches:
    """All searches of a page, on one image."""

    def __init__(self, bench: nb.Store, runs: int) -> None:
        self.bench, self.runs = bench, runs
        self.algorithms = [name for name in NAMES if name in search.ALGORITHMS]
        self._done: dict[str, search.Result] = {}

    def result(self, algorithm: str, preset: str, dataset: str, **parameters: Any) -> search.Result:
        """A search; made once."""
        key = repr((algorithm, preset, dataset, parameters))
        if key not in self._done:
            self._done[key] = search.run(
                algorithm, self.bench, preset=preset, dataset=dataset, runs=self.runs, rng_seed=RNG_SEED, **parameters
            )  # fmt: skip
        return self._done[key]

    def cells(
        self, columns: Sequence[tuple[str, str]], *words: str, **parameters: Any
    ) -> list[str]:
        """Mean +- std of these columns; dashes where the image lacks what such a search reads."""
        try:
            summary = self.result(*words, **parameters).summary()
        except Nb201Error:
            return ["-"] * len(columns)
        return [str(summary[column]) for column in columns]


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def table_201(searches: Searches) -> str:
    """Rows of NAS-Bench-201, ours under the published ones."""
    rows = []
    for name in searches.algorithms:
        if name in PUBLISHED_201:
            rows.append([NAMES[name], "published", *PUBLISHED_201[name], ""])
        if name in SECOND_201:
            rows.append([NAMES[name], "published, second", *SECOND_201[name], ""])
        words = (name, "nas-bench-201", "cifar10-valid")
        found = searches.cells(ALL_COLUMNS, *words)
        evaluations = f"{searches.result(*words).summary().evaluations:.1f}"
        rows.append([NAMES[name], "here", *found, evaluations])
    report = searches.result("random", "nas-bench-201", "cifar10-valid").summary()
    rows.append(["optimum", "published", *OPTIMA_201, ""])
    rows.append(["optimum", "here", *(f"{report[column].optimum:.2f}" for column in ALL_COLUMNS), ""])  # fmt: skip
    return table(["method", "", *HEADS, "evaluations"], rows)


def table_nats(searches: Searches) -> str:
    """Rows of NATS-Bench."""
    rows = []
    for name in searches.algorithms:
        if name in PUBLISHED_NATS:
            rows.append([NAMES[name], "published", *PUBLISHED_NATS[name]])
        found = [
            cell
            for dataset, columns in COLUMNS.items()
            for cell in searches.cells(columns, name, "nats-bench", dataset)
        ]
        rows.append([NAMES[name], "here", *found])
    return table(["method", "", *HEADS], rows)


def table_sweep(searches: Searches) -> str:
    """One parameter at several values."""
    rows = []
    for name, (parameter, values) in SWEEPS.items():
        for value in values if name in searches.algorithms else ():
            words = (name, "nas-bench-201", "cifar10-valid")
            found = searches.cells(ALL_COLUMNS[:2], *words, **{parameter: value})
            rows.append([NAMES[name], f"`{parameter}` {value:g}", *found])
    return table(["method", "", *HEADS[:2]], rows)


def table_over_time(searches: Searches) -> str:
    """Mean test accuracy of the best cell so far."""
    rows, names = [], []
    for name in searches.algorithms:
        try:
            found = searches.result(name, "nats-bench", "cifar10-valid").over_time(
                "cifar10", "ori-test", (0.25, 0.75)
            )
        except Nb201Error:
            rows.append([NAMES[name], *["-"] * (TIMES + 1)])
            continue
        step = len(found.times_s) // TIMES
        names = [f"{seconds:,.0f} s" for seconds in found.times_s[step - 1 :: step]]
        low, high = found.values[:, -1]
        means = [f"{mean:.2f}" for mean in found.mean[step - 1 :: step]]
        rows.append([NAMES[name], *means, f"{low:.2f} to {high:.2f}"])
    return table(["method", *names, "middle half"], rows)


def table_parameters() -> str:
    """Every parameter of every algorithm."""
    rows = []
    for name, algorithm in search.ALGORITHMS.items():
        for p in algorithm.parameters:
            most = "" if p.most == float("inf") else f" to {p.most:.10g}"
            valid = ", ".join(p.choices) or (
                f"{p.least:.10g}{most}" if most else f"{p.least:.10g} or more"
            )
            rows.append([f"`{name}`", f"`{p.name}`", f"{p.default}", valid, p.meaning])
    return table(["algorithm", "parameter", "default", "may be", "meaning"], rows)


def page(bench: nb.Store, runs: int = RUNS) -> str:
    """The whole page."""
    searches = Searches(bench, runs)
    settings = searches.result("rea", "nas-bench-201", "cifar10-valid").settings
    file = settings["file"]
    sources = [
        f"\n  * {source['name']} ({source['kind']}), sha256 `{source['sha256']}`"
        for source in file["sources"]
    ]
    symmetric = [f"`{name}`" for name in searches.algorithms if search.ALGORITHMS[name].symmetric]
    return TEMPLATE.read_text(encoding="utf-8").format(
        runs=runs, runs_text=f"{runs:,}", rng_seed=RNG_SEED, version=settings["versions"]["nb201store"],
        symmetric=", ".join(symmetric), population=settings["parameters"]["population"],
        image_name=Path(file["path"]).name,
        image_size=file["size"], image_sha256=file["table_sha256"],
        image_sources="".join(sources) or " it does not say",
        table_201=table_201(searches), table_nats=table_nats(searches), table_sweep=table_sweep(searches),
        table_over_time=table_over_time(searches), table_parameters=table_parameters(),
    )  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with nb.open(sys.argv[1]) as opened:
        Path(sys.argv[2]).write_text(page(opened), encoding="utf-8")
