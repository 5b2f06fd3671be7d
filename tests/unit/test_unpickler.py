"""The restricted unpickler: what official files hold is built, everything else is refused."""

import bz2
import copyreg
import io
import os
import pickle
import pickletools
import subprocess
import sys
import textwrap
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

import hostile_pickles as hostile
import numpy as np
import pytest
import restricted_unpickler
from hostile_pickles import FLOAT64_STATE
from restricted_unpickler import WEIGHTS, read_pickle

from nb201store.errors import SourceError
from nb201store.upstream.containers import load

SUPPORT = str(Path(restricted_unpickler.__file__).parent)


def read(data: bytes):
    return read_pickle(io.BytesIO(data), "some/file.pth")


def refusal(data: bytes) -> str:
    """Return the message with which `data` is refused, by a stream with and one without `peek`."""
    with pytest.raises(SourceError) as caught:
        read(data)
    with pytest.raises(SourceError) as buffered:
        read_pickle(io.BufferedReader(io.BytesIO(data)), "some/file.pth")
    message = str(caught.value)
    assert message == str(buffered.value)
    assert "\n" not in message
    assert message.startswith("some/file.pth: ")
    return message


@pytest.fixture
def bait(monkeypatch):
    """Fail if anything is run that the attacks below name."""
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    yield
    assert not ran


class TestWhatOfficialFilesHold:
    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_comes_back_with_its_types(self, protocol):
        value = {
            "params": np.float64(0.1),
            "times": OrderedDict([(1, 2.5), (0, -0.0)]),
            "done": {3, 5},
            ("cifar10", 777): [None, True, 1 << 80, "x-valid@11", b"\xff"],
        }
        # bytes of protocol 2 and sets below 4 come as calls of _codecs.encode and set
        found = read(pickle.dumps(value, protocol))
        assert found == value
        assert type(found["params"]) is np.float64
        assert isinstance(found["times"], OrderedDict)
        assert list(found["times"]) == [1, 0]

    def test_numpy_scalars_of_both_module_names(self):
        data = pickle.dumps(np.float64(2.5), 2)
        old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
        for name in (old, new):
            assert read(data.replace(new, name)) == 2.5

    def test_weights_become_one_placeholder(self):
        storage = b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06NtQ"
        tensor = b"ctorch._utils\n_rebuild_tensor_v2\n" + storage + b"K\0K\x06\x85K\x01\x85\x89NtR"
        assert read(b"\x80\x02" + tensor + b".") is WEIGHTS
        loaded = b"ctorch.storage\n_load_from_bytes\nC\x03abc\x85R"
        assert read(b"\x80\x04" + loaded + b".") is WEIGHTS

    def test_attributes_of_an_ordered_dict_are_dropped(self):
        state_dict = OrderedDict(a=1)
        state_dict._metadata = OrderedDict(version=1)
        state_dict.clear_ = "hides"
        found = read(pickle.dumps(state_dict, 2).replace(b"clear_", b"values"))
        assert list(found.values()) == [1]

    def test_stops_behind_its_pickle(self):
        stream = io.BufferedReader(io.BytesIO(pickle.dumps([1], 2) + pickle.dumps([2], 2) + b"x"))
        assert read_pickle(stream, "f") == [1]
        assert read_pickle(stream, "f") == [2]
        assert stream.read() == b"x"


@pytest.mark.usefixtures("bait")
class TestAttacks:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    @pytest.mark.parametrize(("attack", "named"), hostile.ATTACKS)
    def test_names_the_global(self, attack, named, protocol):
        message = refusal(pickle.dumps(attack, protocol))
        if protocol < 3:
            named = named.replace("builtins", "__builtin__")
        assert f"the pickle names {named}" in message

    @pytest.mark.parametrize("module", ["os", "posix", "nt"])
    def test_system(self, module):
        for data in hostile.system(module):
            assert f"{module}.system" in refusal(data)

    def test_before_anything_runs_though_nested_in_allowed_calls(self):
        for data in hostile.nested_calls():
            assert "posix.system" in refusal(data)

    def test_old_class_opcodes(self):
        for data in hostile.OLD_CLASSES:
            assert "os.system" in refusal(data)

    @pytest.mark.parametrize("name", hostile.NAMES)
    def test_attributes_of_allowed_names(self, name):
        assert f"collections.{name}" in refusal(hostile.attribute(name))

    def test_a_name_of_control_characters_stays_on_one_line(self):
        assert "\\x1b" in refusal(b"\x80\x04\x8c\x05o\x1b[2J\x8c\x01\n\x93.")

    @pytest.mark.parametrize("protocol", [2, 4])
    @pytest.mark.parametrize("call", hostile.CALLS)
    def test_hostile_arguments_of_allowed_calls(self, call, protocol):
        refusal(b"\x80" + bytes([protocol]) + call + b".")

    def test_states_of_a_dtype(self):
        float64 = b"cnumpy\ndtype\n(X\x02\0\0\0f8K\0K\x01tR"
        good = pickle.dumps(FLOAT64_STATE, 2)[2:-1]
        scalar = b"cnumpy.core.multiarray\nscalar\n(%sc_codecs\nencode\n(X%stRtR."
        eight, nine = (
            count.to_bytes(4, "little") + b"\0" * count + b"X\x06\0\0\0latin1" for count in (8, 9)
        )
        assert read(b"\x80\x02" + scalar % (float64 + good + b"b", eight)) == 0.0
        assert "not a float64 of 8 bytes" in refusal(
            b"\x80\x02" + scalar % (float64 + good + b"b", nine)
        )
        for state in ((3, ">", *FLOAT64_STATE[2:]), (3, "|", None, ("a",), {}, 1, 1, 63), {}, None):
            bad = pickle.dumps(state, 2)[2:-1] + b"b"
            assert "float64" in refusal(b"\x80\x02" + scalar % (float64 + bad, eight))

    @pytest.mark.parametrize("data", hostile.builds_on_names())
    def test_build_on_an_allowed_name(self, data):
        assert "sets the state of a function" in refusal(data)

    def test_build_on_data(self):
        for data in hostile.BUILDS_ON_DATA:
            refusal(data)

    def test_placeholders_cannot_be_called(self):
        for data in hostile.CALLED_PLACEHOLDERS:
            refusal(data)

    def test_outside_objects_that_are_no_storages(self):
        for reference in hostile.OUTSIDE_OBJECTS:
            assert "outside object" in refusal(reference)

    def test_extension_codes_even_when_cached(self):
        copyreg.add_extension("os", "system", 0x7B)
        try:
            data = b"\x80\x02\x82\x7bX\x02\0\0\0id\x85R."
            assert "os.system" in refusal(data)
            pickle.loads(b"\x80\x02\x82\x7b.")  # an ordinary load fills the cache
            assert "os.system" in refusal(data)
        finally:
            copyreg.remove_extension("os", "system", 0x7B)
        assert "not a sound pickle" in refusal(b"\x80\x02\x82\x7b.")


class TestDamage:
    def test_cut_off_at_every_length(self):
        value = {"a": [1.5, np.float64(2.5)], 3: {"x"}, "s": "text" * 20, "o": OrderedDict(k=1)}
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            whole = pickle.dumps(value, protocol)
            for length in range(len(whole)):
                message = refusal(whole[:length])
                offset = int(message.rpartition("(byte ")[2].rstrip(")"))
                assert 0 <= offset <= length

    def test_every_byte_changed_is_data_or_a_source_error(self):
        whole = bytearray(pickletools.optimize(pickle.dumps({"a": [1.5, np.float64(2)]}, 2)))
        for position in range(len(whole)):
            for flip in (0x01, 0x10, 0x80, 0xFF):
                damaged = bytes(
                    whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :]
                )
                with suppress(SourceError):
                    read(damaged)

    @pytest.mark.parametrize("data", hostile.NONSENSE)
    def test_nonsense(self, data):
        assert "not a sound pickle" in refusal(data) or "truncated" in refusal(data)

    def test_offset_of_what_is_refused(self):
        before = b"\x80\x02(" + b"K\x01" * 20_000
        message = refusal(before + b"cos\nsystem\n" + b"K\x01" * 20_000 + b"t.")
        assert message.endswith(f"(byte {len(before) + len('cos.system.')})")

    def test_absurd_sizes_ask_for_no_memory_that_there_is_not(self):
        """In a process of little memory, so that a wrong answer costs nothing here."""
        attacks = hostile.ABSURD_SIZES
        program = f"""
            import io, resource
            resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
            from nb201store.errors import SourceError
            from restricted_unpickler import read_pickle
            for number, data in enumerate({attacks!r}):
                try:
                    read_pickle(io.BytesIO(data), "f")
                except SourceError as error:
                    print(number, error)
        """
        found = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)],
            check=True, capture_output=True, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": SUPPORT},
        ).stdout.splitlines()  # fmt: skip
        assert [line.split()[0] for line in found] == [str(n) for n in range(len(attacks))]


META = {"meta_archs": ["a", "b"], "total_archs": 2, "values": [0.5] * 30}


class TestContainers:
    """Damage at the level of the files around a pickle."""

    def legacy(self, keys=(), little_endian=True) -> bytes:
        system = {"protocol_version": 1001, "little_endian": little_endian}
        parts = (0x1950A86A20F9469CFC6C, 1001, system, META, list(keys))
        return b"".join(pickle.dumps(part, 2) for part in parts)

    def zipped(self, compression=0, byteorder="little", members=("archive/data.pkl",)) -> bytes:
        import zipfile

        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", compression) as archive:
            for name in members:
                archive.writestr(name, pickle.dumps(META, 2))
            archive.writestr("archive/byteorder", byteorder)
            archive.writestr("archive/data/0", b"weights")
        return target.getvalue()

    def load(self, path, data: bytes):
        path.write_bytes(data)
        return load(path)

    def test_each_is_recognised_by_its_bytes(self, tmp_path):
        plain = pickle.dumps(META, 4)
        for data, container in (
            (self.legacy(), "torch-legacy"),
            (self.zipped(), "torch-zip"),
            (bz2.compress(plain), "bz2"),
            (plain, "pickle"),
            (pickle.dumps(META, 2), "pickle"),
        ):
            loaded = self.load(tmp_path / "any.name", data)
            assert (loaded.value, loaded.container) == (META, container)

    def test_cut_off_at_every_length(self, tmp_path):
        for whole in (self.legacy(), self.zipped(), bz2.compress(pickle.dumps(META, 4))):
            for length in range(len(whole)):
                with pytest.raises(SourceError, match=r"any\.name"):
                    self.load(tmp_path / "any.name", whole[:length])

    @pytest.mark.parametrize("tail", [b"x", b"\0", pickle.dumps(None)])
    def test_something_after_the_end(self, tmp_path, tail):
        for whole in (self.legacy(), pickle.dumps(META), bz2.compress(pickle.dumps(1) + tail)):
            with pytest.raises(SourceError, match="found more"):
                self.load(tmp_path / "f", whole if whole[:3] == b"BZh" else whole + tail)

    def test_what_torch_does_not_write(self, tmp_path):
        import zipfile

        for data, why in (
            (self.zipped(zipfile.ZIP_DEFLATED), "compressed"),
            (self.zipped(byteorder="big"), "little-endian"),
            (self.zipped(members=()), "found 0"),
            (self.zipped(members=("a/data.pkl", "b/data.pkl")), "found 2"),
            (self.legacy(little_endian=False), "little-endian"),
            (pickle.dumps(1 << 70, 2) + self.legacy()[15:], "magic number"),
            (b"", "empty"),
        ):
            with pytest.raises(SourceError, match=why):
                self.load(tmp_path / "f", data)

    def test_a_damaged_checksum(self, tmp_path):
        data = bytearray(self.zipped())
        place = data.index(b"meta_archs")
        data[place] ^= 1
        with pytest.raises(SourceError, match="CRC"):
            self.load(tmp_path / "f", bytes(data))

    def test_a_folder_in_place_of_a_file(self, tmp_path):
        with pytest.raises(SourceError, match="expected a file, found a folder"):
            load(tmp_path)
