"""kernels.elementary: exp and log to the last bit, the same compiled and interpreted."""

from __future__ import annotations

import math
import struct
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numba import njit

from nb201store.kernels import elementary

INFINITY = math.inf


@njit
def all_of_them(numbers, exps, logs):
    for i in range(numbers.size):
        exps[i] = elementary.exp(numbers[i])
        logs[i] = elementary.log(abs(numbers[i]))


def numbers():
    rng = np.random.default_rng(4)
    sizes = 10.0 ** rng.uniform(-20, math.log10(745), 3000)
    near = rng.uniform(0.5, 2.0, 1000)  # where log is small, and its digits cancel
    edges = [
        0.0,
        -0.0,
        1.0,
        -745.13,
        -708.4,
        709.78,
        5e-324,
        1e-310,
        2.0**-1022,
        2.0**0.5,
        0.5**0.5,
    ]
    return np.concatenate([sizes * rng.choice([-1.0, 1.0], sizes.size), near, edges])


def units_off(found, exact):
    """How far `found` is from the exact value, in units of its last place."""
    return abs(float((Decimal(found) - exact) / Decimal(math.ulp(found))))


def test_compiled_and_interpreted_give_the_same_bits() -> None:
    some = np.concatenate([numbers(), [-800.0, 800.0, -INFINITY]])
    exps, logs = np.empty_like(some), np.empty_like(some)
    all_of_them(some, exps, logs)
    assert [struct.pack("<d", elementary.exp.py_func(x)) for x in some.tolist()] == [
        struct.pack("<d", x) for x in exps
    ]
    finite = some[:-1].tolist()
    assert [struct.pack("<d", elementary.log.py_func(abs(x))) for x in finite] == [
        struct.pack("<d", x) for x in logs[:-1]
    ]


def test_no_multiplication_is_fused_with_an_addition() -> None:
    all_of_them(np.ones(2), np.empty(2), np.empty(2))
    assembly = "".join(all_of_them.inspect_asm().values())
    assert "mul" in assembly
    for fused in ("fmadd", "fmsub", "fnmadd", "fnmsub", "fmla", "fmls"):
        assert fused not in assembly


def test_exp_is_less_than_a_unit_in_the_last_place_off() -> None:
    some = [x for x in numbers().tolist() if -745.13 <= x <= 709.7]
    assert len(some) > 3900
    with localcontext() as context:
        context.prec = 40
        worst = max(units_off(elementary.exp.py_func(x), Decimal(x).exp()) for x in some)
    assert worst < 0.9


def test_log_is_less_than_a_unit_in_the_last_place_off() -> None:
    some = [abs(x) for x in numbers().tolist() if x != 0.0]
    with localcontext() as context:
        context.prec = 40
        worst = max(units_off(elementary.log.py_func(x), Decimal(x).ln()) for x in some)
    assert worst < 0.9


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.0, 1.0), (-0.0, 1.0), (-INFINITY, 0.0), (-1e300, 0.0), (-746.0, 0.0), (-745.2, 0.0),
        (-745.13, 5e-324), (709.79, INFINITY), (1e300, INFINITY), (INFINITY, INFINITY),
    ],
)  # fmt: skip
def test_exp_at_special_points(x, expected) -> None:
    assert elementary.exp.py_func(x) == expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [(1.0, 0.0), (0.0, -INFINITY), (2.0, math.log(2)), (2.0**-1074, -1074 * math.log(2))],
)
def test_log_at_special_points(x, expected) -> None:
    assert elementary.log.py_func(x) == expected


def test_bits_of_a_number_and_back() -> None:
    assert elementary.bits_of(1.0) == 0x3FF0000000000000
    assert elementary.bits_of(-0.0) == -(2**63)
    assert elementary.float_of(elementary.bits_of(-1.5e-310)) == -1.5e-310
