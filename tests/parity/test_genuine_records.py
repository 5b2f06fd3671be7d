"""The published records of indices 0 and 11 through archive, image and command line, against nats_bench itself."""

import json
import struct
import subprocess
import sys

import numpy as np
import pytest
from answers import differences, mean_differences
from official import (
    Tables,
    assert_same,
    bits,
    official_results,
    official_states,
    official_trials,
    official_values,
    record_values,
)

import nb201store as nb
from nb201store import archive, image
from nb201store.schema import OFFICIAL
from nb201store.space import SPACES
from nb201store.upstream import cell_state
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

SPACE_NAMES = ("tss", "sss")
LOSSES = ("float32", "float64")
INDICES = (0, 11)
# Values of both records, by the epochs that OFFICIAL-FORMAT 1.3 tells. tss: 636 of 12 epochs, 5,810 of 200 epochs for
# each of three seeds. sss: 4 training and 3 x 9 split metrics on 4 data sets at 1 + 3 x 12 + 90 epochs.
VALUES = {"tss": 2 * (636 + 3 * 5_810), "sss": 2 * (4 * 4 + 3 * 9) * (1 + 3 * 12 + 90)}


@pytest.fixture(scope="module", params=SPACE_NAMES)
def space(request):
    """A search space that has genuine records."""
    return request.param


@pytest.fixture(scope="module", params=LOSSES)
def loss(request):
    """How the archive holds losses."""
    return request.param


@pytest.fixture(scope="module")
def official(genuine, space):
    """{index: {hp: ArchResults}} as nats_bench holds them."""
    return official_results(genuine[space], space)


@pytest.fixture(scope="module")
def files(converted, genuine, space, loss):
    """(archive, image) of the records."""
    return converted(genuine[space], loss)


@pytest.fixture(scope="module", params=["archive", "image"])
def records(request, files):
    """{code: CellRecord} read from the archive or the image."""
    module, path = {"archive": (archive, files[0]), "image": (image, files[1])}[request.param]
    return {cell.code: cell for cell in module.read_records(path)}


def test_records_hold_every_value_that_the_official_loader_holds(records, official, space, loss):
    trials = {
        (code, t.dataset, t.schedule, t.seed): t for code, c in records.items() for t in c.trials
    }
    count = 0
    for theirs in official_trials(official, space):
        ours = trials.pop((theirs.code, theirs.dataset, theirs.schedule, theirs.seed))
        expected = bits(official_values(theirs.result), loss)
        assert bits(record_values(ours)) == expected
        assert ours.params_m == theirs.result.params
        assert ours.flops_m == theirs.result.flop
        assert ours.latency_s == tuple(theirs.result.latency)
        count += len(expected)
    assert not trials
    assert count == VALUES[space]


def test_the_official_objects_come_back_with_their_orders_and_types(records, genuine, space, loss):
    states = official_states(genuine[space])
    assert set(states) == set(INDICES)
    for index, state in states.items():
        rebuilt = cell_state(records[SPACES[space].from_official_index(index)], OFFICIAL[space])
        assert_same(rebuilt, state, f"index {index}", loss=loss)


def test_the_store_answers_every_value_bit_for_bit(files, official, space, loss):
    tables = Tables(official, space)
    assert tables.count == VALUES[space]
    with nb.open(files[1]) as bench:
        assert differences(bench, tables, loss) == []
        assert mean_differences(bench, tables, loss) == []


def test_one_value_at_a_time(files, official, space, loss):
    rounded = np.dtype(loss).type
    asked = 0
    with nb.open(files[1]) as bench:
        for theirs in official_trials(official, space):
            where = {"schedule": theirs.schedule, "seed": theirs.seed}
            for split, metric, epoch, value in official_values(theirs.result):
                question = (theirs.code, theirs.dataset, split, metric)
                expected = float(rounded(value)) if metric == "loss" else value
                found = bench.value(*question, epoch=epoch, **where)
                assert struct.pack("<d", found) == struct.pack("<d", expected)
                asked += 1
                if metric == "accuracy":
                    assert bench.accuracy(*question[:3], epoch=epoch, **where) == value
    assert asked == VALUES[space]


def test_the_command_line_prints_every_value(files, official, space, loss):
    rounded = np.dtype(loss).type
    expected = {index: {} for index in INDICES}
    for theirs in official_trials(official, space):
        index = SPACES[space].official_index(theirs.code)
        for split, metric, epoch, value in official_values(theirs.result):
            key = (theirs.schedule, theirs.dataset, split, metric, theirs.seed, epoch)
            expected[index][key] = float(rounded(value)) if metric == "loss" else value
    for index, values in expected.items():
        command = ["query", str(files[1]), f"index:{index}", "--epoch", "all", "--json"]
        printed = subprocess.run(
            [sys.executable, "-m", "nb201store", *command], check=True, capture_output=True
        ).stdout
        answer = json.loads(printed)
        assert answer["official_index"] == index
        names = ("schedule", "dataset", "split", "metric", "seed", "epoch")
        found = {tuple(row[name] for name in names): row["value"] for row in answer["values"]}
        assert len(found) == len(answer["values"])
        assert found == values


def test_the_mean_is_what_get_more_info_gives(files, genuine, space):
    """Where Python sums left to right, bit for bit; since 3.12 its `sum` of floats compensates."""
    import nats_bench

    api = nats_bench.create(str(genuine[space]), space, fast_mode=True, verbose=False)
    splits = {
        "cifar10-valid": {"train": "train", "valid": "x-valid", "test": "ori-test"},
        "cifar10": {"train": "train", "test": "ori-test"},
        "cifar100": {"train": "train", "valid": "x-valid", "test": "x-test", "valtest": "ori-test"},
    }
    splits["ImageNet16-120"] = splits["cifar100"]
    asked = 0
    with nb.open(files[1]) as bench:
        for index in INDICES:
            code = SPACES[space].from_official_index(index)
            api._prepare_info(index)
            for hp in api.arch2infos_dict[index]:
                for dataset, names in splits.items():
                    for epoch in (None, 0, int(hp) // 2):
                        info = api.get_more_info(index, dataset, epoch, hp=hp, is_random=False)
                        for name, split in names.items():
                            if f"{name}-accuracy" not in info:
                                continue
                            mean = bench.accuracy(
                                code, dataset, split, schedule=int(hp),
                                epoch=-1 if epoch is None else epoch, seed="mean",
                            )  # fmt: skip
                            if sys.version_info < (3, 12):
                                assert mean == info[f"{name}-accuracy"]
                            else:
                                assert mean == pytest.approx(info[f"{name}-accuracy"], rel=1e-15)
                            asked += 1
    assert asked > 100


def test_costs_are_the_ones_of_the_records(files, official, space):
    """Recorded costs per trial; closed forms equal them here; the latency is that of the longest schedule."""
    with nb.open(files[1]) as bench:
        for theirs in official_trials(official, space):
            result = theirs.result
            recorded = bench.recorded_cost(
                theirs.code, theirs.dataset, schedule=theirs.schedule, seed=theirs.seed
            )
            assert recorded == (result.params, result.flop)
            cost = bench.cost(theirs.code, theirs.dataset)
            assert cost.params_m == pytest.approx(result.params, abs=1e-12)
            assert cost.flops_m == pytest.approx(result.flop, rel=1e-12)
            if theirs.schedule == max(OFFICIAL[space].schedules):
                assert cost.latency_s == pytest.approx(result.get_latency(), rel=1e-15)
                times = result.get_times()
                assert cost.train_epoch_s == pytest.approx(times["T-train@epoch"], rel=1e-12)
                for split, seconds in cost.eval_s.items():
                    assert seconds == pytest.approx(times[f"T-{split}@epoch"], rel=1e-12)


def test_verify_finds_archive_and_image_the_same_as_their_source(files, genuine, space):
    for target in files:
        report = verify(target, genuine[space])
        assert report.same, report.differences
        assert report.cells == len(INDICES)
        assert report.values >= VALUES[space]
    assert verify(files[1], files[0]).same
