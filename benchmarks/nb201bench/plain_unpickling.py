"""Official files read with nothing but `pickle` and `bz2`: run in processes of its own, beside our conversions.

    python plain_unpickling.py file FILE.pth            unpickle, count
    python plain_unpickling.py folder FOLDER CORES      unpack and unpickle every cell of a -simple folder, count
    python plain_unpickling.py unpack FOLDER CORES      unpack alone

Prints how many cells, trials and values there are ("unpack": cells). For files whose maker is known: `pickle` runs what
a file tells it to. No garbage collection and no tidying at the end: both would lengthen what these times are for.
"""

from __future__ import annotations

import bz2
import gc
import multiprocessing
import os
import pickle
import sys
from pathlib import Path
from typing import Any

OBJECT = 3  # of a torch file, counted from 0: magic number, protocol and system come before it
SERIES = (
    "train_acc1es", "train_acc5es", "train_losses", "train_times", "eval_acc1es", "eval_losses", "eval_times",
)  # fmt: skip


def count(states: Any) -> tuple[int, int]:
    """Trials and values of a cell's official states by hyper-parameters."""
    trials = [trial for results in states.values() for trial in results["all_results"].values()]
    return len(trials), sum(map(values, trials))


def values(trial: Any) -> int:
    """How many numbers a trial holds: two sizes, latencies, and one for each epoch of a series."""
    series = (trial[name] for name in ("latency", *SERIES))
    return 2 + sum(len(numbers) for numbers in series if numbers is not None)


def of_file(path: str) -> tuple[int, int, int]:
    """Cells, trials and values of a torch file of before 1.6."""
    with Path(path).open("rb") as file:
        for _ in range(OBJECT):
            pickle.load(file)
        cells = pickle.load(file)["arch2infos"]
    counts = list(map(count, cells.values()))
    print(len(cells), *map(sum, zip(*counts, strict=True)), flush=True)
    os._exit(0)


def of_cell(path: Path) -> tuple[int, int]:
    """Trials and values of one cell's file."""
    return count(pickle.loads(bz2.decompress(path.read_bytes())))


def unpacked(path: Path) -> tuple[int]:
    """The bytes that a file unpacks to."""
    return (len(bz2.decompress(path.read_bytes())),)


def of_folder(work: Any, folder: str, cores: int) -> None:
    """Print the number of files, and the sums of what `work` tells of each."""
    files = sorted(Path(folder).glob("[0-9]*.pickle.pbz2"))
    with multiprocessing.Pool(cores, gc.disable) as pool:
        counts = list(pool.imap_unordered(work, files, chunksize=16))
    print(len(files), *map(sum, zip(*counts, strict=True)))


if __name__ == "__main__":
    gc.disable()
    what, source, *rest = sys.argv[1:]
    if what == "file":
        of_file(source)
    else:
        of_folder({"folder": of_cell, "unpack": unpacked}[what], source, int(rest[0]))
