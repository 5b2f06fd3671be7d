"""The harness: rounds alternate, quartiles are right, answers are held against ours."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import pytest
from nb201bench import page_cache, processes
from nb201bench.harness import Case, Contender, Disagreement, Workload, measure, quartiles
from nb201bench.units import bytes_text, rate_text, seconds_text

WORKLOAD = Workload("point", "nothing", lambda _: [])


def run(*contenders, rounds=3):
    return measure(Case("case", list(contenders)), WORKLOAD, rounds)


def test_rounds_alternate_and_the_first_goes_round() -> None:
    log = []
    contenders = [
        Contender(name, lambda name=name: log.append(name) or [1.0], role=role)
        for name, role in (("a", "ours"), ("b", "baseline"), ("c", "floor"))
    ]
    result = run(*contenders)
    assert "".join(log) == "abc" + "abc" + "bca" + "cab"  # the warm-up, then three rounds
    assert [timing["agrees"] for timing in result.timings] == ["exactly, 1 answers"] * 2 + [""]


def test_preparation_is_not_timed(monkeypatch) -> None:
    now = 0.0

    def pass_time(seconds):
        nonlocal now
        now += seconds
        return [1.0]

    monkeypatch.setattr("nb201bench.harness.time.perf_counter", lambda: now)
    slow = Contender("a", lambda: pass_time(1.0), role="ours", before=lambda: pass_time(100.0))
    (timing,) = run(slow).timings
    assert timing["first"] == timing["q3"] == 1.0


def test_processor_time_counts_work_and_not_waiting() -> None:
    def work():
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
        return [1.0]

    def child():
        script = "import time\nwhile time.process_time() < 0.05: pass"
        subprocess.run([sys.executable, "-c", script], check=True)
        return [1.0]

    def wait():
        time.sleep(0.02)
        return [1.0]

    contenders = [Contender("a", work, role="ours"), Contender("b", child), Contender("c", wait)]
    busy, spawned, waited = (timing["cpu"] for timing in run(*contenders, rounds=1).timings)
    assert busy >= 0.02
    assert spawned >= 0.05
    assert waited < 0.02


def test_quartiles_lie_between_their_neighbours() -> None:
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)
    assert quartiles([4.0, 1.0, 2.0, 3.0]) == (1.75, 2.5, 3.25)
    assert quartiles([7.0]) == (7.0, 7.0, 7.0)


@pytest.mark.parametrize(
    ("theirs", "tolerance", "said"),
    [
        ([1.0, np.nan], 0.0, "exactly, 2 answers"),
        ([1.0], 0.0, "exactly, 1 answers"),  # asked the first question only
        ([1.0 + 1e-13, np.nan], 1e-12, "to 1e-12, 2 answers"),
    ],
)
def test_agreement_is_told(theirs, tolerance, said) -> None:
    ours = Contender("a", lambda: [1.0, np.nan], role="ours")
    result = run(ours, Contender("b", lambda: theirs, tolerance=tolerance))
    assert result.timings[1]["agrees"] == said


@pytest.mark.parametrize(
    "theirs", [[1.0, 0.0], [1.0 + 1e-13, np.nan], [np.nan, np.nan], [], [1.0, np.nan, 1.0]]
)
def test_disagreement_is_an_error(theirs) -> None:
    ours = Contender("a", lambda: [1.0, np.nan], role="ours")
    with pytest.raises(Disagreement, match="point, case, b: "):
        run(ours, Contender("b", lambda: theirs))


def test_a_case_without_ours_is_an_error() -> None:
    with pytest.raises(Disagreement, match="no contender is ours"):
        run(Contender("b", lambda: [1.0]))


def test_a_file_leaves_the_page_cache_and_returns(tmp_path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1 << 20))
    assert page_cache.resident(path) == 1.0
    page_cache.flush(path)
    page_cache.drop(path)
    cold = page_cache.resident(path)
    if cold == 1.0:
        pytest.skip("this file system keeps its pages, as tmpfs does")
    assert cold == 0.0
    path.read_bytes()
    assert page_cache.resident(path) == 1.0


def test_units() -> None:
    assert [seconds_text(s) for s in (2.0, 1.5e-3, 123e-6, 12.34e-9, 0.05e-9)] == [
        "2.00 s", "1.50 ms", "123 us", "12.3 ns", "0.05 ns",
    ]  # fmt: skip
    assert [rate_text(s) for s in (0.375e-6, 50e-6, 0.04)] == [
        "160 M/min", "1.20 M/min", "0.00150 M/min",
    ]  # fmt: skip
    assert [bytes_text(b) for b in (448_700_000, 4096, 12)] == ["449 MB", "4.10 kB", "12 bytes"]


def test_peak_memory_is_that_of_the_script_and_not_of_the_process_that_asks() -> None:
    ours = bytearray(200_000_000)
    plain = processes.peak_memory("pass")
    assert plain < len(ours)
    # Given back at once, but it was there.
    assert 70e6 < processes.peak_memory("bytes(bytearray(70_000_000))") - plain < 150e6


def test_a_waiting_process_answers_once_prepared_and_starts_anew() -> None:
    waiting = processes.Waiting(
        [sys.executable], "word = sys.argv[1]", "print(word); word = 'used'", ["a"]
    )
    for _ in range(2):
        waiting.start()
        assert waiting.answer() == "a\n"
    waiting.close()


def test_a_waiting_process_that_fails_is_told() -> None:
    waiting = processes.Waiting([sys.executable], "sys.exit(3)", "", [])
    with pytest.raises(RuntimeError, match="did not start: it ended with 3"):
        waiting.start()
    waiting.close()
