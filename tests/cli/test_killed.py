"""Convert, pack and restore, killed at random moments: the target is absent, the old one or the new one, always whole.

The moments are spread over the whole run: some are a number of file system events, counted in a first run, so that
every step of the files is met wherever the test runs; some are a part of that run's time, so that the computing between
them is met too. The verdict depends on neither. NB201_KILLS=300 tries as many moments per test and target by hand.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from re import fullmatch
from typing import Any

import pytest
import small_sources
from forked_commands import Commands, Ended
from targets import digest, names, put

from nb201store import conversion, image
from nb201store.archive import open_archive

KILLS = int(os.environ.get("NB201_KILLS", "4"))
LAST_EVENTS = 30
"""Renaming into place, flushing the folder and removing the old target are among these."""

NB201 = Path(sys.executable).with_name("nb201")

ENDINGS = {
    signal.SIGKILL: (-signal.SIGKILL, ""),
    signal.SIGINT: (130, "nb201: interrupted; nothing half-written was left\n"),
    signal.SIGTERM: (143, "nb201: terminated; nothing half-written was left\n"),
}


@pytest.fixture(scope="module")
def commands() -> Any:
    with Commands() as running:
        yield running


@pytest.fixture(scope="module")
def olds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Targets that were there before, by ending: of a cell that no source of these tests has."""
    folder = tmp_path_factory.mktemp("olds")
    source = small_sources.file_of(folder / "old.pickle.pbz2", [0])
    conversion.convert(source, folder / "old.zarr")
    image.pack(folder / "old.zarr", folder / "old.nb201")
    small_sources.folder_of(folder / "old-simple", [0])
    return {
        ending: folder / f"old{ending}" for ending in (".zarr", ".nb201", ".pickle.pbz2", "-simple")
    }


def stops(events: int, seconds: float, rng: random.Random) -> list[dict[str, Any]]:
    """Moments to stop at: spread over all events, over all of the time, and over the last events."""
    moments: list[dict[str, Any]] = []
    for part in range(KILLS):
        fraction = (part + rng.random()) / KILLS
        if part % 3 == 0:
            moments.append({"stop_at": 1 + int(fraction * events)})
        elif part % 3 == 1:
            moments.append({"stop_after_s": fraction * seconds})
        else:
            moments.append({"stop_at": events - rng.randrange(min(LAST_EVENTS, events))})
    for moment in moments:
        moment["number"] = rng.choice(
            [signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM]
        )
    return moments


def assert_ended_well(ended: Ended, number: signal.Signals) -> None:
    """It was done before the signal came, or says in one line that it was stopped."""
    code, said = ENDINGS[number]
    # Before the command line itself has begun, a signal ends the process as any.
    assert ended.code in (0, code, -number), ended
    if ended.code == code:
        # Zarr may warn of what it had begun, before or after it.
        assert said in ended.err, ended
    # Python itself prints a traceback where the signal comes in a callback that cannot raise, and goes on.
    assert "Traceback" not in ended.err or "Exception ignored" in ended.err


def sources_of(kind: str, folder: Path) -> list[Path]:
    """Make a file, a folder, an archive, two folders, or an archive and a folder."""
    cells = small_sources.folder_of(folder / "cells", [3, 5, 8])
    if kind == "folder":
        return [cells]
    if kind == "folders":
        return [cells, small_sources.folder_of(folder / "others", [5, 9])]
    single = small_sources.file_of(folder / "one.pickle.pbz2", [5])
    if kind == "file":
        return [single]
    conversion.convert(single, folder / "one.zarr")
    return [folder / "one.zarr", *([cells] if kind == "mixture" else [])]


@pytest.mark.parametrize(
    ("command", "kind", "ending"),
    [
        ("convert", "file", ".zarr"),
        ("convert", "file", ".nb201"),
        ("convert", "folder", ".zarr"),
        ("convert", "folder", ".nb201"),
        ("convert", "folders", ".zarr"),
        ("convert", "mixture", ".zarr"),
        ("convert", "mixture", ".nb201"),
        ("pack", "archive", ".nb201"),
        ("restore", "archive", ".pickle.pbz2"),
        ("restore", "archive", "-simple"),
    ],
)
def test_a_killed_run_leaves_no_half(
    commands: Commands, olds: dict[str, Path], tmp_path: Path, command: str, kind: str, ending: str
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    target = work / f"x{ending}"
    layout = ["--layout=nats-folder"] if ending == "-simple" else []
    arguments = [command, *sources_of(kind, tmp_path), target, *layout]
    rng = random.Random(f"{command} {kind} {ending}")
    first = commands.run(*arguments)
    assert (first.code, first.err) == (0, "")
    new = digest(target)

    for old in (None, olds[ending]):
        before, overwriting = (None, []) if old is None else (digest(old), ["--overwrite"])
        assert before != new
        for moment in stops(first.events, first.seconds, rng):
            put(target, old)
            left_before = set(names(work))
            ended = commands.run(*arguments, *overwriting, **moment)
            assert digest(target) in (before, new), (moment, ended)
            assert_ended_well(ended, moment["number"])
            left = set(names(work)) - left_before - {target.name}
            if moment["number"] == signal.SIGKILL:
                assert all(fullmatch(rf"\.x{ending}\..*\.partial", name) for name in left), moment
            else:
                assert not left, (moment, ended)
        put(target, old)
        assert commands.run(*arguments, *overwriting).code == 0
        assert digest(target) == new
        assert names(work) == [target.name]


@pytest.mark.parametrize("number", ENDINGS, ids=lambda number: number.name)
def test_the_installed_command_clears_up_when_it_is_stopped(
    files: Any, tmp_path: Path, number: signal.Signals
) -> None:
    target = tmp_path / "x.zarr"
    process = subprocess.Popen(
        [NB201, "convert", files.source, target],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not names(tmp_path) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    code, said = ENDINGS[number]
    if target.exists():  # it was done before the signal came
        assert open_archive(target).check() == 2
        return
    assert (process.returncode, err.lstrip("\n")) == (code, said)
    assert (names(tmp_path) == []) == (number != signal.SIGKILL)
