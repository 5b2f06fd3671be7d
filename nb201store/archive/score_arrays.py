"""The arrays of one split: hits, last-batch hits, loss and top-5, dense over (code, seed, epoch)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive import layout
from nb201store.archive.arrays import CodeArrays, scatter

if TYPE_CHECKING:
    from collections.abc import Callable

    import zarr

    from nb201store.archive.arrays import Array
    from nb201store.archive.row_tables import Tables
    from nb201store.archive.split_stage import SplitStage


def write_scores(arrays: CodeArrays, parent: zarr.Group, stage: SplitStage, seeds: Array) -> None:
    """Write the group of one split below its (schedule, data set)."""
    epochs = np.unique(np.concatenate([stage.scores.epochs(), stage.top5.epochs()]))
    epochs = epochs.astype(np.int32)
    node = arrays.group(parent, stage.split.name, seed=seeds, epoch=epochs)
    node.attrs.update({"images": stage.split.images, "last_batch": stage.last})
    for tables, prefix in ((stage.scores, ""), (stage.top5, "top5_")):
        if tables:
            _write_tables(arrays, node, stage, tables, prefix, seeds, epochs)


def _write_tables(
    arrays: CodeArrays,
    node: zarr.Group,
    stage: SplitStage,
    tables: Tables,
    prefix: str,
    seeds: Array,
    epochs: Array,
) -> None:
    finished = tables.finish()
    shape = (len(seeds), len(epochs))

    def dense(name: str | None, dtype: np.dtype[Any]) -> Callable[[int, int], Array]:
        def block(first: int, past: int) -> Array:
            values = np.full((past - first, *shape), layout.fill_of(dtype), dtype)
            scatter(values, finished, name, first, seeds, epochs)
            return values

        return block

    dims = ("seed", "epoch")
    flag = np.dtype(bool)
    named = {"long_name": "value exists"}
    arrays.write_blocks(node, f"{prefix}present", dims, shape, flag, named, dense(None, flag))
    for name, sample in finished[0][3].items():
        attributes = _attributes(name, stage, sample.dtype)
        block = dense(name, sample.dtype)
        arrays.write_blocks(node, name, dims, shape, sample.dtype, attributes, block)


def _attributes(name: str, stage: SplitStage, dtype: np.dtype[Any]) -> dict[str, Any]:
    """CF attributes: xarray shows hits as percent, and what is not present as NaN."""
    if name == "loss":
        return {"units": "nats", "long_name": "mean cross-entropy"}
    fill = {"_FillValue": int(layout.fill_of(dtype))}
    if name.endswith("last_hits"):
        return {"units": "1", "long_name": "hits among the images of the last batch"} | fill
    what = "top-5" if name.startswith("top5") else "top-1"
    return {
        "units": "percent",
        "long_name": f"{what} accuracy: hits times scale_factor",
        "scale_factor": 100.0 / stage.split.images,
    } | fill
