"""convert_201, convert_nats: whole official sources converted, and verified value by value, by the command."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nb201store as nb
from nb201bench import made_sources, plain_unpickling, processes
from nb201bench.harness import Case, Contender, Workload
from nb201bench.inputs import TOY
from nb201store import image
from nb201store.archive import open_archive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201bench.baselines import Baselines
    from nb201bench.inputs import Inputs
    from nb201bench.processes import Ended

ARCHIVE, IMAGE, VERIFY = "nb201 convert X.zarr", "nb201 convert X.nb201", "nb201 verify X.zarr"
VERIFY_IMAGE = "nb201 verify X.nb201 X.zarr"
UNPACKING = "decompression alone"
PICKLE, UNPICKLING = "pickle", "bz2 and pickle"
FILE_201, PART_201 = "NAS-Bench-201 .pth", "its first cells, by MB of the file"
FOLDER = "NATS-Bench -simple folder"
PART_CELLS = 500
TIMES_THE_FILE = 6  # what a loaded file takes in memory: 28 GB are told of one of 4.7 GB


def convert_201(base: Baselines) -> list[Case]:
    """A single file against the reading of its bytes and, where memory allows, its plain unpickling."""
    inputs, path = base.inputs, base.inputs.official_201
    if path is None:
        return []
    contenders = _ours(inputs, path)
    contenders.append(_floor("cat", ["sh", "-c", 'cat "$1" >/dev/null', "sh", os.fspath(path)]))
    if path.stat().st_size * TIMES_THE_FILE < _memory_available():
        contenders.append(_unpickled(inputs, path))
        return [_case(FILE_201, contenders, inputs, path)]
    return [_case(FILE_201, contenders, inputs, path), _part(inputs, path)]


def _part(inputs: Inputs, path: Path) -> Case:
    """A file of the first cells, which plain unpickling has the memory for."""
    cells = made_sources.states(path, 2 if inputs.size is TOY else PART_CELLS)
    part = made_sources.write_201(inputs.folder / "part.pth", cells)
    size = max(1, round(part.stat().st_size / 1e6))
    note = f"the first {len(cells)} cells, written anew: all of them do not fit in memory"
    archive = _archive(inputs, part)
    contenders = [_converting(inputs, part, archive, size), _unpickled(inputs, part, size, note)]
    return Case(PART_201, contenders, per="MB")


def convert_nats(base: Baselines) -> list[Case]:
    """A folder of one file a cell against their decompression, alone and with unpickling, on the same cores."""
    inputs, path = base.inputs, base.inputs.official
    if path is None or not path.is_dir():
        return []
    cores = str(len(os.sched_getaffinity(0)))
    command, program = _unpacking(inputs, path, cores)
    contenders = [
        *_ours(inputs, path),
        _floor(UNPACKING, command, f"{program}, {cores} processes"),
        _baseline(
            UNPICKLING, _plain(inputs, "folder", os.fspath(path), cores), f"of Python, {cores} processes"
        ),
    ]  # fmt: skip
    return [_case(FOLDER, contenders, inputs, path)]


def _case(title: str, contenders: list[Contender], inputs: Inputs, source: Path) -> Case:
    return Case(title, contenders, per="run", measures=partial(_sizes, _archive(inputs, source)))


def _sizes(archive: Path) -> dict[str, float]:
    """Bytes of what was written, and of an image of the 12-epoch curves and all last epochs."""
    part = archive.with_suffix(".last-epochs.nb201")
    image.pack(archive, part, part=image.Slice(last_epoch=(200,)), overwrite=True)
    return {
        "bytes of X.zarr": sum(file.stat().st_size for file in archive.rglob("*") if file.is_file()),
        "bytes of X.nb201": archive.with_suffix(".nb201").stat().st_size,
        "bytes of X.nb201, last epochs": part.stat().st_size,
    }  # fmt: skip


def described(inputs: Inputs) -> list[dict[str, Any]]:
    """What the page tells of every source that was converted, from the archives that are still there."""
    made = [
        (path, _archive(inputs, path)) for path in (inputs.official_201, inputs.official) if path
    ]
    return [
        {
            "name": path.name, "bytes": _size(path), "cells_of_space": len(nb.tss),
            "cells_recorded": len(open_archive(archive).codes()),
        }
        for path, archive in made
        if archive.is_dir()
    ]  # fmt: skip


def _ours(inputs: Inputs, source: Path) -> list[Contender]:
    """Converting to an archive, to an image, and verifying the archive, and the image against it: what was written."""
    archive = _archive(inputs, source)
    packed = archive.with_suffix(".nb201")
    verify = [_program(inputs), "verify", os.fspath(archive), os.fspath(source), "--json"]
    verify_image = [_program(inputs), "verify", os.fspath(packed), os.fspath(archive), "--json"]
    return [
        _converting(inputs, source, archive),
        _converting(inputs, source, packed),
        Contender(
            VERIFY, partial(processes.run, verify), role="ours", answer=_summarised, peak=_peak,
            note="every value against the source",
        ),
        Contender(
            VERIFY_IMAGE, partial(processes.run, verify_image), role="ours", answer=_summarised, peak=_peak,
            note="every value of the image against the archive",
        ),
    ]  # fmt: skip


def _converting(inputs: Inputs, source: Path, target: Path, n: int = 1) -> Contender:
    command = [_program(inputs), "convert", os.fspath(source), os.fspath(target), "--json"]
    return Contender(
        f"nb201 convert X{target.suffix}", partial(processes.run, command), n, "ours",
        before=partial(_remove, target), answer=_summarised, peak=_peak,
    )  # fmt: skip


def _unpickled(inputs: Inputs, path: Path, n: int = 1, note: str = "") -> Contender:
    command = _plain(inputs, "file", os.fspath(path))
    return replace(_baseline(PICKLE, command, note), n=n, peak=_peak)


def _baseline(name: str, command: Sequence[str], note: str) -> Contender:
    told = "; ".join(filter(None, (note, "counts what it read, makes nothing of it")))
    return Contender(name, partial(processes.run, command), answer=_counted, note=told)


def _floor(name: str, command: Sequence[str], note: str = "") -> Contender:
    return Contender(name, partial(processes.run, command), role="floor", note=note)


def _unpacking(inputs: Inputs, folder: Path, cores: str) -> tuple[list[str], str]:
    """(command that unpacks the cells' files on so many cores and keeps nothing, the program that does it)."""
    if shutil.which("bunzip2") is None:
        return _plain(inputs, "unpack", os.fspath(folder), cores), "bz2 of Python, no bunzip2 here"
    script = 'find -H "$1" -name "[0-9]*.pickle.pbz2" -print0 | xargs -0 -r -P "$2" -n 64 bunzip2 -c >/dev/null'
    return ["sh", "-c", script, "sh", os.fspath(folder), cores], "bunzip2"


def _summarised(ended: Ended) -> list[int]:
    """What was written or compared. `nb201 verify` ends with 1 where a value differs, and with it the benchmark."""
    summary = json.loads(ended.printed)
    return [summary["cells"], summary["trials"], summary["values"]]


def _counted(ended: Ended) -> list[int]:
    return [int(word) for word in ended.printed.split()]


def _peak(ended: Ended) -> float:
    return ended.peak


def _plain(inputs: Inputs, *words: str) -> list[str]:
    return [os.fspath(inputs.interpreter), "-P", str(plain_unpickling.__file__), *words]


def _program(inputs: Inputs) -> str:
    return os.fspath(inputs.interpreter.parent / "nb201")


def _archive(inputs: Inputs, source: Path) -> Path:
    return inputs.folder / f"{source.name}.converted.zarr"


def _remove(target: Path) -> None:
    """Remove what the last round wrote: an archive or an image."""
    shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)


def _memory_available() -> int:
    """Bytes that the system can give without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return 0


WORKLOADS = [
    Workload(
        "convert_201",
        "A single `.pth` by `nb201 convert`, to an archive and to an image, and `nb201 verify` of that archive: whole "
        "processes, files written and flushed to the disk included. `pickle` has no garbage collection and ends "
        "without giving its objects back, which flatters it.",
        convert_201,
    ),
    Workload(
        "convert_nats",
        "The same of a folder of 15,625 packed files. The floor unpacks them and throws the bytes away.",
        convert_nats,
    ),
]
