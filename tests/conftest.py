"""Fixtures that tests share: where real data are, and files in official layouts."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KERNELS = ROOT / "nb201store" / "kernels"
DATA = Path(os.environ.get("NB201_DATA", ROOT.parent / "shared" / "data"))


# numba looks only at the file of a cached function, not at those that it uses: a cache for each state of them all.
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(ROOT / "build" / "numba" / hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted(KERNELS.glob("*.py")))
    ).hexdigest()[:16]),
)  # fmt: skip


def pytest_addoption(parser):
    """Options of our own."""
    parser.addoption("--regen-golden", action="store_true", help="write the current golden files")


def pytest_collection_modifyitems(items):
    """Skip what needs real data where the folder is not there."""
    if DATA.is_dir():
        return
    skip = pytest.mark.skip(reason=f"no data at {DATA}; set NB201_DATA")
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(skip)


def pytest_terminal_summary(terminalreporter):
    """Say how many tests met real data; CI fails where the data exist and one was skipped."""
    ran = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if "realdata" in report.keywords and report.when == "call"
    ]
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "realdata" in r.keywords]
    terminalreporter.write_line(f"realdata tests: {len(ran)} ran, {len(skipped)} skipped")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of genuine records and facts; only for tests marked `realdata`."""
    return DATA


@pytest.fixture(scope="session")
def make_official(tmp_path_factory, data_dir):
    """Return make(kind, n, *options) -> path of a file or folder in an official layout, cached.

    Workers of one test run share what is made: each makes in a folder of its own, and the first to
    rename it into place wins.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    suffix = {"v1_1": ".pth", "v1_0": ".pth", "nats-file": ".pickle.pbz2"}

    def make(kind: str, n: int, *options: str) -> Path:
        words = [Path(option).stem.strip("-") for option in options]
        name = "-".join(["made", kind, str(n), *words])
        target = shared / name / f"made{suffix.get(kind, '')}"
        if not target.exists():
            work = tmp_path_factory.mktemp(name) / "work"
            work.mkdir()
            script = data_dir.parent / "tools" / "make_official.py"
            command = [
                sys.executable, script, kind, "--n", str(n), *options, "--out", work / target.name,
            ]  # fmt: skip
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            try:
                work.rename(shared / name)
            except OSError:  # another worker was first
                if not target.exists():
                    raise
        return target

    return make


@pytest.fixture(scope="session")
def search_image(tmp_path_factory):
    """The path of an image of every tss cell, of invented numbers: for searches without real data."""
    import made_search_image

    return made_search_image.make(tmp_path_factory.mktemp("search") / "made.nb201")
