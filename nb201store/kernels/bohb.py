"""BOHB: Hyperband's brackets, filled with cells that the densities of good and of bad cells propose."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import element, loop
from nb201store.kernels.good_and_bad import (
    fit_densities,
    forget,
    learn,
    point_of,
    proposal,
    room_for,
)
from nb201store.kernels.hyperband import after_result, first_rung, is_first, members_for
from nb201store.kernels.parzen import POINT_BITS
from nb201store.kernels.rng import high_half, low_half, one_of, random_word, run_key, unit
from nb201store.kernels.run_state import evaluated, finish_before, fresh_run
from nb201store.kernels.search_problem import COST_BITS, COST_MASK, EXCLUDED, MOST_SKIPS

if TYPE_CHECKING:
    import numpy as np

    from nb201store.kernels.compiling import Int
    from nb201store.kernels.good_and_bad import Observed
    from nb201store.kernels.hyperband import Members
    from nb201store.kernels.search_problem import PackedProblem, RunRecords

NO_MODEL = -1


class Settings(NamedTuple):
    """The hyper-parameters, as numbers."""

    budgets: int
    eta: int
    iterations: int
    """Brackets after which a run ends, if its time has not been spent before."""
    largest_only: int
    """1: only evaluations at the largest budget count for the best cell (NAS-Bench-201); 0: all do (NATS-Bench)."""
    top_percent: int
    num_samples: int
    random_fraction: float
    min_bandwidth: float


class Model(NamedTuple):
    """Which results propose cells."""

    budget: Int
    """The largest that has enough results, or NO_MODEL."""
    fitted: Int
    """1 where the densities are those of all its results."""


@element
def proposes(settings: Settings, model: Model, key: np.uint64, step: Int) -> bool:
    """Say whether the next new cell is the model's."""
    return model.budget != NO_MODEL and unit(random_word(key, step + 1)) >= settings.random_fraction


@loop
def one_run(
    problem: PackedProblem, records: RunRecords, settings: Settings, observed: Observed, members: Members,
    key: np.uint64, place: int,
) -> None:  # fmt: skip
    """Run one search, and write its records."""
    budgets = settings.budgets
    fidelities = problem.answers.shape[0]
    words = 2 + settings.num_samples * (1 + problem.positions)
    looks_ahead = problem.overshoot != 0 and settings.largest_only == 0
    state = fresh_run()
    forget(observed)
    model = Model(NO_MODEL, 1)
    rung = first_rung(0, budgets, settings.eta)
    step: Int = 0
    ahead: Int = 0  # draws left to find the evaluation after the end
    next_clock: Int = -1
    next_code: Int = -1
    while rung.bracket < settings.iterations and (state.going or ahead > 0):
        word = random_word(key, step)
        code: Int = -1
        if not is_first(rung, budgets):
            code = members.codes[rung.filled]
        elif proposes(settings, model, key, step):
            if not model.fitted:
                fit_densities(observed, model.budget, settings.min_bandwidth)
                model = Model(model.budget, 1)
            code = proposal(
                observed, model.budget, key, step + 2, settings.num_samples, problem.choices
            )
        if code < 0:
            code = one_of(high_half(word), problem.cells)
        trial = one_of(low_half(word), problem.trials)
        answer = problem.answers[
            rung.budget if fidelities > 1 else 0, code * problem.trials + trial
        ]
        reward = answer >> COST_BITS
        step += words
        if state.going:
            ranked = int(settings.largest_only == 0 or rung.budget == budgets - 1)
            state = evaluated(problem, records, place, state, code, answer, ranked)
            if looks_ahead and not state.going and answer != EXCLUDED:
                ahead = MOST_SKIPS
        elif answer != EXCLUDED:
            next_clock = state.clock + (answer & COST_MASK)
            next_code = code if reward > state.reward else state.code
            ahead = 0
        else:
            ahead -= 1
        if answer != EXCLUDED:
            if rung.budget >= model.budget:
                point = point_of(problem.identities[code], problem.positions)
                result = reward << POINT_BITS | point
                enough = learn(observed, rung.budget, result, settings.top_percent)
                model = Model(rung.budget, 0) if enough else model
            rung = after_result(rung, members, code, reward, budgets, settings.eta)
    finish_before(problem, records, place, state, next_clock, next_code)


@loop
def bohb(
    problem: PackedProblem, records: RunRecords, rng_seed: np.uint64, first_run: int, settings: Settings
) -> None:  # fmt: skip
    """Run R searches, first_run and on, each of up to `iterations` brackets (hyperband.py), one evaluation at a time.

    A cell of a bracket's first rung is drawn when its turn comes: by the model of the largest budget that has one; or
    uniformly, where there is none, with probability `random_fraction`, and where no candidate is chosen. Each result is
    added to those of its budget, unless a larger budget has a model. Budget b is fidelity b, or the only one.

    NATS-Bench's runs did not stop at their time: one more evaluation is made after the end, for the value at it.

    Draw i uses words i * W to i * W + W - 1, W = 2 + num_samples * (1 + D). The upper half of the first word gives a
    uniform cell, its lower half the trial; the second is compared with `random_fraction`; the others are those of
    `proposal`. Of a promoted cell only the trial is drawn.

    Sources: Falkner, Klein, Hutter, "BOHB" (ICML 2018); hpbandster 0.7.4 with one worker; the scripts of NAS-Bench-201
    and NATS-Bench. Where a sort of numpy may put equals in any order, the first evaluated is first here.
    REQUIRES: as many fidelities as budgets, or one.
    """
    problem = borrowed(problem)
    records = borrowed(records)
    members = members_for(settings.budgets, settings.eta)
    longest = settings.iterations * members.codes.shape[0]
    observed = room_for(settings.budgets, longest, problem.positions)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        one_run(problem, records, settings, observed, members, key, place)
