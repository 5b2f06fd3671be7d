"""Store: open an image and ask it. Thin over the C++ core; numpy is loaded by the first vectorised question only."""

from __future__ import annotations

import os

from nb201store import _core
from nb201store.arguments import is_many
from nb201store.errors import ArchError, FormatError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Callable
    from typing import Any, Literal, Self, overload

    import numpy as np
    import pyarrow as pa
    from numpy.typing import ArrayLike, NDArray

    from nb201store.answers import BestEpoch, Cost, Neighbours, Ranked, RecordedCost
    from nb201store.column import Column
    from nb201store.gaps import Codes, Missing
    from nb201store.ranking import Order, Where
    from nb201store.tables import Written
    from nb201store.tables.words import Names, Numbers, Rows, Seeds
    from nb201store.views import ColumnViews

    Seed = int | Literal["mean"]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
else:  # `typing` costs more than everything else that opening a store does

    def overload(_: object) -> None:
        """As typing.overload, for readers and type checkers only."""


_ABSENT: Any = object()
"""Tells a word left out from split=None, which asks for a metric of the trial itself."""


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

    code : int, 0..len(space)-1; numpy integers too. Where a question takes `code`, it takes an array, list or range
        of codes as well: the answer is then an array of its shape
    dataset, split : names as recorded; never defaulted, never aliased. split=None: a metric of the trial itself
    metric : "accuracy", "top5" (percent), "loss" (nats), "time" (seconds of that epoch); of the trial itself
        "params_m", "flops_m" (millions, as upstream wrote them), "latency_s" (seconds of an evaluation batch)
    schedule : int, epochs of the training run
    epoch : int, 0-based; negative counts from the end of the schedule
    seed : a recorded seed, or "mean" over the seeds that exist for that cell (summed in ascending order)
    missing : of many cells only: "raise" (MissingDataError naming the first gap and how many there are) or "mask"
        (numpy masked arrays)
    threads : how many threads a large batch may use; the answer does not depend on it

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
        # A pickle may be opened from another working directory.
        self._origin = (os.path.abspath(self.path), mode, self._image.fingerprint)  # noqa: PTH100 - likewise

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, self._origin

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
        """Return what the file says of itself: space, data sets, splits, groups of trials, columns, user columns."""
        described = dict(self._image.describe())
        if described["user_columns"]:
            from nb201store.user_about import described_user_columns

            described["user_columns"] = described_user_columns(self._image)
        return described

    def check(self) -> None:
        """Compare every section with its checksum and bounds; ChecksumError or FormatError names the first bad one."""
        self._image.check()

    @overload
    def value(self, code: int, dataset: str, split: str | None, metric: str, *, schedule: int, epoch: int = -1,
              seed: Seed) -> float: ...  # fmt: skip
    @overload
    def value(self, code: Codes, dataset: str, split: str | None, metric: str, *, schedule: int, epoch: int = -1,
              seed: Seed, missing: Missing = "raise") -> Floats: ...  # fmt: skip
    def value(
        self, code: Any, dataset: str, split: str | None, metric: str, *,
        schedule: int, epoch: int = -1, seed: Seed, missing: Missing = "raise",
    ) -> Any:  # fmt: skip
        """Return one number: the published double bit for bit (losses: as the image holds them, see `nb201 info`).

        O(1), no allocation; many codes: float64 of their shape. Class docstring: the coordinates and the errors.
        """
        try:
            return self._image.value(code, dataset, split, metric, schedule, epoch, seed)
        except ArchError:
            if not is_many(code):
                raise
        column = self.column(dataset, split, metric, schedule=schedule, epoch=epoch, seed=seed)
        return column.take(code, missing=missing)

    @overload
    def accuracy(self, code: int, dataset: str, split: str, *, schedule: int, epoch: int = -1,
                 seed: Seed) -> float: ...  # fmt: skip
    @overload
    def accuracy(self, code: Codes, dataset: str, split: str, *, schedule: int, epoch: int = -1,
                 seed: Seed, missing: Missing = "raise") -> Floats: ...  # fmt: skip
    def accuracy(
        self, code: Any, dataset: str, split: str, *,
        schedule: int, epoch: int = -1, seed: Seed, missing: Missing = "raise",
    ) -> Any:  # fmt: skip
        """Return the top-1 accuracy at one epoch, in percent [0, 100]; as `value`."""
        try:
            return self._image.value(code, dataset, split, "accuracy", schedule, epoch, seed)
        except ArchError:
            if not is_many(code):
                raise
        return self.value(
            code, dataset, split, "accuracy", schedule=schedule, epoch=epoch, seed=seed, missing=missing,
        )  # fmt: skip

    def curve(
        self, code: int | Codes, dataset: str, split: str, metric: str, *,
        schedule: int, seed: Seed, missing: Missing = "raise",
    ) -> Floats:  # fmt: skip
        """Return one metric over the epochs that `epochs` lists: float64 [E], in its unit; of many codes [..., E].

        `missing="mask"` gives a masked array where trials lack some of these epochs.
        """
        if is_many(code):
            from nb201store import batch

            return batch.curves(
                self._image, code, dataset, split, metric, schedule=schedule, seed=seed, missing=missing,
            )  # fmt: skip
        values, present = self._image.curve(code, dataset, split, metric, schedule, seed)
        if (
            missing == "raise" and present.all()
        ):  # nearly always: the rest costs as much as the answer
            return values
        from nb201store.gaps import filled

        def hole(place: int) -> str:
            epochs = self._image.epochs(dataset, split, metric, schedule)
            name = f"{dataset}, {split}, {metric}, schedule {schedule}, seed {seed}"
            return f"code {code}, {name}: no epoch {epochs[place]}"

        return filled(values, present, missing, hole)

    def gather(
        self, codes: ArrayLike, dataset: str, split: str, metric: str, *,
        schedule: int, epochs: ArrayLike, seeds: ArrayLike | Literal["mean"],
        missing: Missing = "raise", threads: int = 1,
    ) -> Floats:  # fmt: skip
        """Return one metric at many (code, epoch, seed): float64, of the shape to which the three broadcast.

        Parameters
        ----------
        codes, epochs, seeds : integers or arrays of them, of any width (the narrower, the less memory is read);
            `seeds` may be "mean"

        Raises
        ------
        ArchError, SettingsError  a code or epoch out of range: the first, with its position in C order
        MissingDataError  an epoch or seed that was recorded of no cell, likewise; or a gap, see `missing`

        Notes
        -----
        A few nanoseconds an element: rows are looked up and prefetched in blocks. `epochs[:, None]` against `codes`
        gives [epochs, codes].
        """
        from nb201store import batch

        return batch.gather(
            self._image, codes, dataset, split, metric,
            schedule=schedule, epochs=epochs, seeds=seeds, missing=missing, threads=threads,
        )  # fmt: skip

    def best_epoch(
        self, code: int | Codes, dataset: str, split: str, metric: str = "accuracy", *,
        schedule: int, seed: Seed, missing: Missing = "raise",
    ) -> BestEpoch:  # fmt: skip
        """Return (epoch, value) where a metric was best: highest accuracy and top5, lowest loss and time.

        Of equally good epochs the earliest; NaN (a diverged loss) is never best. Many codes: int64 and float64 arrays
        of their shape.
        """
        from nb201store.answers import BestEpoch

        if not is_many(code):
            return BestEpoch(*self._image.best_epoch(code, dataset, split, metric, schedule, seed))
        from nb201store import batch

        return BestEpoch(*batch.best_epochs(
            self._image, code, dataset, split, metric, schedule=schedule, seed=seed, missing=missing,
        ))  # fmt: skip

    @overload
    def simulated_cost(self, code: int, dataset: str, split: str, *, schedule: int, epoch: int = -1,
                       seed: Seed) -> float: ...  # fmt: skip
    @overload
    def simulated_cost(self, code: Codes, dataset: str, split: str, *, schedule: int, epoch: int = -1,
                       seed: Seed, missing: Missing = "raise") -> Floats: ...  # fmt: skip
    def simulated_cost(
        self, code: Any, dataset: str, split: str, *,
        schedule: int, epoch: int = -1, seed: Seed, missing: Missing = "raise",
    ) -> Any:  # fmt: skip
        """Return what a simulated search pays for one evaluation, in seconds.

        Training epochs 0..epoch, added one by one, and one pass over `split` at that epoch (a search that is rewarded
        with x-valid pays for x-valid). Seed "mean": the mean of the seeds' costs. The benchmark's own clock
        (NAS-Bench-201 charges `cifar10-valid` where cifar10 is searched: name it so).
        """
        if not is_many(code):
            return self._image.simulated_cost(code, dataset, split, schedule, epoch, seed)
        from nb201store import batch

        return batch.simulated_costs(
            self._image, code, dataset, split, schedule=schedule, epoch=epoch, seed=seed, missing=missing,
        )  # fmt: skip

    def neighbour_values(
        self, code: int | Codes, dataset: str, split: str | None, metric: str, *,
        schedule: int, epoch: int = -1, seed: Seed, missing: Missing = "raise",
    ) -> Neighbours:  # fmt: skip
        """Return (codes, values) of the cells that differ from `code` in one place.

        int64 and float64 [24] (tss) or [35] (sss), in the order of `space.neighbours`; many codes: [..., 24].
        """
        from nb201store.answers import Neighbours

        column = self.column(dataset, split, metric, schedule=schedule, epoch=epoch, seed=seed)
        codes = self._image.neighbour_codes(code)
        return Neighbours(codes, column.take(codes, missing=missing))

    @overload
    def column(self, dataset: str) -> Column: ...
    @overload
    def column(self, dataset: str, split: str | None, metric: str, *, schedule: int, epoch: int = -1,
               seed: Seed) -> Column: ...  # fmt: skip
    def column(
        self, dataset: str, split: Any = _ABSENT, metric: Any = _ABSENT, *,
        schedule: Any = _ABSENT, epoch: int = -1, seed: Any = _ABSENT,
    ) -> Column:  # fmt: skip
        """Return a handle of one metric at one epoch for all cells: `col[code]`, `col.take(codes)`, `col.array()`.

        A single word is the name of a user column (`nb201store.attach`, `describe()["user_columns"]`):
        `column("edgegpu_latency")`.
        """
        from nb201store.column import Column

        words = {"split": split, "metric": metric, "schedule": schedule, "seed": seed}
        absent = [name for name, word in words.items() if word is _ABSENT]
        if len(absent) == len(words) and epoch == -1:
            return Column(self, dataset)
        if absent:
            raise SettingsError(
                f"column({dataset!r}, ...) lacks {', '.join(absent)}; only a user column is asked for by its name alone"
            )
        return Column(self, dataset, split, metric, schedule, epoch, seed)

    def views(self, dataset: str, split: str | None, metric: str, *, schedule: int) -> ColumnViews:
        """Return the arrays in which a column lies, read-only, not copied: what `nb201store.kernels` looks up in.

        `split` None asks for a metric of the trial. They stay valid after `close()`. See `views.ColumnViews`.
        """
        from nb201store.views import column_views

        return column_views(self._image, dataset, split, metric, schedule)

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
        from nb201store import ranking

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

    @overload
    def seed_count(self, code: int, dataset: str, schedule: int) -> int: ...
    @overload
    def seed_count(self, code: Codes, dataset: str, schedule: int) -> Ints: ...
    def seed_count(self, code: Any, dataset: str, schedule: int) -> Any:
        """Return with how many seeds a cell was trained; many codes: int64 of their shape."""
        if not is_many(code):
            return len(self._image.seeds(code, dataset, schedule))
        return self._image.seed_counts(code, dataset, schedule)

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
        from nb201store.measured_cost import measured_cost

        return measured_cost(self._image, code, dataset)

    def recorded_cost(self, code: int, dataset: str, *, schedule: int, seed: Seed) -> RecordedCost:
        """Return (params_m, flops_m) as upstream wrote them into that trial, its known mistakes included."""
        from nb201store.answers import RecordedCost

        params, flops = (
            self._image.value(code, dataset, None, metric, schedule, -1, seed)
            for metric in ("params_m", "flops_m")
        )
        return RecordedCost(params, flops)

    def weights(
        self, code: int, dataset: str, *, schedule: int, seed: int,
        framework: Literal["torch", "numpy"] = "torch",
    ) -> OrderedDict[str, Any]:  # fmt: skip
        """Return the state dict of one trained network, tensors by name in its order, as `load_state_dict` takes it.

        They come from the file of that trial beside the image, which `nb201 convert --weights` wrote. MissingDataError:
        the image lists no weights, or that trial has none; FileNotFoundError: the file is not where the image says;
        FormatError: it is damaged. Needs safetensors, and torch: `pip install 'nb201store[torch]'`.
        """
        from nb201store.weights.loading import load_weights

        return load_weights(self._image, code, dataset, schedule, seed, framework)

    def table(
        self, *, schedule: Numbers | None = None, seed: Seeds | None = None, datasets: Names = "all",
        splits: Names = "all", metrics: Names = ("accuracy",), epoch: Numbers = -1, codes: Rows = "all",
        cost: bool = False, columns: Names = (),
    ) -> pa.Table:  # fmt: skip
        """Return a pyarrow.Table: one row a cell, the chosen columns, null where a cell has no value.

        First code (int32), official_index (int32) and arch_str, then float64: measured values as `column` gives them
        (`200/cifar10/ori-test/accuracy/mean`), counted costs (`cifar10/params_m`), user columns. Each word takes one,
        several, or "all"; `nb201store.tables.choose` says it in full. Needs pyarrow: `pip install nb201store[tables]`.
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
        """Write what `table(**words)` gives as .csv (without pyarrow) or .parquet; `nb201store.tables.export`."""
        from nb201store.tables import export

        return export(self._image, target, overwrite=overwrite, progress=progress, **words)


def _reopen(path: str, mode: str, fingerprint: int) -> Store:
    """Open the image of a pickled store again; FormatError where it is another one by now."""
    store = Store(path, mode=mode)
    if store._image.fingerprint != fingerprint:
        raise FormatError(
            f"{path}: the image has changed since a store of it was pickled (table CRC32C {fingerprint:#010x}, found "
            f"{store._image.fingerprint:#010x}); open it anew"
        )
    return store


class _Closed:
    """Stands where the image was; every question says so."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __getattr__(self, _: str) -> Any:
        raise SettingsError(f"{self._path}: this store is closed")
