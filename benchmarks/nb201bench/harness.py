"""Time contenders for one question in alternating rounds, and hold their answers against each other.

Not pytest-benchmark: it times one function to its end before it starts the next, and on a shared machine the minutes
between a baseline and ours move the ratio more than either of them does. Here every round runs all contenders once, in
an order that rotates, so a slow minute falls on all of them.
"""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["ours", "baseline", "floor"]


class Disagreement(Exception):
    """Two contenders gave different answers to the same question: no time of theirs means anything."""


def nothing() -> None:
    """Do nothing: what a contender without preparation does before its rounds."""


def unchanged(found: Any) -> Any:
    """Return an answer as it is."""
    return found


@dataclass(frozen=True)
class Contender:
    """One way to answer.

    name, note : what the tables show
    run : answer `n` questions; the whole call is timed and divided by `n`. Its result is the answer.
    role : "ours"; "baseline"; "floor" does less than the work (an empty loop, an empty process), and what
        it answers is not compared
    before : runs before each round, untimed (drops a page cache, say)
    answer : makes of the result what is compared, untimed: a sequence of floats
    ready_s : seconds that it took to be ready for the first question: opening, loading, filling. None: not applicable
    tolerance : relative difference to the first of "ours" that is accepted; 0 is exact
    peak : makes of a result the most bytes that were resident; the largest of all rounds is a measure of the case
    """

    name: str
    run: Callable[[], Any]
    n: int = 1
    role: Role = "baseline"
    note: str = ""
    before: Callable[[], object] = nothing
    answer: Callable[[Any], Any] = unchanged
    ready_s: float | None = None
    tolerance: float = 0.0
    peak: Callable[[Any], float] | None = None


@dataclass(frozen=True)
class Case:
    """Contenders for one question. Where a baseline is asked only the first of the questions, those are compared."""

    title: str
    contenders: list[Contender]
    per: str = "answer"  # what a time is divided by
    measures: Callable[[], dict[str, float]] | None = (
        None  # figures besides times, asked at the end
    )


@dataclass(frozen=True)
class Workload:
    """A named workload: what it isolates, and its cases, made from `Baselines`."""

    name: str
    isolates: str
    cases: Callable[
        [Any], Iterable[Case]
    ]  # one at a time: a generator gives free what it made for the last
    cache: Literal["warm", "cold"] = "warm"
    measures: Callable[[Any], dict[str, float]] | None = (
        None  # figures besides times, kept with its last case
    )


@dataclass(frozen=True)
class Timing:
    """Seconds per question of one contender; `first` is the warm-up round, in no other figure.

    median, q1, q3 : wall clock. cpu : median of the processor time of this process and of those it waited for, which
        a busy machine lengthens less
    """

    name: str
    role: Role
    n: int
    rounds: int
    median: float
    q1: float
    q3: float
    cpu: float
    first: float
    ready: float | None
    agrees: str
    note: str


@dataclass
class CaseResult:
    """What a case measured, as it goes to JSON."""

    workload: str
    title: str
    language: str
    cache: str
    per: str
    timings: list[dict[str, Any]] = field(default_factory=list)
    measures: dict[str, float] = field(default_factory=dict)


def measure(case: Case, workload: Workload, rounds: int) -> CaseResult:
    """Run a case: one warm-up round whose answers are compared, then `rounds` alternating ones."""
    result = CaseResult(workload.name, case.title, "Python", workload.cache, case.per)
    firsts, answers = [], []
    for contender in case.contenders:
        seconds, _, found = _once(contender, result.measures)
        firsts.append(seconds)
        answers.append(None if contender.role == "floor" else _as_floats(contender.answer(found)))
        del found
    agreements = _compare(f"{workload.name}, {case.title}", case.contenders, answers)
    del answers
    times = _rounds(case.contenders, rounds, result.measures)
    for contender, first, spent, agrees in zip(
        case.contenders, firsts, times, agreements, strict=True
    ):
        q1, median, q3 = quartiles([wall for wall, _ in spent])
        cpu = statistics.median(cpu for _, cpu in spent)
        result.timings.append(
            asdict(
                Timing(
                    contender.name, contender.role, contender.n, rounds, median, q1, q3, cpu, first,
                    contender.ready_s, agrees, contender.note,
                )
            )
        )  # fmt: skip
    if case.measures:
        result.measures |= case.measures()
    return result


def quartiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """First quartile, median and third quartile."""
    if len(seconds) == 1:
        return seconds[0], seconds[0], seconds[0]
    q1, median, q3 = statistics.quantiles(seconds, n=4, method="inclusive")
    return q1, median, q3


def _once(contender: Contender, measures: dict[str, float]) -> tuple[float, float, Any]:
    """(wall seconds a question, processor seconds a question, result) of one run; its peak goes to `measures`."""
    contender.before()
    children = _children()
    start, busy = time.perf_counter(), time.process_time()
    found = contender.run()
    busy, wall = time.process_time() - busy, time.perf_counter() - start
    if contender.peak:
        name = f"peak bytes of {contender.name}"
        measures[name] = max(measures.get(name, 0.0), contender.peak(found))
    return wall / contender.n, (busy + _children() - children) / contender.n, found


def _children() -> float:
    """Processor seconds of the processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _rounds(
    contenders: Sequence[Contender], rounds: int, measures: dict[str, float]
) -> list[list[tuple[float, float]]]:
    """(wall, processor) seconds a question of every contender and round. No garbage collection, as in timeit."""
    times: list[list[tuple[float, float]]] = [[] for _ in contenders]
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            for place in range(len(contenders)):
                which = (place + turn) % len(contenders)
                times[which].append(_once(contenders[which], measures)[:2])
    finally:
        gc.enable()
    return times


def _as_floats(answer: Any) -> Any:
    import numpy as np

    return np.asarray(answer, dtype=np.float64).ravel()


def _compare(where: str, contenders: Sequence[Contender], answers: Sequence[Any]) -> list[str]:
    """Say how each contender agrees with ours; Disagreement where one does not."""
    import numpy as np

    ours = next((a for c, a in zip(contenders, answers, strict=True) if c.role == "ours"), None)
    if ours is None:
        raise Disagreement(f"{where}: no contender is ours")
    said = []
    for contender, answer in zip(contenders, answers, strict=True):
        if answer is None:
            said.append("")
            continue
        count = min(len(ours), len(answer))
        if count == 0 or len(answer) > len(ours):
            raise Disagreement(
                f"{where}, {contender.name}: {len(answer)} answers, ours gave {len(ours)}"
            )
        wanted = ours[:count]
        close = np.abs(answer - wanted) <= contender.tolerance * np.abs(wanted)
        same = close | (answer == wanted) | (np.isnan(answer) & np.isnan(wanted))
        if not same.all():
            place = int(np.argmin(same))
            raise Disagreement(
                f"{where}, {contender.name}: answer {place} is {answer[place]!r}, ours {wanted[place]!r} "
                f"({int((~same).sum())} of {count} differ)"
            )
        exact = bool(((answer == wanted) | np.isnan(wanted)).all())
        how = "exactly" if exact else f"to {contender.tolerance:g}"
        said.append(f"{how}, {count} answers")
    return said
