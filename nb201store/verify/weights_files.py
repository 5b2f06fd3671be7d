"""Weights files against what an archive lists of them, and against the source that they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb201store import _core
from nb201store.errors import FormatError
from nb201store.verify.report import Report
from nb201store.weights import ListedFile, file_name
from nb201store.weights.encoding import decode, encode
from nb201store.weights.listed import listed_folder, read_listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nb201store.archive import Archive
    from nb201store.trial_weights import TrialKey, TrialWeights
    from nb201store.weights import Listing

    Progress = Callable[[str, int, int], None]


def check_weights(archive: Archive, progress: Progress | None = None) -> int | None:
    """Compare every weights file that an archive lists with its size and checksum.

    Returns
    -------
    int, how many files there are; None where the archive was converted without weights

    Raises
    ------
    FormatError    a file is missing, or has another size; ChecksumError: other bytes. The trial is named
    """
    listing = archive.weights()
    if listing is None:
        return None
    for done, trial in enumerate(listing.files):
        read_listed(archive.path, listing, trial)
        if progress is not None:
            progress("weights", done + 1, len(listing.files))
    return len(listing.files)


class WeightsComparison:
    """Compares the weights of a source, a trial at a time, with the files of an archive."""

    def __init__(
        self, archive: Archive, listing: Listing, codes: Collection[int] | None = None
    ) -> None:
        """`codes`: the cells whose weights are to come; all by default."""
        self._folder = listed_folder(archive.path, listing)
        self._listing = listing
        self._expected = {trial for trial in listing.files if codes is None or trial.code in codes}
        self._joined = len(archive.sources) > 1  # it may have the weights of others
        self._report = Report()
        self._came: set[TrialKey] = set()

    def take(self, weights: TrialWeights) -> None:
        """Write the file again and compare the bytes."""
        trial, report = weights.trial, self._report
        self._came.add(trial)
        listed = self._listing.files.get(trial)
        if listed is None:
            report.differ(f"{trial.name}: weights: not listed, but in the source")
            return
        path = self._folder / file_name(trial)
        expected = encode(weights)
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            report.differ(f"{trial.name}: weights: {path} is missing")
            return
        report.weights += 1
        if found != expected:
            report.differ(f"{trial.name}: weights: {_difference(found, expected)}")
        elif listed != ListedFile(len(found), _core.crc32c(found)):
            report.differ(
                f"{trial.name}: weights: listed with another size or checksum than {path} has"
            )

    def finish(self) -> Report:
        """What was found; also what the source did not have, unless it had no weights at all."""
        missing = len(self._expected - self._came)
        if self._came and missing and not self._joined:
            self._report.differ(
                f"{missing} weights files are listed whose trials came without weights"
            )
        return self._report


def _difference(found: bytes, expected: bytes) -> str:
    """Say in which tensor two files differ first."""
    try:
        ours = decode(found)[1]
    except FormatError as damage:
        return f"the file is damaged: {damage}"
    theirs = decode(expected)[1]
    if list(ours) != list(theirs):
        return "tensors of other names, or in another order"
    for name, tensor in theirs.items():
        held = ours[name]
        if (held.dtype, held.shape) != (tensor.dtype, tensor.shape):
            return f"{name}: {held.dtype} {held.shape}, source {tensor.dtype} {tensor.shape}"
        if held.tobytes() != tensor.tobytes():
            return f"{name}: other values than the source"
    return "the file says other things of its trial"
