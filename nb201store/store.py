"""Store: open an image and ask it. Thin over the C++ core; numpy is loaded by the first vectorised question only."""

from __future__ import annotations

import os
from collections import namedtuple
from contextlib import suppress

from nb201store import _core
from nb201store.arguments import as_int, shown
from nb201store.column import Column, filled
from nb201store.errors import FormatError, MissingDataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, NamedTuple, Self

    import numpy as np
    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray

    from nb201store.column import Missing
    from nb201store.tables import Written
    from nb201store.tables.words import Codes, Names, Numbers, Seeds

    Seed = int | Literal["mean"]

    class Ranked(NamedTuple):
        code: int
        value: float

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
    Ranked = namedtuple("Ranked", "code value")
    Cost = namedtuple("Cost", "params_m flops_m latency_s train_epoch_s eval_s")
    RecordedCost = namedtuple("RecordedCost", "params_m flops_m")

LOWEST_IS_BEST = ("loss", "time")


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
        self, n: int, dataset: str, split: str, metric: str = "accuracy", *,
        schedule: int, epoch: int = -1, seed: Seed, where: ArrayLike | None = None,
    ) -> list[Ranked]:  # fmt: skip
        """Return the n best cells as (code, value): highest for accuracy and top5, lowest for loss and time.

        Parameters
        ----------
        where : bool array [len(space)], optional: only these cells

        Returns
        -------
        list of at most n `Ranked`; of equal values the smallest code comes first. Cells without the value (a seed
        that was not recorded) take no part.
        """
        import numpy as np

        count = as_int(n)
        if count is None or count < 1:
            raise SettingsError(f"n must be 1 or more, a whole number; found {shown(n)}")
        values, present = self._image.column(dataset, split, metric, schedule, epoch, seed).array()
        if where is not None:
            mask = np.asarray(where)
            if mask.dtype != np.bool_ or mask.shape != present.shape:
                wanted = f"a bool array of shape {present.shape}"
                raise SettingsError(
                    f"where must be {wanted}, found {mask.dtype} of shape {mask.shape}"
                )
            present = present & mask
        codes = np.flatnonzero(present)
        keys = values[codes] if metric in LOWEST_IS_BEST else -values[codes]
        best = codes[np.argsort(keys, kind="stable")[:count]]
        return [Ranked(int(code), float(values[code])) for code in best]

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
        from nb201store import cost

        described = self.describe()
        dataset_info = _named(described["datasets"], dataset, self.path)
        schedules = [g["schedule"] for g in described["groups"] if g["dataset"] == dataset]
        params, flops = cost.count(
            described["space"], code, classes=dataset_info["classes"], image_size=dataset_info["image_size"],
            channels=described["channels"], cells=described["cells_per_stage"],
            in_channels=described["in_channels"],
        )  # fmt: skip
        longest_first = sorted(schedules, reverse=True)
        seconds = {
            split["name"]: self._seconds(code, dataset, split["name"], longest_first)
            for split in dataset_info["splits"]
        }
        train = seconds.pop("train", None)
        return Cost(
            params / 1e6, flops / 1e6, self._latency(code, dataset, longest_first), train, seconds
        )

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

    def table(
        self, *, schedule: Numbers | None = None, seed: Seeds | None = None, datasets: Names = "all",
        splits: Names = "all", metrics: Names = ("accuracy",), epoch: Numbers = -1, codes: Codes = "all",
        cost: bool = False, columns: Names = (),
    ) -> pa.Table:  # fmt: skip
        """Return one row a cell with the columns that are chosen, for pandas, polars or a file. Needs pyarrow.

        Each of the words takes one, several, or "all" that the image holds.

        Parameters
        ----------
        schedule, seed : int ("mean" too, for the seed); needed for measured values, and never guessed: without both
            there are none
        datasets, splits, metrics : names; metrics of the trial (params_m, flops_m, latency_s as recorded) have no split
        epoch : int, 0-based; negative counts from the end of each schedule
        codes : int [n]: one row each, in this order. "all": every cell of the space, and the row number is the code.
            "recorded": the cells that have a value in any of the measured or user columns.
        cost : also params_m and flops_m of every data set that is chosen, counted (`cost`), not as recorded
        columns : names of user columns

        Returns
        -------
        pyarrow.Table
            code (int32), official_index (int32), arch_str (string), then float64 columns: the values of `column`, bit
            for bit, null where a cell has none. Names: measured `200/cifar10/ori-test/accuracy/mean`, with an `epoch`
            other than -1 `200/cifar10/ori-test/accuracy@57/mean`; of the trial `200/cifar10/params_m/777`; counted
            `cifar10/params_m`. Metadata of a field: unit, schedule, dataset, split, metric, epoch, seed, as far as it
            has them; of the table: image, space, benchmark, sources.

        Raises
        ------
        SettingsError     a word that the image does not know, a column chosen twice, or none; pyarrow is missing
        MissingDataError  schedule, data set, split and metric are named, and that was not recorded; or a word is named
            that none of the columns meets. What "all" stands for is left out where it was not recorded.
        ArchError         a code outside the space
        """
        from nb201store.tables import choose, require_pyarrow, to_arrow

        require_pyarrow()
        chosen = choose(
            self._image, schedule=schedule, seed=seed, datasets=datasets, splits=splits, metrics=metrics,
            epoch=epoch, codes=codes, cost=cost, columns=columns,
        )  # fmt: skip
        return to_arrow(chosen)

    def export(
        self, target: str | os.PathLike[str], *, overwrite: bool = False,
        progress: Callable[[str, int, int], None] | None = None, **words: Any,
    ) -> Written:  # fmt: skip
        """Write what `table(**words)` gives to a .csv or .parquet file, whole or not at all.

        A CSV needs no pyarrow; its doubles keep every bit, and a missing value is an empty field. Returns (rows,
        columns, bytes). Raises what `table` raises, SettingsError for another suffix, FileExistsError without
        `overwrite`, and OSError.
        """
        from pathlib import Path

        from nb201store.tables import check_file, choose, write

        path = Path(target)
        check_file(path, overwrite=overwrite)  # before the work
        return write(choose(self._image, **words), path, overwrite=overwrite, progress=progress)


def _mean(values: list[float]) -> float:
    """The mean; of equal values that value, which a sum divided by their number need not be."""
    from math import fsum

    return values[0] if len(set(values)) == 1 else fsum(values) / len(values)


def _named(entries: list[dict[str, Any]], name: str, path: str) -> dict[str, Any]:
    for entry in entries:
        if entry["name"] == name:
            return entry
    known = ", ".join(entry["name"] for entry in entries)
    raise SettingsError(f"{path}: no data set {name!r}; it holds {known}")


class _Closed:
    """Stands where the image was; every question says so."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, _: str) -> Any:
        raise SettingsError(f"{self._path}: this store is closed")
