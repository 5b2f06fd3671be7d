"""An independent count of parameters and multiply-adds, layer by layer in Python and NumPy.

It met every recorded cost of the official files before the C++ core (src/nb201store/cost.hpp)
counted them, and is the oracle of that count: trainable scalars, batch norm's scale and shift
included; multiply-adds of convolutions and linear layers for one image, a bias adding one per
output. Ints of any size: nothing wraps in a count of one cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nb201store.space import EDGES, OPS, WIDTHS, tss

Count = Any  # an int, or an int64 array over cells: the same arithmetic counts both
Layer = tuple[Count, Count]  # its parameters, its multiply-adds

SSS_CELL = tss.code(
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)
"""The cell of every network of the size space, as a code of the topology space."""

_, SKIP, CONV_1X1, CONV_3X3, POOL = range(len(OPS))


def count(space, code, **network) -> Layer:
    """The parameters and multiply-adds of one cell; `network` as nb201store.cost.count takes it."""
    return _count(space, code, **network)


def count_all(space, **network) -> Layer:
    """The same of every cell by code, two int64 arrays."""
    return _count(space, range(len(space)), **network)


def _count(space, code, *, classes, image_size, channels=16, cells=None, in_channels=3) -> Layer:
    """The sum of all layers of one network, or of each of many."""
    digits = _columns(space.ops(code))
    if space is tss:
        ops = digits
        widths: list[Count] = [channels * factor for factor in (1, 2, 2, 4, 4)]
    else:
        ops = tss.ops(SSS_CELL)
        widths = [(digit + 1) * WIDTHS[0] for digit in digits]
    if cells is None:
        cells = 5 if space is tss else 1
    layers = _network(
        ops, widths, cells=cells, side=image_size, in_channels=in_channels, classes=classes
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
