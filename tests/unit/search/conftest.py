"""One store of invented numbers, and the searches that several tests look at."""

from __future__ import annotations

import pytest

import nb201store as nb
from nb201store import search

RUNS = 300


@pytest.fixture(scope="session")
def made(search_image):
    """A store of every cell."""
    with nb.open(search_image) as store:
        yield store


@pytest.fixture(scope="session")
def discarded(made):
    """300 runs of evolution by NAS-Bench-201's rules, all of them traced."""
    return search.run("rea", made, preset="nas-bench-201", runs=RUNS, rng_seed=1, traces=RUNS)


@pytest.fixture(scope="session")
def overshot(made):
    """300 runs of random search by NATS-Bench's rules, all of them traced."""
    return search.run(
        "random", made, preset="nats-bench", dataset="cifar100", runs=RUNS, rng_seed=2, traces=RUNS
    )


@pytest.fixture(params=["discarded", "overshot"])
def either(request):
    """Each of the two in turn."""
    return request.getfixturevalue(request.param)
