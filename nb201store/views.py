"""The arrays that a column lies in, for programs that look up by themselves: numba kernels, NumPy, other libraries.

Nothing is copied: the large arrays are read-only windows on the mapped file, and stay valid after `Store.close()`,
since each keeps the mapping alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nb201store import _core


class ColumnViews(NamedTuple):
    """One column of an image as arrays and numbers, laid out as docs/format.md says. [C, S, E]: code, seed, epoch.

    What a field does not need is an array of size 0, never None, so that a compiled kernel sees the same types for
    every column; of the types only that of `data` varies. All arrays are C-contiguous and read-only.
    """

    rows: NDArray[np.int32]
    """int32 [C, S]: the row of the trial of (code, place of the seed), or -1 where there is none. Not yet checked: a
    row is to be compared with `trials` before it is used, as every number below is with its bound."""

    data: NDArray[Any]
    """By `encoding`: hits uint16 or uint32 [trials, E]; packed_hits uint32 [trials, E]; value float32 or float64
    [trials, E]; per_trial float64 [trials, 1]; per_cell float64 [C, 1]; per_image float64 [C, 1], to be multiplied by
    `images`; dictionary uint16 [trials, 1], places in `values`; list uint32 [trials + 1, 1], offsets in `values`."""

    last_hits: NDArray[np.uint8]
    """uint8 [trials, E]: hits of the last batch, for encoding hits where `last_batch` is not 0; else [0, 0]."""

    values: NDArray[np.float64]
    """float64 [n]: what a dictionary or a list points into; else [0]."""

    present: NDArray[np.uint8]
    """uint8 [trials, ceil(max(E, 1) / 8)]: bit e % 8 of byte e // 8 is set where the row has epoch place e; [0, 0]
    where every row has every epoch."""

    seeds: NDArray[np.int64]
    """int64 [S], ascending: `rows[:, place]` are the trials of `seeds[place]`."""

    epochs: NDArray[np.int64]
    """int64 [E], ascending, 0-based: the epochs that were recorded. Empty for a metric of the trial, whose only epoch
    place is 0."""

    trials: int
    """Rows that exist."""

    schedule: int
    """Epochs of the training run."""

    metric: int
    """Number of the metric in docs/format.md: 1 accuracy, 2 top5, 3 loss, 4 time, 5 params_m, 6 flops_m, 7
    latency_s."""

    encoding: int
    """1 hits, 2 packed_hits, 3 value, 4 per_trial, 5 per_cell, 6 dictionary, 7 list, 8 per_image."""

    images: int
    """Images of the split: hits / images is a rate; 0 for a metric of the trial."""

    last_batch: int
    """Images of the split's last batch where that matters to a percentage, else 0."""


def column_views(
    image: _core.Image, dataset: str, split: str | None, metric: str, schedule: int
) -> ColumnViews:
    """Return the views of a column; `split` None asks for a metric of the trial. Errors: those of `Store`."""
    held = image.column_sections(dataset, split, metric, schedule)
    data, extra, present = held["data"], held["extra"], held["present"]
    last_hits = extra if extra is not None and extra.ndim == 2 else _nothing(np.uint8, (0, 0))
    values = extra if extra is not None and extra.ndim == 1 else _nothing(np.float64, (0,))
    return ColumnViews(
        rows=held["rows"],
        data=data if data.ndim == 2 else data.reshape(-1, 1),
        last_hits=last_hits,
        values=values,
        present=_nothing(np.uint8, (0, 0)) if present is None else present,
        seeds=_numbers(held["seeds"]),
        epochs=_numbers(held["epochs"]),
        trials=held["trials"],
        schedule=held["schedule"],
        metric=held["metric"],
        encoding=held["encoding"],
        images=held["images"],
        last_batch=held["last_batch"],
    )


def _nothing(dtype: type[np.generic], shape: tuple[int, ...]) -> NDArray[Any]:
    return _read_only(np.empty(shape, dtype))


def _numbers(values: list[int]) -> NDArray[np.int64]:
    return _read_only(np.array(values, dtype=np.int64))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
