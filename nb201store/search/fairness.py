"""The benchmark's three rules of a fair comparison, and which of them a result can attest.

Source: NAS-Bench-201 (ICLR 2020), section "what should and should not be done".
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, and what can be said of it."""

    number: int
    rule: str
    attested: bool
    """Whether the result itself shows that the rule was kept; False: it shows nothing, or too little."""
    why: str

    def __str__(self) -> str:
        return f"rule {self.number}, {self.rule}: {'attested' if self.attested else 'not attested'}; {self.why}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain Python objects."""
        return asdict(self)


def fairness(settings: Mapping[str, Any], n: int) -> tuple[Rule, ...]:
    """Return the three rules for a search with these settings, of which n runs found a cell."""
    return (_no_bias(settings), _provided_performance(settings), _several_runs(n))


def _no_bias(settings: Mapping[str, Any]) -> Rule:
    why = "a result cannot show how an algorithm was thought up"
    if settings["symmetric"]:
        why += f", but {settings['algorithm']} treats all operations alike"
    return Rule(1, "no bias towards specific operations", False, why)


def _provided_performance(settings: Mapping[str, Any]) -> Rule:
    seed = {"random": "a random trial an evaluation", "mean": "mean over trials"}.get(
        settings["reward_seed"], f"seed {settings['reward_seed']}"
    )
    read = settings["epochs"]
    epochs = f"epoch{'s' * (len(read) > 1)} {', '.join(map(str, read))}"
    why = (
        f"rewards are recorded accuracies ({settings['dataset']}, {settings['split']}, schedule "
        f"{settings['schedule']}, {epochs}, {seed}), and so is what is reported (schedule "
        f"{settings['report_schedule']}, last epoch, mean over seeds); no search saw a test split"
    )
    return Rule(2, "the provided performance is used", True, why)


def _several_runs(n: int) -> Rule:
    if n >= 2:
        return Rule(3, "several runs are reported", True, f"mean and spread over n = {n} runs")
    return Rule(3, "several runs are reported", False, f"n = {n}: 2 runs or more are needed")
