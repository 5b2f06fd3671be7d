"""From hits to the published percentage, bit for bit: the rule of docs/format.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.kernels.compiling import element

if TYPE_CHECKING:
    from nb201store.kernels.compiling import Int


@element
def percent(hits: Int, last_hits: Int, images: Int, last_batch: Int) -> float:
    """Return the percentage, float64, of `hits` out of `images`, `last_hits` of them in the last batch.

    REQUIRES: int64 0 <= last_hits <= hits <= images, images >= 1, last_hits <= last_batch.
    """
    # Upstream averages batch rates, and the rate of the last batch is a float32 product: only it and the division
    # round. Without a last batch its term is 0, which leaves 100 * hits / images.
    rate = np.float32(0.0)
    if last_batch != 0:
        rate = np.float32(100.0 / last_batch)
    last = np.float64(np.float32(last_hits) * rate)
    return ((hits - last_hits) * 100.0 + last * last_batch) / images
