"""Work on threads: order, errors and how far ahead it runs do not depend on timing."""

from __future__ import annotations

import threading
import time

import pytest

from nb201store.threads import Workers, made_ahead


def test_what_is_made_ahead_comes_in_order() -> None:
    def make(item: int) -> int:
        time.sleep(0.002 * (item % 3))  # later ones are done first
        return item * item

    assert list(made_ahead(make, range(40), threads=4)) == [item * item for item in range(40)]


def test_an_error_comes_in_its_place_and_begins_no_more() -> None:
    begun = []

    def make(item: int) -> int:
        begun.append(item)
        if item in (5, 6):
            raise ValueError(f"item {item}")
        return item

    ahead = made_ahead(make, range(1000), threads=3)
    assert [next(ahead) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="item 5"):
        next(ahead)
    assert len(begun) <= 5 + 1 + 2 * 3 + 1


def test_no_more_is_made_ahead_than_a_few() -> None:
    begun = []
    ahead = made_ahead(begun.append, range(1000), threads=2)
    next(ahead)
    ahead.close()
    assert len(begun) <= 1 + 2 * 2
    count = len(begun)
    assert not [t for t in threading.enumerate() if t.name.startswith("nb201store")]
    assert len(begun) == count


def test_workers_do_all_work_and_raise_what_failed_first() -> None:
    done = []
    with Workers(3) as workers:
        for item in range(50):
            workers.run(lambda item=item: done.append(item))
        workers.finish()
        assert sorted(done) == list(range(50))

        def fail(item: int) -> None:
            time.sleep(0.01 if item == 0 else 0.0)
            raise ValueError(f"item {item}")

        for item in range(4):
            workers.run(lambda item=item: fail(item))
        with pytest.raises(ValueError, match="item 0"):
            workers.finish()


def test_leaving_workers_waits_for_what_is_being_done() -> None:
    done = []
    begun = threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(0.05)
        done.append(True)

    with Workers(1) as workers:
        workers.run(work)
        begun.wait()
    assert done == [True]
