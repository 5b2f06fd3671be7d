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
from nb201store.weights.writing import WeightsWriter

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201store.records import Source

    Progress = Callable[[str, int, int], None]


def convert(
    source: str | Path,
    target: str | Path,
    *,
    loss: str = "float32",
    weights: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> tuple[archive.Summary, int]:
    """Convert an official file to an archive (`target` ends in .zarr) or an image (.nb201).

    With `weights` the state dicts that an archive folder or a -full folder holds become safetensors files, one a trial,
    in the folder X.weights beside the target (docs/convert.md).

    Returns
    -------
    (Summary, size of the target in bytes)

    Raises
    ------
    SettingsError      another ending; `weights` of a single file, or without safetensors
    SourceError        `source` is not what it should be, names code to run, or has none of the `weights` asked for
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
    with contextlib.ExitStack() as stack:
        writer = None
        if weights:
            writer = stack.enter_context(WeightsWriter(target, overwrite=overwrite))
        opened = stack.enter_context(
            open_source(
                source,
                progress=progress,
                checksums=True,
                take_weights=None if writer is None else writer.take,
            )
        )
        listing, finish = (None, None) if writer is None else (writer.listing, writer.place)

        def told() -> Source:
            if writer is not None:
                writer.check_any(Path(source))
            return opened.source

        if to_archive:
            summary = archive.write(
                target, opened.benchmark, opened.cells(), told,
                loss=loss, overwrite=overwrite, weights=listing, finish=finish, progress=progress,
            )  # fmt: skip
            return summary, sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
        with scratch_folder(target) as scratch:
            between = scratch / "between.zarr"
            summary = archive.write(
                between,
                opened.benchmark,
                opened.cells(),
                told,
                loss=loss,
                weights=listing,
                durable=False,
                quick=True,
                progress=progress,
            )
            _give_memory_back()
            return summary, image.pack(
                between, target, overwrite=overwrite, finish=finish, progress=progress
            )


def _give_memory_back() -> None:
    """Return to the system what the records took: else glibc keeps hundreds of megabytes of it beside the image."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
