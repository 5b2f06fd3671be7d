"""The official packages as the table that a search loop asks: one `get_more_info` an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201bench import official
from nb201bench.inputs import VALIDATION_12
from nb201store.kernels.search_problem import EXCLUDED

if TYPE_CHECKING:
    from nb201bench.inputs import Inputs
    from nb201store.search import Problem

DATASET, SPLIT = VALIDATION_12[:2]


@dataclass(frozen=True)
class Asked:
    """What to ask a peer at code * trials + trial: (official index, seed or False for the mean); None: excluded."""

    questions: list[tuple[int, int | bool] | None]
    percent: float
    """Percent a unit of reward."""


def asked(inputs: Inputs, problem: Problem) -> Asked:
    """The questions of a problem. The seed is named, so that the trial is the one that our search drew."""
    packed = problem.packed()
    codes = range(packed.cells)
    if problem.reward_seed == "mean":
        seeds: list[list[Any]] = [[False]] * packed.cells
    else:
        known = inputs.seeds(VALIDATION_12)
        there = np.stack([inputs.present(VALIDATION_12, seed) for seed in known], axis=1)
        seeds = [
            [seed for seed, is_there in zip(known, row, strict=True) if is_there]
            for row in there.tolist()
        ]
    excluded = problem.excluded.tolist()
    return Asked(
        [
            None if excluded[code] else (index, seeds[code][trial % len(seeds[code])])
            for code, index in zip(codes, official.indices(codes), strict=True)
            for trial in range(packed.trials)
        ],
        packed.percent,
    )  # fmt: skip


class PeerAnswers:
    """A peer's answers as rewards and costs in our units. Its fast mode reads a cell's file at the first question."""

    def __init__(self, api: Any, asked: Asked) -> None:
        self.ask, self.questions, self.percent = api.get_more_info, asked.questions, asked.percent

    def __getitem__(self, place: int) -> tuple[int, int]:
        question = self.questions[place]
        if question is None:
            return 0, EXCLUDED
        index, seed = question
        found = self.ask(index, DATASET, hp="12", is_random=seed)
        seconds = found["train-all-time"] + found["valid-per-time"]
        return round(found["valid-accuracy"] / self.percent), round(seconds * 1e6)
