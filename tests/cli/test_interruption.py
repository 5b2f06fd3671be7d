"""Convert and pack, stopped at any moment: no half target, the old one whole, and the next run clears up."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nb201store import archive, conversion, image
from nb201store.archive import open_archive
from nb201store.image import writer as image_writer

NB201 = Path(sys.executable).with_name("nb201")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def leftovers(folder: Path) -> list[str]:
    return [name for name in names(folder) if name.endswith(".partial")]


def stop(command: list[Any], number: signal.Signals, folder: Path, delay: float) -> int:
    """Start a command, wait until it has begun to write, and after `delay` seconds send it a signal."""
    process = subprocess.Popen(
        [str(NB201), *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not leftovers(folder) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(delay)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    # Python itself prints one where the signal comes in a callback that cannot raise, and goes on.
    assert "Traceback" not in err or "Exception ignored" in err
    return process.returncode


def assert_whole(target: Path) -> None:
    """The target is a sound archive or image of both cells."""
    if target.is_dir():
        assert open_archive(target).check() == 2
    else:
        assert len(list(image.reader.read_records(target))) == 2


@pytest.fixture
def commands(files: Any) -> dict[str, list[Any]]:
    return {
        "convert.zarr": ["convert", files.source],
        "convert.nb201": ["convert", files.source],
        "pack.nb201": ["pack", files.archive],
    }


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("convert.zarr", signal.SIGINT),
        ("convert.nb201", signal.SIGKILL),
        ("pack.nb201", signal.SIGINT),
        ("pack.nb201", signal.SIGKILL),
    ],
    ids=str,
)
def test_a_stopped_run_leaves_no_target(
    commands: dict[str, list[Any]], tmp_path: Path, name: str, number: signal.Signals
) -> None:
    target = tmp_path / name
    rng = random.Random(f"{name} {number}")
    for longest in (0.1, 0.6) if name.startswith("pack") else (0.6,):
        code = stop([*commands[name], target], number, tmp_path, rng.uniform(0, longest))
        if target.exists():  # it was done before the signal came
            assert_whole(target)
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            continue
        assert code == (-signal.SIGKILL if number == signal.SIGKILL else 130)
        assert not target.exists()
        if number == signal.SIGINT:
            assert names(tmp_path) == []
    subprocess.run([NB201, *commands[name], target], check=True, stdout=subprocess.DEVNULL)
    assert names(tmp_path) == [name]
    assert_whole(target)


@pytest.mark.parametrize("name", ["convert.zarr", "pack.nb201"])
def test_a_stopped_run_keeps_the_old_target(
    commands: dict[str, list[Any]], files: Any, tmp_path: Path, name: str
) -> None:
    target = tmp_path / name
    if name.endswith(".zarr"):
        shutil.copytree(files.archive, target)
    else:
        shutil.copyfile(files.image, target)
    for number, delay in ((signal.SIGKILL, 0.2), (signal.SIGINT, 0.3)):
        stop([*commands[name], target, "--overwrite"], number, tmp_path, delay)
        assert_whole(target)
    again = [NB201, *commands[name], target, "--overwrite"]
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL)
    assert names(tmp_path) == [name]
    assert_whole(target)


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


def test_a_disk_that_fills_up_loses_nothing(
    files: Any, nb201: Any, refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    target = tmp_path / "x.nb201"
    shutil.copyfile(files.image, target)
    with monkeypatch.context() as patched:
        patched.setattr(image_writer.fmt, "header", full)  # after the sections, before the header
        refused(nb201("pack", files.archive, target, "--overwrite"), "No space left on device")
    with monkeypatch.context() as patched:
        patched.setattr(archive.writer, "write_trials", full)
        refused(nb201("convert", files.source, tmp_path / "x.zarr"), "No space left on device")
        refused(nb201("convert", files.source, target, "--overwrite"), "No space left on device")
    assert names(tmp_path) == ["x.nb201"]
    assert target.read_bytes() == files.image.read_bytes()
