"""The smallest sources in every official layout: a cell or a few of one trial a schedule, of invented numbers."""

from __future__ import annotations

import bz2
import io
import pickle
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Any

import synthetic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TORCH_START = (
    0x1950A86A20F9469CFC6C,
    1001,
    {"protocol_version": 1001, "little_endian": True},
)
WORDS = {"12": "less", "200": "full"}


@cache
def _maker(space: str) -> synthetic.Maker:
    return synthetic.Maker(space)


def cell(index: int, kind: str = "nats-file", space: str = "tss") -> dict[str, Any]:
    """States of a cell, of its first trial of each schedule."""
    made = _maker(space).cell(index, 1)
    states = {}
    for hp, results in made.items():
        (dataset, seed), trial = next(iter(results["all_results"].items()))
        results |= {"all_results": {(dataset, seed): trial}, "dataset_seed": {dataset: [seed]}}
        if kind == "v1_0" and hp == "200":
            trial |= {"train_times": None, "eval_times": {}}
        states[hp if kind.startswith("nats") else WORDS[hp]] = results
    return states


def top(cells: dict[int, Any], space: str = "tss") -> dict[str, Any]:
    """The outermost object around cells."""
    official = _meta(space)
    return {
        "meta_archs": official,
        "total_archs": len(official),
        "arch2infos": cells,
        "evaluated_indexes": set(cells),
    }


@cache
def _meta(space: str) -> list[str]:
    return _maker(space).benchmark_object([], [])["meta_archs"]


def legacy(value: Any, protocol: int = 2) -> bytes:
    """A file of torch before 1.6."""
    return b"".join(pickle.dumps(part, protocol) for part in (*TORCH_START, value, []))


def zipped(pickled: bytes) -> bytes:
    """A file of torch since 1.6."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/byteorder", "little")
    return target.getvalue()


def packed(value: Any) -> bytes:
    """A file of NATS-Bench."""
    return bz2.compress(pickle.dumps(value, 4), 1)


def torch_zip(value: Any) -> bytes:
    """`zipped`, of an object."""
    return zipped(pickle.dumps(value, 2))


FILES: dict[str, tuple[str, str, Callable[[Any], bytes]]] = {
    "v1_0": ("v1_0", "tss", legacy),
    "v1_0 in a zip": ("v1_0", "tss", torch_zip),
    "v1_1": ("v1_1", "tss", legacy),
    "v1_1 in a zip": ("v1_1", "tss", torch_zip),
    "nats-file": ("nats-file", "tss", packed),
    "nats-file, plain": ("nats-file", "tss", pickle.dumps),
    "sss": ("nats-file", "sss", packed),
}
"""Single files: kind of their cells, space, container."""

FOLDERS: dict[str, tuple[str, str, Callable[[Any], bytes]]] = {
    "archive": ("v1_1", "tss", legacy),
    "archive of zips": ("v1_1", "tss", torch_zip),
    "nats-folder": ("nats-folder", "tss", packed),
    "sss folder": ("nats-folder", "sss", packed),
}
"""Folders: the same of their files."""


def write_file(path: Path, layout: str, cells: int) -> None:
    """Write a single file of the first cells."""
    kind, space, contained = FILES[layout]
    held = {index: cell(index, kind, space) for index in range(cells)}
    path.write_bytes(contained(top(held, space)))


def write_folder(path: Path, layout: str, cells: int) -> list[Path]:
    """Write a folder of the first cells; return its records."""
    kind, space, contained = FOLDERS[layout]
    path.mkdir()
    named = "{:06d}-FULL.pth" if kind == "v1_1" else "{:06d}.pickle.pbz2"
    if kind != "v1_1":
        (path / "meta.pickle.pbz2").write_bytes(packed(top({}, space)))
    records = [path / named.format(index) for index in range(cells)]
    for index, record in enumerate(records):
        record.write_bytes(contained(cell(index, kind, space)))
    return records
