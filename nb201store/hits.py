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

from nb201store import _core

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


def encode(
    percent: Floats, images: int, last: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.bool_]]:
    """Return (hits, last_hits, ok) of published percentages, as uint32, uint32 and bool arrays of the same shape.

    `ok` is false where no number of hits out of `images` gives that very double; hits are 0 there. `last_hits` is all
    0 where `last` is 0. REQUIRES: 1 <= images < 2**24, last <= images. Tens of nanoseconds each, without the GIL.
    """
    return _core.find_hits(percent, images, last)
