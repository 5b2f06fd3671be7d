"""Records to a Zarr v3 archive."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import __version__
from nb201store.archive import layout
from nb201store.archive.arrays import CodeArrays, Output, spread, write_coordinate
from nb201store.archive.score_arrays import write_scores
from nb201store.archive.staging import Stage
from nb201store.archive.summary import Summary, summarize
from nb201store.archive.trial_arrays import write_trials
from nb201store.archive.weights_arrays import write_listing
from nb201store.errors import SettingsError, SourceError
from nb201store.replacing import check_target, new_folder
from nb201store.space import SPACES
from nb201store.threads import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from nb201store.archive.arrays import Array
    from nb201store.records import CellRecord, Merged, Source
    from nb201store.schema import Benchmark
    from nb201store.weights.listing import Listing

    Progress = Callable[[str, int, int], None]


def write(
    path: Path,
    benchmark: Benchmark,
    cells: Iterable[CellRecord],
    source: Source | Callable[[], Source | tuple[Source, ...]],
    *,
    merged: Callable[[], Merged] | None = None,
    loss: str = "float32",
    overwrite: bool = False,
    durable: bool = True,
    quick: bool = False,
    weights: Listing | None = None,
    finish: Callable[[], None] | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write an archive of `cells` at `path`, whole or not at all.

    Parameters
    ----------
    source : what they came from, or a function that tells it: it is asked when all cells have come
    merged : how several sources became one; asked then too
    loss : "float32" (at most 6e-8 relative from the published double) or "float64" (exact)
    durable : flush every file to the disk before the archive takes its name
    quick : compress little and fast: for an archive that is thrown away again
    weights : the weights files beside the archive; asked when all cells have come
    finish : called when everything is written, before the archive takes its name
    progress : called as progress("write", done, total) while the arrays are written

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
    loss_dtype = np.dtype("<f4" if loss == "float32" else "<f8")
    with (
        new_folder(path, overwrite=overwrite, durable=durable) as folder,
        Workers() as workers,
    ):
        stage = Stage(benchmark, loss_dtype, workers)
        values = _gather(stage, cells)
        # Before the arrays are written: that empties the tables that are counted here.
        summary = summarize(stage, values)
        told = source() if callable(source) else source
        attributes: dict[str, Any] = {
            "sources": [asdict(one) for one in (told if isinstance(told, tuple) else (told,))]
        }
        if merged is not None:
            attributes["merged"] = asdict(merged())
        if weights is not None:
            attributes["weights"] = weights.about()
            summary = replace(summary, weights=weights)
        _write_store(Output(folder, workers, quick), stage, attributes, weights, progress)
        if finish is not None:
            finish()
    return summary


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


def _gather(stage: Stage, cells: Iterable[CellRecord]) -> int:
    """Take every record into the stage; return the number of values."""
    size = len(SPACES[stage.benchmark.space])
    values = 0
    for cell in cells:
        if not 0 <= cell.code < size or cell.code in stage.cell_form:
            why = (
                "came twice"
                if cell.code in stage.cell_form
                else f"is outside the space (0..{size - 1})"
            )
            raise SourceError(f"code {cell.code} {why}")
        stage.cell_form[cell.code] = stage.cell_forms.arrival(cell.form)
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
    stage.finish()
    return values


def _write_store(
    output: Output,
    stage: Stage,
    attributes: dict[str, Any],
    weights: Listing | None,
    progress: Progress | None,
) -> None:
    import zarr

    space = SPACES[stage.benchmark.space]
    arrays = CodeArrays(len(space), stage.cell_form, output)
    root = zarr.create_group(
        output.folder,
        zarr_format=3,
        attributes={
            "nb201store_archive": layout.ARCHIVE_VERSION,
            "written_by": f"nb201store {__version__}",
            "benchmark": layout.benchmark_to_json(stage.benchmark),
            **attributes,
            "cell_forms": stage.cell_forms.listed(),
            "trial_forms": stage.trial_forms.listed(),
        },
    )
    write_coordinate(root, "code", arrays.codes, "canonical cell integer")
    names = np.array(space.arch_str(arrays.codes), dtype=object)
    write_coordinate(root, "arch_str", names, "official architecture string", "code")
    have = np.fromiter(stage.cell_form, dtype=np.int64)
    forms = stage.cell_forms.places(np.fromiter(stage.cell_form.values(), dtype=np.int64))
    present = spread(have, np.ones(len(have), dtype=bool), len(space))
    form = spread(have, forms, len(space))
    # These two say which blocks of the others exist, so all of their own do.
    whole = CodeArrays(len(space), range(len(space)), output)
    whole.write(root, "present", (), present, "cell has results")
    whole.write(root, "form", (), form, "place in the root's cell_forms")
    groups = stage.ordered_groups()
    for done, group in enumerate(groups):
        seeds: Array = np.unique(group.columns().seeds)
        splits = np.array(list(group.splits), dtype=object)
        name = f"{group.schedule}/{group.dataset.name}"
        node = arrays.group(root, name, seed=seeds, split=splits)
        write_trials(arrays, node, group, seeds, stage.trial_forms)
        if weights is not None:
            write_listing(arrays, node, group, seeds, weights)
        for split in group.splits.values():
            if split.scores or split.top5:
                write_scores(arrays, node, split, seeds)
        if done + 1 == len(groups):
            output.workers.finish()
        if progress is not None:
            progress("write", done + 1, len(groups))
    with warnings.catch_warnings():
        # Readers (xarray among them) open consolidated stores with one request instead of hundreds. The warning only
        # says that the v3 specification has not adopted it yet; readers that do not know it ignore it.
        warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
        zarr.consolidate_metadata(output.folder)
