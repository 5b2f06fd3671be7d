"""An image file from an archive, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.archive import open_archive
from nb201store.errors import FormatError
from nb201store.image import format as fmt
from nb201store.image.plan import Plan
from nb201store.image.slicing import Slice, check_slice
from nb201store.replacing import new_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from nb201store.archive import Archive
    from nb201store.image.sections import Section

    Progress = Callable[[str, int, int], None]


def pack(
    archive: str | Path,
    image: str | Path,
    *,
    part: Slice | None = None,
    overwrite: bool = False,
    finish: Callable[[], None] | None = None,
    progress: Progress | None = None,
) -> int:
    """Write the image of an archive and check every section once; return its size in bytes.

    Equal archives give equal bytes. Memory: the largest single section (tens of MB for the whole benchmark).

    Parameters
    ----------
    part : what to keep, for a smaller image; everything by default
    finish : called when everything is written, before the image takes its name

    Raises
    ------
    FormatError, FileNotFoundError  of the archive; FileExistsError where `image` exists and `overwrite` is false
    SettingsError                   the archive has nothing of what `part` names
    """
    opened = open_archive(archive)
    part = part or Slice()
    check_slice(part, opened)
    image = Path(image)
    with new_file(image, overwrite=overwrite) as file:
        plan = Plan(opened, part, weights_about(opened, image))
        size = write_sections(file, plan.sections(), progress)
        file.flush()
        # The checks of a reader, on the bytes as written, before they take the target's name.
        try:
            _core.Image(file.name, check=True)
        except FormatError as problem:
            found = str(problem).replace(file.name, image.name)
            raise FormatError(f"{archive}: it holds numbers that cannot be: {found}") from problem
        if finish is not None:
            finish()
    return size


def weights_about(archive: Archive, image: Path) -> dict[str, Any] | None:
    """What an image says of the weights that its archive lists: as the root, the folder as seen from the image."""
    listing = archive.weights()
    if listing is None:
        return None
    folder = os.path.normpath(Path(archive.path).resolve().parent / listing.folder)
    return listing.about() | {"folder": os.path.relpath(folder, image.resolve().parent)}


def write_sections(
    file: BinaryIO, sections: list[Section], progress: Progress | None = None
) -> int:
    """Write header, table and sections to an empty file; return the file's size."""
    if not 1 <= len(sections) <= fmt.MOST_SECTIONS:
        raise FormatError(f"{len(sections)} sections; an image file holds 1 to {fmt.MOST_SECTIONS}")
    offset = fmt.HEADER_SIZE + fmt.ENTRY_SIZE * len(sections)
    entries = []
    for done, section in enumerate(sections):
        data = np.ascontiguousarray(section.make())
        _agree(section, data)
        offset = fmt.align(offset)
        file.seek(offset)
        file.write(data.data if data.size else b"")
        entries.append(
            fmt.entry(section.name, section.dtype, section.shape, required=section.required,
                      crc=_core.crc32c(data.data) if data.size else 0, offset=offset, size=data.nbytes)
        )  # fmt: skip
        offset += data.nbytes
        if progress is not None:
            progress("pack", done + 1, len(sections))
    file.truncate(offset)  # an empty last section may end past what was written
    table = b"".join(entries)
    file.seek(0)
    file.write(fmt.header(len(sections), offset, table) + table)
    return offset


def _agree(section: Section, data: np.ndarray[Any, Any]) -> None:
    """Stop where an archive gave other data than it announced."""
    width = {code: np.dtype(name) for name, code in fmt.DTYPES.items()} | {fmt.TEXT: np.dtype("u1")}
    expected = width[section.dtype]
    if data.shape != section.shape or data.dtype != expected:
        raise FormatError(
            f"section {section.name}: expected {expected} {section.shape}, found {data.dtype} {data.shape}"
        )
