"""Files of torch put together part by part: what torch would write of a state dict, and what it never would."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import tiny_layouts


class Pid(NamedTuple):
    """A persistent id: how a torch file refers to a storage."""

    parts: tuple


class Call:
    """A function of torch by name, called with arguments."""

    def __init__(self, module: Any, name: str, *arguments: Any) -> None:
        self.made = getattr(module, name), arguments

    def __reduce__(self):
        return self.made


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return value.parts if isinstance(value, Pid) else None


def pickled(value, protocol=2):
    """A pickle in which Pids are persistent ids."""
    target = io.BytesIO()
    _Pickler(target, protocol).dump(value)
    return target.getvalue()


def storage(kind="FloatStorage", key="7", count=6, *more):
    import torch

    return Pid(("storage", getattr(torch, kind), key, "cpu", count, *(more or (None,))))


def tensor(held=None, offset=0, shape=(2, 3), strides=(3, 1)):
    import torch

    held = storage() if held is None else held
    return Call(torch._utils, "_rebuild_tensor_v2", held, offset, shape, strides, False, OrderedDict())  # fmt: skip


def loaded(data):
    """A storage pickled as bytes."""
    import torch

    return Call(torch.storage, "_load_from_bytes", data)


NUMBERS = np.arange(6, dtype="<f4")


def raw(numbers=NUMBERS, count=None):
    """A storage as a legacy file holds it."""
    announced = len(numbers) if count is None else count
    return announced.to_bytes(8, "little", signed=True) + numbers.tobytes()


def legacy(value, keys=("7",), storages=None, start=tiny_layouts.TORCH_START):
    """A torch file of before 1.6."""
    parts = [pickled(part) for part in (*start, value, list(keys))]
    return b"".join(parts) + (raw() if storages is None else storages)


def zipped(value, members):
    """A torch file since 1.6, with storages by key."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(value))
        for key, data in members.items():
            archive.writestr(f"archive/data/{key}", data)
    return target.getvalue()


def cell(weights, kind="v1_1"):
    """The states of a cell of one trial, with these weights."""
    states = tiny_layouts.cell(0, kind)
    hp = "less" if kind == "v1_1" else "12"
    (trial,) = states[hp]["all_results"].values()
    trial["net_state_dict"] = weights
    return {hp: states[hp]}
