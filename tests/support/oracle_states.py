"""Cells of official sources as the allow-list unpickler makes them, whatever they are wrapped in."""

from __future__ import annotations

import bz2
import io
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

from official import folder_files
from restricted_unpickler import read_pickle

TORCH_HEAD = 3  # magic number, protocol, system


def oracle_states(path: Path) -> dict[int, Any]:
    """{official index: states by hyper-parameters}."""
    if path.is_dir():
        return {index: _object(file) for index, file in folder_files(path).items()}
    states: dict[int, Any] = _object(path)["arch2infos"]
    return states


def _object(path: Path) -> Any:
    data = path.read_bytes()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (name,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            stream = io.BytesIO(archive.read(name))
    elif data.startswith(b"BZh"):
        stream = io.BytesIO(bz2.decompress(data))
    else:
        stream = io.BytesIO(data)
        for _ in range(TORCH_HEAD):
            read_pickle(stream, path.name)
    return _official_types(read_pickle(stream, path.name))


def _official_types(value: Any) -> Any:
    """The oracle's own OrderedDict, which keeps no state, as an ordinary one."""
    if isinstance(value, dict):
        kind = OrderedDict if isinstance(value, OrderedDict) else dict
        return kind((key, _official_types(item)) for key, item in value.items())
    return [_official_types(item) for item in value] if type(value) is list else value
