"""The benchmarks' C++ programs, compiled once, and one toy run of everything on the demo image."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import run
from nb201bench import demo

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """The folder of the C++ benchmarks; unoptimised, since here they are only to be right."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("bench_image", "first_answer", "empty_process"):
        source = ROOT / "benchmarks" / "cpp" / f"{name}.cpp"
        command = ["c++", "-std=c++17", "-I", ROOT / "src", source, "-pthread", "-o", folder / name]
        subprocess.run([*map(str, command)], check=True)
    for name in ("first_answer", "empty_process"):  # how they are linked matters to time alone
        (folder / f"{name}_static").symlink_to(folder / name)
    return folder


@pytest.fixture(scope="session")
def demo_words(tmp_path_factory):
    """Words that name the demo image, its archive and its source, made once."""
    with pytest.MonkeyPatch.context() as patch:
        # An archive is hundreds of files to flush, and no test here pulls the plug.
        patch.setattr("nb201store.replacing._fsync", lambda _: None)
        image, archive, official = demo.make(tmp_path_factory.mktemp("demo") / "demo")
    return ["--image", str(image), "--archive", str(archive), "--official", str(official)]


@pytest.fixture(scope="session")
def report(programs, tmp_path_factory):
    """What a toy run on the demo image wrote: one round, all answers compared."""
    out = tmp_path_factory.mktemp("report") / "demo.json"
    words = ["--toy", "--rounds", "1", "--programs", str(programs), "--out", str(out)]
    assert run.main(words) == 0
    return json.loads(out.read_text())
