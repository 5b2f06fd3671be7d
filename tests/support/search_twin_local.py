"""Local search, in plain Python."""

from __future__ import annotations

from search_twin import halves, one_of

from nb201store.space import SPACES


def local_search(run):
    """Move to the best of all neighbours while it is better than the cell; then start again from a random cell."""
    problem = run.problem
    space = SPACES["tss" if problem.positions == 6 else "sss"]
    while run.going:
        upper, lower = halves(run.word(run.draws))
        code = one_of(upper, problem.cells)
        reward = run.evaluate(code, one_of(lower, problem.trials))
        while run.going and reward is not None:
            seen = []
            for neighbour in space.neighbours(code):
                _, lower = halves(run.word(run.draws))
                found = run.evaluate(neighbour, one_of(lower, problem.trials))
                if found is not None:
                    seen.append((found, neighbour))
                if not run.going:
                    return
            best, there = max(seen, key=lambda answer: answer[0], default=(-1, -1))
            if best <= reward:
                break
            code, reward = there, best
