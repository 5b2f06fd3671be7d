"""From an official file to an archive or an image, in one call."""

from __future__ import annotations

import contextlib
import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

from nb201store import archive, image
from nb201store.archive.writer import check_overwrite
from nb201store.errors import SettingsError
from nb201store.replacing import check_target, scratch_folder
from nb201store.upstream import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[str, int, int], None]


def convert(
    source: str | Path,
    target: str | Path,
    *,
    loss: str = "float32",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[archive.Summary, int]:
    """Convert an official file to an archive (`target` ends in .zarr) or an image (.nb201).

    Returns
    -------
    (Summary, size of the target in bytes)

    Raises
    ------
    SettingsError      another ending; SourceError: `source` is not what it should be, or names code to run
    FileNotFoundError  no source; FileExistsError: `target` exists and `overwrite` is false. Nothing is lost by either
    """
    target = Path(target)
    if target.suffix not in (".zarr", ".nb201"):
        raise SettingsError(f"{target}: name it X.zarr for an archive or X.nb201 for an image")
    to_archive = target.suffix == ".zarr"
    # Before minutes of reading, not after.
    check_target(target, overwrite=overwrite, folder=to_archive)
    if to_archive:
        check_overwrite(target)
    with open_source(source, progress=progress, checksums=True) as opened:
        if to_archive:
            summary = archive.write(
                target, opened.benchmark, opened.cells(), lambda: opened.source,
                loss=loss, overwrite=overwrite, progress=progress,
            )  # fmt: skip
            return summary, sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        with scratch_folder(target) as scratch:
            between = scratch / "between.zarr"
            summary = archive.write(
                between,
                opened.benchmark,
                opened.cells(),
                lambda: opened.source,
                loss=loss,
                durable=False,
                quick=True,
                progress=progress,
            )
            _give_memory_back()
            return summary, image.pack(between, target, overwrite=overwrite, progress=progress)


def _give_memory_back() -> None:
    """Return to the system what the records took: else glibc keeps hundreds of megabytes of it beside the image."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
