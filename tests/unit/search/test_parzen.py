"""The densities of BOHB are those of statsmodels, and where these are infinite or not a number, so are ours."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

from nb201store.kernels import parzen
from nb201store.space import SPACES

LEAST = 0.3


def points(rows):
    """The planes of rows of digits."""
    return [sum(parzen.planes_of_digit(int(d), p) for p, d in enumerate(row)) for row in rows]


class Fitted:
    """Bandwidths and densities of rows of digits, as the kernel makes them."""

    def __init__(self, rows, least=LEAST):
        n, dimensions = rows.shape
        self.data = np.array(points(rows), np.int64)
        counts = np.zeros((dimensions, parzen.MOST_CHOICES), np.int64)
        for point in self.data:
            parzen.count_point(counts, int(point), 1)
        self.bandwidths = np.zeros(dimensions)
        self.products = np.zeros(1 << dimensions)
        power = parzen.inverse_root(n, 4 + dimensions)
        parzen.fit(counts, n, power, least, self.bandwidths, self.products)

    def densities(self, rows):
        """float64 [rows]"""
        return np.array(
            [parzen.density(self.data, 0, len(self.data), p, self.products) for p in points(rows)]
        )


def some_rows(rng, space, n):
    """Digits that take few or many values, in some columns a single one."""
    described = SPACES[space]
    columns = []
    for _ in range(described.positions):
        allowed = rng.permutation(len(described.choices))[: rng.integers(1, 6)]
        columns.append(rng.choice(allowed, n))
    return np.stack(columns, axis=1)


def test_a_point_keeps_its_digits() -> None:
    rows = np.random.default_rng(0).integers(0, 8, (200, 6))
    for row, point in zip(rows, points(rows), strict=True):
        assert [parzen.digit_at(point, p) for p in range(6)] == row.tolist()
        assert point < 1 << parzen.POINT_BITS


def test_two_values_of_one_column_by_hand() -> None:
    fitted = Fitted(np.array([[0], [1]]), least=0.0)
    h = 1.06 * 0.5 * 2 ** (-1 / 5)
    assert fitted.bandwidths.tolist() == [pytest.approx(h, rel=1e-15)]
    # Both levels occur: where one datum is equal the other is not; a third value is unequal to both.
    expected = [((1 - h) + h) / 2, ((1 - h) + h) / 2, h]
    assert fitted.densities(np.array([[0], [1], [2]])).tolist() == pytest.approx(expected, rel=1e-15)  # fmt: skip


def test_a_value_that_a_column_of_one_value_lacks_has_an_infinite_density() -> None:
    rows = np.array([[2, 0], [2, 4], [2, 4]])
    fitted = Fitted(rows)
    assert fitted.bandwidths[0] == LEAST
    assert fitted.bandwidths[1] > 1.0  # far apart and few: the kernel of an equal value is negative
    inside, outside, mixed = fitted.densities(np.array([[2, 4], [0, 1], [0, 4]]))
    assert np.isfinite(inside)
    assert outside == np.inf
    assert np.isnan(mixed)  # infinity for one datum, minus infinity for the two others
    assert np.isnan(Fitted(rows, least=0.0).densities(np.array([[0, 1]]))).all()  # 0 / 0


@pytest.mark.parametrize("degree", [2, 9, 10])
def test_a_root_is_right_to_four_units_in_the_last_place(degree) -> None:
    getcontext().prec = 50
    for n in [*range(1, 300), 1000, 12_345, 10**6, 10**9]:
        exact = Decimal(n) ** (Decimal(-1) / degree)
        found = parzen.inverse_root(n, degree)
        assert abs(Decimal(found) - exact) <= 4 * Decimal(np.spacing(float(exact)))


@pytest.mark.peers
@pytest.mark.parametrize("least", [0.0, LEAST])
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_bandwidths_and_densities_are_those_of_statsmodels(space, least) -> None:
    from statsmodels.nonparametric.kernel_density import KDEMultivariate

    rng = np.random.default_rng(12)
    kinds = {"finite": 0, "infinite": 0, "nan": 0}
    for _ in range(60):
        rows = some_rows(rng, space, int(rng.integers(7, 130)))
        dimensions = rows.shape[1]
        anywhere = rng.integers(0, len(SPACES[space].choices), (30, dimensions))
        asked = np.concatenate([rows[:10], anywhere])
        theirs = KDEMultivariate(rows.astype(float), "u" * dimensions, "normal_reference", rng=0)
        ours = Fitted(rows, least)
        theirs.bw = np.clip(theirs.bw, least, None)
        np.testing.assert_allclose(ours.bandwidths, theirs.bw, rtol=1e-12)
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = theirs.pdf(asked.astype(float))
        found = ours.densities(asked)
        # Terms of both signs (a bandwidth above 1) may cancel: relative to the largest term then.
        largest = np.abs(ours.products[np.isfinite(ours.products)]).max()
        cancels = bool((ours.bandwidths > 1.0).any())
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * largest * cancels)
        kinds["finite"] += np.isfinite(found).sum()
        kinds["infinite"] += np.isinf(found).sum()
        kinds["nan"] += np.isnan(found).sum()
    assert kinds["finite"] > 600
    assert (kinds["infinite"] > 20) == (least > 0.0)  # without a least bandwidth it is 0 / 0
    assert kinds["nan"] > 20
