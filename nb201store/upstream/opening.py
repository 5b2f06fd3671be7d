"""Open an official source of any kind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nb201store.errors import SettingsError
from nb201store.upstream.folders import open_folder
from nb201store.upstream.single_file import SingleFile
from nb201store.upstream.source import Options

if TYPE_CHECKING:
    from nb201store.upstream.source import Progress, Upstream
    from nb201store.upstream.tensors import Take

KINDS = {
    "v1_0": "NAS-Bench-201-v1_0-e61699.pth: one torch file, 200-epoch trials without times",
    "v1_1": "NAS-Bench-201-v1_1-096897.pth: one torch file",
    "archive": "NAS-Bench-201-v1_1-archive: a folder of 000000-FULL.pth..., perhaps with weights",
    "nats-file": "NATS-tss-v1_0-3ffb9.pickle.pbz2, NATS-sss-v1_0-50262.pickle.pbz2: one file",
    "nats-folder": "NATS-...-simple and -full: a folder of meta.pickle.pbz2, 000000.pickle.pbz2...",
}
"""Kinds of sources: `Source.kind`, and what it is."""


def open_source(
    path: str | os.PathLike[str],
    *,
    progress: Progress | None = None,
    checksums: bool = False,
    take_weights: Take | None = None,
) -> Upstream:
    """Open an official file or folder, of any of `KINDS`, told by content.

    Parameters
    ----------
    path : the file or folder
    progress : called with (stage, done, total); see `source.Progress`
    take_weights : called by `cells()` with the TrialWeights of each trial that has them, in the file's order, before
        the cell is yielded; it must use their tensors before it returns. Without it no weights are read
    checksums : work them out beside the reading, for `.source`; else they are when it is asked for

    Returns
    -------
    Upstream, a context manager: `.source`, `.benchmark`, `.count`, `.cells()`

    Raises
    ------
    FileNotFoundError   there is nothing at `path`
    SettingsError       `take_weights`, and `path` is a single file: those have no weights
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
        return open_folder(found, progress, Options(checksums, take_weights))
    if take_weights is not None:
        raise SettingsError(
            f"{found}: this is a single file, which holds no weights; those are in an archive folder of "
            "000000-FULL.pth... or a NATS-Bench -full folder"
        )
    return SingleFile(found, progress, checksums=checksums)
