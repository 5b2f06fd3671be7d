"""Best so far by simulated seconds, against the traces of all runs and numpy's own quantiles."""

from __future__ import annotations

import numpy as np
import pytest
from made_results import made_result

import nb201store as nb
from nb201store import search

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.999, 1.0)


def best_so_far(result, times_s):
    """The best cell of every run at each time, int [R, G]; -1 before its first evaluation."""
    traces = result.traces
    out = np.full((len(traces.codes), len(times_s)), -1)
    for run, count in enumerate(traces.evaluations):
        clocks, rewards = traces.clock_s[run, :count], traces.rewards[run, :count]
        for place, time in enumerate(times_s):
            done = int(np.searchsorted(clocks, time, side="right"))
            if done:
                out[run, place] = traces.codes[run, np.argmax(rewards[:done])]
    return out


def compare(result, bench, dataset, split) -> None:
    found = result.over_time(dataset, split, quantiles=QUANTILES)
    accuracies = bench.accuracy(np.arange(15_625), dataset, split, schedule=200, seed="mean")
    best = best_so_far(result, found.times_s)
    assert found.n.tolist() == (best >= 0).sum(axis=0).tolist()
    for place in range(len(found.times_s)):
        values = accuracies[best[best[:, place] >= 0, place]]
        if len(values):
            assert found.mean[place] == pytest.approx(values.mean(), abs=1e-12)
            assert found.std[place] == pytest.approx(values.std(), abs=1e-12)
            expected = np.quantile(values, QUANTILES, method="inverted_cdf")
            assert np.array_equal(found.values[:, place], expected)
        else:
            assert np.isnan([found.mean[place], found.std[place], *found.values[:, place]]).all()


def test_it_follows_from_the_traces(made, either) -> None:
    compare(either, made, "cifar100", "x-test")
    assert len(either.over_time().times_s) == 150


@pytest.mark.parametrize("grid", [1, 7, 400])
def test_whatever_the_grid(made, grid) -> None:
    result = search.run("rea", made, preset="nas-bench-201", runs=70, rng_seed=4, traces=70, grid=grid)  # fmt: skip
    found = result.over_time()
    assert found.times_s.tolist() == [12_000_000_000 * (g + 1) // grid / 1e6 for g in range(grid)]
    compare(result, made, "cifar10-valid", "x-valid")


def test_its_last_time_is_the_summary(discarded) -> None:
    found = discarded.over_time("ImageNet16-120", "x-test")
    column = discarded.summary()["ImageNet16-120", "x-test"]
    assert found.times_s[-1] == 12_000.0
    assert (found.mean[-1], found.std[-1], found.n[-1]) == (column.mean, column.std, column.n)


def test_early_on_only_runs_that_have_a_cell_count(discarded) -> None:
    n = discarded.over_time().n
    assert 0 < n[0] < n[1] < 300
    assert n[-1] == 300


def test_the_column_is_the_validation_accuracy_of_what_was_searched(discarded, overshot) -> None:
    found = discarded.over_time()
    assert (found.dataset, found.split, found.schedule) == ("cifar10-valid", "x-valid", 200)
    found = overshot.over_time()
    assert (found.dataset, found.split) == ("cifar100", "x-valid")
    assert overshot.over_time(split="x-test").split == "x-test"
    assert overshot.over_time("cifar10").split == "ori-test"
    assert overshot.over_time().quantiles == (0.25, 0.5, 0.75)


def test_it_is_exact_for_numbers_put_together_by_hand() -> None:
    """Two runs find cell 0 (10 %), one goes on to cell 2 (30 %); the row after the grid lies after the budget."""
    changes = [[0, 0, 0, 0], [2, 0, 0, 0], [-1, 0, 1, 0], [-1, 1, 0, 0]]
    found = made_result([1, 2], changes=changes).over_time(quantiles=[0.5, 0.51])
    assert found.times_s.tolist() == [1.0, 2.0, 3.0]
    assert found.n.tolist() == [0, 2, 2]
    assert np.isnan(found.mean[0])
    assert found.mean[1:].tolist() == [10.0, 20.0]
    assert found.std[1:].tolist() == [0.0, 10.0]
    assert found.values[:, 1:].tolist() == [[10.0, 10.0], [10.0, 30.0]]


def test_a_search_without_a_grid_says_what_to_do(made) -> None:
    result = search.run("random", made, preset="nas-bench-201", runs=2, rng_seed=0, grid=0)
    with pytest.raises(nb.SettingsError, match="grid=150"):
        result.over_time()
    assert '"over_time": null' in result.to_json()


@pytest.mark.parametrize("bad", [-0.1, 1.1, "half", True, float("nan")])
def test_quantiles_are_numbers_from_0_to_1(discarded, bad) -> None:
    with pytest.raises(nb.SettingsError, match="quantiles must be numbers between 0 and 1"):
        discarded.over_time(quantiles=[0.5, bad])
    with pytest.raises(nb.SettingsError, match="the report has no column 'toy'"):
        discarded.over_time("toy")
