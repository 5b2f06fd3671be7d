"""Official files written from official objects: the demo's, and a part of one that plain `pickle` cannot load whole."""

from __future__ import annotations

import bz2
import itertools
import pickle
from typing import TYPE_CHECKING, Any

import nb201store as nb
from nb201store.schema import TSS
from nb201store.upstream import open_source
from nb201store.upstream.objects import cell_state
from nb201store.upstream.torch_legacy import TORCH_MAGIC, TORCH_PROTOCOL

if TYPE_CHECKING:
    from pathlib import Path

    States = dict[int, dict[str, Any]]

HP_WORDS = {
    "12": "less",
    "200": "full",
}  # what NATS-Bench names by numbers NAS-Bench-201 has words for


def states(source: Path, most: int | None = None) -> States:
    """Official objects of the first cells of a source of the topology space, by official index."""
    with open_source(source) as opened:
        cells = itertools.islice(opened.cells(), most)
        return {nb.tss.official_index(cell.code): cell_state(cell, TSS) for cell in cells}


def write_201(path: Path, cells: States) -> Path:
    """Write a `.pth` as torch did before 1.6, whatever words the cells have for their schedules."""
    worded = {
        index: {HP_WORDS.get(hp, hp): results for hp, results in cell.items()}
        for index, cell in cells.items()
    }
    system = {"protocol_version": TORCH_PROTOCOL, "little_endian": True, "type_sizes": {}}
    with path.open("wb") as file:
        for part in (
            TORCH_MAGIC, TORCH_PROTOCOL, system, _benchmark(worded, sorted(worded)), [],
        ):  # fmt: skip
            pickle.dump(part, file, protocol=2)
    return path


def write_folder(folder: Path, cells: States) -> Path:
    """Write a -simple folder of NATS-Bench: one packed pickle a cell."""
    folder.mkdir()
    (folder / "meta.pickle.pbz2").write_bytes(_packed(_benchmark({}, set())))
    for index, cell in cells.items():
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(_packed(cell))
    return folder


def _benchmark(cells: States, indexes: Any) -> dict[str, Any]:
    names = [nb.tss.arch_str(nb.tss.from_official_index(index)) for index in range(len(nb.tss))]
    return {
        "meta_archs": names, "total_archs": len(names), "arch2infos": cells, "evaluated_indexes": indexes,
    }  # fmt: skip


def _packed(value: Any) -> bytes:
    return bz2.compress(pickle.dumps(value, protocol=4))
