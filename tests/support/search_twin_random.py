"""Random search and ageing evolution, in plain Python."""

from __future__ import annotations

from search_twin import halves, one_of, rest_of

from nb201store.space import EDGES, SPACES


def random_search(run):
    """Uniform cells until the budget is spent."""
    while run.going:
        upper, lower = halves(run.word(run.draws))
        run.evaluate(one_of(upper, run.problem.cells), one_of(lower, run.problem.trials))


def mutations(space):
    """Equally likely (position, choice) of a mutation: by node, then edge, in tss; by position in sss."""
    if space == "tss":
        return [
            (edge, k)
            for edge, (node, _) in enumerate(EDGES)
            for _ in range(6 // node)
            for k in range(4)
        ]
    return [(place, k) for place in range(5) for k in range(8)]


def rea(run, population=10, sample_size=3):
    """The oldest of `population` makes room for the mutated best of a sample."""
    problem = run.problem
    name = "tss" if problem.positions == 6 else "sss"
    space = SPACES[name]
    table = mutations(name)
    in_a_half = max(k for k in range(1, 7) if k == 1 or population**k <= 2**20)
    words = 1 + -(-sample_size // in_a_half) // 2
    members = []  # (reward, code), each in the place of the one that it followed
    oldest = 0
    while run.going:
        step = run.draws * words
        upper, lower = halves(run.word(step))
        if len(members) < population:
            code, trial = one_of(upper, problem.cells), one_of(lower, problem.trials)
        else:
            every = [lower]
            for word in range(1, words):
                every += halves(run.word(step + word))
            picks = []
            for half in every:
                left = half
                for _ in range(in_a_half):
                    picks.append(one_of(left, population))
                    left = rest_of(left, population)
            _, parent = max((members[p] for p in picks[:sample_size]), key=lambda member: member[0])
            position, choice = table[one_of(upper, len(table))]
            ops = [space.choices.index(op) for op in _choices(space, parent)]
            ops[position] = choice + (choice >= ops[position]) if name == "tss" else choice
            code = space.from_ops(ops)
            trial = one_of(rest_of(upper, len(table)), problem.trials)
        reward = run.evaluate(code, trial)
        if reward is None:
            continue
        if len(members) < population:
            members.append((reward, code))
        else:
            members[oldest] = (reward, code)
            oldest = (oldest + 1) % population


def _choices(space, code):
    return [space.choices[digit] for digit in space.ops(code)]
