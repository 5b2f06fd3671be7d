"""Open an official source of any kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nb201store.upstream.folders import open_folder
from nb201store.upstream.single_file import SingleFile

if TYPE_CHECKING:
    from nb201store.upstream.source import Progress, Upstream

KINDS = {
    "v1_0": "NAS-Bench-201-v1_0-e61699.pth: one torch file, 200-epoch trials without times",
    "v1_1": "NAS-Bench-201-v1_1-096897.pth: one torch file",
    "archive": "NAS-Bench-201-v1_1-archive: a folder of 000000-FULL.pth..., perhaps with weights",
    "nats-file": "NATS-tss-v1_0-3ffb9.pickle.pbz2, NATS-sss-v1_0-50262.pickle.pbz2: one file",
    "nats-folder": "NATS-...-simple and -full: a folder of meta.pickle.pbz2, 000000.pickle.pbz2...",
}
"""Kinds of sources: `Source.kind`, and what it is."""


def open_source(
    path: str | os.PathLike[str], *, progress: Progress | None = None, checksums: bool = False
) -> Upstream:
    """Open an official file or folder, of any of `KINDS`, told by content.

    Parameters
    ----------
    path : the file or folder
    progress : called with (stage, done, total); see `source.Progress`
    checksums : work them out beside the reading, for `.source`; else they are when it is asked for

    Returns
    -------
    Upstream, a context manager: `.source`, `.benchmark`, `.count`, `.cells()`

    Raises
    ------
    FileNotFoundError   there is nothing at `path`
    SourceError         it is none of the kinds, is damaged, or names what no official file does

    Warns
    -----
    SourceWarning       at `.source`: the name of the file ends in the md5 of another

    Notes
    -----
    Of a single file one cell at a time is in memory, of a folder a few files: no source is ever loaded whole.
    """
    found = Path(path)
    if not found.exists():
        raise FileNotFoundError(f"{found}: no such file or folder")
    if found.is_dir():
        return open_folder(found, progress, checksums=checksums)
    return SingleFile(found, progress, checksums=checksums)
