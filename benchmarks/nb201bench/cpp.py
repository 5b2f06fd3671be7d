"""Run the C++ benchmark, which prints its own cases, and take them in."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from nb201bench.harness import CaseResult, Disagreement

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def run(
    programs: Path, image: Path, chosen: Iterable[str], rounds: int, *, toy: bool
) -> tuple[str, list[CaseResult]]:
    """Return the compiler of `bench_image` and its cases, in the form of the Python ones.

    It compares answers itself, and ends with 1 where they differ.
    """
    only = ",".join(sorted(chosen))
    command = [programs / "bench_image", image, "--rounds", rounds, "--only", only]
    command += ["--toy"] if toy else []
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode == 1:
        raise Disagreement(done.stderr.strip())
    if done.returncode != 0:
        raise RuntimeError(f"bench_image ended with {done.returncode}: {done.stderr.strip()}")
    printed = json.loads(done.stdout)
    return printed["compiler"], [CaseResult(**case) for case in printed["cases"]]
