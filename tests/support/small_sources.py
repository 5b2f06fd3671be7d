"""Official sources of invented 12-epoch trials on cifar10-valid only: few arrays, so that runs take little time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import synthetic

META = "meta.pickle.pbz2"


def cell(index: int) -> Any:
    """The state of one cell, as a folder's file holds it."""
    held = synthetic.Maker().cell(index)["12"]
    trials = {key: trial for key, trial in held["all_results"].items() if key[0] == "cifar10-valid"}
    seeds = {"cifar10-valid": held["dataset_seed"]["cifar10-valid"]}
    return {"12": held | {"all_results": trials, "dataset_seed": seeds}}


def file_of(path: Path, indices: list[int]) -> Path:
    """Write a NATS-Bench single file."""
    return file_with(path, {index: cell(index) for index in indices})


def file_with(path: Path, cells: dict[int, Any]) -> Path:
    """Write a NATS-Bench single file of these states, by official index."""
    made = synthetic.Maker().benchmark_object([], [])
    synthetic.dump(made | {"arch2infos": cells, "evaluated_indexes": set(cells)}, path)
    return path


def folder_of(folder: Path, indices: list[int]) -> Path:
    """Write a NATS-Bench folder."""
    folder.mkdir()
    made = synthetic.Maker().benchmark_object([], [])
    synthetic.dump(made | {"arch2infos": None}, folder / META)
    for index in indices:
        synthetic.dump(cell(index), record(folder, index))
    return folder


def record(folder: Path, index: int) -> Path:
    """The path of a cell's file."""
    return folder / f"{index:06d}.pickle.pbz2"
