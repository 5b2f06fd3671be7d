"""PickleReader: the same objects as the restricted unpickler, its oracle, and the same refusals."""

import bz2
import io
import itertools
import os
import pickle
import subprocess
import sys
import textwrap
from collections import OrderedDict

import hostile_pickles as hostile
import numpy as np
import pytest
import refused_pickles
import synthetic
from pickle_parts import Packed, all_objects, assembled, assert_same, reader, repickled
from restricted_unpickler import WEIGHTS, read_pickle

from nb201store._core import PickleReader
from nb201store.errors import SettingsError, SourceError

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture(scope="module")
def made_benchmark():
    return synthetic.Maker().benchmark_object([0, 3, 11], [1, 2, 3])


class TestSameObjectsAsTheOracle:
    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize("space", ["tss", "sss"])
    def test_of_a_single_file(self, space, protocol):
        made = synthetic.Maker(space).benchmark_object([0, 3, 11], [1, 2, 3])
        found, expected = all_objects(pickle.dumps(made, protocol))
        assert list(found[0]["arch2infos"]) == [0, 3, 11]
        assert_same(found, expected)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    def test_of_one_cell(self, protocol):
        cell = synthetic.Maker().cell(7)
        found, expected = all_objects(pickle.dumps(cell, protocol))
        assert isinstance(found[0], OrderedDict)
        assert_same(found, expected)

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            1 << 80,
            -(1 << 2000),
            -1,
            1 << 63,
            -(1 << 63),
            float("nan"),
            np.float64(-0.0),
            "x" * 5000,
            "ü\u2713\U0001f600",
            "",
            bytes(range(256)),
            set(),
            {1, "a", (2, "b")},
            [],
            (),
            {},
            OrderedDict(),
            {"cells": OrderedDict([(1, 2.5), (0, -0.0)]), ("cifar10", 777): [None, "x-valid@11"]},
            {1: 2.0, 3: np.float64(4)},
            {str(n): float(n) for n in range(2500)},
            list(range(3000)),
            (1, 2, 3, 4, 5),
        ],
        ids=map(str, itertools.count()),
    )
    def test_of_every_type(self, value, protocol):
        found, expected = all_objects(pickle.dumps(value, protocol))
        assert_same(found, expected)

    def test_of_shared_objects(self):
        shared = [1, "a"]
        (found,), _ = all_objects(pickle.dumps({"a": shared, "b": [shared, shared]}))
        assert found["b"][0] is found["b"][1]

    def test_of_weights(self):
        storage = b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06NtQ"
        tensor = b"ctorch._utils\n_rebuild_tensor_v2\n" + storage + b"K\0K\x06\x85K\x01\x85\x89NtR"
        assert reader(b"\x80\x02" + tensor + b".").read() is WEIGHTS

    @pytest.mark.realdata
    @pytest.mark.peers
    @pytest.mark.parametrize(
        "options", [("v1_1",), ("v1_1", "--stream"), ("v1_0",), ("nats-file",)], ids="-".join
    )
    def test_of_made_files(self, make_official, options):
        path = make_official(options[0], 3, *options[1:])
        raw = path.read_bytes()
        found, expected = all_objects(bz2.decompress(raw) if raw[:3] == b"BZh" else raw)
        (top,) = (value for value in found if isinstance(value, dict) and "arch2infos" in value)
        assert list(top["arch2infos"]) == [0, 1, 2]
        assert_same(found, expected)

    @pytest.mark.realdata
    @pytest.mark.parametrize("protocol", [None, *PROTOCOLS])
    def test_of_genuine_records(self, data_dir, protocol):
        files = sorted((data_dir / "official").glob("*/*.pickle.pbz2"))
        assert len(files) == 6
        for path in files:
            data = bz2.decompress(path.read_bytes())
            if protocol is not None:
                data = repickled(read_pickle(io.BytesIO(data), "oracle"), protocol)
            found, expected = all_objects(data)
            assert_same(found, expected)


class TestParts:
    def test_come_in_the_order_of_the_file(self, made_benchmark):
        opened = reader(pickle.dumps(made_benchmark))
        paths = [path for path, _ in opened.items()]
        assert paths == [
            ("meta_archs",), ("total_archs",), ("arch2infos", 0), ("arch2infos", 3),
            ("arch2infos", 11), ("arch2infos",), ("evaluated_indexes",),
        ]  # fmt: skip
        assert (opened.cells, opened.container) == (3, "dict")

    def test_in_another_order_of_keys(self, made_benchmark):
        turned = dict(reversed(made_benchmark.items()))
        found, expected = all_objects(pickle.dumps(turned))
        assert list(found[0]) == list(turned)
        assert_same(found, expected)

    def test_equal_orders_of_keys_are_one_tuple_also_of_another_source(self, made_benchmark):
        opened = reader(pickle.dumps(synthetic.Maker().cell(0)))
        tuples = []
        for index in (0, 1):
            opened.open(io.BytesIO(pickle.dumps(synthetic.Maker().cell(index))), "another")
            cell = assembled(opened.items(), opened.container)
            trial = cell["200"]["all_results"]["cifar10", 777]
            assert isinstance(trial["eval_losses"], Packed)
            tuples.append(trial["eval_losses"].keys)
        assert tuples[0] is tuples[1]

    def test_hold_every_series_of_a_trial_packed(self):
        opened = reader(pickle.dumps(synthetic.Maker().cell(0)))
        cell = assembled(opened.items(), opened.container)
        for state in cell.values():
            for trial in state["all_results"].values():
                packed = {field for field, value in trial.items() if isinstance(value, Packed)}
                series = {
                    field
                    for field, value in trial.items()
                    if field[:6] in ("train_", "eval_a", "eval_l", "eval_t")
                }
                assert packed == {field for field in series if trial[field] is not None}
                assert trial["train_times"].kind == "OrderedDict"
                assert trial["train_times"].value_type == "float"

    def test_stop_behind_their_pickle(self):
        opened = reader(pickle.dumps([1], 2) + pickle.dumps([2], 2))
        assert opened.read() == [1]
        assert not opened.at_end()
        assert list(opened.items()) == [((), [2])]
        assert opened.at_end()

    def test_of_1500_cells_are_forgotten(self):
        """More than one batch of the pickler; each cell has lists that nothing keeps."""
        cells = {index: {"k": [f"text {index}", [index]]} for index in range(1500)}
        opened = reader(pickle.dumps({"arch2infos": cells}, 2))
        assert [part["k"][1] for path, part in opened.items() if len(path) == 2] == [
            [index] for index in cells
        ]

    def test_what_one_cell_shares_with_another_is_refused(self):
        shared = [1]
        opened = reader(pickle.dumps({"arch2infos": {5: {"a": shared}, 6: {"a": shared}}}, 2))
        with pytest.raises(SourceError, match=r"memo entry \d+ is of an earlier architecture"):
            list(opened.items())


class TestSources:
    def test_a_path_is_read_as_its_bytes_are(self, tmp_path, made_benchmark):
        data = pickle.dumps(made_benchmark)
        path = tmp_path / "ünïcode.pickle"
        path.write_bytes(data)
        for source in (path, str(path)):
            opened = reader(source)
            assert_same(assembled(opened.items(), "dict"), made_benchmark)
            assert opened.offset == len(data)

    def test_a_file_that_hands_out_few_bytes(self, made_benchmark):
        class Slow(io.BytesIO):
            def read(self, size=-1):
                return super().read(min(size, 7))

        opened = reader(Slow(pickle.dumps(made_benchmark)))
        assert_same(assembled(opened.items(), "dict"), made_benchmark)

    def test_errors_of_the_source_come_through(self):
        class Broken(io.BytesIO):
            def read(self, size=-1):
                raise EOFError("cut in the middle")

        with pytest.raises(EOFError, match="cut in the middle"):
            reader(Broken()).read()
        with pytest.raises(FileNotFoundError):
            reader("/does/not/exist")
        with pytest.raises(IsADirectoryError):
            reader("/").read()

    @pytest.mark.parametrize(
        ("came", "error"), [("text", TypeError), (b"x" * (1 << 21), ValueError)]
    )
    def test_a_source_that_reads_something_else(self, came, error):
        class Odd:
            def read(self, size):
                return came

        with pytest.raises(error):
            reader(Odd()).read()

    def test_a_source_that_uses_its_reader(self):
        class Entangled:
            def read(self, size):
                return opened.read()

        opened = PickleReader(Entangled(), "f", packed=Packed, weights=WEIGHTS)
        with pytest.raises(SettingsError, match="one caller at a time"):
            opened.read()

    def test_nothing_is_read_after_an_error_until_another_source(self):
        opened = reader(b"\x80\x02cos\nsystem\n.")
        with pytest.raises(SourceError, match=r"os\.system"):
            opened.read()
        with pytest.raises(SourceError, match="after an error"):
            opened.read()
        opened.open(io.BytesIO(pickle.dumps(5)), "f")
        assert opened.read() == 5


def exhaust(opened, parts):
    """Append all parts of the next pickle to `parts`, however far they come."""
    for part in opened.items():
        parts.append(part)


class TestRefusals:
    @pytest.mark.parametrize(
        ("data", "why"),
        [pytest.param(data, why, id=name) for name, data, why in refused_pickles.everything()],
    )
    def test_of_hostile_pickles_say_why(self, data, why, monkeypatch):
        ran = []
        monkeypatch.setattr(os, "system", ran.append)
        for read in (lambda opened: opened.read(), lambda opened: list(opened.items())):
            with pytest.raises(SourceError, match=why) as caught:
                read(reader(data))
            message = str(caught.value)
            assert message.startswith("some.pth: ")
            assert "\n" not in message
            assert 0 <= caught.value.offset <= len(data)
            assert f"(byte {caught.value.offset}" in message
        assert not ran

    @pytest.mark.parametrize("protocol", PROTOCOLS)
    @pytest.mark.parametrize(("attack", "named"), hostile.ATTACKS)
    def test_say_the_name(self, attack, named, protocol):
        if protocol < 3:
            named = named.replace("builtins", "__builtin__")
        with pytest.raises(SourceError, match=f"the pickle names {named}"):
            reader(pickle.dumps(attack, protocol)).read()

    def test_say_where_a_file_is_cut_and_how_many_cells_came_before(self):
        cells = {index: {"a": {0: 0.5}} for index in range(4)}
        for protocol in PROTOCOLS:
            whole = pickle.dumps({"arch2infos": cells, "k": "v"}, protocol)
            for length in range(len(whole)):
                opened, came = reader(whole[:length]), []
                with pytest.raises(SourceError, match="truncated file") as caught:
                    exhaust(opened, came)
                assert caught.value.offset == length
                counted = str(caught.value).partition(", after ")[2].partition(" ")[0]
                assert int(counted or 0) == sum(len(path) == 2 for path, _ in came)

    def test_ask_for_no_memory_that_there_is_not(self):
        """In a process of little memory, so that a wrong answer costs nothing here."""
        program = f"""
            import io, resource
            from nb201store._core import PickleReader
            from nb201store.errors import SourceError
            resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
            for number, data in enumerate({hostile.ABSURD_SIZES!r}):
                try:
                    PickleReader(io.BytesIO(data), "f", packed=tuple, weights=None).read()
                except SourceError as error:
                    print(number, error)
        """
        found = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            check=True, capture_output=True, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        ).stdout.splitlines()  # fmt: skip
        assert [line.split()[0] for line in found] == [
            str(number) for number in range(len(hostile.ABSURD_SIZES))
        ]


def test_bytes_of_weights_are_passed_over():
    """More than an architecture may take in memory (256 MiB), which was refused when they were kept."""
    block = bytes(1 << 20)
    payload = 60

    class Records:
        """A list of five such objects, made as it is read."""

        def __init__(self):
            one = b"B" + (payload << 20).to_bytes(4, "little")
            self.left = [b"\x80\x04]("]
            for _ in range(5):
                self.left += [one, *[block] * payload]
            self.left.append(b"K\x07e.")

        def read(self, size):
            piece = self.left.pop(0) if self.left else b""
            if len(piece) > size:
                self.left.insert(0, piece[size:])
            return piece[:size]

    opened = reader(Records())
    assert opened.read() == [WEIGHTS] * 5 + [7]
    assert opened.at_end()
