"""The page of a benchmark run: targets, every case, and where it was taken. Made from its JSON alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201bench.targets import TARGETS
from nb201bench.units import bytes_text, millions_a_minute, rate_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201bench.targets import Target

Case = dict[str, Any]
Timing = dict[str, Any]

INTRODUCTION = """\
# Benchmarks

Made by `make benchmarks` from `{name}`; do not edit. What each workload isolates is said above its tables. Times are
seconds of wall clock per what the table says, the median over {rounds} rounds with the first and third quartile; the
contenders of a table ran in one process, in alternating rounds, after one warm-up round that is in no figure but
"first" (compilation and first touch of pages included). `CPU` is the processor time in the same rounds, which other
programs on the machine lengthen less. `ratio` is the contender's median over ours: above 1 it is
slower than ours. Every answer was compared with ours; `agrees` says how many and how closely.

*ready* is what it cost to have the contender ready for its first question (open, load or fill), which its times
exclude; *including* adds it: seconds for the n questions of one round with getting ready. A dash: nothing to get
ready, or the time is itself an opening.
"""

SEARCHES = """\
## Simulated searches

The workloads `search_<algorithm>`. One search is a run of the preset `nas-bench-201`: 12,000 simulated seconds on
`cifar10-valid`, about 106 evaluations for random search. Ours is `search.run` as a user calls it: the table is made
of the image in each call, and only compilation is left out ("first" has it). `M/min` is millions of searches a minute.

The other loops do the same search, by one loop of plain Python that either looks into a list or asks a peer's
`get_more_info`, naming the seed of the trial, with the cells it asks about in memory already. They are handed their
random numbers, drawn beforehand, and the cell that each mutation makes: so the cells that they find are ours and can be
compared, and their times flatter them. BOHB has no loop beside it: that of the field rests on a package that draws its
own random numbers and finds other cells, and no time is told here of answers that were not compared.
"""


def page(report: dict[str, Any], name: str) -> str:
    """Return the Markdown of one run."""
    image = report["image"]
    parts = [INTRODUCTION.format(name=name, rounds=report["rounds"])]
    if report["toy"]:
        parts.append(
            "**A toy run**: a few questions a round check the answers; its times mean nothing.\n"
        )
    if image["cells_recorded"] < image["cells_of_space"]:
        parts.append(
            f"**Taken on {image['cells_recorded']} of {image['cells_of_space']} cells.** Size matters: everything lies "
            "in the processor's caches here, and the targets below are about a full image.\n"
        )
    parts.append(_targets(report))
    parts.append(_where(report))
    searched = False
    for workload, isolates in report["isolates"].items():
        cases = [case for case in report["cases"] if case["workload"] == workload]
        if cases:
            if workload.startswith("search_") and not searched:
                parts.append(SEARCHES)
                searched = True
            parts.append(f"## `{workload}`\n\n{isolates}\n")
            parts += [_case(case) for case in cases]
    return "\n".join(parts)


def _targets(report: dict[str, Any]) -> str:
    cases = {(c["workload"], c["title"], c["language"]): c for c in report["cases"]}
    full = _is_full(report)
    names = [
        "what",
        "workload",
        "ours",
        "floor here",
        "baseline",
        "baseline's",
        "ratio",
        "target",
        "reached",
    ]
    rows, missed = [], []
    for target in TARGETS:
        row, reached = _target(target, cases)
        verdict = {None: "", True: "yes", False: "**no**"}[reached] if full else "-"
        rows.append([*row, verdict])
        if reached is False and full and target.bound:
            missed.append(f"* {target.says}: {target.bound}\n")
    text = "## Targets\n\n" + _table(names, rows)
    return text + (
        "\nWhat bounds those that are not reached:\n\n" + "".join(missed) if missed else ""
    )


def _is_full(report: dict[str, Any]) -> bool:
    image = report["image"]
    return image["cells_recorded"] == image["cells_of_space"] and not report["toy"]


def _target(
    target: Target, cases: dict[tuple[str, str, str], Case]
) -> tuple[list[str], bool | None]:
    """(the row but for its last column, whether the target is reached; None where it was not measured)."""
    text, limit = _texts(target)
    row = [target.says, f"`{target.workload}`"]
    case = cases.get((target.workload, target.case, target.language))
    if case is None:
        return [*row, "not measured", "", "", "", "", limit], None
    if target.measure:
        ours = case["measures"][target.measure]
        return [*row, text(ours), "", "", "", "", limit], ours <= target.limit
    mine = _median_of_ours(case, target.contender)
    if target.over:
        mine /= _median_of_ours(case, target.over)
        return [*row, text(mine), "", "", "", "", limit], mine <= target.limit
    floor = ""
    if target.floor and (holder := cases.get(target.floor[:3])):
        floor = text(next(t["median"] for t in holder["timings"] if t["name"] == target.floor.contender))  # fmt: skip
    others = [t for t in case["timings"] if t["role"] == "baseline"]
    other = next((t for t in others if t["name"].startswith("nats_bench")), None)
    other = other or next(iter(others), None)
    compared = ["", "", ""]
    if other:
        compared = [other["name"], text(other["median"]), _ratio(other["median"] / mine)]
    return [*row, text(mine), floor, *compared, limit], mine <= target.limit


def _texts(target: Target) -> tuple[Callable[[float], str], str]:
    """(how its figures are written, its limit)."""
    if target.per_minute:
        return rate_text, f"at least {rate_text(target.limit)}"
    if target.over:
        return "{:.2f} times".format, f"{target.limit:g} times"
    text = bytes_text if target.measure else seconds_text
    return text, text(target.limit)


def _median_of_ours(case: Case, name: str | None) -> float:
    return next(
        t["median"] for t in case["timings"] if t["role"] == "ours" and name in (None, t["name"])
    )  # fmt: skip


def _where(report: dict[str, Any]) -> str:
    e, image = report["environment"], report["image"]
    packages = ", ".join(f"{name} {version}" for name, version in e["packages"].items() if version)
    lines = [
        f"* image: `{image['name']}`, {bytes_text(image['bytes'])}, {image['cells_recorded']} cells, "
        f"{image['trials']} trials",
        f"* processor: {e['cpu']}; {e['cores']} cores, {e['memory_gb']} GB; "
        f"governor {e['governor'] or 'not shown by the system'}",
        f"* load average before and after: {e['load_before']}, {e['load_after']}",
        f"* Linux {e['kernel']}; Python {e['python']} ({e['interpreter_built_by']}); SQLite {e['sqlite']}; {packages}",
        f"* C++ benchmarks compiled by {e.get('cpp_compiler') or 'nobody: they were not run'}",
        f"* commit {e['commit']}, {e['date']}",
        f"* command: `{e['command']}`",
    ]
    return "## Where\n\n" + "\n".join(lines) + "\n"


def _case(case: Case) -> str:
    title = f"### {case['language']}: {case['title']} ({case['cache']})\n\n"
    ours = case["timings"][0]["median"]
    names = ["contender", f"per {case['per']}", "quartiles", "CPU", "ratio", "n", "first", "ready"]
    names += ["including", "agrees", "note"]
    rows = [_timing(t, ours) for t in case["timings"]]
    if case["per"] == "search":
        names.insert(2, "M/min")
        for row, timing in zip(rows, case["timings"], strict=True):
            row.insert(2, millions_a_minute(timing["median"]))
    text = title + _table(names, rows)
    measures = [f"* {name}: {bytes_text(value)}\n" for name, value in case["measures"].items()]
    return "".join([text, "\n" if measures else "", *measures])


def _timing(t: Timing, ours: float) -> list[str]:
    role = {"ours": "**{}**", "floor": "*{}* (floor)"}.get(t["role"], "{}")
    ready = t["ready"]
    return [
        role.format(t["name"]),
        seconds_text(t["median"]),
        f"{seconds_text(t['q1'])} .. {seconds_text(t['q3'])}",
        seconds_text(t["cpu"]),
        _ratio(t["median"] / ours),
        str(t["n"]),
        seconds_text(t["first"]),
        "-" if ready is None else seconds_text(ready),
        "-" if ready is None else seconds_text(ready + t["n"] * t["median"]),
        t["agrees"],
        t["note"],
    ]


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def _table(names: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
