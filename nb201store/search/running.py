"""`search.run`: the words of a question, a problem made of them, and the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError
from nb201store.search.algorithms import find_algorithm
from nb201store.search.presets import find_preset
from nb201store.search.problem import Problem
from nb201store.search.result import Result
from nb201store.search.runner import run_blocks

if TYPE_CHECKING:
    from nb201store.search.problem import RewardSeed
    from nb201store.search.runner import Progress
    from nb201store.store import Store

GRID = 150
"""Points of time at which the best cells are counted (as in the papers' figures)."""


def run(
    algorithm: str, bench: Store, *,
    dataset: str | None = None, split: str = "x-valid", schedule: int = 12, epoch: int = -1,
    budget_s: float | None = None, budget_rule: str | None = None, preset: str | None = None,
    runs: int, rng_seed: int, reward_seed: RewardSeed = "random", overhead_s: float = 0.0,
    allow_missing: bool = False, grid: int = GRID, threads: int | None = None,
    progress: Progress | None = None, **parameters: Any,
) -> Result:  # fmt: skip
    """Run a search algorithm many times and return what the runs found."""
    chosen = find_algorithm(algorithm)
    if preset is not None:
        setting = find_preset(preset)
        known = setting.datasets(bench.space.name)
        if dataset is None and len(known) == 1:
            dataset = known[0]
        if dataset is not None and budget_s is None:
            budget_s = setting.budget_s(bench.space.name, dataset)
        budget_rule = setting.budget_rule if budget_rule is None else budget_rule
        parameters = {**setting.parameters.get(algorithm, {}), **parameters}
    if dataset is None or budget_s is None:
        lacking = "dataset" if dataset is None else "budget_s"
        raise SettingsError(f"{lacking} must be said, or a preset that says it")
    checked = chosen.checked(parameters)
    runs, rng_seed = _at_least("runs", runs, 1), _at_least("rng_seed", rng_seed, 0)
    problem = Problem(
        bench, dataset, budget_s, split=split, schedule=schedule, epoch=epoch, budget_rule=budget_rule or "discard",
        reward_seed=reward_seed, overhead_s=overhead_s, allow_missing=allow_missing,
    )  # fmt: skip
    epochs = chosen.epochs(problem, checked) if chosen.epochs else ()
    packed = problem.packed(epochs)
    found = run_blocks(
        chosen, packed, runs, rng_seed, checked, grid=grid, threads=threads, progress=progress
    )
    return Result(problem, chosen, checked, rng_seed, found)


def _at_least(name: str, value: object, least: int) -> int:
    number = as_int(value)
    if number is None or number < least:
        raise SettingsError(f"{name} must be an integer, {least} or more, found {shown(value)}")
    return number
