"""Records to a Zarr v3 archive."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import __version__
from nb201store.archive import layout
from nb201store.archive.staging import GroupStage, SplitStage, Stage, Tables
from nb201store.errors import SettingsError, SourceError
from nb201store.replacing import check_target, new_folder
from nb201store.space import SPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import zarr

    from nb201store.archive.staging import Array
    from nb201store.records import CellRecord, Source
    from nb201store.schema import Benchmark

    Progress = Callable[[str, int, int], None]
    # Finished tables of one metric: (epochs, codes, seeds, encoded arrays) each.
    Rows = Sequence[tuple[Array, Array, Array, Mapping[str, Array]]]

_INDEX_DIMS = ("code", "seed")


@dataclass(frozen=True, slots=True)
class Summary:
    """What an archive was made of. `seeds`: trials by "<schedule>/<data set>/<seed>"."""

    cells: int
    trials: int
    values: int
    seeds: Mapping[str, int]


def write(
    path: Path,
    benchmark: Benchmark,
    cells: Iterable[CellRecord],
    source: Source,
    *,
    loss: str = "float32",
    overwrite: bool = False,
    count: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write an archive of `cells` at `path`, whole or not at all.

    Parameters
    ----------
    loss : "float32" (at most 6e-8 relative from the published double) or "float64" (exact)
    count : how many cells will come, for the progress
    progress : called as progress(stage, done, total), total 0 where unknown

    Raises
    ------
    SourceError      a record that the archive cannot hold exactly; it is named
    SettingsError    another `loss`, or `overwrite` of a folder that is no archive
    FileExistsError  `path` exists and `overwrite` is false
    """
    if loss not in ("float32", "float64"):
        raise SettingsError(f"loss must be float32 or float64, found {loss!r}")
    check_target(path, overwrite=overwrite, folder=True)
    check_overwrite(path)
    with new_folder(path, overwrite=overwrite) as folder:
        stage = Stage(benchmark, np.dtype("<f4" if loss == "float32" else "<f8"))
        values = _gather(stage, cells, count, progress)
        _write_store(folder, stage, source, progress)
    seeds: dict[str, int] = {}
    for group in stage.ordered_groups():
        for seed, n in zip(*np.unique(np.array(group.seeds), return_counts=True), strict=True):
            seeds[f"{group.schedule}/{group.dataset.name}/{seed}"] = int(n)
    return Summary(len(stage.cell_form), sum(seeds.values()), values, seeds)


def check_overwrite(path: Path) -> None:
    """Raise SettingsError where something else than an archive stands at `path`: that is never replaced."""
    if not path.exists():
        return
    try:
        ours = "nb201store_archive" in json.loads((path / "zarr.json").read_bytes())["attributes"]
    except (OSError, ValueError, LookupError, TypeError):
        ours = False
    if not ours:
        raise SettingsError(
            f"{path} is not an nb201store archive; --overwrite will not replace it, remove it yourself"
        )


def _gather(
    stage: Stage, cells: Iterable[CellRecord], count: int | None, progress: Progress | None
) -> int:
    """Take every record into the stage; return the number of values."""
    size = len(SPACES[stage.benchmark.space])
    values = 0
    for done, cell in enumerate(cells):
        if progress is not None:
            progress("read", done, count or 0)
        if not 0 <= cell.code < size or cell.code in stage.cell_form:
            why = (
                "came twice"
                if cell.code in stage.cell_form
                else f"is outside the space (0..{size - 1})"
            )
            raise SourceError(f"code {cell.code} {why}")
        stage.cell_form[cell.code] = stage.cell_forms.place(cell.form)
        seen = set()
        for trial in cell.trials:
            key = (trial.schedule, trial.dataset, trial.seed)
            if trial.code != cell.code or key in seen:
                raise SourceError(
                    f"{trial.name}: came twice, or belongs to another cell than {cell.code}"
                )
            seen.add(key)
            values += stage.add(trial)
    if not stage.cell_form:
        raise SourceError("no cell has any results: nothing to store")
    return values


class _Writer:
    """Arrays over all codes of a space, written block by block of codes; blocks that hold nothing are not written."""

    def __init__(self, size: int, codes: Iterable[int]) -> None:
        self.size = size
        step = layout.CODES_PER_CHUNK
        self.blocks = [
            (b * step, min((b + 1) * step, size)) for b in sorted({c // step for c in codes})
        ]

    def array(
        self, group: zarr.Group, name: str, dims: tuple[str, ...], shape: tuple[int, ...],
        dtype: Any, attributes: Mapping[str, Any], fill: Callable[[int, int], Array],
    ) -> None:  # fmt: skip
        """Create `name` with dimensions (code, *dims) and fill each block with fill(first code, past last code)."""
        dtype = np.dtype(dtype)
        target = group.create_array(
            name,
            shape=(self.size, *shape),
            chunks=(layout.CODES_PER_CHUNK, *(max(n, 1) for n in shape)),
            dtype=dtype,
            compressors=layout.codecs(dtype, layout.CODES_PER_CHUNK),
            fill_value=False if dtype.kind == "b" else layout.fill_of(dtype),
            dimension_names=("code", *dims),
            attributes=dict(attributes),
        )
        for first, past in self.blocks:
            target[first:past] = fill(first, past)


def _coordinate(group: zarr.Group, name: str, values: Array, attributes: Mapping[str, Any]) -> None:
    """A one-dimensional coordinate array in one chunk."""
    text = values.dtype.kind in "OT"
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=(max(len(values), 1),),
        dtype=str if text else values.dtype,
        compressors=layout.codecs(np.dtype("u1") if text else values.dtype, len(values)),
        dimension_names=(name if name != "arch_str" else "code",),
        attributes=dict(attributes),
    )
    array[:] = values


def _write_store(folder: Path, stage: Stage, source: Source, progress: Progress | None) -> None:
    import zarr

    space = SPACES[stage.benchmark.space]
    root = zarr.create_group(
        folder,
        zarr_format=3,
        attributes={
            "nb201store_archive": layout.ARCHIVE_VERSION,
            "written_by": f"nb201store {__version__}",
            "benchmark": layout.benchmark_to_json(stage.benchmark),
            "sources": [asdict(source)],
            "cell_forms": stage.cell_forms.listed(),
            "trial_forms": stage.trial_forms.listed(),
        },
    )
    codes = np.arange(len(space), dtype=np.int32)
    code_attributes = {"long_name": "canonical cell integer"}
    _coordinate(root, "code", codes, code_attributes)
    names = np.array(space.arch_str(codes), dtype=object)
    _coordinate(root, "arch_str", names, {"long_name": "official architecture string"})
    writer = _Writer(len(space), stage.cell_form)
    have = np.fromiter(stage.cell_form, dtype=np.int64)
    forms = np.fromiter(stage.cell_form.values(), dtype=np.int64)
    present = _spread(have, forms, len(space), np.uint16)
    writer.array(root, "present", (), (), bool, {"long_name": "cell has results"},
                 lambda a, b: present[0][a:b])  # fmt: skip
    writer.array(root, "form", (), (), np.uint16, {"long_name": "place in the root's cell_forms"},
                 lambda a, b: present[1][a:b])  # fmt: skip
    groups = stage.ordered_groups()
    for done, group in enumerate(groups):
        if progress is not None:
            progress("write", done, len(groups))
        node = root.require_group(f"{group.schedule}/{group.dataset.name}")
        _coordinate(node, "code", codes, code_attributes)
        _write_group(writer, node, group, codes)
    with warnings.catch_warnings():
        # Readers (xarray among them) open consolidated stores with one request instead of hundreds; the warning only
        # says that the v3 specification has not adopted it yet, and readers that do not know it ignore it.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        zarr.consolidate_metadata(folder)


def _spread(places: Array, values: Array, size: int, dtype: Any) -> tuple[Array, Array]:
    """(present, values) over 0..size-1 of values known at `places`."""
    present = np.zeros(size, dtype=bool)
    out = np.full(size, layout.fill_of(np.dtype(dtype)), dtype=dtype)
    present[places] = True
    out[places] = values
    return present, out


def _write_group(writer: _Writer, node: zarr.Group, group: GroupStage, codes: Array) -> None:
    """The trials of one (schedule, data set): what belongs to a trial here, the splits in groups below."""
    trial_codes = np.array(group.codes, dtype=np.int64)
    seeds = np.unique(np.array(group.seeds, dtype=np.int32))
    slots = np.searchsorted(seeds, np.array(group.seeds))
    seed_attributes = {"long_name": "seed of the training run"}
    _coordinate(node, "seed", seeds, seed_attributes)
    flat = trial_codes * len(seeds) + slots
    grid = (writer.size, len(seeds))

    def per_trial(
        name: str, values: Any, dtype: Any, where: Array | None = None, **attributes: Any
    ) -> None:
        places = flat if where is None else flat[where]
        picked = (
            np.asarray(values, dtype=dtype)
            if where is None
            else np.asarray(values, dtype=dtype)[where]
        )
        laid = _spread(places, picked, writer.size * len(seeds), dtype)[1].reshape(grid)
        writer.array(
            node, name, ("seed",), (len(seeds),), dtype, attributes, lambda a, b: laid[a:b]
        )

    def presence(name: str, places: Array, what: str) -> None:
        laid = _spread(places, np.ones(len(places)), writer.size * len(seeds), np.uint8)[0].reshape(
            grid
        )
        writer.array(
            node, name, ("seed",), (len(seeds),), bool, {"long_name": what}, lambda a, b: laid[a:b]
        )

    presence("present", flat, "trial exists")
    per_trial("form", group.forms, np.uint16, long_name="place in the root's trial_forms")
    for name, values, units in (
        ("params_m", group.params_m, "1e6"),
        ("flops_m", group.flops_m, "1e6"),
    ):
        known = np.array([value is not None for value in values])
        numbers = [np.nan if value is None else value for value in values]
        per_trial(
            name, numbers, np.float64, known, units=units, long_name=f"{name} as recorded upstream"
        )
        presence(f"{name}_present", flat[known], f"{name} was recorded")
    _write_latencies(writer, node, group, flat, len(seeds))
    _write_times(writer, node, group, flat, seeds)
    for stage in group.splits.values():
        if stage.scores or stage.top5:
            below = node.create_group(stage.split.name)
            _coordinate(below, "code", codes, {"long_name": "canonical cell integer"})
            _coordinate(below, "seed", seeds, seed_attributes)
            _write_split(writer, below, stage, seeds)


def _write_latencies(
    writer: _Writer, node: zarr.Group, group: GroupStage, flat: Array, seeds: int
) -> None:
    counts = np.array([len(values) for values in group.latency_s], dtype=np.uint16)
    most = int(counts.max(initial=0))
    laid_counts = _spread(flat, counts, writer.size * seeds, np.uint16)[1].reshape(
        writer.size, seeds
    )
    writer.array(node, "latency_count", ("seed",), (seeds,), np.uint16,
                 {"long_name": "latency measurements kept"}, lambda a, b: laid_counts[a:b])  # fmt: skip
    if most == 0:
        return
    laid = np.full((writer.size * seeds, most), np.nan)
    for place, values in zip(flat, group.latency_s, strict=True):
        laid[place, : len(values)] = values
    laid = laid.reshape(writer.size, seeds, most)
    writer.array(node, "latency_s", ("seed", "measurement"), (seeds, most), np.float64,
                 {"units": "s", "long_name": "seconds of one evaluation batch"},
                 lambda a, b: laid[a:b])  # fmt: skip


def _write_times(
    writer: _Writer, node: zarr.Group, group: GroupStage, flat: Array, seeds: Array
) -> None:
    """Seconds per epoch, folded to one number where every epoch has the same, and the epochs that have them."""
    splits = list(group.splits)
    _coordinate(node, "split", np.array(splits, dtype=object), {"long_name": "split"})
    sets = [layout.runs_of(epochs) for epochs in group.time_sets]
    node.attrs["time_epoch_sets"] = sets
    shape = (writer.size * len(seeds), len(splits))
    constant = np.full(shape, np.nan)
    which = np.full(shape, np.iinfo(np.uint16).max, dtype=np.uint16)
    for place, split in enumerate(splits):
        constant[flat, place] = np.array(group.time_constant[split])
        which[flat, place] = np.array(group.time_set[split], dtype=np.uint16)
    varying = {
        split: [(t.epochs, *t.finish()) for t in group.varying_times[split]] for split in splits
    }
    varies = np.zeros(shape, dtype=bool)
    for place, split in enumerate(splits):
        for _, codes, table_seeds, _ in varying[split]:
            varies[
                codes.astype(np.int64) * len(seeds) + np.searchsorted(seeds, table_seeds), place
            ] = True
    grid = (writer.size, len(seeds), len(splits))
    dims = ("seed", "split")
    for name, laid, what in (
        (
            "time",
            constant.reshape(grid),
            "seconds of one epoch, where all epochs of the trial have the same",
        ),
        ("time_epoch_set", which.reshape(grid), "place in time_epoch_sets plus one; 0: no times"),
        ("time_varies", varies.reshape(grid), "times differ between epochs: see epoch_time"),
    ):
        attributes = {"long_name": what} | ({"units": "s"} if name == "time" else {})
        writer.array(
            node, name, dims, grid[1:], laid.dtype, attributes, lambda a, b, laid=laid: laid[a:b]
        )
    if varies.any():
        _write_epoch_times(writer, node, group, varying, seeds)


def _write_epoch_times(
    writer: _Writer, node: zarr.Group, group: GroupStage, varying: Mapping[str, Rows], seeds: Array
) -> None:
    """Measured seconds of every epoch, of the trials whose times are not one constant."""
    _coordinate(
        node, "epoch", np.arange(group.schedule, dtype=np.int32), {"long_name": "epoch, 0-based"}
    )
    shape = (len(seeds), len(varying), group.schedule)

    def fill(first: int, past: int) -> Array:
        block = np.full((past - first, *shape), np.nan)
        for place, tables in enumerate(varying.values()):
            _scatter(
                block[:, :, place], tables, "epoch_time", first, seeds, np.arange(group.schedule)
            )
        return block

    attributes = {"units": "s", "long_name": "seconds of each epoch, where time_varies"}
    writer.array(
        node, "epoch_time", ("seed", "split", "epoch"), shape, np.float64, attributes, fill
    )


def _scatter(
    block: Array, tables: Rows, name: str | None, first: int, seeds: Array, epochs: Array
) -> None:
    """Put the rows of `tables` whose codes lie in `block` (from code `first` on) at their places; None: set True."""
    for table_epochs, codes, table_seeds, arrays in tables:
        rows = slice(*np.searchsorted(codes, (first, first + len(block))))
        at = np.ix_(np.arange(codes[rows].size), np.searchsorted(epochs, table_epochs))
        places = (codes[rows] - first, np.searchsorted(seeds, table_seeds[rows]))
        picked = block[places]
        picked[at] = True if name is None else arrays[name][rows]
        block[places] = picked


def _write_split(writer: _Writer, node: zarr.Group, stage: SplitStage, seeds: Array) -> None:
    """Hits, last-batch hits, loss and top-5 of one split, dense over (code, seed, epoch)."""
    epochs = np.unique(np.concatenate([stage.scores.epochs(), stage.top5.epochs()])).astype(
        np.int32
    )
    _coordinate(node, "epoch", epochs, {"long_name": "epoch, 0-based"})
    node.attrs.update({"images": stage.split.images, "last_batch": stage.last})
    for tables, prefix in ((stage.scores, ""), (stage.top5, "top5_")):
        if tables:
            _write_tables(writer, node, stage, tables, prefix, seeds, epochs)


def _write_tables(
    writer: _Writer,
    node: zarr.Group,
    stage: SplitStage,
    tables: Tables,
    prefix: str,
    seeds: Array,
    epochs: Array,
) -> None:
    finished = [(table.epochs, *table.finish()) for table in tables]
    shape = (len(seeds), len(epochs))

    def dense(name: str | None, dtype: np.dtype[Any]) -> Callable[[int, int], Array]:
        def fill(first: int, past: int) -> Array:
            block = np.full(
                (past - first, *shape), False if name is None else layout.fill_of(dtype), dtype
            )
            _scatter(block, finished, name, first, seeds, epochs)
            return block

        return fill

    dims = ("seed", "epoch")
    writer.array(node, f"{prefix}present", dims, shape, bool, {"long_name": "value exists"},
                 dense(None, np.dtype(bool)))  # fmt: skip
    for name, sample in finished[0][3].items():
        writer.array(node, name, dims, shape, sample.dtype, _attributes(name, stage, sample.dtype),
                     dense(name, sample.dtype))  # fmt: skip


def _attributes(name: str, stage: SplitStage, dtype: np.dtype[Any]) -> dict[str, Any]:
    """CF attributes: xarray shows hits as percent, and what is not present as NaN."""
    fill = {} if dtype.kind == "f" else {"_FillValue": int(layout.fill_of(dtype))}
    if name == "loss":
        return {"units": "nats", "long_name": "mean cross-entropy"}
    if name.endswith("last_hits"):
        return {"units": "1", "long_name": "hits among the images of the last batch"} | fill
    what = "top-5" if name.startswith("top5") else "top-1"
    return {
        "units": "percent",
        "long_name": f"{what} hits; times scale_factor: {what} accuracy",
        "scale_factor": 100.0 / stage.split.images,
    } | fill
