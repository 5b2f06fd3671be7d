"""Checksums taken on a thread are those of the file."""

from __future__ import annotations

import hashlib

import pytest

from nb201store.upstream.checksums import FileChecksums


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (3 << 20) + 7])
def test_they_are_of_all_bytes(size, tmp_path) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    path = tmp_path / "some.pth"
    path.write_bytes(data[:size])
    source = FileChecksums(path).source("v1_1", "torch-legacy", None)
    assert (source.kind, source.name, source.container) == ("v1_1", "some.pth", "torch-legacy")
    assert source.size == size
    assert source.md5 == hashlib.md5(data[:size]).hexdigest()
    assert source.sha256 == hashlib.sha256(data[:size]).hexdigest()


def test_a_file_that_cannot_be_read_is_an_error_where_they_are_asked_for(tmp_path) -> None:
    checksums = FileChecksums(tmp_path)
    with pytest.raises(IsADirectoryError):
        checksums.source("v1_1", "torch-legacy", None)
