"""Small sources that would unpack to gigabytes, or say that they hold them: refused at a stated limit.

Every one is read in a process of little memory, so that a wrong answer costs nothing here.
"""

from __future__ import annotations

import bz2
import io
import os
import pickle
import re
import struct
import subprocess
import sys
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import tiny_layouts

from nb201store.errors import SourceError
from nb201store.upstream.bz2_stream import FREE_UNPACKED, MOST_UNPACKED, Bz2Stream
from nb201store.upstream.containers import load
from nb201store.upstream.torch_zip import MOST_LISTED

if TYPE_CHECKING:
    from pathlib import Path

GIGABYTE = 1 << 30
READ = """
import resource, sys
from pathlib import Path
import nb201store.upstream as upstream
from nb201store.errors import SourceError
from nb201store.upstream.containers import load
resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
for read in (lambda path: list(upstream.open_source(path).cells()), load):
    try:
        read(Path(sys.argv[1]))
    except SourceError as error:
        print(error)
"""


def bz2_of(pattern: bytes, size: int) -> bytes:
    """A bz2 file of `size` bytes of a pattern, one stream of 1 MiB after another, as parallel compressors write."""
    part = bz2.compress(pattern * ((1 << 20) // len(pattern)))
    return part * (size >> 20)


def refusals(path: Path, data: bytes) -> list[str]:
    """What reading `data` as a single file and as one cell of a folder says, in a process of 1.5 GiB."""
    path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        check=True, capture_output=True, text=True, timeout=100,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert len(said) == 2, done.stdout + done.stderr
    assert all(line.startswith(str(path)) for line in said)
    return said


def test_a_bz2_bomb_that_never_becomes_an_object(tmp_path: Path) -> None:
    """PROTO may come anywhere: without a limit the machine would read on to the end."""
    data = bz2_of(b"\x80\x04", 16 * GIGABYTE)
    assert len(data) < 1 << 21
    for said in refusals(tmp_path / "bomb", data):
        assert "refused: a bz2 bomb?" in said
        assert f"packed bytes may unpack to {FREE_UNPACKED:,}" in said
        assert "found 68,1" in said
        assert f"(byte {FREE_UNPACKED}" in said


def test_a_bz2_bomb_behind_architectures_says_how_many_came(tmp_path: Path) -> None:
    pickled = pickle.dumps(tiny_layouts.top({0: tiny_layouts.cell(0), 1: tiny_layouts.cell(1)}))
    data = bz2.compress(pickled[:-1]) + bz2_of(b"\x80\x04", 4 * GIGABYTE)
    streamed, _ = refusals(tmp_path / "bomb", data)
    assert "a bz2 bomb?" in streamed
    assert streamed.endswith(", after 2 architectures)")


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (b"\0", "not a pickle"),
        (b"\x80\x04X\0\0\0\x04", "a bz2 bomb?|memo|million objects|256 MiB"),
        (b"\x80\x04]", "million objects"),
        (b"\x80\x04}", "million objects"),
        (b"\x80\x04(", "256 deep"),
        (b"\x80\x04]\x94", "million|memo"),
    ],
)
def test_other_bz2_bombs(pattern: bytes, why: str, tmp_path: Path) -> None:

    for said in refusals(tmp_path / "bomb", bz2_of(pattern, GIGABYTE)):
        assert re.search(why, said), said


def test_what_official_files_unpack_to_is_far_from_the_limit() -> None:
    """The names of a meta file pack best of all that is official."""
    unpacked = pickle.dumps(tiny_layouts.top({}, "tss"), 4)
    assert len(unpacked) < FREE_UNPACKED / 30
    assert len(unpacked) / len(bz2.compress(unpacked)) < MOST_UNPACKED / 5


def test_the_limit_grows_with_what_was_packed() -> None:
    """A large file may hold a run that packs well."""
    noise = os.urandom(1 << 20)
    data = bz2.compress(noise) + bz2_of(b"\0", 128 << 20)
    stream = Bz2Stream(io.BytesIO(data))
    assert sum(map(len, iter(lambda: stream.read(1 << 20), b""))) == (128 << 20) + len(noise)


class TestZip:
    def zipped(self) -> bytes:
        return tiny_layouts.zipped(pickle.dumps(tiny_layouts.cell(0, "v1_1"), 2))

    def test_a_list_of_members_without_end(self, tmp_path: Path) -> None:
        """Members of no bytes: 100 bytes of file, a kilobyte of memory each."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
        data = target.getvalue()
        place = data.rindex(b"PK\x01\x02")
        end = data.rindex(b"PK\x05\x06")
        entry, count = data[place:end], 1_000_000
        listed = count * len(entry)
        record = struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, listed, place
        )
        locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, place + listed, 1)
        tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 1 << 32 - 1, 0, 0)
        for said in refusals(
            tmp_path / "f", data[:place] + entry * count + record + locator + tail
        ):
            assert (
                f"list of members: expected at most {MOST_LISTED:,} bytes, found {listed:,}" in said
            )

    @pytest.mark.parametrize("announced", [MOST_LISTED + 1, 1 << 31, (1 << 32) - 2])
    def test_a_list_of_members_longer_than_the_file(self, announced: int, tmp_path: Path) -> None:
        data = bytearray(self.zipped())
        end = data.rindex(b"PK\x05\x06")
        struct.pack_into("<LL", data, end + 12, announced, 0)
        for said in refusals(tmp_path / "f", bytes(data)):
            assert "zip" in said

    @pytest.mark.parametrize("of", ["archive/data.pkl", "archive/byteorder"])
    @pytest.mark.parametrize(
        ("packed", "unpacked", "place"),
        [
            (1 << 31, 1 << 31, 0),
            (100, 1 << 31, 0),
            (1 << 31, 100, 0),
            (100, 100, 1 << 30),
        ],
    )
    def test_a_member_that_lies_about_its_size(
        self, of: str, packed: int, unpacked: int, place: int, tmp_path: Path
    ) -> None:
        data = bytearray(self.zipped())
        entry = data.index(of.encode(), data.index(b"PK\x01\x02")) - 46
        assert data[entry : entry + 4] == b"PK\x01\x02"
        struct.pack_into("<LL", data, entry + 20, packed, unpacked)
        if place:
            struct.pack_into("<L", data, entry + 42, place)
        for said in refusals(tmp_path / "f", bytes(data)):
            assert f"zip member '{of}': expected its bytes within the file's {len(data):,}" in said
            assert f"found {unpacked:,} (stored as {packed:,}) from byte" in said

    def test_two_members_of_one_name(self, tmp_path: Path) -> None:
        """Of which a reader would show one, and another reader the other."""
        path = tmp_path / "f"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({}, 2))
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("archive/data.pkl", pickle.dumps({1: 2}, 2))
        with pytest.raises(SourceError, match=r"one <name>/data\.pkl in the zip, found 2"):
            load(path)

    def test_every_byte_of_its_lists_changed_is_read_or_refused(self, tmp_path: Path) -> None:
        whole = tiny_layouts.zipped(pickle.dumps({"a": 1.5}, 2))
        path = tmp_path / "f"
        for place in range(len(whole)):
            for flip in (0x01, 0x80, 0xFF):
                path.write_bytes(whole[:place] + bytes([whole[place] ^ flip]) + whole[place + 1 :])
                with suppress(SourceError):
                    load(path)
