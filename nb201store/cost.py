"""Parameters and multiply-adds of any cell's network, counted from its code by the C++ core.

Counted as upstream counts: trainable scalars, batch norm's scale and shift included, and the
multiply-adds of convolutions and linear layers for one image (a bias adds one per output); pooling,
batch norm, ReLU and additions cost nothing; operations on dead branches count. Both are published
in millions: the integer divided by 1e6 is the published double, bit for bit.

The network is general in its width, its cells per stage, its input channels and its image size, so
that a benchmark of one's own has its costs by the same functions.
"""

from __future__ import annotations

from nb201store import _core
from nb201store.arguments import as_int, is_many, shown
from nb201store.errors import ArchError, SettingsError
from nb201store.space import SPACES

TYPE_CHECKING = False
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Shape = tuple[int, int, int, int, int]  # classes, image_size, channels, cells, in_channels

OFFICIAL_CHANNELS = 16
OFFICIAL_CELLS = {"tss": 5, "sss": 1}
"""Width of the topology space's stem, and cells per stage of both spaces."""


def count(
    space_name: str,
    code: int,
    *,
    classes: int,
    image_size: int,
    channels: int = OFFICIAL_CHANNELS,
    cells: int | None = None,
    in_channels: int = 3,
) -> tuple[int, int]:
    """Return the trainable parameters and the multiply-adds for one image of one cell's network.

    Parameters
    ----------
    space_name : "tss" | "sss"
    code : int, 0..15624 (tss) or 0..32767 (sss); for many use `count_all` and index its arrays
    classes : int, at least 1
    image_size : int, pixels of a side, at least 1; each reduction halves it, rounding up
    channels : int, width of the stem, at least 1; without effect in sss: the code has the widths
    cells : int, per stage, at least 1; None is the official number: 5 (tss) or 1 (sss)
    in_channels : int, channels of the images, at least 1

    Raises
    ------
    ArchError      `code` is outside the space
    SettingsError  no such space, another argument is out of its range (all are below 2**32, as in
                   an image), or the network has more than 2**63 - 1 of either

    Notes
    -----
    Does not load numpy. Layers: NAS-Bench-201 (ICLR 2020) section 2.1, NATS-Bench (TPAMI 2021);
    counted in src/nb201store/cost.hpp.
    """
    is_tss = _is_tss(space_name)
    if is_many(code):
        raise ArchError(f"cost: expected one code (count_all counts all), found {shown(code)}")
    shape = _shape(space_name, classes, image_size, channels, cells, in_channels)
    return _core.tss_cost(code, *shape) if is_tss else _core.sss_cost(code, *shape)


def count_all(
    space_name: str,
    *,
    classes: int,
    image_size: int,
    channels: int = OFFICIAL_CHANNELS,
    cells: int | None = None,
    in_channels: int = 3,
) -> tuple[Ints, Ints]:
    """Return the `count` of every cell, by code: two int64 arrays of shape (len(space),)."""
    is_tss = _is_tss(space_name)
    shape = _shape(space_name, classes, image_size, channels, cells, in_channels)
    return _core.tss_costs(*shape) if is_tss else _core.sss_costs(*shape)


def _shape(
    space_name: str,
    classes: int,
    image_size: int,
    channels: int,
    cells: int | None,
    in_channels: int,
) -> Shape:
    return (
        _natural("classes", classes),
        _natural("image_size", image_size),
        _natural("channels", channels) if space_name == "tss" else OFFICIAL_CHANNELS,
        _natural("cells", OFFICIAL_CELLS[space_name] if cells is None else cells),
        _natural("in_channels", in_channels),
    )


def _is_tss(name: str) -> bool:
    if name not in SPACES:
        raise SettingsError(f"space: expected {' or '.join(SPACES)}, found {shown(name)}")
    return name == "tss"


def _natural(what: str, value: object) -> int:
    """`value` as an int of 1 to 2**32 - 1, or SettingsError."""
    number = as_int(value)
    if number is None or number < 1:
        raise SettingsError(f"{what}: expected an integer of at least 1, found {shown(value)}")
    if number >= 2**32:
        raise SettingsError(f"{what}: expected at most {2**32 - 1}, found {shown(value)}")
    return number
