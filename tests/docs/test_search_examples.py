"""The examples of a search of one's own run as they say, and search better than at random."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nb201store as nb
from nb201store import search

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["search_ask_tell", "search_any_python", "search_kernel"])
def test_an_example_finds_better_cells_than_random_search(name, search_image) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py", search_image],
        capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.stderr == ""
    (n,) = re.findall(r"n = (\d+) runs", done.stdout)
    (mean,) = re.findall(r"cifar10 ori-test +([\d.]+) \+- ", done.stdout)
    with nb.open(search_image) as bench:
        found = search.run("random", bench, preset="nas-bench-201", runs=int(n), rng_seed=0).codes
        test = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean").take(
            found
        )
    assert float(mean) > test.mean() + 5 * test.std() / int(n) ** 0.5
