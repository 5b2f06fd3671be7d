"""The two ways in Python follow the rules of the kernels, number by number; what is no algorithm is refused."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
import search_twin
from search_problems import packed, records
from search_twin import Run, best_counts
from search_twin_random import random_search

from nb201store import search
from nb201store.errors import SettingsError
from nb201store.kernels.search_problem import COST_BITS
from nb201store.search import episode as episodes
from nb201store.search import side_by_side
from nb201store.search.runner import run_blocks
from nb201store.space import SPACES

GRID = 12
RECORDS = (
    "codes", "evaluations", "clocks", "stranded", "around", "nearest_share", "changes", "trace_clocks", "trace_codes",
    "trace_rewards",
)  # fmt: skip


class RandomCells:
    """Random search with the words of the kernel."""

    def __init__(self, space, draws):
        self.space, self.draws = space, draws

    def ask(self):
        return self.draws.below(self.space.cells)

    def tell(self, codes, rewards, counted):
        pass


def random_cells(episode):
    while True:
        episode.evaluate(episode.random.below(episode.space.cells))


@contextlib.contextmanager
def registered(how, what, **more):
    algorithm = how("own", what, **more)
    try:
        yield algorithm
    finally:
        search.unregister("own")


def ran(algorithm, problem, runs=150, longest=300, **parameters):
    out = records(problem, runs, grid=GRID, longest=longest)
    algorithm.run_block(problem, out, 3, 10, parameters)
    return out


WAYS = [
    pytest.param(search.register_ask_tell, RandomCells, id="ask-tell"),
    pytest.param(search.register_function, random_cells, id="function"),
]


@pytest.mark.parametrize(("how", "what"), WAYS)
@pytest.mark.parametrize("excluded", [0.0, 0.5])
@pytest.mark.parametrize("overshoot", [0, 1])
@pytest.mark.parametrize("budget_s", [3000.0, 150.0])
def test_random_search_is_the_kernels_own(how, what, overshoot, excluded, budget_s) -> None:
    problem = packed(
        np.random.default_rng(1), trials=1, overshoot=overshoot, excluded=excluded, budget_s=budget_s
    )  # fmt: skip
    kernel = ran(search.ALGORITHMS["random"], problem)
    with registered(how, what) as algorithm:
        own = ran(algorithm, problem)
    for name in RECORDS:
        np.testing.assert_array_equal(getattr(own, name), getattr(kernel, name), err_msg=name)
    assert (own.evaluations < 2).any() == (
        budget_s == 150.0
    )  # where the value at the budget has one neighbour alone


@pytest.mark.parametrize(("how", "what"), WAYS)
@pytest.mark.parametrize("overshoot", [0, 1])
def test_trials_are_drawn_from_the_runs_second_stream(how, what, overshoot) -> None:
    problem = packed(np.random.default_rng(1), trials=3, overshoot=overshoot, excluded=0.1)
    with registered(how, what) as algorithm:
        own = ran(algorithm, problem, runs=60)
    twins = []
    for place in range(60):
        twin, draws = Run(problem, 3, 10 + place), search.RunRandom(3, 10 + place)
        while twin.going:
            trial = draws.trial(twin.draws, 3)
            twin.evaluate(draws.below(problem.cells), trial)
        n = own.evaluations[place]
        columns = (own.trace_clocks, own.trace_codes, own.trace_rewards)
        assert (
            list(zip(*(column[place, :n].tolist() for column in columns), strict=True))
            == twin.trace
        )
        if overshoot:
            around, share = twin.at_budget()
            assert (tuple(own.around[place]), own.nearest_share[place]) == (
                around,
                np.float32(share),
            )
        twins.append(twin)
    counts = own.changes.cumsum(axis=0)[:-1]
    assert [dict(row) for row in best_counts(twins, GRID)] == [
        {int(code): int(row[code]) for code in np.flatnonzero(row)} for row in counts
    ]


def test_both_ways_tell_percent_and_nan_where_nothing_was_evaluated() -> None:
    problem = packed(np.random.default_rng(2), trials=1, excluded=0.5, budget_s=1500.0)
    told = []

    class Listens(RandomCells):
        def tell(self, codes, rewards, counted):
            told.append((codes, rewards, counted))

    heard = []

    def listens(episode):
        while True:
            code = episode.random.below(episode.space.cells)
            heard.append((code, episode.evaluate(code)))

    with registered(search.register_ask_tell, Listens) as algorithm:
        out = ran(algorithm, problem, runs=3)
    with registered(search.register_function, listens) as algorithm:
        ran(algorithm, problem, runs=3)
    codes, rewards, counted = (np.array(column) for column in zip(*told, strict=True))
    assert (np.isnan(rewards) == ~counted).all()
    assert counted.sum(axis=0).tolist() == out.evaluations.tolist()
    hits = problem.answers[0, codes[counted]] >> COST_BITS
    np.testing.assert_allclose(rewards[counted], hits / 250.0, rtol=1e-15)
    assert 0 < np.isnan([reward for _, reward in heard]).mean() < 1
    answered = [reward for _, reward in heard if not math.isnan(reward)]
    assert sorted(answered) == sorted(rewards[counted].tolist())


def test_an_episode_says_how_it_stands() -> None:
    problem = packed(np.random.default_rng(3), trials=1, overshoot=1, budget_s=1000.0)
    seen = []

    def looks(episode):
        assert episode.best is None
        assert math.isnan(episode.best_reward)
        while episode.going:
            code = np.int16(episode.random.below(episode.space.cells))  # what indexing arrays gives
            seen.append((episode.evaluate(code), int(code), episode.clock_s, episode.going))
            best = max(seen, key=lambda entry: entry[0])
            assert (episode.best_reward, episode.best) == best[:2]
        assert episode.space.budget_s == 1000.0

    with registered(search.register_function, looks) as algorithm:
        out = ran(algorithm, problem, runs=1)
    assert [clock for _, _, clock, _ in seen] == (out.trace_clocks[0, : len(seen)] / 1e6).tolist()
    assert [going for *_, going in seen] == [True] * (len(seen) - 1) + [False]
    assert seen[-2][2] < 1000.0 <= seen[-1][2]


def test_a_spent_budget_ends_even_a_search_that_catches_every_exception() -> None:
    problem = packed(np.random.default_rng(3), budget_s=500.0)

    def stubborn(episode):
        while True:
            with contextlib.suppress(Exception):
                episode.evaluate(0)

    with registered(search.register_function, stubborn) as algorithm:
        out = ran(algorithm, problem, runs=3)
    assert (out.codes == 0).all()
    assert (out.evaluations > 0).all()


def test_an_episode_that_is_over_answers_nothing_more() -> None:
    problem = packed(np.random.default_rng(3), budget_s=500.0)
    raised = []

    def insists(episode):
        for _ in range(1000):
            try:
                episode.evaluate(0)
            except search.BudgetSpent:
                raised.append(episode.going)

    with registered(search.register_function, insists) as algorithm:
        out = ran(algorithm, problem, runs=1)
    assert out.evaluations[0] + len(raised) == 1000
    assert set(raised) == {False}
    assert out.clocks[0] <= problem.budget


def test_a_function_may_return_early_and_even_evaluate_nothing() -> None:
    problem = packed(np.random.default_rng(3), overshoot=1)

    def lazy(episode, cells):
        for code in range(cells):
            episode.evaluate(code)

    with registered(search.register_function, lazy) as algorithm:
        none, one, two = (ran(algorithm, problem, runs=2, cells=cells) for cells in range(3))
    assert (none.codes.tolist(), none.clocks.tolist()) == ([-1, -1], [0, 0])
    assert (none.around.tolist(), none.nearest_share.tolist()) == ([[-1, -1]] * 2, [1.0, 1.0])
    assert (one.codes.tolist(), one.evaluations.tolist()) == ([0, 0], [1, 1])
    assert (one.around.tolist(), one.nearest_share.tolist()) == ([[0, 0]] * 2, [1.0, 1.0])
    # Nothing is drawn on from two evaluations to a budget that they did not reach.
    assert two.around.tolist() == [[code, code] for code in two.codes.tolist()]
    assert two.nearest_share.tolist() == [1.0, 1.0]
    assert not any(out.stranded.any() for out in (none, one, two))


def test_an_early_epoch_costs_its_own_and_need_not_be_ranked() -> None:
    problem = packed(np.random.default_rng(4), trials=1, fidelities=3)

    def tries(episode, ranked):
        episode.evaluate(5, epoch=0, ranked=bool(ranked))
        episode.evaluate(6, epoch=3, ranked=bool(ranked))
        episode.evaluate(7)

    with registered(search.register_function, tries, epochs=(0, 3, 11)) as algorithm:
        assert algorithm.epochs(None, {}) == (0, 3, 11)
        all_ranked, last_alone = (ran(algorithm, problem, runs=1, ranked=r) for r in (1, 0))
    answers = [problem.answers[row, code] for row, code in ((0, 5), (1, 6), (2, 7))]
    for out in (all_ranked, last_alone):
        assert out.trace_codes[0, :3].tolist() == [5, 6, 7]
        assert (
            out.trace_clocks[0, :3].tolist()
            == np.cumsum([a % 2**COST_BITS for a in answers]).tolist()
        )
        assert out.trace_rewards[0, :3].tolist() == [a >> COST_BITS for a in answers]
    assert all_ranked.codes[0] == [5, 6, 7][np.argmax([a >> COST_BITS for a in answers])] != 7
    assert last_alone.codes[0] == 7
    assert last_alone.changes.sum(axis=0)[[5, 6, 7]].tolist() == [0, 0, 1]


def test_an_epoch_that_was_not_registered_is_refused() -> None:
    problem = packed(np.random.default_rng(4))
    for epochs, known in (((), "none, since none were registered"), ((0, 11), "0, 11")):
        with (
            registered(
                search.register_function, lambda e: e.evaluate(0, epoch=5), epochs=epochs
            ) as algorithm,
            pytest.raises(SettingsError, match=f"^epoch must be one of {known}, found 5$"),
        ):
            ran(algorithm, problem, runs=1)


@pytest.mark.parametrize("code", [-1, 15_625, 2.0, True, "3", None])
def test_an_episode_refuses_what_is_no_cell(code) -> None:
    problem = packed(np.random.default_rng(4))
    with (
        registered(search.register_function, lambda e: e.evaluate(code)) as algorithm,
        pytest.raises(
            SettingsError, match=f"^code must be an integer, 0 to 15624, found {code!r}$"
        ),
    ):
        ran(algorithm, problem, runs=1)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (np.zeros, r"integers, one cell a run, found float64 of shape \(3,\)"),
        (lambda n: np.zeros(n, bool), r"integers, one cell a run, found bool of shape \(3,\)"),
        (
            lambda n: np.zeros(n - 1, int),
            r"array of 3 integers, one cell a run, found int64 of shape \(2,\)",
        ),
        (lambda n: 5, r"array of 3 integers, one cell a run, found int64 of shape \(\)"),
        (lambda n: None, r"array of 3 integers, one cell a run, found object of shape \(\)"),
        (lambda n: np.array([0, -1, 2]), r"codes 0\.\.15624, found -1$"),
        (lambda n: [0, 1, 15_625], r"codes 0\.\.15624, found 15625$"),
    ],
)
def test_what_is_asked_must_be_a_cell_of_each_run(asked, message) -> None:
    class Wrong(RandomCells):
        def ask(self):
            return asked(self.draws.runs)

    with (
        registered(search.register_ask_tell, Wrong) as algorithm,
        pytest.raises(SettingsError, match=r"^own: ask\(\) must return .*" + message),
    ):
        ran(algorithm, packed(np.random.default_rng(4)), runs=3)


def test_blocks_of_a_class_are_worth_a_call_of_numpy() -> None:
    sizes = []

    class Counts(RandomCells):
        def __init__(self, space, draws):
            super().__init__(space, draws)
            sizes.append(draws.runs)

    problem = packed(np.random.default_rng(1), budget_s=400.0)
    with registered(search.register_ask_tell, Counts) as algorithm:
        for runs in (100, 9000):
            assert run_blocks(algorithm, problem, runs, 0, {}, threads=2).done == runs
    assert sizes[:2] == [100, 4096]
    assert sum(sizes) == 9100


@pytest.mark.parametrize(("how", "what"), WAYS)
def test_a_run_gives_up_among_cells_that_take_no_part(how, what, monkeypatch) -> None:
    for module in (side_by_side, episodes, search_twin):
        monkeypatch.setattr(module, "MOST_SKIPS", 40)
    problem = packed(np.random.default_rng(1), trials=1, excluded=0.9)
    with registered(how, what) as algorithm:
        out = ran(algorithm, problem, runs=80)
    twins = search_twin.search(random_search, problem, 3, range(10, 90))
    assert out.stranded.tolist() == [twin.stranded for twin in twins]
    assert out.clocks.tolist() == [twin.clock for twin in twins]
    assert 10 < out.stranded.sum() < 70


@pytest.mark.parametrize("name", ["tss", "sss"])
def test_the_cells_may_be_known_by_their_digits(name) -> None:
    spaces = []
    with registered(search.register_function, lambda e: spaces.append(e.space)) as algorithm:
        ran(algorithm, packed(np.random.default_rng(1), space=name), runs=1)
    (space,) = spaces
    codes = np.arange(space.cells)
    np.testing.assert_array_equal(space.ops, SPACES[name].ops(codes))
    np.testing.assert_array_equal(space.codes(space.ops), codes)
    assert (space.positions, space.choices) == {"tss": (6, 5), "sss": (5, 8)}[name]
    assert space.unit_percent == 100 / 25_000
    assert not space.ops.flags.writeable


HOW = [search.register_ask_tell, search.register_function, search.register_kernel]


@pytest.mark.parametrize("how", HOW)
def test_a_name_is_taken_once_and_free_again_when_forgotten(how) -> None:
    with pytest.raises(
        SettingsError,
        match=r"^an algorithm called random exists already; choose another name, or un",
    ):
        how("random", print)
    with registered(how, print) as algorithm:
        assert search.ALGORITHMS["own"] is algorithm
        with pytest.raises(SettingsError, match=r"^an algorithm called own exists already"):
            how("own", print)
    assert "own" not in search.ALGORITHMS
    with pytest.raises(
        SettingsError, match=r"^algorithm must be one of random, rea.*, found 'own'$"
    ):
        search.unregister("own")


def test_a_kernel_is_called_with_its_parameters_in_order() -> None:
    problem = packed(np.random.default_rng(1))
    calls = []
    parameters = [search.Parameter("second", 2, ""), search.Parameter("first", 0.5, "")]
    with registered(
        search.register_kernel, lambda *words: calls.append(words), parameters=parameters
    ) as algorithm:
        algorithm.run_block(problem, "records", 3, 10, algorithm.checked({"first": 1}))
        assert algorithm.epochs is None
    assert calls == [(problem, "records", np.uint64(3), 10, 2, 1.0)]
    assert type(calls[0][2]) is np.uint64
    with registered(search.register_kernel, print, epochs=[0, 11]) as algorithm:
        assert algorithm.epochs(None, {}) == (0, 11)


@pytest.mark.parametrize("how", HOW)
def test_what_cannot_be_an_algorithm_is_refused(how) -> None:
    with pytest.raises(SettingsError, match=r"^own: what runs must be callable, found 5$"):
        how("own", 5)
    for name in ("", 3, None):
        with pytest.raises(SettingsError, match=rf"^name must be a word, found {name!r}$"):
            how(name, print)
    assert "own" not in search.ALGORITHMS


@pytest.mark.parametrize("how", HOW[1:])
@pytest.mark.parametrize("epochs", [(3, 0), (0, 0), (-1,), (0.5,), ("a",)])
def test_epochs_ascend(how, epochs) -> None:
    with pytest.raises(
        SettingsError, match=r"^epochs must be integers, 0 or more, ascending, found"
    ):
        how("own", print, epochs=epochs)


def test_run_takes_an_algorithm_itself_and_an_error_of_it_reaches_the_caller(search_image) -> None:
    import nb201store as nb

    def fails(episode, patience):
        while True:
            episode.evaluate(0)
            if episode.clock_s > patience:
                raise ZeroDivisionError("impatient")

    patience = search.Parameter("patience", 1.0, "seconds", least=0.0)
    with registered(search.register_function, fails, parameters=(patience,)) as algorithm:
        pass
    with nb.open(search_image) as bench:
        words = {"dataset": "cifar10-valid", "budget_s": 3000, "runs": 3, "rng_seed": 0}
        with pytest.raises(ZeroDivisionError, match="impatient"):
            search.run(algorithm, bench, **words)
        assert (search.run(algorithm, bench, **words, patience=1e9).codes == 0).all()
