"""Normal numbers and REINFORCE, in plain Python."""

from __future__ import annotations

import math

from nb201store.kernels import elementary

exp, log = elementary.exp.py_func, elementary.log.py_func


def unit(word):
    """[0, 1) from the upper 53 bits."""
    return (word >> 11) / 2**53


def normals(word, first):
    """Standard normal numbers without end, by Marsaglia's polar method; `word(step)` is 64 random bits."""
    while True:
        x, y = (2 * unit(word(step)) - 1 for step in (first, first + 1))
        first += 2
        square = x * x + y * y
        if 0 < square < 1:
            factor = math.sqrt(-2 * log(square) / square)
            yield x * factor
            yield y * factor


class Adam:
    """Adam for a list of numbers; step t is the t-th call."""

    def __init__(self, numbers, learning_rate):
        self.numbers = numbers
        self.learning_rate = learning_rate
        self.first = [0.0] * len(numbers)
        self.second = [0.0] * len(numbers)
        self.powers = 1.0, 1.0

    def step(self, gradients):
        """Move the numbers against their gradients."""
        self.powers = self.powers[0] * 0.9, self.powers[1] * 0.999
        step_size = self.learning_rate / (1 - self.powers[0])
        root = 1 / math.sqrt(1 - self.powers[1])
        for i, gradient in enumerate(gradients):
            self.first[i] = 0.9 * self.first[i] + (1 - 0.9) * gradient
            self.second[i] = 0.999 * self.second[i] + (1 - 0.999) * (gradient * gradient)
            down = math.sqrt(self.second[i]) * root + 1e-8
            self.numbers[i] -= step_size * self.first[i] / down


def softmax_draw(logits, u):
    """(probabilities, choice) of one position."""
    weights = [exp(x - max(logits)) for x in logits]
    sums = []
    for weight in weights:
        sums.append(weight + sums[-1] if sums else weight)
    share = 1 / sums[-1]
    choice = sum(s <= u * sums[-1] for s in sums[:-1])
    return [weight * share for weight in weights], choice


def reinforce(run, learning_rate=0.01, ema_momentum=0.9):
    """A policy of independent softmaxes, one step of Adam per cell; its logits are left on `run`."""
    problem = run.problem
    positions, choices = problem.positions, problem.choices
    source = normals(run.word, 2**40)
    logits = [1e-3 * next(source) for _ in range(positions * choices)]
    run.first_logits = list(logits)
    run.logits = logits
    adam = Adam(logits, learning_rate)
    numerator = denominator = 0.0
    while run.going:
        step = 8 * run.draws
        gradients, code = [], 0
        for p in range(positions):
            u = (run.word(step + p) >> 12) / 2**52
            shares, choice = softmax_draw(logits[p * choices : (p + 1) * choices], u)
            gradients += [share - (c == choice) for c, share in enumerate(shares)]
            code = code * choices + choice
        reward = run.evaluate(code, (run.word(step + 7) >> 32) * problem.trials >> 32)
        if reward is None:
            continue
        percent = reward * problem.percent
        numerator = ema_momentum * numerator + (1 - ema_momentum) * percent
        denominator = ema_momentum * denominator + (1 - ema_momentum)
        advantage = percent - numerator / denominator
        adam.step([gradient * advantage for gradient in gradients])
