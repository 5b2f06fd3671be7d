"""One double a trial, in the smallest form that gives it back bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoding of docs/format.md with its data section and, where it has one, its extra section."""

    encoding: str
    data: Array
    extra: Array | None


def encode_numbers(values: Array, present: Array, codes: Array, cells: int) -> Encoded:
    """Encode `values` (float64 [rows], of the trials of `codes`, where `present`) in the fewest bytes.

    Candidates: a double a trial; a double a cell, where all trials of each cell agree bit for bit; a dictionary of
    the distinct doubles. Of equally small ones the first is taken, so that equal input makes equal bytes.
    """
    bits = np.ascontiguousarray(np.where(present, values, 0.0), dtype="<f8").view("<u8")
    candidates = [Encoded("per_trial", bits.view("<f8"), None)]
    per_cell = np.zeros(cells, dtype="<u8")
    per_cell[codes[present]] = bits[present]
    if np.array_equal(per_cell[codes[present]], bits[present]):
        candidates.append(Encoded("per_cell", per_cell.view("<f8"), None))
    distinct, places = np.unique(bits, return_inverse=True)
    if len(distinct) <= 0x10000:
        candidates.append(Encoded("dictionary", places.astype("<u2"), distinct.view("<f8")))
    return min(candidates, key=lambda c: c.data.nbytes + (0 if c.extra is None else c.extra.nbytes))
