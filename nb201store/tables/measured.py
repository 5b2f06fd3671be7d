"""Columns of what was measured: every combination of the words given, asked of the image one by one."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.errors import MissingDataError, SettingsError
from nb201store.schema import METRICS
from nb201store.tables import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nb201store import _core

LAST = (-1,)
DEFAULT_METRICS = ("accuracy",)


class Question(NamedTuple):
    """The coordinates of one column. A metric of the trial has neither split nor epoch."""

    schedule: Any
    dataset: str
    split: str | None
    metric: str
    epoch: Any
    seed: Any

    def column(self, image: _core.Image) -> _core.Column:
        """Return the image's handle of this column; MissingDataError where it was not recorded."""
        schedule, dataset, split, metric, epoch, seed = self
        return image.column(dataset, split, metric, schedule, -1 if epoch is None else epoch, seed)

    def from_the_start(self) -> Question:
        """Return this question with an epoch that counts from 0. REQUIRES: `column` took it."""
        counted = self.epoch is not None and self.epoch < 0
        return self._replace(epoch=self.epoch + self.schedule) if counted else self

    def name(self, *, with_epoch: bool) -> str:
        """`200/cifar10/ori-test/accuracy/mean`; with its epoch `200/cifar10/ori-test/accuracy@57/mean`."""
        metric = self.metric
        if with_epoch and self.epoch is not None:
            metric += f"@{self.epoch}"
        parts = (self.schedule, self.dataset, self.split, metric, self.seed)
        return "/".join(str(part) for part in parts if part is not None)

    def facts(self) -> dict[str, str]:
        """Return the unit and the coordinates, for the metadata of the column."""
        there = {key: str(word) for key, word in self._asdict().items() if word is not None}
        return {"unit": METRICS[self.metric].unit} | there


class Measured:
    """The words that choose measured columns; each is one word, several, or "all".

    Without a schedule and a seed (both None) nothing measured is chosen: neither is ever guessed.
    """

    def __init__(
        self, *, schedule: Any, seed: Any, datasets: Any, splits: Any, metrics: Any, epoch: Any
    ) -> None:
        self._words: dict[str, Any] = {
            "dataset": words.names("datasets", datasets),
            "split": words.names("splits", splits),
            "metric": words.names("metrics", metrics),
            "epoch": words.numbers("epoch", epoch),
        }
        self._any = not (schedule is None and seed is None)
        if self._any:
            for what, given in (("schedule", schedule), ("seed", seed)):
                if given is None:
                    raise SettingsError(
                        f"{what}: a measured value needs a schedule and a seed: name both, or neither"
                    )
            self._words["schedule"] = words.numbers("schedule", schedule)
            self._words["seed"] = words.numbers("seed", seed, mean=True)
            return
        for key, unchosen in {"split": None, "metric": DEFAULT_METRICS, "epoch": LAST}.items():
            if self._words[key] != unchosen:
                raise SettingsError(
                    f"{key}: chooses measured values, which need a schedule and a seed: name both"
                )

    def columns(self, image: _core.Image) -> Iterator[tuple[str, Question, _core.Column]]:
        """Yield the name, the coordinates and the image's handle of every column.

        A combination that is named in full must have been recorded. Where a word is "all", what was not is left out,
        but every word that is named must be met by some column.
        """
        if not self._any:
            return
        with_epoch = self._words["epoch"] != LAST
        met: set[tuple[str, Any]] = set()
        refused: dict[tuple[str, Any], MissingDataError] = {}
        for question in self._questions(image.describe()):
            try:
                column = question.column(image)
            except MissingDataError as problem:
                if self._names_in_full(question):
                    raise
                for word in question._asdict().items():
                    refused.setdefault(word, problem)
                continue
            met.update(question._asdict().items())
            asked = question.from_the_start()
            yield asked.name(with_epoch=with_epoch), asked, column
        self._require_every_word(met, refused)

    def _questions(self, about: _core._Description) -> Iterator[Question]:
        """Every combination of the words. What "all" stands for is what the image describes."""
        recorded = {
            (c["schedule"], c["dataset"], c["split"], c["metric"]): c["epochs"] for c in about["columns"]
        }  # fmt: skip
        groups = {(g["schedule"], g["dataset"]): g["seeds"] for g in about["groups"]}
        splits = {d["name"]: [split["name"] for split in d["splits"]] for d in about["datasets"]}
        metrics = self._words["metric"] or list(dict.fromkeys(metric for *_, metric in recorded))
        schedules = self._words["schedule"] or sorted({schedule for schedule, _ in groups})
        # Of a data set, group or column that is not there one question is enough: the image says what there is.
        for schedule, dataset in product(schedules, self._words["dataset"] or splits):
            seeds = self._words["seed"] or groups.get((schedule, dataset), ("mean",))
            for split, metric in _series(self._splits(dataset, splits), metrics):
                known = recorded.get((schedule, dataset, split, metric), LAST)
                epochs = self._words["epoch"] or known
                for epoch, seed in product((None,) if split is None else epochs, seeds):
                    yield Question(schedule, dataset, split, metric, epoch, seed)

    def _splits(self, dataset: str, known: dict[str, list[str]]) -> Sequence[str]:
        """The splits to ask of a data set: of a data set that is not named, no split that only others have."""
        named = self._words["split"]
        own = known.get(dataset, [""])
        if named is None or self._words["dataset"] is not None:
            return named or own
        elsewhere = {split for splits in known.values() for split in splits}.difference(own)
        return [split for split in named if split not in elsewhere]

    def _names_in_full(self, question: Question) -> bool:
        needed = ("schedule", "dataset", "metric", *(("split",) if question.split else ()))
        return all(self._words[key] is not None for key in needed)

    def _require_every_word(
        self, met: set[tuple[str, Any]], refused: dict[tuple[str, Any], MissingDataError]
    ) -> None:
        """Raise for the first word that is named and in no column: what the image said of it, if it was asked."""
        for key, chosen in self._words.items():
            for word in chosen or ():
                if (key, word) in met or (key, chosen) == ("epoch", LAST):
                    continue
                metrics = ", ".join(self._words["metric"] or ())
                raise refused.get((key, word)) or SettingsError(
                    f"{key} {word}: {metrics} belong to a trial, which has no {key}"
                )


def _series(splits: Sequence[str], metrics: Sequence[str]) -> list[tuple[str | None, str]]:
    """Pairs of split and metric; metrics of a trial come last, without a split."""
    of_trial = [m for m in metrics if m in METRICS and not METRICS[m].per_epoch]
    of_split = [m for m in metrics if m not in of_trial]
    return [*product(splits, of_split), *((None, metric) for metric in of_trial)]
