"""Accuracies as integer hits, and back, bit for bit.

Upstream logs a percentage over N images as the average of its batches: every full batch is an exact double, and the
last batch of L = N mod batch images is a float32 rate. With K hits in all and k hits among those last L images the
published double is

    ((K - k) * 100 + float64(float32(k) * float32(100 / L)) * L) / N

in float64. Where 100/L is exact in float32 (the official 16 and 80) that is 100 * K / N whatever k is, and only K is
kept; elsewhere k is kept beside it (`last_hits`). Often several k give the same double: the one nearest to K * L / N
is stored, the smaller of two equally near, so that equal input makes equal bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def last_batch(images: int, batch: int) -> int:
    """Return how many images the last batch holds where that matters to the published double, else 0."""
    last = images % batch
    hits = np.arange(last + 1)
    return last if last and np.any(_last_percent(hits, last) != 100.0 * hits) else 0


def _last_percent(last_hits: Ints, last: int) -> Floats:
    """100 x hits of the last batch as upstream computes it: through a float32 rate."""
    rate = last_hits.astype(np.float32) * np.float32(100.0 / last)
    return rate.astype(np.float64) * last


def decode(hits: Ints, last_hits: Ints | None, images: int, last: int) -> Floats:
    """Return the published percentages, float64, of integer `hits` (and `last_hits` where `last` is not 0).

    Arrays of one shape; REQUIRES 0 <= hits <= images and a `last_hits` that `encode` can make.
    """
    hits = np.asarray(hits, dtype=np.int64)
    if not last:
        return hits * 100.0 / images
    if last_hits is None:
        raise AssertionError(f"last batch of {last} images, but no last_hits")
    last_hits = np.asarray(last_hits, dtype=np.int64)
    return ((hits - last_hits) * 100.0 + _last_percent(last_hits, last)) / images


def encode(percent: Floats, images: int, last: int) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return (hits, last_hits, ok) of published percentages, as int64, int64 and bool arrays of the same shape.

    `ok` is false where no number of hits out of `images` gives that very double; hits are 0 there. `last_hits` is all
    0 where `last` is 0. Costs a few vector operations per candidate tried, on the values that none explained yet.
    """
    percent = np.asarray(percent, dtype=np.float64)
    flat = percent.ravel()
    finite = np.where(
        (flat >= 0.0) & (flat <= 101.0), flat, 0.0
    )  # NaN and nonsense fail the comparison below
    hits = np.rint(finite * images / 100.0).astype(np.int64)
    last_hits = np.zeros_like(hits)
    ok = np.zeros(hits.shape, dtype=np.bool_)
    if last:
        _search_last_hits(flat, hits, last_hits, ok, images, last)
    else:
        ok[:] = (decode(hits, None, images, 0) == flat) & (hits <= images)
    hits[~ok] = 0
    last_hits[~ok] = 0
    return hits.reshape(percent.shape), last_hits.reshape(percent.shape), ok.reshape(percent.shape)


def _search_last_hits(
    flat: Floats, hits: Ints, last_hits: Ints, ok: NDArray[np.bool_], images: int, last: int
) -> None:
    """Try k outwards from hits * last / images, nearest first, on the values not yet explained."""
    start, remainder = np.divmod(hits * last, images)
    upward = 2 * remainder > images  # the next k is nearer than `start`
    start += upward
    # The second candidate lies on the other side of the exact quotient; on the quotient, below (ties go down).
    step = np.where(upward | (remainder == 0), -1, 1)
    todo = np.flatnonzero(hits <= images)
    for rank in range(2 * last + 3):
        if todo.size == 0:
            return
        distance = (rank + 1) // 2
        k = start[todo] + (step[todo] if rank % 2 else -step[todo]) * distance
        total = hits[todo]
        possible = (k >= 0) & (k <= last) & (k <= total) & (total - k <= images - last)
        found = possible & (decode(total, np.where(possible, k, 0), images, last) == flat[todo])
        last_hits[todo[found]] = k[found]
        ok[todo[found]] = True
        todo = todo[~found]
