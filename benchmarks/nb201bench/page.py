"""The page of a benchmark run: targets, every case, and where it was taken. Made from its JSON alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201bench.targets import CONVERTING_TARGETS, TARGETS
from nb201bench.units import bytes_text, millions_a_minute, rate_text, seconds_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb201bench.targets import Target

Case = dict[str, Any]
Timing = dict[str, Any]

INTRODUCTION = """\
# {title}

Made by `make {made_by}` from `{name}`; do not edit. What each workload isolates is said above its tables. Times are
seconds of wall clock per what the table says, the median over {rounds} with the first and third quartile; the
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


# Why figures of few cells mislead, by whether they are of converting.
SIZE = {
    False: "everything lies in the processor's caches here, and the targets below are about a full image.",
    True: "a part of the time is that of starting a process and of flushing files, however few the cells.",
}


def page(report: dict[str, Any], name: str) -> str:
    """Return the Markdown of one run."""
    converting = "sources" in report
    title, made_by = ("Benchmarks", "benchmarks")
    if converting:
        title, made_by = ("Benchmarks of converting", "benchmarks-converting")
    parts = [
        INTRODUCTION.format(
            title=title, made_by=made_by, name=name, rounds=rounds_text(report["rounds"])
        )
    ]
    if report["toy"]:
        parts.append(
            "**A toy run**: a few questions a round check the answers; its times mean nothing.\n"
        )
    for cells, of_space in dict.fromkeys(
        (a["cells_recorded"], a["cells_of_space"]) for a in _asked(report)[1]
    ):
        if cells < of_space:
            parts.append(
                f"**Taken on {cells} of {of_space} cells.** Size matters: {SIZE[converting]}\n"
            )
    parts.append(_targets(report, CONVERTING_TARGETS if converting else TARGETS))
    parts.append(where(report))
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


def _asked(report: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """(what they are, the image, the sources that were converted, or the archives whose arrays were)."""
    for what in ("source", "archive"):
        if f"{what}s" in report:
            return what, report[f"{what}s"]
    return "image", [report["image"]]


def _targets(report: dict[str, Any], targets: Sequence[Target]) -> str:
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
    for target in targets:
        row, reached = _target(target, cases)
        verdict = {None: "", True: "yes", False: "**no**"}[reached] if full else "-"
        rows.append([*row, verdict])
        if reached is False and full and target.bound:
            missed.append(f"* {target.says}: {target.bound}\n")
    text = "## Targets\n\n" + table(names, rows)
    return text + (
        "\nWhat bounds those that are not reached:\n\n" + "".join(missed) if missed else ""
    )


def _is_full(report: dict[str, Any]) -> bool:
    _, asked = _asked(report)
    return not report["toy"] and all(a["cells_recorded"] == a["cells_of_space"] for a in asked)


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
        mine /= next(t["median"] for t in case["timings"] if t["name"] == target.over)
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


def where(report: dict[str, Any]) -> str:
    """The section that says on what, where and by which command figures were taken."""
    e = report["environment"]
    packages = ", ".join(f"{name} {version}" for name, version in e["packages"].items() if version)
    what, every = _asked(report)
    lines = [
        f"* {what}: `{asked['name']}`, {bytes_text(asked['bytes'])}, {asked['cells_recorded']} cells"
        + (f", {asked['trials']} trials" if "trials" in asked else "")
        for asked in every
    ]
    compiler = e.get("cpp_compiler") or "nobody: they were not run"
    compiled = [] if what != "image" else [f"* C++ benchmarks compiled by {compiler}"]
    lines += [
        f"* processor: {e['cpu']}; {e['cores']} cores, {e['memory_gb']} GB; "
        f"governor {e['governor'] or 'not shown by the system'}",
        f"* load average before and after: {e['load_before']}, {e['load_after']}",
        f"* Linux {e['kernel']}; Python {e['python']} ({e['interpreter_built_by']}); SQLite {e['sqlite']}; {packages}",
        *compiled,
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
    text = title + table(names, rows)
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


def rounds_text(count: int) -> str:
    """So many rounds."""
    return f"{count} round" if count == 1 else f"{count} rounds"


def table(names: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
