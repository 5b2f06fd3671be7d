"""Costs against the published closed forms, recorded values and an independent count.

Closed forms and the counting rule: NAS-Bench-201 (ICLR 2020); recorded values: the published files.
"""

import bz2
import json
import pickle
import subprocess
import sys

import counted_costs
import numpy as np
import pytest

from nb201store.cost import count, count_all
from nb201store.errors import ArchError, SettingsError
from nb201store.space import OPS, SPACES, sss, tss

NETWORKS = {  # classes and image size of the four training protocols
    "cifar10-valid": {"classes": 10, "image_size": 32},
    "cifar10": {"classes": 10, "image_size": 32},
    "cifar100": {"classes": 100, "image_size": 32},
    "ImageNet16-120": {"classes": 120, "image_size": 16},
}
CIFAR10 = NETWORKS["cifar10"]


def params_m(space, code, **network):
    """Parameters as they are published, in millions."""
    return count(space, code, **network)[0] / 1e6


def flops_m(space, code, **network):
    """Multiply-adds as they are published, in millions."""
    return count(space, code, **network)[1] / 1e6


@pytest.mark.parametrize("dataset", NETWORKS)
def test_published_closed_forms_hold_for_every_cell(dataset):
    network = NETWORKS[dataset]
    ops = tss.ops(range(len(tss)))
    n1, n3 = (np.sum(ops == OPS.index(f"nor_conv_{k}x{k}"), axis=1) for k in (1, 3))
    head = 65 * network["classes"]
    pixels = network["image_size"] ** 2
    parameters, multiply_adds = count_all("tss", **network)
    assert np.array_equal(parameters, 72_656 + head + 28_000 * n1 + 243_040 * n3)
    cifar = 7_782_400 + 3_932_160 * n1 + 35_389_440 * n3
    assert np.array_equal(multiply_adds, cifar * pixels // 32**2 + head)


def test_published_range():
    parameters, multiply_adds = count_all("tss", **CIFAR10)
    assert (parameters.min() / 1e6, parameters.max() / 1e6) == (0.073306, 1.531546)
    assert (multiply_adds.min() / 1e6, multiply_adds.max() / 1e6) == (7.78305, 220.11969)
    assert len(set(zip(parameters.tolist(), multiply_adds.tolist(), strict=True))) == 28


@pytest.mark.parametrize(
    ("widths", "dataset", "expected"),
    [
        ("8:8:8:8:8", "cifar10", (0.011714, 4.481114)),
        ("8:8:8:16:32", "cifar100", (0.052172, 6.84362)),
        ("8:8:40:32:40", "ImageNet16-120", (0.149344, 5.461816)),
        ("64:64:64:64:64", "cifar10", (0.713674, 274.399882)),
    ],
)
def test_recorded_costs_of_the_size_space(widths, dataset, expected):
    code, network = sss.code(widths), NETWORKS[dataset]
    assert (params_m("sss", code, **network), flops_m("sss", code, **network)) == expected


def layers_of(ops, widths, *, cells, in_channels, classes, side):
    """Count independently: list the convolutions (in, out, kernel, side) and norms of a net."""
    convs, norms = [(in_channels, widths[0], 3, side)], [widths[0]]
    before = widths[0]
    for stage, pair in enumerate([(widths[0], widths[0]), widths[1:3], widths[3:5]]):
        if stage:
            side = (side + 1) // 2
            convs += [(before, pair[0], 3, side), (pair[0], pair[0], 3, side)]
            convs += [(before, pair[0], 1, side)]
            norms += [pair[0], pair[0]]
            before = pair[0]
        for _ in range(cells):
            for edge, op in enumerate(ops):
                into = before if edge in (0, 1, 3) else pair[1]  # the edges that leave node 0
                kernel = {2: 1, 3: 3}.get(op, 1 if op in (1, 4) and into != pair[1] else 0)
                if kernel:
                    convs.append((into, pair[1], kernel, side))
                    norms.append(pair[1])
            before = pair[1]
    norms.append(before)
    weights = [(a * b * k * k, a * b * k * k * s * s) for a, b, k, s in convs]
    head = before * classes + classes
    parameters = sum(w for w, _ in weights) + 2 * sum(norms) + head
    return parameters, sum(m for _, m in weights) + head


@pytest.mark.parametrize("cells", [1, 2, 5])
@pytest.mark.parametrize(("channels", "side", "in_channels"), [(16, 32, 3), (4, 8, 1), (5, 7, 2)])
def test_other_networks_are_counted_layer_by_layer(channels, side, in_channels, cells):
    ours = {"classes": 7, "image_size": side, "cells": cells, "in_channels": in_channels}
    theirs = {"classes": 7, "side": side, "cells": cells, "in_channels": in_channels}
    widths = [channels * factor for factor in (1, 2, 2, 4, 4)]
    for code in range(0, len(tss), 499):
        expected = layers_of(tss.ops(code), widths, **theirs)
        assert count("tss", code, channels=channels, **ours) == expected
    for code in range(0, len(sss), 1021):
        widths = [8 * digit + 8 for digit in sss.ops(code)]
        assert count("sss", code, **ours) == layers_of([3, 3, 3, 1, 3, 3], widths, **theirs)


@pytest.mark.parametrize(
    "network",
    [*NETWORKS.values(), {"classes": 7, "image_size": 9, "channels": 5, "cells": 3, "in_channels": 2}],
)  # fmt: skip
@pytest.mark.parametrize("space", SPACES)
def test_every_cell_is_counted_as_an_independent_count_does(space, network):
    expected = counted_costs.count_all(SPACES[space], **network)
    for counted, independent in zip(count_all(space, **network), expected, strict=True):
        assert np.array_equal(counted, independent)


@pytest.mark.parametrize("space", SPACES)
def test_one_and_all_agree(space):
    parameters, multiply_adds = count_all(space, **CIFAR10)
    assert parameters.dtype == multiply_adds.dtype == np.int64
    assert parameters.shape == multiply_adds.shape == (len(SPACES[space]),)
    for code in range(0, len(SPACES[space]), 331):
        one = count(space, code, **CIFAR10)
        assert one == (parameters[code], multiply_adds[code])
        assert (type(one[0]), type(one[1])) == (int, int)
        assert params_m(space, code, **CIFAR10) == parameters[code] / 1e6
        assert flops_m(space, code, **CIFAR10) == multiply_adds[code] / 1e6


def test_channels_have_no_effect_in_the_size_space():
    assert count("sss", 284, channels=99, **CIFAR10) == count("sss", 284, **CIFAR10)


@pytest.mark.parametrize("what", ["classes", "image_size", "channels", "cells", "in_channels"])
@pytest.mark.parametrize("bad", [0, -1, 1.5, True, "3"])
def test_other_arguments_out_of_range_are_refused(what, bad):
    with pytest.raises(SettingsError, match=f"^{what}: expected an integer of at least 1, found"):
        count("tss", 0, **{**CIFAR10, what: bad})


@pytest.mark.parametrize("what", ["classes", "image_size", "channels", "cells", "in_channels"])
@pytest.mark.parametrize("large", [2**32, 2**64, 10**5000], ids=["u32", "u64", "huge"])
def test_arguments_that_no_image_can_hold_are_refused(what, large):
    for counting in (
        lambda **shape: count("tss", 0, **shape),
        lambda **shape: count_all("tss", **shape),
    ):
        with pytest.raises(SettingsError, match=f"^{what}: expected at most 4294967295, found"):
            counting(**{**CIFAR10, what: large})


def test_a_network_beyond_int64_is_refused_not_wrapped():
    """The widest that fits is exact; one step further is an error, for one cell and for all."""
    shape = {"classes": 10, "image_size": 3, "channels": 2**27, "cells": 1}
    assert count("tss", 0, **shape) == counted_costs.count(tss, 0, **shape)
    assert 2**61 < count("tss", 0, **shape)[1] < 2**63
    for function, code in ((count, [0]), (count_all, [])):
        with pytest.raises(
            SettingsError, match=r"^cost: expected a network of at most 922337203685"
        ):
            function("tss", *code, **shape | {"image_size": 6})


@pytest.mark.parametrize("name", ["TSS", "", None])
def test_other_spaces_are_refused(name):
    with pytest.raises(SettingsError, match=r"^space: expected tss or sss, found"):
        count(name, 0, **CIFAR10)


@pytest.mark.parametrize("code", [-1, 32_768, 1.0, [1, 2], None])
def test_what_is_no_code_is_refused(code):
    for function in (count, params_m, flops_m):
        with pytest.raises(ArchError):
            function("sss", code, **CIFAR10)


def test_one_cost_does_not_load_numpy():
    program = (
        "import sys; from nb201store.cost import count\n"
        "count('tss', 0, classes=10, image_size=32)\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.realdata
def test_golden_costs(data_dir):
    golden = json.loads((data_dir / "golden.json").read_text())
    for cell in golden["archs"]:
        code = tss.code(cell["arch"])
        for dataset, expected in cell["params_M"].items():
            assert params_m("tss", code, **NETWORKS[dataset]) == expected
        for dataset, expected in cell["flops_M"].items():
            assert flops_m("tss", code, **NETWORKS[dataset]) == expected
    for cell in golden["sss"]:
        code = sss.code(cell["name"])
        for dataset, expected in cell["params_flops"].items():
            network = NETWORKS[dataset]
            assert [params_m("sss", code, **network), flops_m("sss", code, **network)] == expected


class RecordUnpickler(pickle.Unpickler):
    """Reads the genuine records: plain containers, ordered dicts and numpy scalars only."""

    ALLOWED = ("collections.OrderedDict", "numpy.dtype", "numpy.core.multiarray.scalar")

    def find_class(self, module, name):
        if f"{module}.{name}" not in self.ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


@pytest.mark.realdata
@pytest.mark.parametrize("index", [0, 11])
@pytest.mark.parametrize(
    ("name", "folder"),
    [("tss", "NATS-tss-v1_0-3ffb9-simple"), ("sss", "NATS-sss-v1_0-50262-simple")],
)
def test_genuine_records_bit_for_bit(data_dir, name, folder, index):
    with bz2.open(data_dir / "official" / folder / f"{index:06d}.pickle.pbz2") as file:
        record = RecordUnpickler(file).load()
    code = SPACES[name].from_official_index(index)
    trials = [
        (dataset, trial)
        for schedule in record.values()
        for (dataset, _seed), trial in schedule["all_results"].items()
    ]
    assert len(trials) >= 8
    for dataset, trial in trials:
        assert params_m(name, code, **NETWORKS[dataset]) == trial["params"]
        assert flops_m(name, code, **NETWORKS[dataset]) == trial["flop"]


@pytest.mark.realdata
def test_published_table_of_every_cell(data_dir):
    pandas = pytest.importorskip("pandas")
    datasets = {"c10": "cifar10", "c100": "cifar100", "in16": "ImageNet16-120"}
    columns = ["arch", *(f"{short}_params_M" for short in datasets)]
    table = pandas.read_parquet(data_dir / "nb201_measured.parquet", columns=columns)
    codes = tss.code(table["arch"].tolist())
    for short, dataset in datasets.items():
        parameters, _ = count_all("tss", **NETWORKS[dataset])
        assert np.array_equal(parameters[codes] / 1e6, table[f"{short}_params_M"])
