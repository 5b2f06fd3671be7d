"""What a comparison of two archives or images found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class MetricDifference:
    """One metric of one group. `split` is None where the metric belongs to the trial.

    `values` : how many are in both, `differing` of them unequal as bits; `only_a`, `only_b`: how many only one has. Of
    latencies a trial's list is one value.
    """

    schedule: int
    dataset: str
    split: str | None
    metric: str
    values: int = 0
    differing: int = 0
    only_a: int = 0
    only_b: int = 0

    @property
    def same(self) -> bool:
        """Whether all values are in both, and equal."""
        return not (self.differing or self.only_a or self.only_b)


@dataclass(slots=True)
class GroupDifference:
    """The trials of one schedule on one data set.

    `trials`: in both; `forms`: how many of those have another form; `metrics`: in which they differ.
    """

    schedule: int
    dataset: str
    trials: int = 0
    only_a: int = 0
    only_b: int = 0
    forms: int = 0
    values: int = 0
    metrics: list[MetricDifference] = field(default_factory=list)


@dataclass(slots=True)
class Difference:
    """What A and B differ in.

    `described`: a text for each thing that they say of themselves, differently: the benchmark, how losses are held, the
    sources. `cells`: in both; `cell_forms`: how many of those have another form. `groups`: every one that either has.
    `first`: the first differences by name, `shown` at most; further ones are only counted. `unlike_forms`: {where forms
    differ first and how: of how many cells or trials}, `shown` entries at most.
    """

    shown: int
    described: list[str] = field(default_factory=list)
    cells: int = 0
    cells_only_a: int = 0
    cells_only_b: int = 0
    cell_forms: int = 0
    groups: list[GroupDifference] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    unlike_forms: dict[str, int] = field(default_factory=dict)

    @property
    def same_values(self) -> bool:
        """Whether both hold the same numbers of the same trials."""
        of_groups = any(group.only_a or group.only_b or group.metrics for group in self.groups)
        return not (self.cells_only_a or self.cells_only_b or of_groups)

    @property
    def same(self) -> bool:
        """Whether nothing differs, forms and descriptions included."""
        forms = self.cell_forms or any(group.forms for group in self.groups)
        return self.same_values and not forms and not self.described

    @property
    def room(self) -> int:
        """How many more differences are kept by name."""
        return max(0, self.shown - len(self.first))

    def name(self, text: str) -> None:
        """Keep a difference by name, if there is room."""
        if self.room > 0:
            self.first.append(text)

    def count_forms(self, text: str) -> None:
        """Count a pair of forms that differ so."""
        if text in self.unlike_forms or len(self.unlike_forms) < self.shown:
            self.unlike_forms[text] = self.unlike_forms.get(text, 0) + 1
