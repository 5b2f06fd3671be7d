"""A folder of weights files, written whole or not at all while a source is read."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nb201store import _core
from nb201store.errors import SourceError
from nb201store.replacing import new_folder
from nb201store.weights.encoding import encode, require
from nb201store.weights.listing import ListedFile, Listing
from nb201store.weights.naming import check_folder, file_name, weights_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from nb201store.trial_weights import TrialWeights


class WeightsWriter:
    """Takes the weights of trials, and writes a file of each.

    A context manager: where its block ends with an error and there is no `target`, the archive or image that the files
    are of, they are removed. `listing` tells what was written.

    Raises
    ------
    SettingsError    safetensors is not installed, or the folder holds something else than weights
    FileExistsError  the folder exists and `overwrite` is false
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        require("safetensors.numpy")  # before minutes of reading, not after
        folder = weights_folder(target)
        check_folder(folder, overwrite=overwrite)
        # The archive that an image is made from lies in a folder of its own beside it.
        self.listing = Listing(folder.name if target.suffix == ".zarr" else f"../{folder.name}")
        self._target = target
        self._folder = folder
        self._replaced = folder.exists()
        self._placed = False
        self._overwrite = overwrite
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._written = self._stack.enter_context(
            new_folder(self._folder, overwrite=self._overwrite)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if error is not None and self._placed and not self._replaced and not self._target.exists():
            shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, weights: TrialWeights) -> None:
        """Write the file of a trial. One that came before, of another source, must be the same: else SourceError."""
        trial = weights.trial
        data = encode(weights)
        file = ListedFile(len(data), _core.crc32c(data))
        known = self.listing.files.setdefault(trial, file)
        path = self._written / file_name(trial)
        if known is not file:
            if data != path.read_bytes():
                raise SourceError(f"weights of {trial.name}: came twice, and differ")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def check_any(self, sources: Iterable[Path]) -> None:
        """Raise SourceError where no trial of the sources came with weights."""
        if not self.listing.files:
            raise SourceError(
                f"{', '.join(map(str, sources))}: no trial came with weights; convert without --weights"
            )

    def place(self) -> None:
        """Flush all files to the disk and give the folder its name."""
        self._stack.close()
        self._placed = True
        self.listing.folder = self._folder.name  # as seen from the target
