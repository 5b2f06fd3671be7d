"""Run the benchmarks: every workload against its baselines, answers compared, results as JSON.

    python benchmarks/run.py                                    the small synthetic demo image, made on the spot
    python benchmarks/run.py --image nats-tss.nb201 --archive nats-tss.zarr --official NATS-tss-v1_0-3ffb9-simple \
        --official-201 NAS-Bench-201-v1_1-096897.pth --programs build/benchmarks/benchmarks/cpp --out results.json
    python benchmarks/run.py --converting --official NATS-tss-v1_0-3ffb9-simple \
        --official-201 NAS-Bench-201-v1_1-096897.pth --out converting.json
    python benchmarks/run.py --codecs --archive v1_1.zarr --archive-float64 v1_1-float64.zarr \
        --genuine ../shared/data/official --out codecs.json

Then: python benchmarks/make_docs.py results.json docs/benchmarks.md
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from nb201bench import cpp, demo, environment
from nb201bench.baselines import Baselines
from nb201bench.harness import CaseResult, Disagreement, Workload, measure
from nb201bench.inputs import FULL, TOY, Inputs
from nb201bench.units import rate_text, seconds_text
from nb201bench.workloads import CODECS, CONVERTING, WORKLOADS, codecs, converting

ROUNDS, FEW_ROUNDS = 11, 3  # of conversions and of codecs a round takes minutes


def main(arguments: list[str]) -> int:
    """Run what the command line asks for; 1 where answers differ, 2 for a bad command line."""
    options = _options(arguments)
    asked = options.converting or options.codecs
    workloads = CONVERTING if options.converting else CODECS if options.codecs else WORKLOADS
    rounds = options.rounds or (FEW_ROUNDS if asked else ROUNDS)
    chosen = set(options.only.split(",")) if options.only else {w.name for w in workloads}
    unknown = chosen - {w.name for w in workloads}
    if unknown:
        names = ", ".join(w.name for w in workloads)
        print(f"no workload {', '.join(sorted(unknown))}; there are {names}", file=sys.stderr)
        return 2
    described = environment.describe()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.scratch)))
        image, archive, official = options.image, options.archive, options.official
        official_201 = options.official_201
        if options.converting:
            if official is None and official_201 is None:
                print(f"Sources of the demo's {demo.CELLS} synthetic cells. Size matters.")
                official, official_201 = demo.make_sources(folder / "demo")
        elif archive is None if options.codecs else image is None:
            print(
                f"The demo image, {demo.CELLS} synthetic cells. Size matters: a full one has other times."
            )
            image, archive, official = demo.make(folder / "demo")
        inputs = stack.enter_context(
            Inputs(
                image, folder, TOY if options.toy else FULL, archive=archive,
                archive_float64=options.archive_float64, official=official, official_201=official_201,
                programs=options.programs, interpreter=options.interpreter,
            )
        )  # fmt: skip
        try:
            results = _python(inputs, [w for w in workloads if w.name in chosen], rounds)
            if options.programs and not asked:
                described["cpp_compiler"], more = cpp.run(
                    options.programs, image, chosen, rounds, toy=options.toy
                )
                for result in more:
                    _show(result)
                results += more
        except Disagreement as problem:
            print(problem, file=sys.stderr)
            return 1
        if not results:
            print(
                "no such source was given: a folder is --official, a .pth --official-201",
                file=sys.stderr,
            )
            return 2
        report = {
            "environment": described
            | {"load_after": environment.load(), "command": environment.command(arguments)},
            **_about(inputs, options),
            "rounds": rounds,
            "toy": options.toy,
            "isolates": {w.name: w.isolates for w in workloads if w.name in chosen},
            "cases": [asdict(result) for result in results],
        }
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(report, indent=1) + "\n")
        print(f"wrote {options.out}")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--image", type=Path, help="default: a small synthetic one")
    parser.add_argument("--archive", type=Path, help="its archive: the baseline `zarr`")
    parser.add_argument("--official", type=Path, help="NATS-Bench folder or file of the same cells")
    parser.add_argument(
        "--official-201", type=Path, help="NAS-Bench-201 .pth with some of these cells"
    )
    parser.add_argument("--programs", type=Path, help="folder of the built C++ benchmarks")
    parser.add_argument(
        "--interpreter", type=Path, help="the Python whose start is timed (default: this one)"
    )
    parser.add_argument(
        "--converting",
        action="store_true",
        help="convert and verify the official sources instead of asking an image; default: the demo's",
    )
    parser.add_argument(
        "--codecs",
        action="store_true",
        help="encode and decode the arrays of --archive in other ways; default: the demo's",
    )
    parser.add_argument(
        "--archive-float64",
        type=Path,
        help="the same with --loss float64: its losses are compared too",
    )
    parser.add_argument(
        "--genuine", type=Path, help="folder of -simple folders with genuine records"
    )
    parser.add_argument("--only", help="workloads, comma-separated")
    parser.add_argument(
        "--rounds", type=int, help=f"default: {ROUNDS}, {FEW_ROUNDS} of converting and codecs"
    )
    parser.add_argument(
        "--toy",
        action="store_true",
        help="few questions: checks answers, times nothing worth telling",
    )
    parser.add_argument(
        "--scratch", type=Path, help="where a copy of the image and the databases go meanwhile"
    )
    parser.add_argument("--out", type=Path, help="JSON to write")
    return parser.parse_args(arguments)  # fmt: skip


def _python(inputs: Inputs, workloads: list[Workload], rounds: int) -> list[CaseResult]:
    base = Baselines(inputs)
    results = []
    for workload in workloads:
        start = time.perf_counter()
        found = [measure(case, workload, rounds) for case in workload.cases(base)]
        if workload.measures:
            found[-1].measures |= workload.measures(base)
        for result in found:
            _show(result)
        results += found
        print(f"   ({time.perf_counter() - start:.1f} s in all)")
    return results


def _show(result: CaseResult) -> None:
    print(
        f"{result.workload}: {result.title} [{result.language}, {result.cache}], per {result.per}"
    )
    ours = result.timings[0]["median"]
    for t in result.timings:
        spread = f"({seconds_text(t['q1'])} .. {seconds_text(t['q3'])})"
        rate = f" {rate_text(t['median'])}" if result.per == "search" else ""
        times = f"{t['median'] / ours:.3g} times ours"
        print(
            f"   {t['name']:34} {seconds_text(t['median']):>9}  {spread:24} "
            f"cpu {seconds_text(t['cpu']):8} {times:20} n={t['n']} {t['agrees']}{rate}"
        )
    for name, value in result.measures.items():
        print(f"   {name}: {value:,.0f}")


def _about(inputs: Inputs, options: argparse.Namespace) -> dict[str, object]:
    """What was asked: an image, sources, or archives."""
    if options.converting:
        return {"sources": converting.described(inputs)}
    if options.codecs:
        return codecs.described(inputs, options.genuine)
    described = inputs.store.describe()
    image = {
        "name": inputs.image.name,
        "bytes": inputs.image.stat().st_size,
        "space": described["space"],
        "cells_of_space": described["cells"],
        "cells_recorded": int(inputs.recorded_cells),
        "trials": sum(group["rows"] for group in described["groups"]),
    }
    return {"image": image}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
