"""Where the weights of a trial lie, and how a folder of them is recognised."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from nb201store.errors import SettingsError
from nb201store.replacing import check_target

if TYPE_CHECKING:
    from pathlib import Path

    from nb201store.trial_weights import TrialKey

_OURS = re.compile(r"\d+/[\w.-]+/\d{5,}-\d+\.safetensors", re.ASCII)


def weights_folder(target: Path) -> Path:
    """The folder of the weights of X.zarr or X.nb201: X.weights beside it, of a link beside what it leads to."""
    followed = target.resolve() if target.is_symlink() else target
    return followed.with_suffix(".weights")


def file_name(trial: TrialKey) -> str:
    """The file of a trial, relative to the folder: <schedule>/<data set>/<code>-<seed>.safetensors."""
    return f"{trial.schedule}/{trial.dataset}/{trial.code:05d}-{trial.seed}.safetensors"


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Raise where a folder of weights cannot be written: FileExistsError, NotADirectoryError, and SettingsError where
    it holds anything but weights files, since it would be removed as a whole.
    """
    check_target(folder, overwrite=overwrite, folder=True)
    for below, _, files in os.walk(folder):
        for name in files:
            found = os.path.relpath(os.path.join(below, name), folder)  # noqa: PTH118 - quicker, of 200,000 files
            if not _OURS.fullmatch(found):
                raise SettingsError(
                    f"{folder} is not a folder of weights: it holds {found}; --overwrite will not replace it, "
                    "remove it yourself"
                )
