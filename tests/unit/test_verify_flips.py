"""One stored value of each kind is another, its checksum right: `verify` names it, by trial and metric."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from record_cases import BENCHMARK, EPOCHS, SOURCE, cell, series, sparse, trial

from nb201store import archive
from nb201store.errors import FormatError
from nb201store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

CODE, SEED = 2_050, 888

# What the report, or the error about a number that cannot be, says of each array of a group.
NAMED = {
    "present": "2050", "form": "form", "params_m": "params_m", "params_m_present": "params_m",
    "flops_m": "flops_m", "flops_m_present": "flops_m", "latency_s": "latency_s", "latency_count": "latency",
    "time": "train, time", "time_epoch_set": "train, time", "time_varies": "train, time", "epoch_time": "x-valid, time",
    "split/present": "accuracy", "split/hits": "accuracy", "split/last_hits": "accuracy", "split/loss": "loss",
    "split/top5_present": "top5", "split/top5_hits": "top5", "split/top5_last_hits": "top5", "split/epoch": "epoch",
    "seed": "seed", "epoch": "epoch",
}  # fmt: skip


def cells() -> list[Any]:
    """Two cells that between them fill every array there is."""
    rich = trial(CODE, "wide", EPOCHS, SEED, latency_s=(0.25, 0.5))
    splits = dict(rich.splits)
    for name, record in rich.splits.items():
        splits[name] = replace(record, top5=record.accuracy)
    splits["x-valid"] = replace(splits["x-valid"], time=series(np.arange(1.0, EPOCHS + 1)))
    rich = replace(rich, splits=splits)
    other = trial(CODE, "wide", EPOCHS, 777, splits=sparse(), form="old", latency_s=(0.125,))
    return [
        cell(CODE, other, rich, form="one"),
        cell(9, trial(9, "wide", EPOCHS, SEED), form="two"),
    ]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flips") / "source.zarr"
    archive.write(path, BENCHMARK, cells(), SOURCE, durable=False)
    return path


def arrays(path: Path) -> list[str]:
    """Every array of values below the groups."""
    members = zarr.open_group(path, mode="r").members(max_depth=None)
    names = [name for name, node in members if isinstance(node, zarr.Array)]
    return [n for n in names if "/" in n and n.rsplit("/", 1)[-1] not in ("code", "split")]


def found(path: Path, source: Path) -> str:
    """What `verify` says, whether it reports or refuses."""
    try:
        report = verify(path, source)
    except FormatError as error:
        return str(error)
    assert report.difference_count >= 1
    return "\n".join(report.differences)


def kind(name: str) -> str:
    parts = name.split("/")
    return "split/" + parts[-1] if len(parts) == 4 and parts[-1] != "seed" else parts[-1]


def flip(path: Path, name: str) -> None:
    """Change one value of an array, by as little as there is, where it means something."""
    array = zarr.open_group(path, mode="r+")[name]
    values = np.asarray(array[:])
    if name.rsplit("/", 1)[-1] in ("seed", "epoch"):
        place: tuple[int, ...] = (len(values) - 1,)
    else:
        seed = 1  # of 777 and 888
        split = 1 if "epoch_time" in name else 0
        tail = {2: (), 3: (split,), 4: (split, 2)}[values.ndim]
        if kind(name).startswith("split/") or name.endswith("latency_s"):
            tail = (0,)
        place = (CODE, seed, *tail)
    old = values[place]
    if values.dtype.kind == "b":
        values[place] = not old
    elif values.dtype.kind == "f":
        values[place] = np.nextafter(old, values.dtype.type(np.inf))
    else:
        values[place] = old + 1 if old == 0 else old - 1
    array[:] = values


def test_the_file_holds_every_kind_of_array(source: Path) -> None:
    assert {kind(name) for name in arrays(source)} == set(NAMED)


@pytest.mark.parametrize("kind_of_array", NAMED)
def test_a_flipped_value_is_named(source: Path, tmp_path: Path, kind_of_array: str) -> None:
    for name in arrays(source):
        if kind(name) != kind_of_array:
            continue
        changed = tmp_path / "changed.zarr"
        shutil.rmtree(changed, ignore_errors=True)
        shutil.copytree(source, changed)
        flip(changed, name)
        told = found(changed, source)
        assert NAMED[kind_of_array] in told or f"the array {name}" in told, (name, told)
        # Of a number that cannot be, the array is named; a seed may contradict its copy of another group.
        assert f"code {CODE}" in told or "the array 5/wide/" in told, (name, told)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("present", "5/wide/present: expected trials, all of cells that have results"),
        ("form", "code 2050: form 'two', source 'one'"),
    ],
)
def test_a_flipped_value_of_the_root_is_named(
    source: Path, tmp_path: Path, name: str, says: str
) -> None:
    changed = tmp_path / "changed.zarr"
    shutil.copytree(source, changed)
    array = zarr.open_group(changed, mode="r+")[name]
    values = np.asarray(array[:])
    values[CODE] = not values[CODE] if name == "present" else 1 - values[CODE]
    array[:] = values
    assert says in found(changed, source)


def test_the_unchanged_archive_is_the_same(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.zarr"
    shutil.copytree(source, copy)
    report = verify(copy, source)
    assert (report.same, report.cells, report.trials) == (True, 2, 3)
