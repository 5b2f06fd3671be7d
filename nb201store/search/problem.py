"""What is searched, by which rules, for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError
from nb201store.kernels.search_problem import EXCLUDED
from nb201store.search.packing import MICROSECONDS, packed_problem
from nb201store.search.reporting import is_test

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from numpy.typing import NDArray

    from nb201store.kernels.search_problem import PackedProblem
    from nb201store.store import Store

    RewardSeed = int | Literal["random", "mean"]

BUDGET_RULES = ("discard", "overshoot")
LONGEST_BUDGET_S = 4e6
"""Below what an excluded cell costs."""


@dataclass(frozen=True)
class Problem:
    """What is searched, and what an evaluation answers and costs.

    An evaluation of a cell answers the accuracy of one of its trials, as hits, at `epoch` of `schedule`. It costs
    `Store.simulated_cost`, rounded once to whole microseconds, plus `overhead_s`.

    Parameters
    ----------
    bench : Store
    dataset, split, schedule, epoch : what rewards a search; never a test split, nor train. NAS-Bench-201 searches
        `cifar10-valid` where it reports CIFAR-10
    budget_s : simulated seconds of one run, at least what the cheapest cell costs
    budget_rule : "discard": an evaluation that would pass the budget is discarded and ends the run (NAS-Bench-201);
        "overshoot": the evaluation that reaches the budget counts and ends the run (NATS-Bench)
    reward_seed : "random": each evaluation draws one of the cell's trials, as published; a seed: that trial;
        "mean": mean over the cell's trials, of reward and of cost
    overhead_s : seconds of the algorithm itself that each evaluation is charged with
    allow_missing : leave out cells that lack what is asked, instead of refusing
    leave_out : bool [C]: cells that take no part besides

    Raises
    ------
    SettingsError     a word that the image does not know, a test split, a budget below the cheapest cell
    MissingDataError  cells without an answer, and not `allow_missing`: how many, and the first
    """

    bench: Store = field(repr=False)
    dataset: str
    budget_s: float
    split: str = "x-valid"
    schedule: int = 12
    epoch: int = -1
    budget_rule: str = "discard"
    reward_seed: RewardSeed = "random"
    overhead_s: float = 0.0
    allow_missing: bool = False
    leave_out: NDArray[np.bool_] | None = field(default=None, repr=False, compare=False)
    _packed: dict[tuple[int, ...], PackedProblem] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        """Refuse what cannot be searched, before anything runs."""
        for name in ("dataset", "split", "budget_rule"):
            if not isinstance(getattr(self, name), str):
                raise SettingsError(f"{name} must be a word, found {shown(getattr(self, name))}")
        if self.split == "train" or is_test(self.split):
            raise SettingsError(
                f"split must be a validation split such as x-valid, found {shown(self.split)}: a search that selects "
                "by test or training accuracy is not comparable with any published one"
            )
        _check_seconds("budget_s", self.budget_s)
        _check_seconds("overhead_s", self.overhead_s)
        if self.budget_s <= 0:
            raise SettingsError(f"budget_s must be more than 0, found {self.budget_s:g}")
        if self.budget_rule not in BUDGET_RULES:
            raise SettingsError(
                f"budget_rule must be one of {', '.join(BUDGET_RULES)}, found {shown(self.budget_rule)}"
            )
        if as_int(self.epoch) is None:
            raise SettingsError(f"epoch must be an integer, found {shown(self.epoch)}")
        word = isinstance(self.reward_seed, str) and self.reward_seed in ("random", "mean")
        if not word and as_int(self.reward_seed) is None:
            raise SettingsError(
                f'reward_seed must be "random", "mean" or a seed, found {shown(self.reward_seed)}'
            )
        self.packed()

    @property
    def space(self) -> Any:
        """The space of the cells: `nb201store.tss` or `nb201store.sss`."""
        return self.bench.space

    @property
    def budget(self) -> int:
        """The budget in whole microseconds."""
        return round(self.budget_s * MICROSECONDS)

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """bool [C]: cells that take no part: they lack an answer, or `leave_out` says so."""
        packed = self.packed()
        excluded: NDArray[np.bool_] = packed.answers[0, :: packed.trials] == EXCLUDED
        return excluded

    def packed(self, epochs: Sequence[int] = ()) -> PackedProblem:
        """Return the table that kernels read: at `epoch`, or at several epochs of the schedule, ascending.

        For algorithms that also evaluate cells early; made once for each choice of epochs.
        """
        chosen = tuple(epochs) or (self.epoch,)
        if chosen not in self._packed:
            self._packed[chosen] = packed_problem(self, chosen)
        return self._packed[chosen]


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise SettingsError(f"{name} must be a number of seconds, found {shown(value)}")
    if not 0 <= value <= LONGEST_BUDGET_S:  # nor NaN
        raise SettingsError(
            f"{name} must be between 0 and {LONGEST_BUDGET_S:,.0f} s, found {shown(value)}"
        )
