"""docs/own-search.md says what happens: its marked blocks are run and the values in its comments compared."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from nb201store import search
from nb201store.kernels import searching

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-search.md").read_text()
MARKED = re.compile(r"<!-- test: run -->\n```python\n(.*?)```", re.DOTALL)


def test_the_three_ways_give_the_values_in_their_comments(
    search_image, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tss.nb201").symlink_to(search_image)
    monkeypatch.setattr(search.algorithms, "ALGORITHMS", dict(search.ALGORITHMS))
    names: dict[str, object] = {}
    checked = 0
    blocks = MARKED.findall(PAGE)
    assert len(blocks) == 3
    for block in blocks:
        lines = block.splitlines()
        for node in ast.parse(block).body:
            _, _, shown = lines[node.end_lineno - 1].partition("  # ")
            if isinstance(node, ast.Expr) and shown:
                text = ast.unparse(node)
                assert repr(eval(text, names)) == shown, text
                checked += 1
            else:
                exec(compile(ast.Module([node], []), "own-search.md", "exec"), names)
    assert checked == 4
    names["bench"].close()


def test_what_a_kernel_is_made_of_is_described() -> None:
    made_of = {
        "PackedProblem",
        "RunRecords",
        "borrowed",
        "evaluated",
        "finish",
        "fresh_run",
        "high_half",
        "low_half",
    }
    made_of |= {"one_of", "random_word", "rest_of", "run_key"}
    assert made_of <= set(searching.__all__)
    assert [name for name in made_of if name not in PAGE] == []
