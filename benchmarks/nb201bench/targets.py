"""What is to be reached, by workload: docs/benchmarks.md compares these with what was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One row: the median of ours in that case, or a measure of it, is to be at most `limit` (seconds or bytes)."""

    says: str
    workload: str
    case: str
    limit: float
    language: str = "Python"
    contender: str | None = None  # of several that are ours
    measure: str | None = None  # a measure of the case instead of a time


TARGETS = (
    Target("open an image, warm", "open_warm", "open", 300e-6),
    Target("private memory after opening", "open_warm", "open and one answer", 5e6, measure="private bytes after open"),
    Target("process start to first answer, Python", "first_answer", "Python", 15e-3),
    Target("process start to first answer, C++", "first_answer", "C++", 1e-3),
    Target("one accuracy, full keyword call", "point", "200 epochs", 600e-9, contender="value"),
    Target("one accuracy, column handle", "point_handle", "col[code]", 120e-9),
    Target("batch gather, one u16 metric, one core", "batch_random", "one u16 metric", 3.5e-9, contender="gather"),
    Target("batch gather over the whole store, one core", "batch_random", "whole store", 8e-9, contender="gather"),
    Target("the same, no folded times in it", "batch_random", "whole store without times", 8e-9, contender="gather"),
)  # fmt: skip
