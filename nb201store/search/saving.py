"""Results in files: one .npz each, without pickles."""

from __future__ import annotations

import errno
import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import FormatError, SettingsError, VersionError
from nb201store.replacing import new_file
from nb201store.search.over_time import MOST_GRID
from nb201store.search.reporting import Report, ReportColumn
from nb201store.search.result import Result
from nb201store.search.runner import Runs
from nb201store.search.traces import Traces

if TYPE_CHECKING:
    import os

KIND = "nb201store search result"
VERSION = 1

# What a file holds besides `head` (JSON, as bytes): name -> (dtype, dimensions).
ARRAYS = {
    "codes": ("i4", 1), "evaluations": ("i4", 1), "clocks": ("i8", 1), "stranded": ("u1", 1), "around": ("i2", 2),
    "nearest_share": ("f4", 1), "changes_at": ("i8", 1), "changes": ("i4", 1), "values": ("f8", 2),
    "taking_part": ("b1", 1),
}  # fmt: skip
TRACES = {"evaluations": ("i4", 1), "clock_s": ("f8", 2), "codes": ("i4", 2), "rewards": ("f8", 2)}


# What zipfile and numpy raise of damaged files.
DAMAGE = (
    ValueError, KeyError, TypeError, IndexError, EOFError, OverflowError, MemoryError, NotImplementedError,
    RuntimeError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def save(result: Result, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a result, as `Result.save` says."""
    target = Path(path)
    if target.suffix != ".npz":
        raise SettingsError(f"{target}: the name of a saved result ends in .npz")
    runs, report, traces = result.runs, result.report, result.traces
    changed = np.flatnonzero(runs.changes)  # of few runs nearly all counts are 0
    head = {
        "kind": KIND, "version": VERSION, "settings": result.settings, "columns": report.columns,
        "grid": max(len(runs.changes) - 1, 0), "wall_s": runs.seconds, "traces": traces is not None,
    }  # fmt: skip
    arrays: dict[str, Any] = {
        "codes": runs.codes, "evaluations": runs.evaluations, "clocks": runs.clocks, "stranded": runs.stranded,
        "around": runs.around, "nearest_share": runs.nearest_share, "changes_at": changed.astype(np.int64),
        "changes": runs.changes.ravel()[changed], "values": report.values, "taking_part": report.taking_part,
    }  # fmt: skip
    if traces is not None:
        arrays |= {f"trace_{name}": getattr(traces, name) for name in TRACES}
    with new_file(target, overwrite=overwrite) as file:
        np.savez(file, head=np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays)


def load(path: str | os.PathLike[str]) -> Result:
    """Read a result that `Result.save` wrote; it answers as the saved one did.

    Raises
    ------
    FileNotFoundError  nothing is there
    FormatError        not a saved result, or a damaged one
    VersionError       written by a newer version of this package
    """
    try:
        with Path(path).open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise ValueError("expected a .npz")
            file.seek(0)
            held = np.load(file, allow_pickle=False)
            head = _head(path, held)
            names = dict(ARRAYS)
            if head["traces"]:
                names |= {f"trace_{name}": form for name, form in TRACES.items()}
            arrays = {name: _array(held, name, *form) for name, form in names.items()}
        return _result(head, arrays)
    except FormatError:
        raise
    except (*DAMAGE, OSError) as problem:
        # A damaged offset makes zipfile seek before the start.
        if isinstance(problem, OSError) and problem.errno != errno.EINVAL:
            raise
        raise FormatError(f"{path}: not a sound saved search result: {problem}") from problem


def _head(path: str | os.PathLike[str], held: Any) -> dict[str, Any]:
    if not isinstance(held, np.lib.npyio.NpzFile) or "head" not in held:
        raise ValueError("expected a .npz with a member called head")
    head = json.loads(held["head"].tobytes())
    if head["kind"] != KIND:
        raise ValueError(f"expected {KIND!r}, found {head['kind']!r}")
    if head["version"] > VERSION:
        raise VersionError(
            f"{path}: version {head['version']} of saved results; this program reads up to {VERSION}"
        )
    return dict(head)


def _array(held: Any, name: str, dtype: str, dimensions: int) -> Any:
    array = held[name]
    if array.dtype.str[1:] != dtype or array.ndim != dimensions:
        raise ValueError(f"{name}: expected {dtype} of {dimensions} dimensions")
    return array


def _result(head: dict[str, Any], arrays: dict[str, Any]) -> Result:
    """Put a result together; ValueError where the parts do not belong together."""
    columns = tuple(ReportColumn(*column) for column in head["columns"])
    codes, values, around = arrays["codes"], arrays["values"], arrays["around"]
    cells, done, grid = values.shape[1], len(codes), head["grid"]
    at = arrays["changes_at"]
    lengths = {len(arrays[name]) for name in ("evaluations", "clocks", "stranded")}
    both = {len(around), len(arrays["nearest_share"])}
    for what, sound in {
        "arrays of one entry a run differ in length": lengths == {done} and both in ({done}, {0}),
        "the report's columns": len(columns) == len(values) > 0 and arrays["taking_part"].shape == (cells,),
        "a code is no cell": _within(codes, cells) and _within(around, cells),
        "the counts over time": len(at) == len(arrays["changes"]) and grid in range(MOST_GRID + 1) and (at >= 0).all(),
    }.items():  # fmt: skip
        if not sound:
            raise ValueError(what)
    shape = (grid + 1, cells) if grid else (0, 0)
    changes = np.zeros(shape, np.int32)
    changes.ravel()[at] = arrays["changes"]
    runs = Runs(
        codes, arrays["evaluations"], arrays["clocks"], arrays["stranded"], around, arrays["nearest_share"], changes,
        done, float(head["wall_s"]),
    )  # fmt: skip
    traces = None
    if head["traces"]:
        traces = Traces(**{name: arrays[f"trace_{name}"] for name in TRACES})
    report = Report(columns, values, arrays["taking_part"])
    return Result(dict(head["settings"]), runs, report, traces)


def _within(codes: Any, cells: int) -> bool:
    return bool(((codes >= -1) & (codes < cells)).all()) if codes.size else True
