"""Damaged metadata of an archive: zarr.json files and the attributes of the root."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import zarr

from nb201store import archive
from nb201store.archive import open_archive
from nb201store.errors import FormatError, Nb201Error, VersionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def edit_root(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    file = path / "zarr.json"
    metadata = json.loads(file.read_text())
    change(metadata["attributes"])
    file.write_text(json.dumps(metadata))


@pytest.mark.parametrize(
    "content", [None, b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"zarr_format": 3}', b"{}"]
)
def test_a_root_without_metadata_is_no_archive(
    copy: Path, content: bytes | None, refuse: Any
) -> None:
    file = copy / "zarr.json"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    refuse(copy, "not an nb201store archive")


@pytest.mark.parametrize("version", [0, 2, "1", None, 1.5])
def test_another_version_is_refused(copy: Path, version: Any, refuse: Any) -> None:
    edit_root(copy, lambda attributes: attributes.update(nb201store_archive=version))
    refuse(copy, "archive format", error=VersionError)


@pytest.mark.parametrize(
    "key", ["benchmark", "sources", "written_by", "cell_forms", "trial_forms", "nb201store_archive"]
)
def test_an_attribute_that_is_missing_is_refused(copy: Path, key: str, refuse: Any) -> None:
    edit_root(copy, lambda attributes: attributes.pop(key))
    refuse(copy, key)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("benchmark", None), ("benchmark", []), ("benchmark", {}), ("benchmark", "toy"), ("sources", [{}]),
        ("sources", [{"kind": "x"}]), ("sources", 3), ("cell_forms", None), ("trial_forms", 3),
    ],
)  # fmt: skip
def test_an_attribute_of_another_kind_is_refused(
    copy: Path, key: str, value: Any, refuse: Any
) -> None:
    edit_root(copy, lambda attributes: attributes.update({key: value}))
    refuse(copy, "attributes")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("space", "xss"), ("batch", 0), ("batch", "many"), ("datasets", None), ("datasets", [{}]),
        ("channels", None), ("schedules", 3), ("name", ...),
    ],
)  # fmt: skip
def test_a_benchmark_that_cannot_be_is_refused(
    copy: Path, key: str, value: Any, refuse: Any
) -> None:
    def change(attributes: dict[str, Any]) -> None:
        if value is ...:
            del attributes["benchmark"][key]
        else:
            attributes["benchmark"][key] = value

    edit_root(copy, change)
    refuse(copy, "attributes")


def test_forms_that_were_cut_off_are_missed(copy: Path) -> None:
    edit_root(copy, lambda attributes: attributes.update(trial_forms=[]))
    with pytest.raises(FormatError, match="3/one/form"):
        list(archive.read_records(copy))


def test_every_flipped_byte_of_the_metadata_reads_the_same_or_is_refused(
    toy_archive: Path, copy: Path
) -> None:
    """JSON has no checksum: a flip may change a word without meaning, but must never end in another exception."""
    file = copy / "zarr.json"
    data = file.read_bytes()
    outcomes = set()
    for at in range(0, len(data), len(data) // 150):
        flipped = bytearray(data)
        flipped[at] ^= 0x40
        file.write_bytes(flipped)
        try:
            open_archive(copy)
            outcomes.add("opened")
        except Nb201Error as problem:
            outcomes.add(type(problem).__name__ + "\n" * str(problem).count("\n"))
        file.write_bytes(data)
    assert outcomes <= {"opened", "FormatError", "VersionError"}
    assert "FormatError" in outcomes


def test_groups_of_other_programs_are_passed_over(copy: Path) -> None:
    zarr.open_group(copy, mode="r+").create_group("my-notes")
    zarr.open_group(copy, mode="r+").create_group("7")
    assert open_archive(copy).check() == 3
