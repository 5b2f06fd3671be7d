"""What an image says of its user columns: their names and units, and where they came from. Needs no numpy."""

from __future__ import annotations

from nb201store.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nb201store import _core

SECTION = "user_about"
FIELDS = ("source", "file", "sha256", "by")
"""What is known of each column besides its numbers, in section `user_about`; None where it is not."""


def described_user_columns(image: _core.Image) -> list[dict[str, Any]]:
    """Return a dict a user column: name, unit, values (how many cells have one), source, file, sha256, by."""
    columns = image.describe()["user_columns"]
    about = read_user_about(image) if columns else {}
    nothing = dict.fromkeys(FIELDS)
    return [dict(column) | about.get(column["name"], nothing) for column in columns]


def read_user_about(image: _core.Image) -> dict[str, dict[str, str | None]]:
    """Return the fields of each user column by its name; none where the section is absent."""
    if not image.has_section(SECTION):
        return {}
    import json

    try:
        found = json.loads(image.section_bytes(SECTION))
    except (ValueError, RecursionError) as problem:
        raise _refusal(image, f"not JSON: {problem}") from problem
    if not isinstance(found, dict):
        raise _refusal(image, f"expected a JSON object, found {type(found).__name__}")
    return {name: _fields(image, name, entry) for name, entry in found.items()}


def _fields(image: _core.Image, name: str, entry: Any) -> dict[str, str | None]:
    if not isinstance(entry, dict):
        raise _refusal(image, f"expected an object for {name!r:.80}, found {type(entry).__name__}")
    fields = {field: entry.get(field) for field in FIELDS}
    for field, value in fields.items():
        if not isinstance(value, str | None):
            raise _refusal(image, f"{field} of {name!r:.80} is {type(value).__name__}, not text")
    return fields


def _refusal(image: _core.Image, what: str) -> FormatError:
    error = FormatError(f"{image.path}: section '{SECTION}': {what}")
    error.path, error.section = image.path, SECTION
    return error
