"""What the fuzzer of sources does with its bytes: they become a file or a folder, and every cell of it is read.

The first byte says which part of the source the rest is, since no fuzzer would find the 15,625 names of a genuine file,
or the checksums of a container. Nothing here needs atheris: tests replay the seeds and what once failed.
"""

from __future__ import annotations

import bz2
import pickle
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

import tiny_layouts

from nb201store.errors import SourceError
from nb201store.upstream import cell_state, open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROTO = b"\x80\x04"


def read_source(data: bytes, folder: Path) -> None:
    """Read `data` as the source that its first byte says; only SourceError is an answer to bad ones.

    `folder`: an empty one; what is written there is written over by the next call.
    """
    if not data:
        return
    as_folder, wrapped = WAYS[data[0] % len(WAYS)]
    file = folder / "000000-FULL.pth" if as_folder else folder / "some.file"
    file.write_bytes(wrapped(data[1:]))
    with suppress(SourceError), open_source(folder if as_folder else file) as source:
        for cell in source.cells():
            cell_state(cell, source.benchmark)  # what was accepted can be given back


def _whole(body: bytes) -> bytes:
    return body


def _packed(body: bytes) -> bytes:
    return bz2.compress(body, 1)


def _legacy(body: bytes) -> bytes:
    start = b"".join(pickle.dumps(part, 2) for part in tiny_layouts.TORCH_START)
    return start + body + pickle.dumps([], 2)


@cache
def _before_cells() -> bytes:
    """A pickle up to the key of the cells."""
    names = tiny_layouts.top({})["meta_archs"]
    items = {"meta_archs": names, "total_archs": len(names)}
    start = b"".join(pickle.dumps(part, 2)[2:-1] for item in items.items() for part in item)
    return PROTO + b"}(" + start + _text("arch2infos")


def _text(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def _cells(body: bytes) -> bytes:
    """The dict of cells is `body`, of opcodes; its index list is that of cell 0."""
    listed = _text("evaluated_indexes") + b"\x8f(K\x00\x90u."
    return _before_cells() + body + listed


def _one_cell(body: bytes) -> bytes:
    """The states of cell 0 are `body`."""
    return _cells(b"}(K\x00" + body + b"u")


def _from_cells_on(body: bytes) -> bytes:
    return _before_cells() + body


WAYS: list[tuple[bool, Callable[[bytes], bytes]]] = [
    (False, _whole),
    (True, _whole),
    (True, _packed),
    (True, _legacy),
    (True, tiny_layouts.zipped),
    (False, _from_cells_on),
    (False, _cells),
    (False, _one_cell),
]
"""Whether the source is a folder (an archive's, which needs no meta file), and how its file is made."""


def seeds() -> dict[str, bytes]:
    """Small inputs by name: every container, every way."""
    states = tiny_layouts.cell(0, "v1_1")
    # One schedule of twelve epochs is enough, and what is short is changed more often where it matters.
    states = {"less": states["less"]}
    pickled = {protocol: pickle.dumps(states, protocol) for protocol in (2, 4)}
    found: dict[str, bytes] = {}
    for name, file in (
        ("plain", pickled[4]),
        ("packed", bz2.compress(pickled[4])),
        ("legacy", tiny_layouts.legacy(states)),
        ("zip", tiny_layouts.zipped(pickled[2])),
        ("number", pickle.dumps(5, 2)),
    ):
        found[f"file-{name}"] = b"\x00" + file
        found[f"record-{name}"] = b"\x01" + file
    for way in (2, 3, 4):
        for protocol, body in pickled.items():
            found[f"way-{way}-protocol-{protocol}"] = bytes([way]) + body
    opcodes = pickled[2][2:-1]
    rest = _text("evaluated_indexes") + b"\x8f(K\x00\x90u."
    found["from-cells-on"] = b"\x05}K\x00" + opcodes + b"s" + rest
    found["two-cells"] = b"\x06}(K\x00" + opcodes + b"K\x01" + opcodes + b"u"
    found["cells-of-none"] = b"\x06}K\x00Ns"
    found["one-cell"] = b"\x07" + opcodes
    return found
