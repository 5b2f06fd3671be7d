"""The official packages, asked as their users ask them. Both are optional: without them their rows are left out."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import nb201store as nb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# How `get_more_info` names the splits of cifar10-valid.
KEYS = {"train": "train-accuracy", "x-valid": "valid-accuracy", "ori-test": "test-accuracy"}


def has(package: str) -> bool:
    """Whether a package is installed."""
    return importlib.util.find_spec(package) is not None


def open_nats(path: Path) -> Any:
    """NATS-Bench's own object: fast mode on a folder, everything at once from a file."""
    import nats_bench

    return nats_bench.create(str(path), "tss", fast_mode=path.is_dir(), verbose=False)


def open_201(path: Path) -> Any:
    """NAS-Bench-201's own object; current torch refuses the file unless it is told to trust it."""
    import nas_201_api
    import torch

    return nas_201_api.NASBench201API(
        torch.load(path, map_location="cpu", weights_only=False), verbose=False
    )


def touch(api: Any, indices: Sequence[int]) -> Any:
    """Have NATS-Bench read these cells, which fast mode does at the first question about each."""
    for index in indices:
        api.get_more_info(index, "cifar10-valid", hp="12", is_random=False)
    return api


def indices(codes: Sequence[int]) -> list[int]:
    """Official indices of codes."""
    return [nb.tss.official_index(code) for code in codes]
