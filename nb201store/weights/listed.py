"""The weights files that an archive lists, read and compared with what it says of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nb201store import _core
from nb201store.errors import ChecksumError, FormatError
from nb201store.trial_weights import TrialWeights
from nb201store.weights.encoding import decode
from nb201store.weights.naming import file_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nb201store.trial_weights import TrialKey
    from nb201store.weights.listing import Listing


def listed_folder(archive: Path, listing: Listing) -> Path:
    """Where the weights of an archive lie."""
    return archive.resolve().parent / listing.folder


def read_listed(archive: Path, listing: Listing, trial: TrialKey) -> bytes:
    """Return the weights file of a trial that the archive at `archive` lists.

    Raises FormatError where it is missing or has another size, ChecksumError where its bytes are others; both name
    the trial.
    """
    path, listed = listed_folder(archive, listing) / file_name(trial), listing.files[trial]
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise FormatError(
            f"{path}: the weights of {trial.name} are listed in {archive}, but there is no such file"
        ) from None
    if len(data) != listed.size:
        raise FormatError(
            f"{path}: weights of {trial.name}: expected {listed.size:,} bytes, found {len(data):,}"
        )
    if (found := _core.crc32c(data)) != listed.crc32c:
        raise ChecksumError(
            f"{path}: weights of {trial.name}: expected CRC-32C {listed.crc32c:#010x}, found {found:#010x}"
        )
    return data


def listed_weights(
    archive: Path, listing: Listing, arch_str: str, code: int
) -> Iterator[TrialWeights]:
    """Yield the weights of a cell, as a source of them gives them; errors as of `read_listed` and `decode`."""
    for trial in listing.of_cell(code):
        tensors = decode(read_listed(archive, listing, trial))[1]
        yield TrialWeights(trial, arch_str, partial(iter, tensors.items()))
