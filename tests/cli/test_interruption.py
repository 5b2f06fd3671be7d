"""Convert and pack, stopped by an exception at a chosen stage: nothing is left, and the old target is whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from targets import names

from nb201store import conversion, image
from nb201store.image import writer as image_writer


class Stop(Exception):
    """Raised by the progress, at a moment of the test's choice."""


def stop_at(stage: str, after: int) -> Any:
    def progress(now: str, done: int, total: int) -> None:
        if now == stage and done >= min(after, total - 1):
            raise Stop

    return progress


@pytest.mark.parametrize(
    ("target", "stage", "after"),
    [
        ("x.zarr", "read", 0), ("x.zarr", "read", 1), ("x.zarr", "write", 0),
        ("x.nb201", "read", 1), ("x.nb201", "write", 3),
    ],
)  # fmt: skip
def test_an_exception_at_any_stage_of_convert_leaves_nothing(
    files: Any, tmp_path: Path, target: str, stage: str, after: int
) -> None:
    with pytest.raises(Stop):
        conversion.convert(files.source, tmp_path / target, progress=stop_at(stage, after))
    assert names(tmp_path) == []


@pytest.mark.parametrize("after", [0, 5, 10_000])
def test_an_exception_at_any_section_of_pack_leaves_nothing(
    files: Any, tmp_path: Path, after: int
) -> None:
    for target in (tmp_path / "new.nb201", tmp_path / "old.nb201"):
        if target.stem == "old":
            shutil.copyfile(files.image, target)
        with pytest.raises(Stop):
            image.pack(files.archive, target, overwrite=True, progress=stop_at("pack", after))
    assert names(tmp_path) == ["old.nb201"]
    assert (tmp_path / "old.nb201").read_bytes() == files.image.read_bytes()


def test_an_image_that_does_not_pass_its_check_is_never_put_in_place(
    files: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = image_writer.write_sections

    def damage(file: Any, *arguments: Any) -> int:
        size = written(file, *arguments)
        file.seek(size - 1)
        file.write(b"?")
        return size

    monkeypatch.setattr(image_writer, "write_sections", damage)
    with pytest.raises(image_writer.FormatError, match="CRC32C"):
        image.pack(files.archive, tmp_path / "x.nb201")
    assert names(tmp_path) == []
