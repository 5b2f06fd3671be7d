"""The search spaces against the published facts.

Facts: NAS-Bench-201 (ICLR 2020), NATS-Bench (TPAMI 2021), and the order of their published files.
"""

import bz2
import hashlib
import json
import pickle
import random
from collections import Counter

import numpy as np
import pytest

from nb201store.space import EDGES, OPS, SPACES, WIDTHS, TopologySpace, sss, tss

RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"
SHA256_PRODUCT_ORDER = "73dd5261d2338921f97804c129ed584835a010dc843b6637a382f93df6fcfe84"
SHA256_OFFICIAL_ORDER = "83abc799e45cf34e9d2163654668ab998b9a54d01c39e72ca1f71f2cdf356d84"


@pytest.fixture(params=SPACES.values(), ids=SPACES)
def space(request):
    return request.param


def sha256_of_lines(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_sizes_and_digits():
    assert (len(tss), tss.positions, tss.choices, tss.name) == (15_625, 6, OPS, "tss")
    assert (len(sss), sss.positions, sss.choices, sss.name) == (32_768, 5, WIDTHS, "sss")
    assert tss.weights == (3125, 625, 125, 25, 5, 1)
    assert EDGES == ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
    assert repr(tss) == "<space tss: 15,625 cells>"


def test_orders_are_the_published_ones():
    assert sha256_of_lines(tss.arch_str(range(15_625))) == SHA256_PRODUCT_ORDER
    official = tss.from_official_index(range(15_625))
    assert sha256_of_lines(tss.arch_str(official)) == SHA256_OFFICIAL_ORDER
    assert tss.official_index(official).tolist() == list(range(15_625))
    assert sss.official_index(11) == sss.from_official_index(11) == 11


def test_official_order_leaves_the_global_random_state_alone():
    fresh = TopologySpace()
    before = random.getstate()
    assert fresh.official_index(0) == tss.official_index(0) == 1651
    assert random.getstate() == before


def test_named_cells():
    assert tss.code(RESNET) == tss.from_official_index(11_472)
    assert tss.ops(tss.code(RESNET)) == (3, 0, 3, 1, 0, 1)
    assert tss.unique_str(tss.code(RESNET)) == "#+#+((0)@nor_conv_3x3)@nor_conv_3x3+0"
    assert tss.unique_str(tss.from_official_index(1835)) == "0+0+0+0"
    assert tss.unique_str(tss.from_official_index(1651)) == "#+#+#"
    assert sss.arch_str(32_767) == "64:64:64:64:64"
    assert sss.code("8:8:40:32:40") == 284


@pytest.mark.parametrize(("mode", "count"), [(True, 6_466), (False, 12_751), (None, 15_625)])
def test_unique_strings_make_the_published_number_of_classes(mode, count):
    assert len(set(tss.unique_str(range(15_625), mode))) == count


def test_isomorphism_classes():
    representatives = tss.representative(np.arange(15_625))
    sizes = sorted(Counter(representatives.tolist()).values(), reverse=True)
    assert sizes[:8] == [275, 275, 275, 250, 225, 100, 100, 100]
    assert (len(sizes), sizes.count(1)) == (6_466, 5_116)
    assert np.all(representatives <= np.arange(15_625))
    assert np.array_equal(tss.representative(representatives), representatives)
    assert tss.unique_str(representatives) == tss.unique_str(range(15_625))
    assert np.array_equal(sss.representative(range(32_768)), np.arange(32_768))
    assert sss.unique_str(11) == sss.unique_str(11, None) == sss.arch_str(11)


def test_two_dead_edges_do_not_make_a_dead_node():
    """Upstream's quirk: it is why there are 6,466 classes and not 5,390."""
    dead_twice = tss.code("|none~0|+|none~0|none~1|+|none~0|none~1|nor_conv_3x3~2|")
    assert tss.unique_str(dead_twice) == "#+#+(#+#)@nor_conv_3x3"
    assert tss.representative(dead_twice) != tss.representative(0)


def test_neighbours_differ_in_one_digit_and_are_mutual(space):
    everything = np.arange(len(space))
    around = space.neighbours(everything)
    count = space.positions * (len(space.choices) - 1)
    assert around.shape == (len(space), count)
    assert np.all(np.diff(np.sort(around, axis=1)) > 0)  # distinct
    differing = (space.ops(around.ravel()) != np.repeat(space.ops(everything), count, axis=0)).sum(
        1
    )
    assert np.all(differing == 1)
    pairs = np.stack([np.repeat(everything, count), around.ravel()])
    there, back = (np.sort(one * len(space) + other) for one, other in (pairs, pairs[::-1]))
    assert np.array_equal(there, back)


def test_neighbours_go_by_position_then_by_choice():
    assert tss.neighbours(0)[:5] == (3125, 6250, 9375, 12_500, 625)
    assert tss.neighbours(1)[-4:] == (0, 2, 3, 4)


class NoGlobals(pickle.Unpickler):
    """Reads pickles of plain containers only."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"{module}.{name}")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("space", "folder"),
    [(tss, "NATS-tss-v1_0-3ffb9-simple"), (sss, "NATS-sss-v1_0-50262-simple")],
)
def test_official_index_is_that_of_the_genuine_files(data_dir, space, folder):
    with bz2.open(data_dir / "official" / folder / "meta.pickle.pbz2") as file:
        strings = NoGlobals(file).load()["meta_archs"]
    assert space.arch_str(space.from_official_index(range(len(space)))) == strings
    assert space.official_index(space.code(strings)).tolist() == list(range(len(space)))


@pytest.mark.realdata
def test_golden_cells(data_dir):
    golden = json.loads((data_dir / "golden.json").read_text())
    assert len(golden["archs"]) == 25
    for cell in golden["archs"]:
        code = tss.code(cell["arch"])
        assert tss.official_index(code) == cell["index"]
        assert list(tss.ops(code)) == cell["op_ids"]
        assert tss.unique_str(code) == cell["unique_str_official"]
        assert tss.unique_str(code, False) == cell["unique_str_skip_only"]
        assert tss.unique_str(code, None) == cell["unique_str_none"]
    for cell in golden["sss"]:
        assert sss.official_index(sss.code(cell["name"])) == cell["index"]


@pytest.mark.realdata
def test_classes_are_those_of_the_published_table(data_dir):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_parquet(
        data_dir / "nb201_measured.parquet", columns=["arch", "isomorph_index"]
    )
    ours = tss.representative(tss.code(table["arch"].tolist())).tolist()
    pairs = set(zip(ours, table["isomorph_index"].tolist(), strict=True))
    assert (
        len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs}) == 6_466
    )
