"""User columns written into an image: the whole file is copied beside it, checked, and renamed into its place.

Stores that are open keep the old file; a reader never meets half a change.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.errors import ChecksumError, FormatError, SettingsError
from nb201store.image import format as fmt
from nb201store.image.sections import Section, json_section, small_section
from nb201store.image.writer import write_sections
from nb201store.replacing import new_file
from nb201store.user_about import FIELDS, read_user_about
from nb201store.user_about import SECTION as ABOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from numpy.typing import NDArray

    Progress = Callable[[str, int, int], None]

RECORDS = "user_columns"
PREFIX = "user/"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}", re.ASCII)
RESERVED = frozenset({*fmt.METRICS, "code", "arch_str", "official_index"})
"""Names that mean something else wherever a column can be named."""


@dataclass(frozen=True, slots=True)
class UserColumn:
    """One value a cell. `values` float64 [cells], finite where `present` (bool [cells]); `about`: see user_about."""

    name: str
    unit: str
    values: NDArray[np.float64]
    present: NDArray[np.bool_]
    about: dict[str, str | None]


def image_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of what may be an image; FormatError where it is a folder, as an archive is."""
    path = Path(path)
    if path.is_dir():
        raise FormatError(
            f"{path} is a folder; user columns belong to an image: `nb201 pack` makes one of an archive"
        )
    return path


def check_name(name: str) -> None:
    """Raise SettingsError where an image cannot hold a user column of this name."""
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise SettingsError(
            f"{name!r:.80} cannot name a user column: 1 to 63 letters, digits, _ . -, a letter or _ first; "
            "rename it with --column 'OLD=NEW' (columns={'OLD': 'NEW'})"
        )
    if name in RESERVED:
        raise SettingsError(
            f"{name!r} cannot name a user column: it means something else already; "
            "rename it with --column 'OLD=NEW' (columns={'OLD': 'NEW'})"
        )


def check_unit(name: str, unit: str) -> None:
    """Raise SettingsError where an image cannot hold this unit."""
    if not isinstance(unit, str) or len(unit) > 31 or not all(" " <= c <= "~" for c in unit):
        raise SettingsError(
            f"unit {unit!r:.80} of {name}: expected at most 31 printable ASCII characters"
        )


def rewrite_user_columns(
    path: Path,
    change: Callable[[list[UserColumn]], list[UserColumn]],
    progress: Progress | None = None,
) -> int:
    """Replace the user columns of an image by change(those it has); return the size of the file.

    Equal images and equal columns give equal bytes. Memory: the columns; the rest is copied from the mapped file.

    Raises
    ------
    ChecksumError, FormatError  the image is damaged; what `change` raises. Nothing is changed then
    """
    with _locked(path) as mode:
        image = _core.Image(str(path))
        columns = change(_read(image))
        kept = _kept_sections(image)
        with new_file(path, overwrite=True) as file:
            os.fchmod(file.fileno(), mode)
            size = write_sections(file, kept + _sections(columns, len(kept)), progress)
            file.flush()
            _check(file, path)
    return size


def _check(file: BinaryIO, path: Path) -> None:
    """The checks of a reader, on the bytes as written, before they take the image's name."""
    try:
        _core.Image(file.name, check=True)
    except FormatError as problem:
        found = str(problem).replace(file.name, path.name)
        raise FormatError(f"{path}: it holds numbers that cannot be: {found}") from problem


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    """Hold the image for one change at a time, so that of two neither is lost; give its permissions."""
    while True:
        with path.open("rb") as file:
            # Where a file system has no locks the change goes on without.
            with contextlib.suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            found = os.fstat(file.fileno())
            if os.path.samestat(found, path.stat()):  # else it was replaced while we waited
                yield stat.S_IMODE(found.st_mode)
                return


def _read(image: _core.Image) -> list[UserColumn]:
    """The user columns that an image has, in their order."""
    about, nothing = read_user_about(image), dict.fromkeys(FIELDS)
    columns = []
    for column in image.describe()["user_columns"]:
        name = column["name"]
        values, present = image.user_column(name).array()
        columns.append(UserColumn(name, column["unit"], values, present, about.get(name, nothing)))
    return columns


def _is_user_section(name: str) -> bool:
    return name in (RECORDS, ABOUT) or name.startswith(PREFIX)


def _kept_sections(image: _core.Image) -> list[Section]:
    """All other sections, as they are."""
    sections = image.sections()
    of_users = [_is_user_section(section["name"]) for section in sections]
    kept = of_users.count(False)
    # Description sections refer to others by number, which must not change.
    if any(of_users[:kept]):
        place = of_users.index(True)
        raise FormatError(
            f"{image.path}: section '{sections[place]['name']}': expected sections of user columns behind all others, "
            f"found it in place {place} of {len(sections)}"
        )
    return [_copied(image, section) for section in sections[:kept]]


def _copied(image: _core.Image, section: Any) -> Section:
    """A section of an image, to be written again; a damaged one must not get a checksum that fits it."""
    width = {"u8": "u1", "u16": "u2", "u32": "u4", "i32": "i4"}
    dtype = section["dtype"]
    code = fmt.TEXT if dtype == "text" else fmt.DTYPES[width.get(dtype, dtype)]

    def make() -> NDArray[Any]:
        data = image.section(section["name"])
        if (_core.crc32c(data.data) if data.size else 0) != section["crc32c"]:
            error = ChecksumError(
                f"{image.path}: section '{section['name']}' is damaged: its CRC32C differs; nothing was changed"
            )
            error.path, error.section, error.offset = (
                image.path, section["name"], section["offset"],
            )  # fmt: skip
            raise error
        return data

    return Section(section["name"], code, section["shape"], section["required"], make)


def _sections(columns: list[UserColumn], first: int) -> list[Section]:
    """The sections of user columns, the first of them in place `first` of the file."""
    if not columns:
        return []
    data: list[Section] = []
    records: list[bytes] = []
    after = first + 2  # of the records and of what is known about the columns
    for row, column in enumerate(columns):
        values = np.where(column.present, column.values, 0.0).astype("<f8")
        number, present = after + len(data), fmt.NONE
        data.append(small_section(f"{PREFIX}{row}", values, required=False))
        if not column.present.all():
            present = after + len(data)
            bits = fmt.bitmap(column.present[None])[0]
            data.append(small_section(f"{PREFIX}{row}.present", bits, required=False))
        records.append(fmt.user_column_record(column.name, column.unit, number, present))
    about = {column.name: column.about for column in columns}
    return [
        small_section(RECORDS, fmt.rows_of(records), required=False),
        json_section(ABOUT, about),
        *data,
    ]
