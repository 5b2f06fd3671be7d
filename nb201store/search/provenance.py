"""Which file the numbers of a search came from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb201store.errors import FormatError

if TYPE_CHECKING:
    from nb201store.store import Store

# docs/format.md: the header, where it keeps what is read here, and the size of an entry of the section table.
HEADER = 64
COUNT = slice(12, 16)
TABLE_CRC = slice(32, 36)
ENTRY = 128


def image_identity(bench: Store) -> dict[str, Any]:
    """Return path, size (bytes), sha256 of header and section table, and the sources that the image names.

    Header and table hold the size and the CRC32C of every section, so that their hash stands for the whole file, and
    a few kB are read instead of hundreds of MB.

    Raises
    ------
    FormatError  the file at this path is no longer the one that was opened
    """
    image = bench._image
    path = bench._origin[0]
    with Path(path).open("rb") as file:
        head = file.read(HEADER)
        head += file.read(ENTRY * int.from_bytes(head[COUNT], "little"))
    found = int.from_bytes(head[TABLE_CRC], "little")
    if found != image.fingerprint:
        raise FormatError(
            f"{path}: the file has changed since it was opened (table CRC32C {image.fingerprint:#010x}, found "
            f"{found:#010x}); open it anew"
        )
    return {
        "path": path,
        "size": image.size,
        "table_sha256": hashlib.sha256(head).hexdigest(),
        "sources": _sources(bench),
    }


def _sources(bench: Store) -> list[dict[str, Any]]:
    """Kind, name and sha256 of the official files that the image was made from, as far as it says."""
    if not bench._image.has_section("about"):
        return []
    try:
        about = json.loads(bench._image.section_bytes("about"))
    except (ValueError, RecursionError):
        return []
    sources = about.get("sources") if isinstance(about, dict) else None
    if not isinstance(sources, list):
        return []
    return [
        {key: source.get(key) for key in ("kind", "name", "sha256")}
        for source in sources
        if isinstance(source, dict)
    ]
