"""Damaged archives: what is missing, flipped or nonsense is refused with the path and the array; nothing is guessed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from nb201store import image
from nb201store.archive import open_archive
from nb201store.errors import FormatError
from nb201store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEST = "3/one/test"


def chunks(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file() and file.name != "zarr.json")


def array_of(chunk: Path, root: Path) -> str:
    return str(chunk.relative_to(root)).split("/c/", maxsplit=1)[0].removesuffix("/c")


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x40
    file.write_bytes(data)


def test_the_archive_is_sound(copy: Path) -> None:
    assert open_archive(copy).check() == 3
    image.pack(copy, copy.with_suffix(".nb201"))


def test_a_flipped_byte_in_any_chunk_is_found(toy_archive: Path, copy: Path) -> None:
    opened, files = open_archive(copy), chunks(copy)
    assert len(files) > 50
    for chunk in files:
        original, name = chunk.read_bytes(), array_of(chunk, copy)
        flip(chunk, len(original) // 2)
        with pytest.raises(FormatError) as found:
            opened.read(name)
        assert f"{copy}: the array {name} cannot be read" in str(found.value)
        assert "\n" not in str(found.value)
        chunk.write_bytes(original)
    assert opened.check() == 3


@pytest.mark.parametrize(
    "name", ["code", "arch_str", "present", "3/one/seed", "3/two/time", f"{TEST}/epoch"]
)
def test_a_check_reads_every_kind_of_array(copy: Path, name: str, refuse_check: Any) -> None:
    flip(chunks(copy / name)[0], 20)
    refuse_check(copy, f"the array {name} cannot be read")


@pytest.mark.parametrize("kept", [0, 1, 3, -1])
def test_a_truncated_chunk_is_found(copy: Path, kept: int, refuse: Any) -> None:
    chunk = chunks(copy / TEST / "hits")[0]
    chunk.write_bytes(chunk.read_bytes()[:kept])
    refuse(copy, f"{TEST}/hits")


def test_any_missing_chunk_is_found(copy: Path) -> None:
    opened = open_archive(copy)
    for chunk in chunks(copy):
        original, name = chunk.read_bytes(), array_of(chunk, copy)
        chunk.unlink()
        with pytest.raises(FormatError) as found:
            (open_archive(copy) if name in ("present", "form") else opened).read(name)
        assert f"{copy}: the array {name} lacks its chunk c/" in str(found.value)
        chunk.write_bytes(original)


@pytest.mark.parametrize(
    "name", ["present", "form", f"{TEST}/hits", "3/one/seed", "3/one/rows/..", TEST]
)
def test_a_removed_array_or_group_is_found(copy: Path, name: str, refuse: Any) -> None:
    gone = (copy / name).resolve()
    shutil.rmtree(gone)
    refuse(copy, str(gone.relative_to(copy)))


@pytest.mark.parametrize(
    "name",
    [
        "present", "form", "3/one/seed", "3/one/split", "3/one/present", "3/one/params_m",
        "3/one/params_m_present", "3/one/latency_count", "3/one/latency_s", "3/one/time",
        "3/one/time_epoch_set", "3/one/time_varies", "3/one/epoch_time", f"{TEST}/epoch", f"{TEST}/hits",
        f"{TEST}/last_hits", f"{TEST}/loss", f"{TEST}/present",
    ],
)  # fmt: skip
def test_an_array_that_the_metadata_lack_too_is_found(copy: Path, name: str, refuse: Any) -> None:
    """As another tool would delete it: gone from the consolidated metadata as well."""
    shutil.rmtree(copy / name)
    file = copy / "zarr.json"
    metadata = json.loads(file.read_text())
    del metadata["consolidated_metadata"]["metadata"][name]
    file.write_text(json.dumps(metadata))
    optional = {"3/one/latency_s": "latency_count", "3/one/epoch_time": "epoch_time"}
    refuse(copy, optional.get(name, name))


def rewritten(copy: Path, name: str, change: Callable[[Any], Any]) -> None:
    """Write other numbers into an array, checksums right."""
    with zarr.config.set({"array.write_empty_chunks": True}):
        array = zarr.open_array(copy / name, mode="r+")
        array[:] = change(array[:])


def first(value: Any) -> Callable[[Any], Any]:
    """Put `value` where the first trial of the archive is."""

    def change(values: Any) -> Any:
        values[3, 0] = value
        return values

    return change


WRONG_NUMBERS = {
    "cell form": ("form", lambda values: np.where(values == 0, 7, values)),
    "trial form": ("3/one/form", first(9)),
    "a trial of no cell": ("3/one/present", lambda present: np.roll(present, 1, axis=0)),
    "no trial": ("3/two/present", lambda present: present & False),
    "latencies": ("3/one/latency_count", first(3)),
    "time epochs": ("3/one/time_epoch_set", first(2)),
    "no time epochs": ("3/one/time_epoch_set", first(0xFFFF)),
    "seeds that descend": ("3/one/seed", lambda seeds: seeds[::-1]),
    "negative seeds": ("3/one/seed", lambda seeds: seeds - 2_000),
    "splits in another order": ("3/one/split", lambda splits: splits[::-1]),
    "epochs past the schedule": (f"{TEST}/epoch", lambda epochs: epochs + 1),
    "epochs that stand still": (f"{TEST}/epoch", lambda epochs: epochs * 0),
    "hits": (f"{TEST}/hits", first(1_001)),
    "last hits": (f"{TEST}/last_hits", first(233)),
    "codes in another order": ("code", lambda codes: codes[::-1]),
    "codes of a group": ("3/one/code", lambda codes: codes + 1),
}


@pytest.mark.parametrize(("name", "change"), WRONG_NUMBERS.values(), ids=WRONG_NUMBERS.keys())
def test_numbers_that_cannot_be_are_found_by_a_check(
    copy: Path, name: str, change: Callable[[Any], Any], refuse_check: Any
) -> None:
    rewritten(copy, name, change)
    refuse_check(copy, f"{copy}: the array {name}: expected")


@pytest.mark.parametrize(
    "what", ["cell form", "trial form", "latencies", "time epochs", "hits", "last hits", "no trial"]
)
def test_numbers_that_cannot_be_are_found_by_pack(copy: Path, what: str) -> None:
    name, change = WRONG_NUMBERS[what]
    rewritten(copy, name, change)
    with pytest.raises(FormatError) as found:
        image.pack(copy, copy.with_suffix(".nb201"))
    assert str(found.value).startswith(f"{copy}: ")
    assert ".partial" not in str(found.value)
    assert not list(copy.parent.glob("*.nb201"))


@pytest.mark.parametrize(
    "what", ["cell form", "trial form", "latencies", "time epochs", "hits", "last hits", "no trial"]
)
def test_numbers_that_cannot_be_are_found_by_verify(
    copy: Path, toy_archive: Path, what: str
) -> None:
    """Where many trials are compared at once, too."""
    name, change = WRONG_NUMBERS[what]
    rewritten(copy, name, change)
    with pytest.raises(FormatError) as found:
        verify(copy, toy_archive)
    assert str(found.value).startswith(f"{copy}: the array {name}: expected")


@pytest.mark.parametrize(
    ("name", "dtype", "shape"),
    [
        ("3/one/present", "u1", None), ("3/one/params_m", "i4", None), (f"{TEST}/hits", "f4", None),
        (f"{TEST}/loss", "u4", None), (f"{TEST}/present", "b1", (15_625, 2, 2)),
        ("3/one/time", "f8", (15_625, 2, 1)), ("3/one/latency_s", "f8", (15_624, 2, 2)),
        ("present", "b1", (100,)), ("form", "f4", None),
    ],
)  # fmt: skip
def test_arrays_of_another_dtype_or_shape_are_refused(
    copy: Path, name: str, dtype: str, shape: tuple[int, ...] | None, refuse: Any
) -> None:
    old = zarr.open_array(copy / name, mode="r")
    new = np.zeros(shape or old.shape, dtype)
    shutil.rmtree(copy / name)
    made = zarr.create_array(copy / name, data=new, config={"write_empty_chunks": True})
    file = copy / "zarr.json"
    metadata = json.loads(file.read_text())
    metadata["consolidated_metadata"]["metadata"][name] = made.metadata.to_dict()
    file.write_text(json.dumps(metadata, default=str))
    refuse(copy, name)
