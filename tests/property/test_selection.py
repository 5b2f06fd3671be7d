"""Store.top and Store.where equal a plain sort and NumPy comparisons, over random columns with holes and ties."""

from __future__ import annotations

import operator

import numpy as np
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

import nb201store as nb
from nb201store import conversion
from nb201store.cost import count_all

CELLS = 15_625
NETWORKS = {"cifar10": (10, 32), "ImageNet16-120": (120, 16)}  # classes, image size
COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def random_columns():
    """{name: (values, present)}: few to many distinct values, few to many holes, both zeros, extremes."""
    rng = np.random.default_rng(20260301)
    out = {}
    for distinct in (1, 2, 50, 5_000, 10**9):
        for holes in (0.0, 0.02, 0.6, 0.999):
            values = rng.integers(-distinct, distinct, CELLS) * 0.37
            values[rng.random(CELLS) < 0.05] = -0.0
            values[rng.random(CELLS) < 0.001] = 1.7976931348623157e308
            values[rng.random(CELLS) < 0.001] = -5e-324
            out[f"of_{distinct}_{int(holes * 1000)}"] = values, rng.random(CELLS) >= holes
    bits = rng.integers(0, 0x7FF0_0000_0000_0000, CELLS, dtype=np.uint64)  # every finite exponent
    out["doubles"] = bits.view(np.float64), np.ones(CELLS, dtype=bool)
    return out


COLUMNS = random_columns()
COSTS = {
    dataset: [numbers / 1e6 for numbers in count_all("tss", classes=classes, image_size=size)]
    for dataset, (classes, size) in NETWORKS.items()
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("selection")
    synthetic.dump(synthetic.Maker().benchmark_object([0, 11], [1, 2]), folder / "a.pickle.pbz2")
    conversion.convert(folder / "a.pickle.pbz2", folder / "a.nb201")
    for name, (values, present) in COLUMNS.items():
        table = {"code": np.flatnonzero(present), name: values[present]}
        nb.attach(folder / "a.nb201", table, by="code")
    with nb.open(folder / "a.nb201", check=True) as opened:
        yield opened


names = st.sampled_from(sorted(COLUMNS))


@st.composite
def conditions(draw, dataset):
    """A text and what it means: bool [cells]."""
    name = draw(st.sampled_from(["params_m", "flops_m", *sorted(COLUMNS)]))
    if name in COLUMNS:
        values, present = COLUMNS[name]
    else:
        values, present = COSTS[dataset][name == "flops_m"], np.ones(CELLS, dtype=bool)
    near = st.sampled_from(values[:200].tolist())  # limits that values meet exactly
    limit = draw(near | st.floats(allow_nan=False, allow_infinity=False))
    sign = draw(st.sampled_from(sorted(COMPARISONS)))
    blank = draw(st.sampled_from(["", " ", "\t "]))
    return f"{name}{blank}{sign}{blank}{limit!r}", COMPARISONS[sign](values, limit) & present


@st.composite
def selections(draw):
    """A dataset, `where` for `top` and the mask that it means."""
    dataset = draw(st.sampled_from(sorted(NETWORKS)))
    kind = draw(st.sampled_from(["none", "mask", "masked", "texts", "text"]))
    if kind == "none":
        return dataset, None, np.ones(CELLS, dtype=bool)
    if kind in ("texts", "text"):
        asked = draw(
            st.lists(conditions(dataset), min_size=1, max_size=3 if kind == "texts" else 1)
        )
        mask = np.logical_and.reduce([meant for _, meant in asked])
        return dataset, [text for text, _ in asked] if kind == "texts" else asked[0][0], mask
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = rng.random(CELLS) < draw(st.sampled_from([0.0, 0.01, 0.5, 1.0]))
    if kind == "mask":
        return dataset, mask, mask
    hidden = rng.random(CELLS) < 0.3
    return dataset, np.ma.masked_array(mask, mask=hidden), mask & ~hidden


@given(
    names,
    selections(),
    st.integers(1, 30) | st.sampled_from([CELLS - 1, CELLS, 10**30]),
    st.booleans(),
)
def test_top_is_a_full_stable_sort_cut(bench, name, selection, n, highest):
    dataset, where, mask = selection
    values, present = COLUMNS[name]
    codes = np.flatnonzero(present & mask).tolist()  # ascending; `sorted` keeps the order of ties
    best = sorted(codes, key=lambda code: values[code] * (-1 if highest else 1))[:n]
    order = "highest" if highest else "lowest"
    expected = [(code, values[code]) for code in best]
    assert bench.top(n, name, order=order, where=where, dataset=dataset) == expected
    assert bench.top(n, bench.column(name), order=order, where=where, dataset=dataset) == expected


@given(st.data(), st.sampled_from(sorted(NETWORKS)))
def test_where_is_what_numpy_compares(bench, data, dataset):
    asked = data.draw(st.lists(conditions(dataset), max_size=4))
    expected = np.logical_and.reduce([np.ones(CELLS, dtype=bool), *(meant for _, meant in asked)])
    found = bench.where(*(text for text, _ in asked), dataset=dataset)
    assert found.dtype == np.bool_
    assert np.array_equal(found, expected)


@given(st.integers(0, CELLS - 1), st.sampled_from(["{!r}", "{:.17e}", "{:+.17g}", "{:.800f}"]))
def test_a_limit_is_read_to_the_last_bit(bench, code, form):
    values, _ = COLUMNS["doubles"]
    text = form.format(values[code].item())
    assert np.array_equal(bench.where(f"doubles == {text}"), values == values[code])
