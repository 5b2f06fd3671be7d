"""search_<algorithm>: whole simulated searches, through `search.run` as a user calls it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201bench import official, peer_search, plain_search, processes, search_draws
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import TOY, ready
from nb201store import search
from nb201store.kernels.search_problem import MOST_SKIPS
from nb201store.search.running import GRID

if TYPE_CHECKING:
    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Inputs, Ready

PRESET, DATASET, RNG_SEED = "nas-bench-201", "cifar10-valid", 0
TOY_BUDGET_S = 1500.0
TOY_RUNS = 3
MEMORY_RUNS = 10_000_000
OVER_TIME = "search.run, best cells over time"

Loop = Callable[[Any, Any, int], int]


@dataclass(frozen=True)
class Searched:
    """One algorithm in one setting, with as many runs as take about a second."""

    name: str
    algorithm: str
    isolates: str
    runs: int
    plain_runs: int = 0
    peer_runs: int = 0
    draws: Callable[..., Any] | None = None
    loop: Callable[..., Loop] | None = None
    """Made from the problem: one run of the plain loop, as loop(answers, draws of the run, budget)."""
    reward_seed: Any = "random"
    memory: bool = False
    parameters: dict[str, Any] = field(default_factory=dict)


class Prepared:
    """A search on the image of `inputs`, and what its loops are handed."""

    def __init__(self, inputs: Inputs, searched: Searched) -> None:
        self.inputs = inputs
        self.toy = inputs.size is TOY
        if self.toy:
            searched = replace(searched, runs=TOY_RUNS, plain_runs=2, peer_runs=1)
        self.searched = searched
        self.setting = settings(toy=self.toy) | {"reward_seed": searched.reward_seed}

    def run(self, **more: Any) -> search.Result:
        """Search."""
        s = self.searched
        words = {
            "runs": s.runs,
            "rng_seed": RNG_SEED,
            "grid": 0,
            **self.setting,
            **s.parameters,
            **more,
        }
        return search.run(s.algorithm, self.inputs.store, **words)

    @cached_property
    def sample(self) -> search.Result:
        """The runs that loops repeat."""
        return self.run(runs=max(self.searched.plain_runs, self.searched.peer_runs))

    @cached_property
    def problem(self) -> search.Problem:
        """What `run` makes in each call."""
        preset, toy = search.PRESETS[PRESET], self.toy
        return search.Problem(
            self.inputs.store, DATASET, TOY_BUDGET_S if toy else preset.budget_s("tss", DATASET),
            budget_rule=preset.budget_rule, reward_seed=self.searched.reward_seed, allow_missing=toy,
        )  # fmt: skip

    @cached_property
    def shape(self) -> search_draws.Shape:
        packed = self.problem.packed()
        return search_draws.Shape(packed.cells, packed.trials, packed.positions, packed.choices)

    def draw(self) -> None:
        """Make the loop, and draws for each run of `sample`: more than it evaluates, as the last is discarded."""
        count = int(self.sample.evaluations.max()) + 2
        if self.problem.excluded.any():
            count = (
                4 * MOST_SKIPS
            )  # among the few cells of the demo image, nearly every draw is a skip
        runs = range(len(self.sample.codes))
        self.draws = [self.searched.draws(self.shape, RNG_SEED, run, count) for run in runs]
        self.loop = self.searched.loop(self.problem)

    def repeat(self, answers: plain_search.Answers, runs: int) -> list[int]:
        """The cells that so many runs of the loop find."""
        budget = self.problem.budget
        return [self.loop(answers, draws, budget) for draws in self.draws[:runs]]


def settings(*, toy: bool) -> dict[str, Any]:
    """Words of `search.run`; a toy run has few cells and little time."""
    return {"preset": PRESET} | ({"budget_s": TOY_BUDGET_S, "allow_missing": True} if toy else {})


def _cases(searched: Searched, base: Baselines) -> list[Case]:
    it = Prepared(base.inputs, searched)
    searched = it.searched
    contenders = [
        Contender("search.run", lambda: it.run().codes, searched.runs, "ours", _threads(searched.algorithm)),
        Contender(
            OVER_TIME, lambda: it.run(grid=GRID).codes, searched.runs, "ours",
            f"counts of the best cells at {GRID} times",
        ),
    ]  # fmt: skip
    if searched.loop:
        it.draw()
        table = ready(lambda: search_draws.answers(it.problem.packed()))
        contenders.append(
            Contender(
                "plain Python on a table in a list", partial(it.repeat, table.it, searched.plain_runs),
                searched.plain_runs, note="random numbers drawn before, for nothing", ready_s=table.seconds,
            )
        )  # fmt: skip
        for name, api in _peers(base):
            asked = peer_search.asked(base.inputs, it.problem)
            answers = peer_search.PeerAnswers(api.it, asked)
            contenders.append(
                Contender(
                    f"{name} get_more_info", partial(it.repeat, answers, searched.peer_runs), searched.peer_runs,
                    note="cells in memory after the first round; random numbers drawn before", ready_s=api.seconds,
                )
            )  # fmt: skip
    return [Case(f"preset {PRESET}", contenders, per="search")]


def _threads(algorithm: str) -> str:
    return "all cores" if search.ALGORITHMS[algorithm].threads else "one core"


def _peers(base: Baselines) -> list[tuple[str, Ready]]:
    """Peers that hold all cells; each opened for one workload, since what it read stays in memory for good."""
    found, inputs = [], base.inputs
    if inputs.official and official.has("nats_bench"):
        found.append(("nats_bench", ready(lambda: official.open_nats(inputs.official))))
    if base.nas_201 and len(base.nas_201.it.evaluated_indexes) == inputs.recorded_cells:
        found.append(("nas_201_api", base.nas_201))
    return found


def _memory(searched: Searched, base: Baselines) -> dict[str, float]:
    """Peak resident bytes of a process that runs ten million searches, pages of the image that it reads included."""
    toy = base.inputs.size is TOY
    runs = TOY_RUNS if toy else MEMORY_RUNS
    words = {
        "runs": runs,
        "rng_seed": RNG_SEED,
        "reward_seed": searched.reward_seed,
        **settings(toy=toy),
    }
    return {
        f"peak bytes of {MEMORY_RUNS:,} searches{more}": processes.peak_memory(
            "import nb201store as nb, sys\nfrom nb201store import search\nwith nb.open(sys.argv[1]) as bench:\n"
            f"    search.run({searched.algorithm!r}, bench, grid={grid}, **{words!r})",
            [str(base.inputs.image)],
        )
        for grid, more in ((0, ""), (GRID, ", with best cells over time"))
    }


def _random_loop(problem: search.Problem) -> Loop:
    return partial(plain_search.random_search, trials=problem.packed().trials)


def _rea_loop(problem: search.Problem) -> Loop:
    children = search_draws.children(problem.space)
    return partial(plain_search.rea, trials=problem.packed().trials, children=children)


def _local_loop(problem: search.Problem) -> Loop:
    around = problem.space.neighbours(np.arange(len(problem.space))).tolist()
    return partial(plain_search.local_search, trials=problem.packed().trials, neighbours=around)


def _reinforce_loop(problem: search.Problem) -> Loop:
    packed = problem.packed()
    words = {"trials": packed.trials, "choices": packed.choices, "percent": packed.percent}
    return partial(plain_search.reinforce, **words)


_REA = {"draws": search_draws.rea_draws, "loop": _rea_loop, "plain_runs": 1000, "peer_runs": 4}
SEARCHED = [
    Searched(
        "search_random", "random", "Random search: a random number, a row of the table and a sum.", 10_000_000,
        draws=search_draws.random_draws, loop=_random_loop, plain_runs=1000, peer_runs=4,
    ),
    Searched(
        "search_rea", "rea", "Ageing evolution (population 10, sample 3) as published, a random trial each.",
        4_000_000, memory=True, **_REA,
    ),
    Searched(
        "search_rea_mean", "rea", "The same, with the mean over trials: what many peers answer.",
        4_000_000, reward_seed="mean", **_REA,
    ),
    Searched(
        "search_local", "local-search", "Local search: the best of 24 neighbours, random restarts.", 4_000_000,
        draws=search_draws.local_draws, loop=_local_loop, plain_runs=1000, peer_runs=4,
    ),
    Searched(
        "search_reinforce", "reinforce", "REINFORCE with Adam: softmax, sampling and a gradient step an evaluation.",
        200_000, draws=search_draws.reinforce_draws, loop=_reinforce_loop, plain_runs=100, peer_runs=4,
    ),
    Searched("search_bohb", "bohb", "BOHB: brackets, and density models of good and bad cells. Ours alone: no other "
             "program draws the same random numbers.", 40_000),
]  # fmt: skip

WORKLOADS = [
    Workload(
        s.name, s.isolates, partial(_cases, s), measures=partial(_memory, s) if s.memory else None
    )
    for s in SEARCHED
    if s.algorithm in search.ALGORITHMS
]
