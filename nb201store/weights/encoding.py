"""One trial's weights as the bytes of a safetensors file, and back.

The tensors keep names, dtypes, shapes and bytes. The file's metadata have one key, "nb201store": JSON of `code`,
`arch_str`, `dataset`, `schedule`, `seed`; `names`, the state dict's order, since safetensors sorts; and `crc32c` of
the tensors' bytes in that order, since safetensors has no checksum. One key only: the library writes several in no
fixed order, and equal weights must be equal bytes.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.errors import FormatError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nb201store.trial_weights import TrialWeights

    Array = np.ndarray[Any, np.dtype[Any]]

METADATA_KEY = "nb201store"
_RESERVED = "__metadata__"


def require(module: str) -> Any:
    """Import torch or a part of safetensors; SettingsError says how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as problem:
        raise SettingsError(
            f"weights need {module.split('.', maxsplit=1)[0]}, which is not installed: pip install 'nb201store[torch]'"
        ) from problem


def encode(weights: TrialWeights) -> bytes:
    """Return the file of a trial; reads its tensors.

    Raises
    ------
    SourceError    the source's tensors are not sound, or one has a name that safetensors keeps for itself
    SettingsError  safetensors is not installed
    """
    safetensors = require("safetensors.numpy")
    tensors = dict(weights.tensors())
    if _RESERVED in tensors:
        raise SourceError(f"weights of {weights.trial.name}: a tensor is called {_RESERVED}")
    about = {
        **weights.trial._asdict(),
        "arch_str": weights.arch_str,
        "names": list(tensors),
        "crc32c": _checksum(tensors, tensors),
    }
    text = json.dumps(about, separators=(",", ":"), sort_keys=True)
    data: bytes = safetensors.save(tensors, {METADATA_KEY: text})
    return data


def decode(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return (metadata as `encode` wrote them, tensors in the state dict's order) of a file.

    Raises FormatError where it is damaged or none of ours; SettingsError where safetensors is not installed.
    """
    error: type[Exception] = require("safetensors").SafetensorError
    load = require("safetensors.numpy").load
    try:
        tensors: dict[str, Array] = load(data)
        # After its own checks: 8 bytes that say how long the header is, and the header, JSON.
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = json.loads(header[_RESERVED][METADATA_KEY])
        ordered = {name: tensors[name] for name in about["names"]}
        if len(ordered) != len(tensors) or about["crc32c"] != _checksum(tensors, ordered):
            raise FormatError("its tensors are not those that were written")
    except (error, LookupError, RecursionError, TypeError, ValueError) as problem:
        raise FormatError(" ".join(str(problem).split())[:200]) from problem
    return about, ordered


def _checksum(tensors: Mapping[str, Array], names: Iterable[str]) -> int:
    """CRC-32C of the bytes of all tensors, in the order of `names`."""
    crc = 0
    for name in names:
        if tensors[name].size:
            crc = _core.crc32c(
                np.ascontiguousarray(tensors[name]).reshape(-1).view(np.uint8).data, crc
            )
    return crc
