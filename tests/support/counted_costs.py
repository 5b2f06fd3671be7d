"""Parameters and multiply-adds of any cell's network, counted layer by layer from its code.

Counted as upstream counts: trainable scalars, batch norm's scale and shift included, and the
multiply-adds of convolutions and linear layers for one image (a bias adds one per output); pooling,
batch norm, ReLU and additions cost nothing; operations on dead branches count. Both are published
in millions: the integer divided by 1e6 is the published double, bit for bit.

The network is general in its width, its cells per stage, its input channels and its image size, so
that a benchmark of one's own has its costs by the same functions.
"""

from __future__ import annotations

from nb201store.arguments import as_int, is_many, shown
from nb201store.errors import ArchError, SettingsError
from nb201store.space import EDGES, OPS, SPACES, WIDTHS, tss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from nb201store.product_space import Space

    Ints = NDArray[np.int64]
    Count = Any  # an int, or an int64 array over cells: the same arithmetic counts both
    Layer = tuple[Count, Count]  # its parameters, its multiply-adds

SSS_CELL = tss.code(
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
"""The cell of every network of the size space, as a code of the topology space."""

_, SKIP, CONV_1X1, CONV_3X3, POOL = range(len(OPS))

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
    SettingsError  no such space, or another argument is out of its range

    Notes
    -----
    Does not load numpy. Layers: NAS-Bench-201 (ICLR 2020) section 2.1, NATS-Bench (TPAMI 2021).
    """
    parameters, multiply_adds = _count(
        space_name, _one(code), classes, image_size, channels, cells, in_channels
    )
    return parameters, multiply_adds


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
    codes = range(len(_space(space_name)))
    return _count(space_name, codes, classes, image_size, channels, cells, in_channels)


def _count(
    space_name: str,
    code: Any,
    classes: int,
    image_size: int,
    channels: int,
    cells: int | None,
    in_channels: int,
) -> Layer:
    """The sum of all layers of one network, or of each of many."""
    space = _space(space_name)
    digits = space.ops(code)
    if space is not tss:
        ops: Any = tss.ops(SSS_CELL)
        widths = [(digit + 1) * WIDTHS[0] for digit in _columns(digits)]
    else:
        ops = _columns(digits)
        width = _natural("channels", channels)
        widths = [width, 2 * width, 2 * width, 4 * width, 4 * width]
    layers = _network(
        ops,
        widths,
        cells=_natural("cells", OFFICIAL_CELLS[space_name] if cells is None else cells),
        side=_natural("image_size", image_size),
        in_channels=_natural("in_channels", in_channels),
        classes=_natural("classes", classes),
    )
    parameters, multiply_adds = map(sum, zip(*layers, strict=True))
    return parameters, multiply_adds


def _columns(digits: Any) -> Any:
    """The digits by position: ints of one cell, int64 arrays of many."""
    return digits if isinstance(digits, tuple) else digits.T.astype("int64")


def _network(
    ops: Any, widths: list[Count], *, cells: int, side: int, in_channels: int, classes: int
) -> Iterator[Layer]:
    """Yield the layers of the macro network: stem, three stages with reductions between, head.

    `widths`: of the stem, then what goes into and comes out of the cells of stages 2 and 3. A
    stage's first cell changes the width, in the size space only.
    """
    before = widths[0]
    yield from _conv_norm(in_channels, before, 3, side)
    stages = ((before, before), (widths[1], widths[2]), (widths[3], widths[4]))
    for stage, (into, out) in enumerate(stages):
        if stage > 0:
            side = -(-side // 2)  # what a convolution of stride 2 and padding 1 leaves
            yield from _reduction(before, into, side)
        yield from _cell(ops, into, out, side)
        for parameters, multiply_adds in _cell(ops, out, out, side):
            yield (cells - 1) * parameters, (cells - 1) * multiply_adds
        before = out
    yield _norm(before)
    weights = before * classes + classes
    yield weights, weights


def _reduction(into: Count, out: Count, side: int) -> Iterator[Layer]:
    """Yield the layers of a residual block of stride 2; its shortcut has no batch norm."""
    yield from _conv_norm(into, out, 3, side)
    yield from _conv_norm(out, out, 3, side)
    yield _conv(into, out, 1, side)


def _cell(ops: Any, into: Count, out: Count, side: int) -> Iterator[Layer]:
    """Yield the layers of one cell; `ops` are digits of the topology space, by edge."""
    for op, (_, source) in zip(ops, EDGES, strict=True):
        width = into if source == 0 else out
        # Where the width changes, a skip is a 1x1 convolution, and pooling follows one.
        widens = ((op == SKIP) | (op == POOL)) * (width != out)
        for kernel, times in ((3, op == CONV_3X3), (1, (op == CONV_1X1) + widens)):
            for parameters, multiply_adds in _conv_norm(width, out, kernel, side):
                yield times * parameters, times * multiply_adds


def _conv_norm(into: Count, out: Count, kernel: int, side: int) -> Iterator[Layer]:
    """Yield a convolution without bias and its batch norm."""
    yield _conv(into, out, kernel, side)
    yield _norm(out)


def _conv(into: Count, out: Count, kernel: int, side: int) -> Layer:
    """A convolution without bias that puts out `side` x `side` pixels."""
    weights = kernel * kernel * into * out
    return weights, weights * side * side


def _norm(width: Count) -> Layer:
    """A batch norm: scale and shift, no multiply-adds by upstream's rule."""
    return 2 * width, 0


def _one(code: int) -> int:
    """`code`, unless it is many: their types of answer would differ from those promised."""
    if is_many(code):
        raise ArchError(f"cost: expected one code (count_all counts all), found {shown(code)}")
    return code


def _space(name: str) -> Space:
    if name not in SPACES:
        raise SettingsError(f"space: expected {' or '.join(SPACES)}, found {shown(name)}")
    return SPACES[name]


def _natural(what: str, value: object) -> int:
    """`value` as an int of at least 1, or SettingsError."""
    number = as_int(value)
    if number is None or number < 1:
        raise SettingsError(f"{what}: expected an integer of at least 1, found {shown(value)}")
    return number
