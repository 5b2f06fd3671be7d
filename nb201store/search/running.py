"""`search.run`: the words of a question, a problem made of them, and the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numba
import numpy as np

from nb201store import __version__
from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError
from nb201store.search.algorithms import find_algorithm
from nb201store.search.over_time import MOST_GRID
from nb201store.search.presets import find_preset
from nb201store.search.problem import Problem
from nb201store.search.provenance import image_identity
from nb201store.search.reporting import Report, reported, without_value
from nb201store.search.result import Result
from nb201store.search.runner import run_blocks
from nb201store.search.traces import traced
from nb201store.store import Store

if TYPE_CHECKING:
    from nb201store.search.algorithms import Algorithm
    from nb201store.search.problem import RewardSeed
    from nb201store.search.runner import Progress

    OnInterrupt = Literal["raise", "return"]

GRID = 150
"""Points of time at which the best cells are counted (as in the papers' figures)."""
MOST_RUNS = 1_000_000_000
MOST_THREADS = 1_024
MOST_RNG_SEED = 2**64 - 1


class SearchInterrupted(KeyboardInterrupt):
    """Ctrl-C came during a search. `result` holds the runs that were finished by then, marked as partial."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            f"interrupted: {result.runs.done} of {result.settings['runs_asked']} runs finished"
        )
        self.result = result


def run(
    algorithm: str | Algorithm, bench: Store, *,
    dataset: str | None = None, split: str = "x-valid", schedule: int = 12, epoch: int = -1,
    budget_s: float | None = None, budget_rule: str | None = None, preset: str | None = None,
    runs: int, rng_seed: int, reward_seed: RewardSeed = "random", overhead_s: float = 0.0,
    report_schedule: int | None = None, allow_missing: bool = False, grid: int = GRID, traces: int = 0,
    threads: int | None = None, progress: Progress | None = None, on_interrupt: OnInterrupt = "raise",
    **parameters: Any,
) -> Result:  # fmt: skip
    """Run a search algorithm many times on the benchmark's table, and return what the runs found.

    Parameters
    ----------
    algorithm : a name of `search.ALGORITHMS`, or an `Algorithm`
    bench : Store
    dataset, split, schedule, epoch : what rewards a search: accuracy at this epoch (0-based; negative from the end).
        The split is one of validation, never test. CIFAR-10 is searched as `cifar10-valid`
    budget_s : simulated seconds of one run, at least what the cheapest cell costs
    budget_rule : "discard" (default): an evaluation that would pass the budget is discarded and ends the run, as in
        NAS-Bench-201; "overshoot": the evaluation that reaches the budget counts and ends the run, and the summary is
        interpolated at the budget, as in NATS-Bench
    preset : "nas-bench-201" or "nats-bench": gives dataset (where it searches only one), budget_s, budget_rule and the
        published hyper-parameters; what is said besides takes precedence
    runs : int, 1 to 1e9
    rng_seed : int, 0 to 2**64 - 1: run r of it is always the same, whatever runs, threads and machine
    reward_seed : "random": an evaluation draws one of the cell's trials, as published; a seed; or "mean" over trials
    overhead_s : seconds of the algorithm itself that each evaluation is charged with
    report_schedule : int, at whose last epoch, mean over seeds, found cells are reported; default: the longest one
    allow_missing : leave out cells that lack a reward, a cost or a reported accuracy, instead of refusing
    grid : int, 0 to 1,000: times, equally spaced up to the budget, at which the best cells are counted for
        `over_time`; 0 counts nothing and is faster
    traces : int: keep every evaluation of the first so many runs, as `Result.traces`; up to 20 million evaluations,
        about 150,000 published runs: of more of them as many runs as fit
    threads : int: how many run side by side; default: all cores
    progress : called as progress(runs done, runs) about ten times a second
    on_interrupt : what Ctrl-C does once the runs in work are finished: "raise" SearchInterrupted, which carries the
        partial result, or "return" it
    parameters : of the algorithm, by name (`search.ALGORITHMS[name].parameters`)

    Raises
    ------
    SettingsError      an argument that makes no sense, before anything runs; names what is valid
    MissingDataError   data set, split or seed were not recorded; cells lack data, and not `allow_missing`: how many
    FormatError        the image's file was replaced since it was opened
    SearchInterrupted  Ctrl-C; a KeyboardInterrupt

    Notes
    -----
    Sources: Dong and Yang, NAS-Bench-201 (ICLR 2020); Dong et al., NATS-Bench (TPAMI 2021); each algorithm's own in
    `search.ALGORITHMS[name].source`. Memory: 17 bytes a run, 25 with "overshoot", besides what starting takes.
    """
    if not isinstance(bench, Store):
        raise SettingsError(f"bench must be an open Store (nb201store.open), found {shown(bench)}")
    chosen = find_algorithm(algorithm)
    if preset is not None:
        setting = find_preset(preset)
        known = setting.datasets(bench.space.name)
        if dataset is None and len(known) > 1:
            raise SettingsError(
                f"preset {preset} searches each of {', '.join(known)}: name one of them as dataset"
            )
        dataset = known[0] if dataset is None else dataset
        budget_s = setting.budget_s(bench.space.name, dataset) if budget_s is None else budget_s
        budget_rule = setting.budget_rule if budget_rule is None else budget_rule
        parameters = {**setting.parameters.get(chosen.name, {}), **parameters}
    if dataset is None or budget_s is None:
        lacking = "dataset" if dataset is None else "budget_s"
        raise SettingsError(f"{lacking} must be said, or a preset that says it")
    checked = chosen.checked(parameters)
    runs, rng_seed = (
        _integer("runs", runs, 1, MOST_RUNS),
        _integer("rng_seed", rng_seed, 0, MOST_RNG_SEED),
    )
    grid, traces = _integer("grid", grid, 0, MOST_GRID), _integer("traces", traces, 0, MOST_RUNS)
    threads = None if threads is None else _integer("threads", threads, 1, MOST_THREADS)
    if on_interrupt not in ("raise", "return"):
        raise SettingsError(f"on_interrupt must be raise or return, found {shown(on_interrupt)}")
    columns, values = reported(bench, report_schedule, allow_missing=allow_missing)
    problem = Problem(
        bench, dataset, budget_s, split=split, schedule=schedule, epoch=epoch,
        budget_rule="discard" if budget_rule is None else budget_rule, reward_seed=reward_seed, overhead_s=overhead_s,
        allow_missing=allow_missing, leave_out=without_value(values),
    )  # fmt: skip
    report = Report(columns, values, ~problem.excluded)
    epochs = chosen.epochs(problem, checked) if chosen.epochs else ()
    settings = _settings(problem, chosen, checked, report, epochs) | {
        "preset": preset, "rng_seed": rng_seed, "runs_asked": runs, "grid": grid, "traces": traces,
    }  # fmt: skip
    packed = problem.packed(epochs)
    found = run_blocks(
        chosen, packed, runs, rng_seed, checked, grid=grid, threads=threads, progress=progress
    )
    settings["runs"] = found.done
    kept = None
    if traces:
        try:
            kept = traced(chosen, packed, found, traces, rng_seed, checked)
        except KeyboardInterrupt:  # what the runs found is worth more than their traces
            found.stopped = True
    result = Result(settings, found, report, kept)
    if found.stopped and on_interrupt == "raise":
        raise SearchInterrupted(result)
    return result


def _settings(
    problem: Problem, algorithm: Algorithm, parameters: dict[str, Any], report: Report, epochs: tuple[int, ...]
) -> dict[str, Any]:  # fmt: skip
    """What was searched, by which rules, in which file."""
    last = int(problem.epoch) % int(problem.schedule)
    seed = problem.reward_seed
    return {
        "algorithm": algorithm.name, "source": algorithm.source, "symmetric": algorithm.symmetric,
        "parameters": parameters, "space": problem.space.name, "cells": len(problem.space),
        "dataset": problem.dataset, "split": problem.split, "schedule": int(problem.schedule), "epoch": last,
        "epochs": [int(epoch) % int(problem.schedule) for epoch in epochs] or [last],
        "reward_seed": seed if isinstance(seed, str) else int(seed), "budget_s": float(problem.budget_s),
        "budget_rule": problem.budget_rule, "overhead_s": float(problem.overhead_s),
        "report_schedule": report.columns[0].schedule, "allow_missing": bool(problem.allow_missing),
        "excluded": int((~report.taking_part).sum()), "file": image_identity(problem.bench),
        "versions": {
            "nb201store": __version__, "numba": numba.__version__, "numpy": np.__version__,
        },
    }  # fmt: skip


def _integer(name: str, value: object, least: int, most: int | None = None) -> int:
    number = as_int(value)
    if number is None or number < least or (most is not None and number > most):
        bounds = f"{least} or more" if most is None else f"{least} to {most}"
        raise SettingsError(f"{name} must be an integer, {bounds}, found {shown(value)}")
    return number
