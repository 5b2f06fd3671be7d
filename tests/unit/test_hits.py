"""Percentages and hits: the published doubles, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb201store import hits
from nb201store.schema import OFFICIAL_DATASETS

IMAGES = sorted({split.images for dataset in OFFICIAL_DATASETS for split in dataset.splits})


@pytest.mark.parametrize(
    ("images", "last"),
    [
        (50_000, 0),
        (10_000, 0),
        (25_000, 168),
        (5_000, 136),
        (3_000, 184),
        (6_000, 112),
        (151_700, 148),
    ],
)
def test_last_batch_matters_only_where_100_over_it_is_inexact(images: int, last: int) -> None:
    assert images % 256 in (last, 80, 16)
    assert hits.last_batch(images, 256) == last


@pytest.mark.parametrize(
    ("percent", "images", "expected"),
    [  # published values of golden.json (index 0), with the hits that they are
        (27.366666666666667, 3_000, 821),
        (27.68333332824707, 6_000, 1_661),
        (64.01599998291016, 25_000, 16_004),
        (28.160184574919306, 151_700, 42_719),
        (85.62, 10_000, 8_562),
        (51.87999996948242, 5_000, 2_594),
    ],
)
def test_published_percentages_decode_to_their_hits(percent, images, expected) -> None:
    last = hits.last_batch(images, 256)
    total, in_last, ok = hits.encode(np.array([percent]), images, last)
    assert ok.all()
    assert total[0] == expected
    assert hits.decode(total, in_last, images, last)[0] == percent


@st.composite
def hit_counts(draw):
    """(images, last, hits, last_hits) that a training run can have."""
    images = draw(st.sampled_from([*IMAGES, 1_796, 899, 257, 300]))
    last = hits.last_batch(images, 256)
    total = draw(st.integers(0, images))
    low, high = max(0, total - (images - last)), min(last, total)
    return images, last, total, draw(st.integers(low, high)) if last else 0


@given(hit_counts())
def test_encode_finds_hits_that_give_the_same_double(case) -> None:
    images, last, total, in_last = case
    percent = hits.decode(np.array([total]), np.array([in_last]), images, last)
    found, found_last, ok = hits.encode(percent, images, last)
    assert ok.all()
    assert found[0] == total
    assert hits.decode(found, found_last, images, last).tobytes() == percent.tobytes()


@given(hit_counts())
def test_encode_takes_the_valid_last_hits_nearest_to_the_share(case) -> None:
    images, last, total, in_last = case
    if not last:
        return
    percent = hits.decode(np.array([total]), np.array([in_last]), images, last)
    _, found_last, _ = hits.encode(percent, images, last)
    possible = np.arange(max(0, total - (images - last)), min(last, total) + 1)
    same = hits.decode(np.full(possible.shape, total), possible, images, last) == percent[0]
    distance = np.abs(possible[same] * images - total * last)
    assert found_last[0] == possible[same][np.argmin(distance)]


@cache
def everything_possible(images: int, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(percent, hits, last_hits) of every pair of hits that few images can have."""
    total, in_last = np.meshgrid(np.arange(images + 1), np.arange(last + 1), indexing="ij")
    possible = (in_last <= total) & (total - in_last <= images - last)
    total, in_last = total[possible], in_last[possible]
    return hits.decode(total, in_last, images, last), total, in_last


def searched(percent: float, images: int, last: int) -> tuple[int, int, bool]:
    """What `encode` should answer, by a search through everything."""
    of, total, in_last = everything_possible(images, last)
    same = np.flatnonzero(of == percent)
    if not same.size:
        return 0, 0, False
    assert np.unique(total[same]).size == 1
    distance = np.abs(in_last[same] * images - total[same] * last)
    best = same[np.argmin(distance)]
    return int(total[best]), int(in_last[best]), True


FEW = [(images, hits.last_batch(images, batch)) for images, batch in
       ((300, 256), (257, 256), (899, 256), (500, 64), (37, 37), (1, 256), (512, 256))]  # fmt: skip


@given(st.data(), st.sampled_from(FEW))
def test_encode_answers_what_a_search_through_everything_does(data, few) -> None:
    images, last = few
    of, _, _ = everything_possible(images, last)
    known = st.integers(0, len(of) - 1).map(of.__getitem__)
    drawn = st.one_of(
        known,
        known.map(lambda percent: np.nextafter(percent, np.inf)),
        known.map(lambda percent: np.nextafter(percent, -np.inf)),
        st.integers(0, images).map(lambda total: 100.0 * total / images),
        st.floats(-1, 102),
        st.floats(),
    )
    values = data.draw(st.lists(drawn, min_size=1, max_size=20))
    total, in_last, ok = hits.encode(np.array(values, np.float64), images, last)
    found = list(zip(total.tolist(), in_last.tolist(), ok.tolist(), strict=True))
    assert found == [searched(float(value), images, last) for value in values]


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 100.5, 50.0001, 1e300])
@pytest.mark.parametrize("images", [10_000, 25_000])
def test_what_is_no_rate_of_hits_is_told(value: float, images: int) -> None:
    last = hits.last_batch(images, 256)
    _, _, ok = hits.encode(np.array([0.0, value, 100.0]), images, last)
    assert ok.tolist() == [True, False, True]


def test_shapes_are_kept() -> None:
    percent = np.array([[10.0, 20.0], [30.0, 40.0]])
    total, in_last, ok = hits.encode(percent, 10_000, 0)
    assert total.tolist() == [[1000, 2000], [3000, 4000]]
    assert in_last.shape == ok.shape == percent.shape
