"""REINFORCE: a softmax for each position of a cell, learnt with Adam from the reward of every cell drawn.

The numbers of a run's policy lie in one array, so that no two loops over them can be thought to overlap; choice c of
position p is at c * LANES + p of each section. Loops over the positions then are vector instructions without a gather
or a sum across lanes; lanes past the last position learn like the others and choose nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.borrowing import borrowed
from nb201store.kernels.compiling import element, loop
from nb201store.kernels.elementary import ONE_BITS, exp, float_of
from nb201store.kernels.normal import fill_normals
from nb201store.kernels.rng import high_half, one_of, random_word, run_key
from nb201store.kernels.run_state import evaluated, finish, fresh_run
from nb201store.kernels.search_problem import COST_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store.kernels.compiling import Int
    from nb201store.kernels.search_problem import PackedProblem, RunRecords

INITIAL_SCALE = 1e-3
BETA1 = 0.9
BETA2 = 0.999
EPSILON = 1e-8
"""Adam's, and torch.optim's, own values."""

NORMALS = 2**40
"""The first word of the normal numbers: far past what the draws of a run use."""

LANES = 8
SECTION = 8 * LANES
PARAMETER, MOMENT1, MOMENT2, WEIGHT, SLOPE, CHOSEN = (SECTION * i for i in range(6))
SIZE = CHOSEN + LANES


@element
def start(policy: NDArray[np.float64], normals: NDArray[np.float64], positions: Int) -> None:
    """Write a run's first parameters, from normal numbers in the order of the parameter matrix; no moments yet."""
    policy[:] = 0.0
    choices = normals.size // positions
    for p in range(positions):
        for c in range(choices):
            policy[PARAMETER + c * LANES + p] = INITIAL_SCALE * normals[p * choices + c]


@element
def draw(policy: NDArray[np.float64], choices: Int, key: np.uint64, step: Int) -> None:
    """Draw a choice for each position, and write the slope of -log(its probability) along the parameters.

    Weights are e**(parameter - greatest of the row), added up in the order of the choices; the choice is how many of
    the sums before the last one are at most u times the whole, with u of 52 bits in [0, 1).
    """
    for p in range(LANES):
        greatest = policy[PARAMETER + p]
        for c in range(1, choices):
            parameter = policy[PARAMETER + c * LANES + p]
            greatest = parameter if parameter > greatest else greatest
        total = 0.0
        # Two loops: LLVM unrolls four exps but not eight, and only what is unrolled becomes one vector loop over p.
        for c in range(4):
            weight = exp(policy[PARAMETER + c * LANES + p] - greatest)
            total += weight
            policy[WEIGHT + c * LANES + p] = weight
        for c in range(4, choices):
            weight = exp(policy[PARAMETER + c * LANES + p] - greatest)
            total += weight
            policy[WEIGHT + c * LANES + p] = weight
        word = random_word(key, step + p)
        # A number of [1, 2) made of its bits: converting integers is slow where vectors have no instruction for it.
        u = float_of((word >> np.uint64(12)) | np.uint64(ONE_BITS)) - 1.0
        bound = u * total
        chosen = 0.0
        running = 0.0
        for c in range(choices - 1):
            running += policy[WEIGHT + c * LANES + p]
            chosen += 1.0 if running <= bound else 0.0
        share = 1.0 / total
        for c in range(choices):
            one = 1.0 if chosen == np.float64(c) else 0.0
            policy[SLOPE + c * LANES + p] = policy[WEIGHT + c * LANES + p] * share - one
        policy[CHOSEN + p] = chosen


@element
def learn(
    policy: NDArray[np.float64], size: Int, advantage: float, step_size: float, root: float
) -> None:
    """Take one step of Adam down the slope times the advantage.

    `step_size` is the learning rate / (1 - BETA1**t), `root` 1 / sqrt(1 - BETA2**t), at step t = 1, 2...
    """
    for i in range(size):
        gradient = policy[SLOPE + i] * advantage
        moment1 = BETA1 * policy[MOMENT1 + i] + (1.0 - BETA1) * gradient
        moment2 = BETA2 * policy[MOMENT2 + i] + (1.0 - BETA2) * (gradient * gradient)
        policy[MOMENT1 + i] = moment1
        policy[MOMENT2 + i] = moment2
        policy[PARAMETER + i] -= step_size * moment1 / (math.sqrt(moment2) * root + EPSILON)


@loop
def reinforce(
    problem: PackedProblem, records: RunRecords, rng_seed: np.uint64, first_run: int,
    learning_rate: float, ema_momentum: float,
) -> None:  # fmt: skip
    """Run R searches, first_run and on.

    Every position has a row of parameters, first normal numbers times 1e-3, and its choice is drawn from their softmax.
    The reward is the accuracy in percent. The baseline is a running mean n / d that has seen it already:
    n = momentum n + (1 - momentum) reward, and d likewise with 1 for the reward. The loss is the sum over positions of
    -log(probability of what was drawn) times (reward - baseline), and Adam takes one step per cell evaluated. Excluded
    cells are drawn again, and neither they nor an evaluation that the budget discards teach anything.

    Draw i uses words 8 i to 8 i + 7: the upper 52 bits of word 8 i + p choose at position p, the upper half of word
    8 i + 7 the trial. The normal numbers use words 2**40 and on (`fill_normals`), position after position.

    Sources: Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning"
    (1992); NAS-Bench-201 (ICLR 2020), "REINFORCE"; Kingma and Ba, "Adam" (ICLR 2015), with bias corrections as in
    torch.optim.Adam. REQUIRES: 5 or 8 choices, at most 7 positions; 0 <= ema_momentum < 1; parameters stay finite.
    """
    problem = borrowed(problem)
    records = borrowed(records)
    full = problem.answers[-1]
    trials = problem.trials
    positions = problem.positions
    choices = problem.choices
    policy = np.empty(SIZE)
    normals = np.empty(positions * choices)
    for place in range(records.codes.shape[0]):
        key = run_key(rng_seed, first_run + place)
        fill_normals(key, NORMALS, normals)
        start(policy, normals, positions)
        numerator = 0.0
        denominator = 0.0
        power1 = 1.0  # BETA1**t
        power2 = 1.0
        state = fresh_run()
        while state.going:
            step = state.draws * LANES
            # The number of choices as a constant lets LLVM unroll the loops over them.
            if choices == 5:
                draw(policy, 5, key, step)
            else:
                draw(policy, 8, key, step)
            code: Int = 0
            for p in range(positions):
                code = code * choices + np.int64(policy[CHOSEN + p])
            trial = one_of(high_half(random_word(key, step + LANES - 1)), trials)
            answer = full[np.uint64(code * trials + trial)]
            missed = state.missed
            state = evaluated(problem, records, place, state, code, answer, 1)
            if state.missed == missed:
                reward = (answer >> COST_BITS) * problem.percent
                numerator = ema_momentum * numerator + (1.0 - ema_momentum) * reward
                denominator = ema_momentum * denominator + (1.0 - ema_momentum)
                power1 *= BETA1
                power2 *= BETA2
                learn(
                    policy,
                    choices * LANES,
                    reward - numerator / denominator,
                    learning_rate / (1.0 - power1),
                    1.0 / math.sqrt(1.0 - power2),
                )
        finish(problem, records, place, state)
