"""A source tree without its compiled part, in front of the installed package: the error must say what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "nb201store"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's Python files, as a clone has them."""
    folder = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("*.so", "__pycache__", "demo_data", "include", "share")
    shutil.copytree(PACKAGE, folder / "nb201store", ignore=ignored)
    return folder


def run(tree: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program there. An editable install would lend its compiled part: its hook is taken out first."""
    no_hook = (
        "import sys\n"
        "sys.meta_path = [f for f in sys.meta_path if 'scikit' not in type(f).__name__.lower()]\n"
        f"sys.path.insert(0, {str(tree)!r})\n"
    )
    return subprocess.run(
        [sys.executable, "-c", no_hook + program], cwd=tree, capture_output=True, text=True, check=False
    )  # fmt: skip


@pytest.mark.parametrize(
    "program",
    [
        "import nb201store as nb\nnb.open('x.nb201')",
        "import nb201store as nb\nnb.Store",
        "from nb201store import open as open_image",
        "from nb201store import _core",
        "import nb201store.store",
        "from nb201store.image import pack",
    ],
)
def test_the_error_says_that_the_tree_is_not_built(tree: Path, program: str) -> None:
    done = run(tree, program)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        f"ModuleNotFoundError: {tree / 'nb201store' / '__init__.py'} has no compiled"
    )
    assert "shadows the installed package" in last
    assert "pip install -e . --no-build-isolation" in last


def test_the_command_line_says_so_in_one_line(tree: Path) -> None:
    done = run(tree, "from nb201store.cli import main\nmain(['query', 'x.nb201', '0'])")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "has no compiled nb201store._core" in done.stderr


def test_what_needs_nothing_compiled_works(tree: Path) -> None:
    program = "import nb201store as nb\nprint(nb.tss.arch_str(0), issubclass(nb.VersionError, ValueError))"
    done = run(tree, program)
    assert done.stdout == "|none~0|+|none~0|none~1|+|none~0|none~1|none~2| True\n"


def test_an_unknown_name_is_an_attribute_error(tree: Path) -> None:
    done = run(tree, "import nb201store as nb\nprint(hasattr(nb, 'nothing'), hasattr(nb, 'sss'))")
    assert done.stdout == "False True\n"
