"""Official objects to files in the official layouts: the only place that writes pickles.

A benchmark in one file is a single pickle, made here of one pickle a cell whose memo begins anew, so that neither
writer nor memory grows with the file. Its objects are those of the official file; its bytes are not.
"""

from __future__ import annotations

import bz2
import pickle
from typing import TYPE_CHECKING, Any

from nb201store.errors import SettingsError
from nb201store.replacing import check_target, new_file, new_folder
from nb201store.threads import made_ahead
from nb201store.upstream.folders import ARCHIVE_FILE, META_FILE, NATS_FILE
from nb201store.upstream.torch_legacy import TORCH_MAGIC, TORCH_PROTOCOL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Cells = Iterable[tuple[int, dict[str, Any]]]

FOLDERS = ("archive", "nats-folder")

# What torch writes ahead of the object, and behind it the storages that it has: none.
_TORCH_SYSTEM = {
    "protocol_version": TORCH_PROTOCOL,
    "little_endian": True,
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}
_TORCH_FORMAT = 2
_NATS_FORMAT = 4
# Of the pickle in one file, whose memo entries must be named by number (4 counts them) to begin anew.
_NUMBERED_FORMAT = 3

_MARK, _SETITEM, _SETITEMS, _EMPTY_DICT, _STOP = b"(", b"s", b"u", b"}", b"."
_ABOVE_NUMPY_2 = b"numpy._core.multiarray"
_OFFICIAL_NUMPY = b"numpy.core.multiarray"
# Two blocks of bz2: each is a stream of its own, so that all cores can pack one file.
_COMPRESSED_AT_ONCE = 1_800_000


def check_layout_target(kind: str, target: Path, *, overwrite: bool) -> None:
    """Raise at once what `write_layout` would: the target exists, or something else stands there."""
    check_target(target, overwrite=overwrite, folder=kind in FOLDERS)
    if target.exists() and not _of_kind(kind, target):
        raise SettingsError(
            f"{target} is no {'folder' if kind in FOLDERS else 'file'} in the layout {kind}; "
            "--overwrite will not replace it, remove it yourself"
        )


def _of_kind(kind: str, target: Path) -> bool:
    """Tell whether a target is what may be replaced by a benchmark in a layout."""
    if kind == "nats-folder":
        named = [path.name for path in target.iterdir()]
        return META_FILE in named and all(
            name == META_FILE or NATS_FILE.fullmatch(name) for name in named
        )
    if kind == "archive":
        named = [path.name for path in target.iterdir()]
        return bool(named) and all(ARCHIVE_FILE.fullmatch(name) for name in named)
    if not target.is_file():  # a pipe would be waited for
        return False
    with target.open("rb") as file:
        begin = file.read(len(_torch_begin()))
    if kind == "nats-file":
        return begin.startswith(b"BZh")
    return begin == _torch_begin() or begin.startswith(b"PK\x03\x04")


def write_layout(
    kind: str, target: Path, archs: list[str], indexes: list[int], cells: Cells, *, overwrite: bool
) -> None:
    """Write a benchmark in a layout, whole or not at all.

    Parameters
    ----------
    kind : one of `upstream.KINDS`
    archs : architectures of all cells of the space, by official index
    indexes : official indexes of the cells that come, ascending
    cells : (official index, states by hyper-parameters) of each of them, in that order
    """
    check_layout_target(kind, target, overwrite=overwrite)
    if kind in FOLDERS:
        with new_folder(target, overwrite=overwrite) as folder:
            if kind == "nats-folder":
                meta = _top(archs) | {"arch2infos": None, "evaluated_indexes": set()}
                (folder / META_FILE).write_bytes(bz2.compress(pickle.dumps(meta, _NATS_FORMAT)))
            _write_files(kind, folder, cells)
        return
    with new_file(target, overwrite=overwrite) as file:
        if kind == "nats-file":
            parts = _one_pickle(_NATS_FORMAT, _NUMBERED_FORMAT, archs, cells, _set_of(indexes))
            for packed in made_ahead(bz2.compress, _joined(parts)):
                file.write(packed)
        else:
            file.write(_torch_begin())
            evaluated = _inner(indexes, _TORCH_FORMAT)
            for part in _one_pickle(_TORCH_FORMAT, _TORCH_FORMAT, archs, cells, evaluated):
                file.write(part)
            file.write(_torch_end())


def _write_files(kind: str, folder: Path, cells: Cells) -> None:
    """Write a file a cell; they are compressed and written on threads."""

    def write(made: tuple[Path, bytes]) -> None:
        path, data = made
        path.write_bytes(data if kind == "archive" else bz2.compress(data))

    def pickled() -> Iterator[tuple[Path, bytes]]:
        for index, states in cells:
            if kind == "archive":
                data = b"".join(
                    (_torch_begin(), official_pickle(states, _TORCH_FORMAT), _torch_end())
                )
                yield folder / f"{index:06d}-FULL.pth", data
            else:
                yield folder / f"{index:06d}.pickle.pbz2", official_pickle(states, _NATS_FORMAT)

    for _ in made_ahead(write, pickled()):
        pass


def _one_pickle(
    protocol: int, cell_protocol: int, archs: list[str], cells: Cells, evaluated: bytes
) -> Iterator[bytes]:
    """Yield the pickle of a whole benchmark piece by piece."""

    def inner(value: Any) -> bytes:
        return _inner(value, cell_protocol)

    yield b"\x80" + bytes([protocol]) + _EMPTY_DICT + _MARK
    for key, value in _top(archs).items():
        yield inner(key) + inner(value)
    yield inner("arch2infos") + _EMPTY_DICT
    for index, states in cells:
        yield inner(index) + inner(states) + _SETITEM
    yield inner("evaluated_indexes") + evaluated + _SETITEMS + _STOP


def _top(archs: list[str]) -> dict[str, Any]:
    """The entries of the outermost dict ahead of its cells."""
    return {"meta_archs": archs, "total_archs": len(archs)}


def _inner(value: Any, protocol: int) -> bytes:
    """The pickle of a value without its beginning and its end, to stand in another. REQUIRES: protocol 2 or 3."""
    return official_pickle(value, protocol)[2:-1]


def _set_of(indexes: Iterable[int]) -> bytes:
    """A set as NATS-Bench's pickles spell it, in one batch."""
    return (
        b"\x8f" + _MARK + b"".join(_inner(index, _NUMBERED_FORMAT) for index in indexes) + b"\x90"
    )


def official_pickle(value: Any, protocol: int) -> bytes:
    """The pickle of a value; numpy's scalars under the name that official files have, and that any numpy knows."""
    data = pickle.dumps(value, protocol)
    if protocol < _NATS_FORMAT:
        return data.replace(
            b"c%b\nscalar\n" % _ABOVE_NUMPY_2, b"c%b\nscalar\n" % _OFFICIAL_NUMPY, 1
        )
    return _renamed_in_frame(data)


def _renamed_in_frame(data: bytes) -> bytes:
    """Protocol 4 says the length of the name, and of the frame that it stands in."""
    before, after = (
        b"\x8c%c%b\x94\x8c\x06scalar\x94\x93" % (len(name), name)
        for name in (_ABOVE_NUMPY_2, _OFFICIAL_NUMPY)
    )
    found = data.find(before)
    if found == -1:
        return data
    frame, past = 2, 2  # behind the protocol
    while past <= found and data[past] == _FRAME:
        frame = past
        past += _FRAME_HEAD + int.from_bytes(data[frame + 1 : frame + _FRAME_HEAD], "little")
    size = past - frame - _FRAME_HEAD - 1
    head = bytes([_FRAME]) + size.to_bytes(8, "little")
    return b"".join((
        data[:frame], head, data[frame + _FRAME_HEAD : found], after, data[found + len(before) :],
    ))  # fmt: skip


_FRAME, _FRAME_HEAD = 0x95, 9


def _torch_begin() -> bytes:
    return b"".join(
        pickle.dumps(part, _TORCH_FORMAT) for part in (TORCH_MAGIC, TORCH_PROTOCOL, _TORCH_SYSTEM)
    )


def _torch_end() -> bytes:
    return pickle.dumps([], _TORCH_FORMAT)


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces that are worth compressing each."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _COMPRESSED_AT_ONCE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)
