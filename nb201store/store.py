"""Store: open an image and ask it. Thin over the C++ core; numpy is loaded by the first vectorised question only."""

from __future__ import annotations

import os
from collections import namedtuple
from contextlib import suppress

from nb201store import _core, ranking
from nb201store.column import Column, filled
from nb201store.errors import FormatError, MissingDataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, NamedTuple, Self

    import numpy as np
    from numpy.typing import NDArray

    from nb201store.column import Missing
    from nb201store.ranking import Order, Ranked, Where

    Seed = int | Literal["mean"]

    class Cost(NamedTuple):
        params_m: float
        flops_m: float
        latency_s: float | None
        train_epoch_s: float | None
        eval_s: dict[str, float | None]

    class RecordedCost(NamedTuple):
        params_m: float
        flops_m: float
else:  # `typing` costs more than everything else that opening a store does
    Cost = namedtuple("Cost", "params_m flops_m latency_s train_epoch_s eval_s")
    RecordedCost = namedtuple("RecordedCost", "params_m flops_m")


def open_store(
    path: str | os.PathLike[str] | None = None, *, mode: str = "mmap", check: bool = False
) -> Store:
    """Open an image (`.nb201`) and return a `Store`; usually called as `nb201store.open`.

    Parameters
    ----------
    path : an image made by `nb201 pack` or `nb201 convert`
    mode : "mmap" maps the file (opening reads a few kB; processes share its pages), "read" copies it into memory,
        which a truncation of the file by another program cannot hurt
    check : also compare every section with its checksum, which reads the whole file

    Raises
    ------
    FileNotFoundError  nothing is there
    FormatError        not an image, or a damaged one; an archive is told so, with the command that makes its image
    VersionError       the image asks for a newer reader
    ChecksumError      `check` found a damaged section
    SettingsError      no path: a default benchmark does not ship yet
    """
    if path is None:
        raise SettingsError(
            "no image named, and no default benchmark ships with this version: run `nb201 demo` for a small synthetic "
            "one, or convert an official file with `nb201 convert SRC X.nb201`"
        )
    return Store(path, mode=mode, check=check)


class Store:
    """An open image and everything that can be asked of it.

    A store is a context manager; closing it drops its own hold of the file, and arrays taken from it stay valid.
    The coordinates of a value are the same words everywhere (docs/data.md):

    code : int, 0..len(space)-1; numpy integers too
    dataset, split : names as recorded; never defaulted, never aliased
    metric : "accuracy", "top5" (percent), "loss" (nats), "time" (seconds of that epoch)
    schedule : int, epochs of the training run
    epoch : int, 0-based; negative counts from the end of the schedule
    seed : a recorded seed, or "mean" over the seeds that exist for that cell (summed in ascending order)

    All questions raise ArchError for a code outside the space, SettingsError for a word that the image does not
    know, and MissingDataError for what was never recorded; each names what there is instead.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, mode: str = "mmap", check: bool = False
    ) -> None:
        self.path = os.fspath(path)
        if os.path.isdir(self.path):  # noqa: PTH112 - pathlib costs milliseconds at the first answer
            archive = os.path.exists(os.path.join(self.path, "zarr.json"))  # noqa: PTH110, PTH118 - likewise
            what = f"an archive; make its image with `nb201 pack {self.path} IMAGE.nb201`"
            raise FormatError(
                f"{self.path} is {what if archive else 'a folder; expected an image file (.nb201)'}"
            )
        self._image: _core.Image = _core.Image(self.path, mode, check)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<nb201store.Store {self.path!r}>"

    def close(self) -> None:
        """Drop this store's hold of the file. The mapping goes when the last array that views it goes."""
        self._image = _Closed(self.path)  # type: ignore[assignment]  # refuses every question

    @property
    def space(self) -> Any:
        """The space of the cells: `nb201store.tss` or `nb201store.sss`."""
        from nb201store.space import SPACES

        return SPACES[self._image.space]

    def describe(self) -> dict[str, Any]:
        """Return what the file says of itself: space, data sets, splits, groups of trials, columns."""
        return dict(self._image.describe())

    def check(self) -> None:
        """Compare every section with its checksum and bounds; ChecksumError or FormatError names the first bad one."""
        self._image.check()

    def value(
        self,
        code: int,
        dataset: str,
        split: str,
        metric: str,
        *,
        schedule: int,
        epoch: int = -1,
        seed: Seed,
    ) -> float:
        """Return one number: the published double bit for bit (losses: as the image holds them, see `nb201 info`).

        O(1), no allocation. Class docstring: the coordinates and the errors.
        """
        return self._image.value(code, dataset, split, metric, schedule, epoch, seed)

    def accuracy(
        self, code: int, dataset: str, split: str, *, schedule: int, epoch: int = -1, seed: Seed
    ) -> float:
        """Return the top-1 accuracy of one cell at one epoch, in percent [0, 100]."""
        return self._image.value(code, dataset, split, "accuracy", schedule, epoch, seed)

    def curve(
        self, code: int, dataset: str, split: str, metric: str, *,
        schedule: int, seed: Seed, missing: Missing = "raise",
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return one metric over the epochs that `epochs` lists, float64, in its unit.

        `missing="mask"` gives a masked array where this trial lacks some of these epochs.
        """
        values, present = self._image.curve(code, dataset, split, metric, schedule, seed)

        def hole(place: int) -> str:
            epochs = self._image.epochs(dataset, split, metric, schedule)
            name = f"{dataset}, {split}, {metric}, schedule {schedule}, seed {seed}"
            return f"code {code}, {name}: no epoch {epochs[place]}"

        return filled(values, present, missing, hole)

    def column(
        self, dataset: str, split: str, metric: str, *, schedule: int, epoch: int = -1, seed: Seed
    ) -> Column:
        """Return a handle of one metric at one epoch for all cells: `col[code]`, `col.take(codes)`, `col.array()`."""
        core = self._image.column(dataset, split, metric, schedule, epoch, seed)
        name = f"{dataset}, {split}, {metric}, schedule {schedule}, epoch {epoch}, seed {seed}"
        return Column(core, name)

    def top(
        self, n: int, by: str | Column | None = None, split: str | None = None, metric: str = "accuracy", *,
        dataset: str | None = None, schedule: int | None = None, epoch: int = -1, seed: Seed | None = None,
        where: Where | None = None, order: Order | None = None,
    ) -> list[Ranked]:  # fmt: skip
        """Return the n best cells as (code, value): by a metric, by a user column, or by any column handle.

            bench.top(n, dataset, split, metric="accuracy", schedule=, epoch=-1, seed=)
            bench.top(n, "edge_latency", order="lowest")
            bench.top(n, bench.column(...), order="lowest")

        Parameters
        ----------
        n : int, at least 1
        where : which cells take part: a condition ("params_m <= 0.5", see `where`), a list or tuple of conditions
            that must all hold, or a bool array [len(space)], of which masked elements are not
        order : "highest" | "lowest": which values are best. By default the highest of accuracy and top5, the lowest
            of loss and time; every other column has no order of its own and needs one.
        dataset : whose networks `params_m` and `flops_m` in `where` are of; by default that of the column

        Returns
        -------
        list of at most n `Ranked`; of equal values the smallest code comes first. Cells without the value (a seed
        that was not recorded, a gap), and those whose value is NaN, take no part.
        """
        asked = dataset if by is None else by
        column = ranking.ranking_column(self._image, asked, split, metric, schedule, epoch, seed)
        return ranking.best(self._image, n, column, order=order, where=where, dataset=dataset)

    def where(self, *conditions: str, dataset: str | None = None) -> NDArray[np.bool_]:
        """Return which cells meet all conditions: bool [len(space)].

        Parameters
        ----------
        conditions : each "NAME < NUMBER" with one of < <= > >= == !=; NAME is a user column, or params_m or flops_m
            (millions, as `cost` counts them). A cell without the value meets no condition on it.
        dataset : whose networks params_m and flops_m are of; needed where they are named

        Raises
        ------
        SettingsError  a text that is no condition, a name that the image does not have, or no `dataset`
        """
        return self._image.where(conditions, dataset)

    def seeds(self, code: int, dataset: str, schedule: int) -> tuple[int, ...]:
        """Return the seeds with which this cell was trained, ascending; empty where it was not."""
        return self._image.seeds(code, dataset, schedule)

    def epochs(
        self, dataset: str, split: str, metric: str = "accuracy", *, schedule: int
    ) -> tuple[int, ...]:
        """Return the epochs at which a metric is recorded, ascending, 0-based."""
        return self._image.epochs(dataset, split, metric, schedule)

    def cost(self, code: int, dataset: str) -> Cost:
        """Return what a cell costs: closed forms, and seconds as measured.

        Returns
        -------
        Cost(params_m, flops_m, latency_s, train_epoch_s, eval_s)
            params_m : trainable parameters in millions; flops_m : multiply-adds of convolutions and linear layers for
            one image, in millions. Both are counted from the network, so they are right where upstream's are not
            (`recorded_cost`). latency_s : seconds of one evaluation batch. train_epoch_s : seconds of one training
            epoch. eval_s : seconds of one evaluation pass, by split. Seconds are means over the seeds (and over the
            epochs, where they differ) of the longest schedule that recorded them; None where none did.
        """
        params_m, flops_m = self._image.cost(code, dataset)
        described = self.describe()
        dataset_info = next(d for d in described["datasets"] if d["name"] == dataset)
        schedules = [g["schedule"] for g in described["groups"] if g["dataset"] == dataset]
        longest_first = sorted(schedules, reverse=True)
        seconds = {
            split["name"]: self._seconds(code, dataset, split["name"], longest_first)
            for split in dataset_info["splits"]
        }
        train = seconds.pop("train", None)
        return Cost(params_m, flops_m, self._latency(code, dataset, longest_first), train, seconds)

    def _latency(self, code: int, dataset: str, schedules: list[int]) -> float | None:
        """Mean latency over seeds, in the first of `schedules` that recorded any."""
        for schedule in schedules:
            values = []
            for seed in self._image.seeds(code, dataset, schedule):
                with suppress(MissingDataError):
                    values.append(
                        self._image.trial_value(code, dataset, "latency_s", schedule, seed)
                    )
            if values:
                return _mean(values)
        return None

    def _seconds(self, code: int, dataset: str, split: str, schedules: list[int]) -> float | None:
        """Mean seconds of one epoch over epochs and seeds, in the first of `schedules` that recorded any."""
        for schedule in schedules:
            values: list[float] = []
            for seed in self._image.seeds(code, dataset, schedule):
                with suppress(MissingDataError):
                    curve, present = self._image.curve(code, dataset, split, "time", schedule, seed)
                    values += curve[present].tolist()
            if values:
                return _mean(values)
        return None

    def recorded_cost(self, code: int, dataset: str, *, schedule: int, seed: Seed) -> RecordedCost:
        """Return (params_m, flops_m) as upstream wrote them into that trial, its known mistakes included."""
        params, flops = (
            self._image.trial_value(code, dataset, metric, schedule, seed)
            for metric in ("params_m", "flops_m")
        )
        return RecordedCost(params, flops)


def _mean(values: list[float]) -> float:
    """The mean; of equal values that value, which a sum divided by their number need not be."""
    from math import fsum

    return values[0] if len(set(values)) == 1 else fsum(values) / len(values)


class _Closed:
    """Stands where the image was; every question says so."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, _: str) -> Any:
        raise SettingsError(f"{self._path}: this store is closed")
