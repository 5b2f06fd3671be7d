"""search_start: how long the first published search takes, in a Python that runs already and by the command."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

from nb201bench import official, peer_search, processes, search_draws
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import TOY
from nb201bench.workloads.simulated_search import (
    PRESET,
    RNG_SEED,
    SEARCHED,
    TOY_BUDGET_S,
    Prepared,
    settings,
)
from nb201store.search.presets import PUBLISHED_RUNS

if TYPE_CHECKING:
    from nb201bench.baselines import Baselines

BENCHMARKS = Path(__file__).resolve().parents[2]
REA = next(s for s in SEARCHED if s.name == "search_rea")

# What a peer's process gets is in a pickle: the draws of one run, what to ask for each answer, the children of cells.
PEER = f"""
sys.path.insert(0, {str(BENCHMARKS)!r})
import pickle
from pathlib import Path
from nb201bench import official, peer_search, plain_search
asked, draws, budget, trials, children = pickle.loads(Path(sys.argv[2]).read_bytes())
api = official.open_nats(Path(sys.argv[1]))
"""
PEER_ASK = (
    "print(plain_search.rea(peer_search.PeerAnswers(api, asked), draws, budget, trials, children))"
)


def search_start(base: Baselines) -> list[Case]:
    """The search with which the published table was made, once: 500 runs of ours, one of the peer's."""
    inputs = base.inputs
    python = [os.fspath(inputs.interpreter), "-P"]
    words = {"runs": PUBLISHED_RUNS, "rng_seed": RNG_SEED} | settings(toy=inputs.size is TOY)
    ours = processes.Waiting(
        python,
        "import nb201store as nb\nfrom nb201store import search",
        f"with nb.open(sys.argv[1]) as bench:\n    print(*search.run('rea', bench, **{words!r}).codes.tolist())",
        [os.fspath(inputs.image)],
    )
    contenders = [
        _waiting(inputs, "search.run", ours, "ours", f"{PUBLISHED_RUNS} runs; opens the image, loads the kernel")
    ]  # fmt: skip
    if inputs.official and official.has("nats_bench"):
        peer = processes.Waiting(
            python, PEER, PEER_ASK, [os.fspath(inputs.official), os.fspath(_for_peer(base))]
        )
        note = "one run; opened before, reads the cells that it meets"
        contenders.append(_waiting(inputs, "nats_bench get_more_info", peer, "baseline", note))
    return [Case("running Python", contenders, per="first search"), _command_line(base)]


def _command_line(base: Baselines) -> Case:
    """The same 500 runs by the command, from its start to its end."""
    inputs = base.inputs
    python, image = os.fspath(inputs.interpreter), os.fspath(inputs.image)
    toy = ["--budget", str(TOY_BUDGET_S), "--allow-missing"] if inputs.size is TOY else []
    command = [
        os.fspath(inputs.interpreter.parent / "nb201"),
        "search",
        "rea",
        "--image",
        image,
        "--json",
    ]
    words = ["--preset", PRESET, "--runs", str(PUBLISHED_RUNS), "--rng-seed", str(RNG_SEED), *toy]

    def floor(name: str, script: str) -> Contender:
        return Contender(
            name, lambda: processes.answer_of([python, "-P", "-c", script]), role="floor"
        )

    contenders = [
        Contender(
            "nb201 search rea", lambda: processes.answer_of([*command, *words]), role="ours",
            note=f"{PUBLISHED_RUNS} runs; prints JSON, best cells over time in it", answer=_found,
        ),
        floor("bare interpreter", "pass"),
        floor("interpreter and `import numba`", "import numba"),
    ]  # fmt: skip
    return Case("command line", contenders, per="process")


def _found(printed: str) -> list[int]:
    """Cells and how many runs found them."""
    (result,) = json.loads(printed)["results"]
    return [number for pair in result["found"] for number in pair]


def _waiting(inputs, name: str, process: processes.Waiting, role: str, note: str) -> Contender:
    inputs.owned(process)
    return Contender(
        name, process.answer, role=role, before=process.start, note=note,
        answer=lambda printed: [float(code) for code in printed.split()],
    )  # fmt: skip


def _for_peer(base: Baselines) -> Path:
    it = Prepared(base.inputs, REA)
    it.draw()
    path = base.inputs.folder / "one_search.pickle"
    asked = peer_search.asked(base.inputs, it.problem)
    children = search_draws.children(it.problem.space)
    handed = asked, it.draws[0], it.problem.budget, it.shape.trials, children
    path.write_bytes(pickle.dumps(handed))
    return path


WORKLOADS = [
    Workload(
        "search_start",
        "The first search of a Python in which nb201store.search is imported: opening the image, making the table, "
        "loading the kernel from numba's cache (compiled in the first round), searching. Processor time is that of "
        "the process that asks, and tells nothing.",
        search_start,
    ),
]
