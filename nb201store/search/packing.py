"""Answers of all evaluations as one table of integers: reward in hits, cost in whole microseconds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import FormatError, MissingDataError, SettingsError
from nb201store.kernels.search_problem import (
    COST_BITS,
    EXCLUDED,
    MOST_REWARD,
    PackedProblem,
)
from nb201store.search.moves import moves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.search.problem import Problem

MICROSECONDS = 1_000_000


def packed_problem(problem: Problem, epochs: tuple[int, ...]) -> PackedProblem:
    """Return the tables of `problem` at these epochs of its schedule; raises as `Problem` says."""
    hits, costs, present, images = _recorded(problem, epochs)
    exists = present.all(axis=0)
    excluded = ~exists.any(axis=1)
    _refuse_gaps(problem, excluded)
    if problem.leave_out is not None:
        excluded |= problem.leave_out
        _refuse_nothing(problem, excluded)
    counts = exists.sum(axis=1)
    repeats = math.lcm(*{int(count) for count in counts[~excluded]})
    if problem.reward_seed == "mean":
        rewards, costs = _means(hits, costs, exists, repeats)
        units = images * repeats
    else:
        rewards, costs = _repeated(hits, costs, exists, repeats)
        units = images
    trials = rewards.shape[2]
    answers = _words(problem, rewards, costs, excluded)
    neighbours, identities, mutation_shifts, mutation_steps = moves(problem.space.name)
    packed = PackedProblem(
        answers=answers.reshape(len(epochs), -1),
        neighbours=neighbours,
        identities=identities,
        mutation_shifts=mutation_shifts,
        mutation_steps=mutation_steps,
        cells=len(problem.space),
        trials=trials,
        positions=problem.space.positions,
        choices=len(problem.space.choices),
        budget=problem.budget,
        limit=problem.budget - (problem.budget_rule == "overshoot"),
        overshoot=int(problem.budget_rule == "overshoot"),
        percent=100.0 / units,
    )
    for array in packed[:5]:
        array.flags.writeable = False  # kernels are compiled once, for read-only arrays
    return packed


def _recorded(problem: Problem, epochs: tuple[int, ...]) -> tuple[Any, Any, Any, int]:
    """(hits int64, microseconds int64, present bool: all [F, C, S], images of the split)."""
    bench, dataset, split = problem.bench, problem.dataset, problem.split
    try:
        views = bench.views(dataset, split, "accuracy", schedule=problem.schedule)
    except MissingDataError as gap:
        halved = f"{dataset}-valid"
        if any(halved == known["name"] for known in bench.describe()["datasets"]):
            raise MissingDataError(f"{gap}; search {halved} instead") from gap
        raise
    one = problem.reward_seed not in ("random", "mean")
    seeds = np.array([problem.reward_seed]) if one else views.seeds
    codes = np.arange(len(problem.space))
    accuracy = bench.gather(
        codes[:, None], dataset, split, "accuracy", schedule=problem.schedule,
        epochs=np.array(epochs)[:, None, None], seeds=seeds, missing="mask",
    )  # fmt: skip
    seconds = np.ma.stack([
        np.ma.stack([
            bench.simulated_cost(
                codes, dataset, split, schedule=problem.schedule, epoch=epoch, seed=seed, missing="mask"
            )
            for seed in seeds.tolist()
        ], axis=1)
        for epoch in epochs
    ])  # fmt: skip
    present = ~(np.ma.getmaskarray(accuracy) | np.ma.getmaskarray(seconds))
    hits = np.rint(np.where(present, accuracy.data, 0.0) * (views.images / 100.0)).astype(np.int64)
    known = np.where(present, seconds.data, 0.0)
    if not (np.isfinite(known).all() and (known >= 0.0).all()):
        raise FormatError(
            f"{bench.path}: {dataset}, {split}: a simulated cost is negative or not finite"
        )
    overhead = np.rint(problem.overhead_s * MICROSECONDS).astype(np.int64)
    return hits, np.rint(known * MICROSECONDS).astype(np.int64) + overhead, present, views.images


def _refuse_gaps(problem: Problem, excluded: NDArray[np.bool_]) -> None:
    lacking = int(excluded.sum())
    what = f"{problem.dataset}, {problem.split}, schedule {problem.schedule}"
    if lacking == len(excluded):
        raise MissingDataError(
            f"{problem.bench.path}: no cell has an accuracy and its cost at {what}"
        )
    if lacking and not problem.allow_missing:
        raise MissingDataError(
            f"{problem.bench.path}: {lacking} of {len(excluded)} cells, code {int(excluded.argmax())} the first, have "
            f"no accuracy with its cost at {what}; allow_missing (--allow-missing) leaves them out of the search"
        )


def _refuse_nothing(problem: Problem, excluded: NDArray[np.bool_]) -> None:
    if excluded.all():
        raise MissingDataError(
            f"{problem.bench.path}: no cell is left to search: those with an accuracy at {problem.dataset}, "
            f"{problem.split}, schedule {problem.schedule} lack one that is reported"
        )


def _repeated(hits: Any, costs: Any, exists: Any, repeats: int) -> tuple[Any, Any]:
    """[F, C, S] as [F, C, T]: each cell's existing trials, in order of seed, over and over up to T."""
    counts = np.maximum(exists.sum(axis=1), 1)
    order = np.argsort(~exists, axis=1, kind="stable")
    places = np.take_along_axis(order, np.arange(repeats)[None] % counts[:, None], axis=1)
    places = places[None]
    return np.take_along_axis(hits, places, axis=2), np.take_along_axis(costs, places, axis=2)


def _means(hits: Any, costs: Any, exists: Any, repeats: int) -> tuple[Any, Any]:
    """[F, C, S] as [F, C, 1]: hits added up and scaled to the same number of trials; mean cost, rounded."""
    counts = np.maximum(exists.sum(axis=1), 1)[None, :, None]
    rewards = (hits * exists).sum(axis=2, keepdims=True) * (repeats // counts)
    totals = (costs * exists).sum(axis=2, keepdims=True)
    return rewards, np.rint(totals / counts).astype(np.int64)


def _words(problem: Problem, rewards: Any, costs: Any, excluded: NDArray[np.bool_]) -> Any:
    """Return reward << 42 | cost, int64 [F, C, T]; `EXCLUDED` where a cell takes no part."""
    taking_part = costs[:, ~excluded]
    if taking_part.min() < 1 or taking_part.max() >= EXCLUDED:
        raise SettingsError(
            f"an evaluation must cost between a microsecond and {EXCLUDED // MICROSECONDS} s, found "
            f"{taking_part.min() / MICROSECONDS:g} to {taking_part.max() / MICROSECONDS:g} s"
        )
    if rewards.max() > MOST_REWARD:
        raise SettingsError(f"a reward must be at most {MOST_REWARD} hits, found {rewards.max()}")
    cheapest = int(costs[-1][~excluded].min())
    if problem.budget < cheapest:
        raise SettingsError(
            f"budget_s must be at least {cheapest / MICROSECONDS:g}, the cost of the cheapest cell, found "
            f"{problem.budget_s:g}"
        )
    answers = rewards << COST_BITS | costs
    answers[:, excluded] = EXCLUDED
    return answers
