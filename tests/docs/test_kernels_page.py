"""docs/kernels.md says what happens: its marked block is run and the values in its comments compared."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from nb201store.conversion import convert

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "kernels.md").read_text()
MARKED = re.compile(r"<!-- test: run -->\n```python\n(.*?)```", re.DOTALL)


def test_the_example_gives_the_values_in_its_comments(tmp_path, monkeypatch) -> None:
    source = ROOT / "nb201store" / "demo_data" / "synthetic-tss.pickle.pbz2"
    convert(source, tmp_path / "synthetic.nb201")
    monkeypatch.chdir(tmp_path)
    (block,) = MARKED.findall(PAGE)
    lines = block.splitlines()
    names: dict[str, object] = {}
    checked = 0
    for node in ast.parse(block).body:
        text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef):  # its decorator lies above it
            text = "@numba.njit\n" + text
        _, _, shown = lines[node.end_lineno - 1].partition("  # ")
        if isinstance(node, ast.Expr) and shown:
            assert repr(eval(text, names)) == shown, text
            checked += 1
        else:
            exec(text, names)
    assert checked == 2


def test_every_kernel_for_compiled_loops_is_described() -> None:
    from nb201store import kernels

    of_elements = {"borrowed", "mean_cost", "mean_value", "row_value", "seed_cost", "seed_value"}
    of_batches = {"gather", "mean", "simulated_cost"}
    assert of_elements | of_batches <= set(kernels.__all__)
    assert [name for name in of_elements | of_batches if name not in PAGE] == []
