"""What a comparison found."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_SHOWN = 20
"""Differences that a report keeps; all are counted."""


@dataclass(slots=True)
class Report:
    """What was compared, and what was found to differ; `weights` counts files.

    `not_compared`: metrics in which another source's numbers stand, as a target of several sources says of itself.
    """

    cells: int = 0
    trials: int = 0
    values: int = 0
    weights: int = 0
    difference_count: int = 0
    differences: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)

    def differ(self, text: str, count: int = 1) -> None:
        """Count differences; keep the first texts."""
        self.difference_count += count
        if len(self.differences) < MOST_SHOWN:
            self.differences.append(text)

    def add(self, other: Report) -> None:
        """Take what another report found after this one."""
        self.cells += other.cells
        self.trials += other.trials
        self.values += other.values
        self.weights += other.weights
        self.difference_count += other.difference_count
        self.differences += other.differences[: MOST_SHOWN - len(self.differences)]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.difference_count == 0
