"""Zarr arrays over all codes of a space, with coordinates that any reader understands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store.archive import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import zarr

    from nb201store.threads import Workers

    Array = np.ndarray[Any, np.dtype[Any]]
    # Finished tables of one metric: (epochs, codes, seeds, encoded arrays) each, rows in ascending code.
    Rows = Sequence[tuple[Array, Array, Array, Mapping[str, Array]]]

# Chunks of nothing but fill values are written too: one that is missing is damage, which a reader can tell.
_WRITE_ALL: Any = {"write_empty_chunks": True}


def write_coordinate(
    group: zarr.Group, name: str, values: Array, long_name: str, dimension: str | None = None
) -> None:
    """Write a one-dimensional array in one chunk; text as variable-length strings."""
    text = values.dtype.kind in "OT"
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=(max(len(values), 1),),
        dtype=str if text else values.dtype,
        compressors=layout.codecs(np.dtype("S1") if text else values.dtype, len(values)),
        dimension_names=(dimension or name,),
        attributes={"long_name": long_name},
        config=_WRITE_ALL,
    )
    array[:] = values


class Output(NamedTuple):
    """Where arrays are written: the folder of the store, who does it, and `quick` of `writer.write`."""

    folder: Path
    workers: Workers
    quick: bool


class CodeArrays:
    """Writes arrays whose first dimension is the code, chunk by chunk; chunks without cells are left out.

    Chunks are written by the output's workers: `write` and `write_blocks` return before the last is there.
    """

    def __init__(self, size: int, codes: Iterable[int], output: Output) -> None:
        self.size = size
        self._output = output
        self.codes: Array = np.arange(size, dtype=np.int32)
        self._touched = sorted({code // layout.CODES_PER_BLOCK for code in codes})

    def group(self, parent: zarr.Group, name: str, **coordinates: Array) -> zarr.Group:
        """Create a group with the coordinate `code` and, by name, `seed` or others."""
        meanings = {
            "code": "canonical cell integer",
            "seed": "seed of the training run",
            "epoch": "epoch, 0-based",
            "split": "split",
        }
        node = parent.require_group(name)
        for what, values in ({"code": self.codes} | coordinates).items():
            write_coordinate(node, what, values, meanings[what])
        return node

    def write(
        self,
        group: zarr.Group,
        name: str,
        dims: tuple[str, ...],
        values: Array,
        long_name: str,
        units: str | None = None,
    ) -> None:
        """Write `values`, whose dimensions are (code, *dims)."""
        attributes = {"long_name": long_name} | ({"units": units} if units else {})
        self.write_blocks(
            group, name, dims, values.shape[1:], values.dtype, attributes, lambda a, b: values[a:b]
        )

    def write_blocks(
        self,
        group: zarr.Group,
        name: str,
        dims: tuple[str, ...],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        attributes: Mapping[str, Any],
        block: Callable[[int, int], Array],
    ) -> None:
        """Write an array of dimensions (code, *dims) from block(first code, past last code)."""
        step = layout.chunk_codes(self.size, shape, dtype)
        target = group.create_array(
            name,
            shape=(self.size, *shape),
            chunks=(step, *(max(n, 1) for n in shape)),
            dtype=dtype,
            filters=layout.order(1 + len(shape)),
            compressors=layout.codecs(
                dtype, step, epochs="epoch" in dims, quick=self._output.quick
            ),
            fill_value=layout.fill_of(dtype),
            dimension_names=("code", *dims),
            attributes=dict(attributes),
            config=_WRITE_ALL,
        )
        blocks_per_chunk = step // layout.CODES_PER_BLOCK
        for chunk in sorted({touched // blocks_per_chunk for touched in self._touched}):
            self._output.workers.run(partial(_write_chunk, target, chunk, step, block))


def _write_chunk(
    target: zarr.Array[Any], chunk: int, step: int, block: Callable[[int, int], Array]
) -> None:
    first, past = chunk * step, min((chunk + 1) * step, target.shape[0])
    target[first:past] = block(first, past)


def spread(places: Array, values: Array, size: int) -> Array:
    """Values known at `places` over 0..size-1, with the dtype's fill value elsewhere."""
    out = np.full(size, layout.fill_of(values.dtype), dtype=values.dtype)
    out[places] = values
    return out


def scatter(
    block: Array, tables: Rows, name: str | None, first: int, seeds: Array, epochs: Array
) -> None:
    """Put rows of `tables` into `block` [codes from `first` on, seed, epoch]; without a name put True."""
    for table_epochs, codes, table_seeds, arrays in tables:
        rows = slice(*np.searchsorted(codes, (first, first + len(block))))
        places = (codes[rows] - first, np.searchsorted(seeds, table_seeds[rows]))
        values = True if name is None else arrays[name][rows]
        if len(table_epochs) == len(epochs):
            block[places] = values
        else:
            at = np.searchsorted(epochs, table_epochs)
            block[places[0][:, None], places[1][:, None], at] = values
