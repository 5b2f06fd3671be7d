"""BOHB in plain Python: lists, sorts and loops, written from NASBENCH201 4.5 and hpbandster's own code."""

from __future__ import annotations

import math

from search_twin import halves, one_of

from nb201store.space import SPACES

ITERATIONS = {"nas-bench-201": 50, "nats-bench": 300}
RATIO = {"nas-bench-201": 200 / 12, "nats-bench": 12.0}


class Over(Exception):
    """Nothing more is evaluated."""


def inverse_root(n, degree):
    """n ** (-1 / degree) by Newton's iteration."""
    roots = [1.0 + (n - 1) / degree]
    while len(roots) < 2 or roots[-1] < roots[-2]:
        roots.append(
            ((degree - 1) * roots[-1] + n / math.prod([roots[-1]] * (degree - 1))) / degree
        )
    return 1.0 / roots[-2]


def divided(a, b):
    """a / b as IEEE 754 has it, for a >= 0."""
    return a / b if b else (math.inf if a else math.nan)


class Density:
    """The product kernel of unordered categorical data."""

    def __init__(self, rows, least):
        self.rows = rows
        n = len(rows)
        power = inverse_root(n, 4 + len(rows[0]))
        self.bandwidths = []
        self.levels = []
        for column in zip(*rows, strict=True):
            spread = math.sqrt(n * sum(v * v for v in column) - sum(column) ** 2) / n
            self.bandwidths.append(max(1.06 * spread * power, least))
            self.levels.append(len(set(column)))

    def __call__(self, point):
        total = 0.0
        for row in self.rows:
            product = 1.0
            for mine, its, h, c in zip(point, row, self.bandwidths, self.levels, strict=True):
                product *= 1.0 - h if mine == its else divided(h, c - 1)
            total += product
        return total / len(self.rows)


class Generator:
    """hpbandster's config generator: results by budget, and models of them."""

    def __init__(self, space, top_percent, num_samples, random_fraction, min_bandwidth):
        self.space = space
        self.top_percent = top_percent
        self.num_samples = num_samples
        self.random_fraction = random_fraction
        self.min_bandwidth = min_bandwidth
        self.results = {}
        self.models = {}

    def new_result(self, budget, code, reward):
        """Learn from an evaluation."""
        if self.models and max(self.models) > budget:
            return
        found = self.results.setdefault(budget, [])
        found.append((-reward, self.space.ops(code)))
        n, dimensions = len(found), self.space.positions
        least = dimensions + 1
        if n < least:
            return
        n_good = max(least, self.top_percent * n // 100)
        n_bad = max(least, (100 - self.top_percent) * n // 100)
        rows = [list(ops) for _, ops in sorted(found, key=lambda result: result[0])]
        good, bad = rows[:n_good], rows[n_good : n_good + n_bad]
        if min(len(good), len(bad)) > dimensions:
            self.models[budget] = [Density(part, self.min_bandwidth) for part in (good, bad)]

    def proposal(self, words):
        """A code, or None for a uniform draw."""
        if not self.models or (next(words) >> 11) / 2**53 < self.random_fraction:
            return None
        good, bad = self.models[max(self.models)]
        choices = len(self.space.choices)
        best, chosen = math.inf, None
        for _ in range(self.num_samples):
            point = []
            datum = good.rows[one_of(halves(next(words))[0], len(good.rows))]
            for value, h in zip(datum, good.bandwidths, strict=True):
                upper, lower = halves(next(words))
                point.append(value if upper / 2**32 < 1 - h else one_of(lower, choices))
            l_x, g_x = good(point), bad(point)
            ratio = divided(max(1e-32, g_x), max(l_x, 1e-32))
            if not math.isfinite(ratio) and math.isfinite(l_x):
                chosen = point
                break
            if ratio < best:
                best, chosen = ratio, point
        return None if chosen is None else self.space.from_ops(chosen)


def bohb(run, form, iterations, eta, top_percent, num_samples, random_fraction, min_bandwidth):
    """Brackets until the time is spent; then NATS-Bench's form looks one evaluation ahead."""
    problem = run.problem
    space = SPACES["tss" if problem.positions == 6 else "sss"]
    generator = Generator(space, top_percent, num_samples, random_fraction, min_bandwidth)
    width = 2 + num_samples * (1 + space.positions)
    budgets = 1 + max(k for k in range(10) if eta**k <= RATIO[form])
    fidelities = range(len(problem.answers))
    step = 0
    run.later = []

    def evaluated(budget, code):
        """(code, reward) of `code`, or of a new one, at a budget."""
        nonlocal step
        while True:
            if not run.going and (run.later or run.stranded or not looks_ahead):
                raise Over
            block = map(run.word, range(step * width, (step + 1) * width))
            step += 1
            upper, lower = halves(next(block))
            trial = one_of(lower, problem.trials)
            wanted = code
            if wanted is None:
                wanted = generator.proposal(block)
            if wanted is None:
                wanted = one_of(upper, problem.cells)
            fidelity = fidelities[budget] if len(fidelities) > 1 else 0
            if run.going:
                ranked = form == "nats-bench" or budget == budgets - 1
                reward = run.evaluate(wanted, trial, fidelity=fidelity, ranked=ranked)
            elif answer := run.answer(wanted, trial, fidelity):
                reward, cost = answer
                better = reward > run.best_reward
                run.later = [(run.clock + cost, wanted if better else run.best_code)]
            else:
                reward = None
            if reward is not None:
                generator.new_result(budget, wanted, reward)
                return wanted, reward

    looks_ahead = bool(problem.overshoot) and form == "nats-bench"
    try:
        for iteration in range(iterations or ITERATIONS[form]):
            s = budgets - 1 - iteration % budgets
            n0 = math.floor(budgets / (s + 1)) * eta**s
            codes = [None] * n0
            for rung in range(s + 1):
                codes = codes[: max(n0 // eta**rung, 1)]
                done = [evaluated(budgets - 1 - s + rung, code) for code in codes]
                best = sorted(range(len(done)), key=lambda place: -done[place][1])
                kept = sorted(best[: n0 // eta ** (rung + 1)])
                codes = [done[place][0] for place in kept]
    except Over:
        pass
