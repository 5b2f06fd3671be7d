"""Write docs/benchmarks.md, or a page beside it, from the JSON of benchmarks/run.py and from nothing else.

python benchmarks/make_docs.py RESULTS.json PAGE.md
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nb201bench import codec_page, page


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    results, target = map(Path, sys.argv[1:])
    report = json.loads(results.read_text())
    made = codec_page if "totals" in report else page
    target.write_text(made.page(report, results.name))
    print(f"wrote {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
