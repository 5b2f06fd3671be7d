"""open_cold, open_warm, first_answer: what it costs before anything is known."""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import nb201store as nb
from nb201bench import database, official, page_cache, processes
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import SEED, VALIDATION
from nb201bench.zarr_archive import ArchiveColumn

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201bench.baselines import Baselines

ASK = {"schedule": 200, "epoch": 199, "seed": SEED}
OPENS = 50  # of a warm open in a round: one alone is too short to time


def _ours(image: Path, code: int) -> list[float]:
    with nb.open(image) as bench:
        return [bench.value(code, *VALIDATION[:3], **ASK)]


def _nats(path: Path, index: int) -> list[float]:
    api = official.open_nats(path)
    found = api.get_more_info(index, VALIDATION.dataset, iepoch=199, hp="200", is_random=SEED)
    return [found["valid-accuracy"]]


def _nas_201(path: Path, index: int) -> list[float]:
    api = official.open_201(path)
    found = api.get_more_info(index, VALIDATION.dataset, iepoch=199, hp="200", is_random=SEED)
    return [found["valid-accuracy"]]


def _zarr(archive: Path, code: int) -> list[float]:
    return [float(ArchiveColumn(archive, VALIDATION).values(code, SEED, 199))]


def _sqlite(path: Path, code: int) -> list[float]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.execute(database.POINT, (*VALIDATION, code, SEED, 199)).fetchone())
    finally:
        connection.close()


def _numpy_map(path: Path, code: int, seed: int, epoch: int) -> list[float]:
    return [float(np.load(path, mmap_mode="r")[code, seed, epoch])]


def _answers(base: Baselines) -> list[tuple[str, Callable[[], list[float]], list[Path], str]]:
    """(name, open and answer once, files read, note) of every way to open and answer."""
    inputs, code = base.inputs, base.inputs.peer_codes[0]
    index = nb.tss.official_index(code)
    out = [("ours", partial(_ours, inputs.cold_image, code), [inputs.cold_image], "")]
    if base.nats:
        path = inputs.official
        files, note = [path], f"a single file of {len(base.nats.it.evaluated_indexes)} cells"
        if path.is_dir():
            files = [path / "meta.pickle.pbz2", path / f"{index:06d}.pickle.pbz2"]
            note = "the names of all cells, and one cell's file"
        out.append(("nats_bench", partial(_nats, path, index), files, note))
    if base.nas_201 and index in base.nas_201.it.evaluated_indexes:
        path, cells = inputs.official_201, len(base.nas_201.it.evaluated_indexes)
        out.append(
            ("nas_201_api", partial(_nas_201, path, index), [path], f"a file of {cells} cells")
        )
    if inputs.archive:
        files = [file for file in inputs.archive.rglob("*") if file.is_file()]
        note = "reads and decodes whole chunks"
        out.append(("zarr", partial(_zarr, inputs.archive, code), files, note))
    database_path = base.sqlite_path
    page_cache.flush(database_path)
    out.append(("sqlite", partial(_sqlite, database_path, code), [database_path], "two columns"))
    plain = base.plain(VALIDATION).it
    raw = inputs.folder / "plain.npy"
    np.save(raw, plain.values)
    page_cache.flush(raw)
    ask = partial(_numpy_map, raw, code, plain.seed_place[SEED], plain.epochs.index(199))
    out.append(("numpy.load(mmap_mode='r')", ask, [raw], "one column, which has no names"))
    return out


def open_cold(base: Baselines) -> list[Case]:
    """One case: everything that is read comes from the disk."""
    contenders = []
    for name, run, files, note in _answers(base):
        page_cache.drop(*files)
        left = max(page_cache.resident(file) for file in files if file.stat().st_size)
        warm = f"NOT COLD: the system kept {left:.0%} of a file in memory" if left > 0.5 else ""
        contenders.append(
            Contender(
                name,
                run,
                role="ours" if name == "ours" else "baseline",
                note="; ".join(filter(None, (note, warm))),
                before=partial(page_cache.drop, *files),
            )
        )
    return [Case("open and one answer", contenders)]


def open_warm(base: Baselines) -> list[Case]:
    """Opening alone, and with one answer."""
    answers = []
    for name, run, _, note in _answers(base):
        times = OPENS if name in ("ours", "sqlite") else 1
        role = "ours" if name == "ours" else "baseline"
        answers.append(Contender(name, partial(_repeat, run, times), times, role, note))
    often = partial(_open_often, base.inputs.image)
    opened = [Contender("ours", often, OPENS, "ours", "and closed again")]
    if base.nats:
        path = base.inputs.official
        note = "fast mode: no cell is read yet" if path.is_dir() else ""
        opened.append(Contender("nats_bench", lambda: [len(official.open_nats(path))], note=note))
    return [Case("open", opened, per="open"), Case("open and one answer", answers)]


def _repeat(run: Callable[[], list[float]], times: int) -> list[float]:
    for _ in range(times - 1):
        run()
    return run()


def _open_often(image: Path) -> list[int]:
    for _ in range(OPENS - 1):
        nb.open(image).close()
    with nb.open(image) as bench:
        return [len(bench.space)]


def open_warm_measures(base: Baselines) -> dict[str, float]:
    """Memory that opening, and then one answer, add to a fresh interpreter that has imported nb201store.

    Of the copy that no other process maps: else the pages of the file would count as shared.
    """
    arguments = [str(base.inputs.cold_image), str(base.inputs.peer_codes[0])]
    setup = "import nb201store as nb\nnb.open"
    ask = "bench = nb.open(sys.argv[1])"
    value = f"bench.value(int(sys.argv[2]), *{tuple(VALIDATION[:3])!r}, **{ASK!r})"
    opened = processes.memory_growth(setup, ask, arguments)
    asked = processes.memory_growth(setup, f"{ask}\n{value}", arguments)
    return {
        "private bytes after open": opened["private"],
        "private bytes after open and one answer": asked["private"],
        "of these written": asked["dirty"],
        "resident bytes after open and one answer": asked["resident"],
    }


SCRIPT = (
    "import nb201store as nb, sys\n"
    "with nb.open(sys.argv[1]) as bench:\n"
    f"    print(repr(bench.value(int(sys.argv[2]), *{tuple(VALIDATION[:3])!r}, **{ASK!r})))"
)
NATS_SCRIPT = (
    "import nats_bench, os, sys\n"
    "api = nats_bench.create(sys.argv[1], 'tss', fast_mode=os.path.isdir(sys.argv[1]), verbose=False)\n"
    "found = api.get_more_info(int(sys.argv[2]), 'cifar10-valid', iepoch=199, hp='200', "
    f"is_random={SEED})\nprint(repr(found['valid-accuracy']))"
)


def first_answer(base: Baselines) -> list[Case]:
    """A process from its start to its end, which asked one question: Python's and C++'s."""
    inputs, code = base.inputs, base.inputs.peer_codes[0]
    starts = inputs.size.starts
    python = [
        os.fspath(inputs.interpreter),
        "-P",
    ]  # the package installed there, not a source tree in this folder
    asked = [os.fspath(inputs.image), str(code)]

    def process(name: str, command: list[str], role: str = "baseline") -> Contender:
        def run() -> list[str]:
            return [processes.answer_of(command) for _ in range(starts)]

        return Contender(name, run, starts, role, answer=lambda printed: [float(printed[0])])

    contenders = [
        process("ours", [*python, "-c", SCRIPT, *asked], "ours"),
        process("bare interpreter", [*python, "-c", "pass"], "floor"),
        process("interpreter and `import numpy`", [*python, "-c", "import numpy"], "floor"),
    ]
    if base.nats:
        index = str(nb.tss.official_index(code))
        command = [*python, "-c", NATS_SCRIPT, os.fspath(inputs.official), index]
        contenders.append(process("nats_bench", command))
    cases = [Case("Python", contenders, per="process")]
    for title, suffix in (("C++, linked statically", "_static"), ("C++, shared libstdc++", "")):
        if inputs.programs:
            ask, empty = (
                os.fspath(inputs.programs / f"{name}{suffix}")
                for name in ("first_answer", "empty_process")
            )
            contenders = [
                process("ours", [ask, *asked], "ours"),
                process("empty process", [empty], "floor"),
            ]
            cases.append(Case(title, contenders, per="process"))
    return cases


WORKLOADS = [
    Workload(
        "open_cold",
        "Opening and one answer with nothing in the page cache: how much is read from the disk.",
        open_cold,
        cache="cold",
    ),
    Workload(
        "open_warm",
        "The checks of an opening, and the memory it takes, with the file in the page cache.",
        open_warm,
        measures=open_warm_measures,
    ),
    Workload(
        "first_answer",
        "A whole process: start, import, open, one answer, end. Against one that does nothing.",
        first_answer,
    ),
]
