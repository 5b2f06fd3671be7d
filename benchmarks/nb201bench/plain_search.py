"""Searches as loops of plain Python, as fast as such loops go: for a table in a list, or for a peer asked one by one.

`answers[place]` is (reward, cost in microseconds) at place = code * trials + trial; whatever has that method is
searched, so that the loop of a peer differs in how it answers and in nothing else. The draws of one run are made before
(search_draws.py). Budget rule "discard": an evaluation that would pass the budget ends the run and does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import Any, Protocol

from nb201store.kernels.search_problem import EXCLUDED, MOST_SKIPS


class Answers(Protocol):
    """A list of them, or what asks somebody."""

    def __getitem__(self, place: int) -> tuple[int, int]: ...


class Skips:
    """Excluded cells in a row. Only a partial benchmark, as a toy run has, meets any."""

    def __init__(self) -> None:
        self.clock = self.count = -1

    def too_many(self, clock: int) -> bool:
        """Count one, met when the run's clock was at `clock`; whether the run gives up."""
        self.count = self.count + 1 if clock == self.clock else 1
        self.clock = clock
        return self.count >= MOST_SKIPS


def random_search(answers: Answers, draws: Sequence[int], budget: int, trials: int) -> int:
    """The code found by one run, -1 if nothing was evaluated."""
    clock, best, found, skips = 0, -1, -1, Skips()
    for place in draws:
        reward, cost = answers[place]
        if clock + cost > budget:
            if cost != EXCLUDED or skips.too_many(clock):
                return found
            continue
        clock += cost
        if reward > best:
            best, found = reward, place // trials
    raise RuntimeError("too few draws were made before")


def rea(
    answers: Answers, draws: Sequence[tuple[Any, ...]], budget: int, trials: int,
    children: list[list[int]], population: int = 10,
) -> int:  # fmt: skip
    """The code found by one run of ageing evolution, -1 if nothing was evaluated."""
    clock, best, found, skips = 0, -1, -1, Skips()
    members: list[
        tuple[int, int]
    ] = []  # (reward, code), each in the place of the one that it followed
    oldest = 0
    for start, picks, mutation, trial in draws:
        place, code = start, start // trials
        if len(members) == population:
            parent, of_parent = -1, -1
            for pick in picks:
                member = members[pick]
                if member[0] > of_parent:
                    of_parent, parent = member
            code = children[parent][mutation]
            place = code * trials + trial
        reward, cost = answers[place]
        if clock + cost > budget:
            if cost != EXCLUDED or skips.too_many(clock):
                return found
            continue
        clock += cost
        if reward > best:
            best, found = reward, code
        if len(members) < population:
            members.append((reward, code))
        else:
            members[oldest] = reward, code
            oldest = (oldest + 1) % population
    raise RuntimeError("too few draws were made before")


def local_search(
    answers: Answers, draws: Sequence[tuple[int, int]], budget: int, trials: int, neighbours: list[list[int]]
) -> int:  # fmt: skip
    """The code found by one run of local search with restarts, -1 if nothing was evaluated."""
    clock, best, found, skips = 0, -1, -1, Skips()
    numbers = iter(draws)
    for place, _ in numbers:
        reward, cost = answers[place]
        if clock + cost > budget:
            if cost != EXCLUDED or skips.too_many(clock):
                return found
            continue
        clock += cost
        there = place // trials
        if reward > best:
            best, found = reward, there
        while there >= 0:
            around, there = neighbours[there], -1
            for code, (_, trial) in zip(around, numbers, strict=False):
                seen, cost = answers[code * trials + trial]
                if clock + cost > budget:
                    if cost != EXCLUDED or skips.too_many(clock):
                        return found
                    continue
                clock += cost
                if seen > reward:
                    reward, there = seen, code
                    if seen > best:
                        best, found = seen, code
    raise RuntimeError("too few draws were made before")


def reinforce(
    answers: Answers, draws: tuple[list[float], Sequence[tuple[tuple[float, ...], int]]], budget: int, trials: int,
    choices: int, percent: float, learning_rate: float = 0.5, momentum: float = 0.9,
) -> int:  # fmt: skip
    """The code found by one run of REINFORCE with Adam, -1 if nothing was evaluated.

    Lists, where the published script has torch: thirty numbers are too few for what a call of torch costs.
    """
    clock, best, found, skips = 0, -1, -1, Skips()
    logits, steps = draws
    rows = [list(logits[first : first + choices]) for first in range(0, len(logits), choices)]
    moments = [[(0.0, 0.0)] * choices for _ in rows]
    numerator = denominator = 0.0
    power1 = power2 = 1.0
    for units, trial in steps:
        code, slopes = 0, []
        for row, unit in zip(rows, units, strict=True):
            top = max(row)
            weights = [exp(logit - top) for logit in row]
            total = sum(weights)
            bound, choice, running = unit * total, 0, weights[0]
            while running <= bound and choice < choices - 1:
                choice += 1
                running += weights[choice]
            slope = [weight / total for weight in weights]
            slope[choice] -= 1.0
            slopes.append(slope)
            code = code * choices + choice
        reward, cost = answers[code * trials + trial]
        if clock + cost > budget:
            if cost != EXCLUDED or skips.too_many(clock):
                return found
            continue
        clock += cost
        if reward > best:
            best, found = reward, code
        numerator = momentum * numerator + (1.0 - momentum) * reward * percent
        denominator = momentum * denominator + (1.0 - momentum)
        advantage = reward * percent - numerator / denominator
        power1, power2 = power1 * 0.9, power2 * 0.999
        step, root = learning_rate / (1.0 - power1), 1.0 / sqrt(1.0 - power2)
        for row, slope, moment in zip(rows, slopes, moments, strict=True):
            for place, (before, square_before) in enumerate(moment):
                gradient = slope[place] * advantage
                first = 0.9 * before + 0.1 * gradient
                second = 0.999 * square_before + 0.001 * gradient * gradient
                moment[place] = first, second
                row[place] -= step * first / (sqrt(second) * root + 1e-8)
    raise RuntimeError("too few draws were made before")
