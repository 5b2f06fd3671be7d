"""README says what happens: its marked blocks are run and their shown output compared."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MARKED = re.compile(r"<!-- test: run -->\n```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = dict(MARKED.findall((ROOT / "README.md").read_text()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder in which the commands of README find what they name."""
    path = tmp_path_factory.mktemp("readme")
    (path / "nb201store").symlink_to(ROOT / "nb201store")
    return path


def commands(block: str) -> list[tuple[str, list[str]]]:
    """(command, lines shown below it) of a console block."""
    out: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            out.append((line[2:], []))
        else:
            out[-1][1].append(line.rstrip())
    return out


@pytest.fixture(scope="module")
def console(folder: Path) -> list[tuple[str, list[str], subprocess.CompletedProcess[str]]]:
    """(command, lines shown, what it did) of the console block, which makes the files that Python opens."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return [
        (command, shown, subprocess.run(
            ["bash", "-c", command], cwd=folder, env=os.environ | {"PATH": path},
            capture_output=True, text=True, check=False,
        ))
        for command, shown in commands(BLOCKS["console"])
    ]  # fmt: skip


def test_console_shows_what_the_commands_print(console) -> None:
    assert console
    for command, shown, done in console:
        assert done.stderr == ""
        assert [line.rstrip() for line in done.stdout.splitlines()] == shown, command


@pytest.mark.usefixtures("console")
def test_python_gives_the_values_in_its_comments(folder: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    block = BLOCKS["python"]
    lines = block.splitlines()
    names: dict[str, object] = {}
    checked = 0
    for node in ast.parse(block).body:
        source = ast.get_source_segment(block, node)
        _, _, shown = lines[node.end_lineno - 1].partition("  # ")
        if isinstance(node, ast.Expr) and shown:
            assert repr(eval(source, names)) == shown, source
            checked += 1
        else:
            exec(source, names)
    assert checked == 15


def test_every_block_is_python_that_parses() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        ast.parse(block)


def test_data_page_is_what_the_schema_says() -> None:
    script = "import runpy; print(runpy.run_path('docs/make_data_md.py')['page'](), end='')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == (ROOT / "docs" / "data.md").read_text(), "run `make docs`"


@pytest.mark.parametrize(
    "page", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda p: p.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
