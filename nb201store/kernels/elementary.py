"""exp and log of one float64 made of + - * / and integers: the same bits compiled, interpreted, and on any machine.

The C library's differ between versions and CPUs, which would let a search take another way on another machine. Here
each operation is rounded on its own, in the order written (nothing is contracted: compiling.py). `exp.py_func` and
`log.py_func` are the same functions of plain Python. No branch and no table, so that loops of them become vector
instructions.

Both are within one unit in the last place of the exact value (tests/unit/test_elementary.py). Method: Tang's argument
reduction with the Taylor polynomial of exp, in Estrin's order; the atanh series of log as in FreeBSD's e_log.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, cast

from numba.core import types
from numba.extending import intrinsic, overload

from nb201store.kernels.compiling import element

if TYPE_CHECKING:
    import numpy as np

    from nb201store.kernels.compiling import Int


def bits_of(number: float) -> Int:
    """Return the 64 bits of a float64, int64."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return int(bits)


def float_of(bits: Int | np.uint64) -> float:
    """Return the float64 that has these 64 bits, int64 or uint64."""
    (number,) = struct.unpack("<d", struct.pack("<Q", int(bits) & 0xFFFFFFFFFFFFFFFF))
    return float(number)


def _same_bits(_typingctx: Any, value: Any) -> Any:
    kind = types.int64 if value == types.float64 else types.float64

    def codegen(context: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(value), codegen


_cast = cast("Any", intrinsic(_same_bits))


@overload(bits_of)
def _compiled_bits_of(number: Any) -> Any:
    def compiled(number: Any) -> Any:
        return _cast(number)

    return compiled if number == types.float64 else None


@overload(float_of)
def _compiled_float_of(bits: Any) -> Any:
    def compiled(bits: Any) -> Any:
        return _cast(bits)

    return compiled if bits in (types.int64, types.uint64) else None


LOG2_E = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")  # 21 zero bits at its end: k * LN2_HIGH is exact
LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
LEAST = -746.0  # exp of it, and of all below, is 0
MOST = 710.0  # exp of it, and of all above, is infinite
MINUS_INFINITY = -float("inf")
SHIFT = 1.5 * 2.0**52  # added to a small number, it leaves the nearest integer in the lowest bits
SHIFT_BITS = 0x4338000000000000
ONE_BITS = 0x3FF0000000000000
MANTISSA = (1 << 52) - 1
HALF_ROOT_BITS = 0x3FE6A09E667F3BCD  # of sqrt(1/2)
SMALLEST_NORMAL = 2.0**-1022
C2, C3, C4, C5 = 1 / 2, 1 / 6, 1 / 24, 1 / 120
C6, C7, C8, C9 = 1 / 720, 1 / 5040, 1 / 40320, 1 / 362880
C10, C11, C12, C13 = 1 / 3628800, 1 / 39916800, 1 / 479001600, 1 / 6227020800


@element
def exp(x: float) -> float:
    """Return e**x, float64: 0 below -745.2, infinite above 709.8, less than one unit in the last place off between.

    REQUIRES: x is not NaN.
    """
    x = LEAST if x < LEAST else x
    x = MOST if x > MOST else x
    shifted = x * LOG2_E + SHIFT
    k = bits_of(shifted) - SHIFT_BITS
    whole = shifted - SHIFT
    r = (x - whole * LN2_HIGH) - whole * LN2_LOW  # |r| <= 0.347; r**14 / 14! is 4e-18
    r2 = r * r
    r4 = r2 * r2
    low = (C2 + C3 * r) + (C4 + C5 * r) * r2
    middle = (C6 + C7 * r) + (C8 + C9 * r) * r2
    high = (C10 + C11 * r) + (C12 + C13 * r) * r2
    power = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)))
    # Two factors, since 2**k itself need not be a normal number; only the last product rounds.
    half = k >> 1
    return (power * float_of((half + 1023) << 52)) * float_of((k - half + 1023) << 52)


@element
def log(x: float) -> float:
    """Return the natural logarithm, float64: minus infinity at 0, less than one unit in the last place off elsewhere.

    REQUIRES: x >= 0 and finite.
    """
    tiny = x < SMALLEST_NORMAL
    bits = bits_of(x * 2.0**54 if tiny else x) + (ONE_BITS - HALF_ROOT_BITS)
    exponent = (bits >> 52) - 1023
    k = float(exponent - 54 if tiny else exponent)
    f = (
        float_of((bits & MANTISSA) + HALF_ROOT_BITS) - 1.0
    )  # x = 2**k (1 + f), 1 + f from sqrt(1/2) to sqrt(2)
    s = f / (2.0 + f)
    z = s * s  # <= 0.0295; z**11 / 23 is 6e-19
    z2 = z * z
    z4 = z2 * z2
    low = (2 / 3 + 2 / 5 * z) + (2 / 7 + 2 / 9 * z) * z2
    middle = (2 / 11 + 2 / 13 * z) + (2 / 15 + 2 / 17 * z) * z2
    high = (2 / 19 + 2 / 21 * z) + 2 / 23 * z2
    half_square = 0.5 * f * f
    rest = z * (low + z4 * (middle + z4 * high))
    near = k * LN2_HIGH - ((half_square - (s * (half_square + rest) + k * LN2_LOW)) - f)
    return MINUS_INFINITY if x == 0.0 else near
