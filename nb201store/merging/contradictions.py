"""What sources contradict each other in: counted, the first kept by name, and what settles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from nb201store.errors import SettingsError, SourceError
from nb201store.schema import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SETTLED_BY = (*METRICS, "all")
"""What `first_wins` may hold."""

_MOST = 1000
"""Contradictions after which sources are not read on."""


def settled_metrics(first_wins: Iterable[str]) -> tuple[str, ...]:
    """Return the metrics that `first_wins` names, in the order of the schema; SettingsError at another name."""
    named = set([first_wins] if isinstance(first_wins, str) else first_wins)
    unknown = sorted(named - set(SETTLED_BY))
    if unknown:
        raise SettingsError(
            f"first_wins: expected metrics among {', '.join(SETTLED_BY)}, found {unknown[0]!r}"
        )
    return tuple(metric for metric in METRICS if metric in named or "all" in named)


class Contradictions:
    """Trials in which sources differ, by metric.

    `settled`: {metric: trials} of those where the first source's numbers stand, as `first_wins` says.
    """

    def __init__(self, first_wins: Iterable[str]) -> None:
        self.first_wins = settled_metrics(first_wins)
        self.settled: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._first: str | None = None

    def add(self, differing: Mapping[str, str]) -> None:
        """Take what one trial differs in: {metric: text that names the first place and both values}."""
        for metric, text in differing.items():
            if metric in self.first_wins:
                self.settled[metric] = self.settled.get(metric, 0) + 1
            else:
                self._open[metric] = self._open.get(metric, 0) + 1
                self._first = self._first or text

    @property
    def found(self) -> bool:
        """Whether any is not settled."""
        return self._first is not None

    @property
    def enough(self) -> bool:
        """Whether so many are not settled that more of them would say nothing new."""
        return sum(self._open.values()) >= _MOST

    def refuse(self) -> NoReturn:
        """Raise SourceError: what contradicts first, how many do, and what would settle it. REQUIRES: found."""
        metrics = [metric for metric in METRICS if metric in self._open]
        counts = ", ".join(f"{self._open[metric]} in {metric}" for metric in metrics)
        options = " ".join(f"--first-wins {metric}" for metric in metrics)
        counted = "trials that contradict each other, read no further" if self.enough else (
            "trials that contradict each other"
        )  # fmt: skip
        raise SourceError(
            f"{self._first}; {counted}: {counts}; join sources that agree, or let the numbers of the first one "
            f"stand with {options} (first_wins={metrics})"
        )
