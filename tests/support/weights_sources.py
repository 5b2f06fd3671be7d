"""Official folders that hold weights: those of networks of xautodl, the package that trained them, small ones."""

from __future__ import annotations

import bz2
import io
import pickle
import warnings
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import tiny_layouts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHANNELS, CELLS = 4, 1
CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}


def network(arch_str: str, classes: int, seed: int) -> Any:
    """The official network of a cell, narrow and shallow, with random weights."""
    import torch
    from xautodl.models import CellStructure
    from xautodl.models.cell_infers import TinyNetwork

    torch.manual_seed(seed)
    structure = CellStructure.str2structure(arch_str)
    made = TinyNetwork(CHANNELS, CELLS, structure, classes)
    for name, buffer in made.named_buffers():  # as after some training
        if name.endswith("num_batches_tracked"):
            buffer.add_(seed % 1000)
    return made


def trials(states: Any) -> Any:
    """(key of the schedule, (data set, seed), trial) of the states of a cell."""
    for hp, results in states.items():
        for key, trial in results["all_results"].items():
            yield hp, key, trial


def trained(index: int, layout: str) -> Any:
    """The states of a cell with the weights of each trial."""
    states = tiny_layouts.cell(index, "nats-folder" if layout == "full" else "v1_1")
    for place, (hp, (dataset, seed), trial) in enumerate(trials(states)):
        made = network(states[hp]["arch_str"], CLASSES[dataset], seed + index + place)
        trial["net_state_dict"] = made.state_dict()
    return states


def torch_file(zipped: bool) -> Callable[[Any], bytes]:
    """How torch writes an object."""

    def write(states: Any) -> bytes:
        import torch

        target = io.BytesIO()
        torch.save(OrderedDict(states), target, _use_new_zipfile_serialization=zipped)
        return target.getvalue()

    return write


def pickled_file(states: Any) -> bytes:
    """How NATS-Bench writes an object: each storage is pickled as bytes, a torch file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storages
        return bz2.compress(pickle.dumps(OrderedDict(states), 4), 1)


LAYOUTS: dict[str, tuple[str, Callable[[Any], bytes]]] = {
    "archive": ("{:06d}-FULL.pth", torch_file(zipped=False)),
    "archive of zips": ("{:06d}-FULL.pth", torch_file(zipped=True)),
    "full": ("{:06d}.pickle.pbz2", pickled_file),
}
"""Names of the files, and how one is written."""


def write_folder(path: Path, layout: str, cells: dict[int, Any]) -> Path:
    """Write a folder of cells."""
    named, written = LAYOUTS[layout]
    path.mkdir()
    if layout == "full":
        meta = tiny_layouts.packed(tiny_layouts.top({}))
        (path / "meta.pickle.pbz2").write_bytes(meta)
    for index, states in cells.items():
        (path / named.format(index)).write_bytes(written(states))
    return path
