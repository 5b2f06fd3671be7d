"""What an archive says of the weights files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nb201store.trial_weights import TrialKey


class ListedFile(NamedTuple):
    """Size in bytes and CRC-32C of a weights file."""

    size: int
    crc32c: int


class Listing:
    """The weights files of an archive.

    Attributes
    ----------
    folder : str, relative to the folder in which the archive lies
    files : {trial: ListedFile}
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.files: dict[TrialKey, ListedFile] = {}
        self._by_code: dict[int, list[TrialKey]] | None = None

    def about(self) -> dict[str, str | int]:
        """What the archive's root says: the folder, how many files it has, and their bytes."""
        size = sum(file.size for file in self.files.values())
        return {"folder": self.folder, "files": len(self.files), "bytes": size}

    def of_cell(self, code: int) -> list[TrialKey]:
        """The trials of a cell that have files."""
        if self._by_code is None:
            self._by_code = {}
            for trial in self.files:
                self._by_code.setdefault(trial.code, []).append(trial)
        return self._by_code.get(code, [])

    def of_group(self, schedule: int, dataset: str) -> dict[tuple[int, int], ListedFile]:
        """{(code, seed): file} of one schedule on one data set."""
        return {
            (trial.code, trial.seed): file
            for trial, file in self.files.items()
            if (trial.schedule, trial.dataset) == (schedule, dataset)
        }
