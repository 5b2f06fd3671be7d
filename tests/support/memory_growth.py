"""How much memory a single file without --stream costs a cell: of the memo, and of the whole process.

    python tests/support/memory_growth.py SMALL LARGE

SMALL and LARGE are official files of the same kind, LARGE of more cells. Each is read in a process of its own, cell by
cell as a conversion does, nothing kept. Prints JSON; docs/convert.md has the figures.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

MOST_A_CELL = 60_000
"""Bytes: what the whole process may grow by."""


def read(path: Path) -> dict[str, int]:
    """Read a file here; return its cells, the memo's bytes at the end, and the process' peak in bytes."""
    from nb201store.upstream import containers

    readers = []

    def kept(*arguments: object) -> object:
        readers.append(make(*arguments))
        return readers[-1]

    make, containers._new_reader = containers._new_reader, kept
    memo = cells = 0
    for part in containers.parts(path):
        if len(part.where) == 2:  # a cell
            memo, cells = max(memo, readers[-1].memo_bytes), readers[-1].cells
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"cells": cells, "memo_bytes": memo, "peak_bytes": peak}


def growth(small: Path, large: Path) -> dict[str, float]:
    """Return what each further cell costs, in bytes, and what was measured."""
    found = []
    for path in (small, large):
        command = [sys.executable, __file__, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found.append(json.loads(done.stdout))
    one, other = found
    cells = other["cells"] - one["cells"]
    assert cells > 0
    report: dict[str, float] = {}
    for what in ("memo_bytes", "peak_bytes"):
        report[f"{what}_a_cell"] = (other[what] - one[what]) / cells
        report |= {f"{what}_of_{held['cells']}": held[what] for held in found}
    return report


if __name__ == "__main__":
    paths = [Path(word) for word in sys.argv[1:]]
    sys.stdout.write(json.dumps(read(*paths) if len(paths) == 1 else growth(*paths)) + "\n")
