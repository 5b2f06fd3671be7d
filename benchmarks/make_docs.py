"""Write docs/benchmarks.md from the JSON of benchmarks/run.py and from nothing else.

python benchmarks/make_docs.py RESULTS.json PAGE.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nb201bench.page import page


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    results, target = map(Path, sys.argv[1:])
    target.write_text(page(json.loads(results.read_text()), results.name))
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
