"""The two published settings by name: what is searched, for how long, and with which hyper-parameters.

Sources: the scripts and papers of NAS-Bench-201 (ICLR 2020) and NATS-Bench (TPAMI 2021).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nb201store.arguments import shown
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


PUBLISHED_RUNS = 500
"""How many searches the figures of both papers average over."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One published setting."""

    name: str
    budget_rule: str
    budgets_s: Mapping[tuple[str, str], float]
    """Seconds by (space, data set searched)."""
    runs: int
    """How many searches the published figures average over."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By algorithm: the published values where they differ from the defaults."""

    def datasets(self, space: str) -> list[str]:
        """Return the data sets that are searched in this space, in the published order."""
        found = [dataset for of, dataset in self.budgets_s if of == space]
        if not found:
            spaces = ", ".join(sorted({of for of, _ in self.budgets_s}))
            raise SettingsError(
                f"preset {self.name} is of space {spaces}, found an image of {space}"
            )
        return found

    def budget_s(self, space: str, dataset: str) -> float:
        """Return the budget in seconds; SettingsError names the data sets that are searched."""
        known = self.datasets(space)
        if dataset not in known:
            raise SettingsError(
                f"preset {self.name} searches {', '.join(known)}, found dataset {shown(dataset)}; name budget_s to "
                "search another one"
            )
        return self.budgets_s[space, dataset]


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "nas-bench-201", "discard", {("tss", "cifar10-valid"): 12_000.0}, PUBLISHED_RUNS,
            {"reinforce": {"learning_rate": 0.5}, "bohb": {"form": "nas-bench-201"}},
        ),
        Preset(
            "nats-bench", "overshoot",
            {
                ("tss", "cifar10-valid"): 20_000.0, ("tss", "cifar100"): 40_000.0, ("tss", "ImageNet16-120"): 120_000.0,
                ("sss", "cifar10-valid"): 20_000.0, ("sss", "cifar100"): 40_000.0, ("sss", "ImageNet16-120"): 60_000.0,
            },
            PUBLISHED_RUNS,
            {"reinforce": {"learning_rate": 0.01}, "bohb": {"form": "nats-bench"}},
        ),
    )
}  # fmt: skip


def find_preset(name: object) -> Preset:
    """Return the preset of this name; SettingsError lists them."""
    if not isinstance(name, str) or name not in PRESETS:
        raise SettingsError(f"preset must be one of {', '.join(PRESETS)}, found {shown(name)}")
    return PRESETS[name]
