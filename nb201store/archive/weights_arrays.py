"""The arrays of a (schedule, data set) group that list the weights files of its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.archive import layout
from nb201store.errors import FormatError
from nb201store.trial_weights import TrialKey
from nb201store.weights.listing import ListedFile, Listing

if TYPE_CHECKING:
    from pathlib import Path

    import zarr

    from nb201store.archive.arrays import Array, CodeArrays
    from nb201store.archive.group import Group
    from nb201store.archive.staging import GroupStage

DTYPES: dict[str, np.dtype[Any]] = {
    "weights_bytes": np.dtype("<u8"),
    "weights_crc32c": np.dtype("<u4"),
}
_NONE = layout.fill_of(DTYPES["weights_bytes"])


def write_listing(
    arrays: CodeArrays, node: zarr.Group, group: GroupStage, seeds: Array, listing: Listing
) -> None:
    """Write the arrays of a group, if any of its trials has weights."""
    files = listing.of_group(group.schedule, group.dataset.name)
    if not files:
        return
    codes, held = (np.array(one, dtype=np.int64) for one in zip(*files, strict=True))
    at = codes, np.searchsorted(seeds, held)
    columns = zip(*files.values(), strict=True)
    meanings = "size of the trial's weights file in bytes", "CRC-32C of the trial's weights file"
    for name, column, meaning in zip(DTYPES, columns, meanings, strict=True):
        dtype = DTYPES[name]
        grid = np.full((arrays.size, len(seeds)), layout.fill_of(dtype), dtype=dtype)
        grid[at] = column
        arrays.write(node, name, ("seed",), grid, meaning)


def read_listing(path: Path, about: Any, groups: list[Group]) -> Listing | None:
    """Return the listing of an archive whose root says `about` of weights; None of None.

    Raises FormatError where the arrays list another number of files, or files of trials that do not exist.
    """
    if about is None:
        return None
    if not isinstance(about, dict) or type(about.get("folder")) is not str:
        raise FormatError(f"{path}: weights: expected folder, files and bytes, found {about!r}")
    listing = Listing(about["folder"])
    for group in groups:
        if not group.has("weights_bytes"):
            continue
        sizes, sums = group.read("weights_bytes"), group.read("weights_crc32c")
        there = sizes != _NONE
        if there[~group.read_present()].any():
            group.refuse("weights_bytes", "files of trials that exist", f"{there.sum()} files")
        for code, slot in zip(*(place.tolist() for place in np.nonzero(there)), strict=True):
            trial = TrialKey(code, group.dataset.name, group.schedule, int(group.seeds[slot]))
            listing.files[trial] = ListedFile(int(sizes[code, slot]), int(sums[code, slot]))
    if listing.about() != about:
        raise FormatError(f"{path}: weights: the root says {about}, its arrays {listing.about()}")
    return listing
