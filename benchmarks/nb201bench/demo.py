"""The small synthetic image that the package brings, its archive and its source: benchmarks without any big file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb201bench import made_sources
from nb201store import conversion, image
from nb201store.cli.demo import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

CELLS = 12


def make(folder: Path) -> tuple[Path, Path, Path]:
    """Return (image, archive, official single file)."""
    folder.mkdir()
    archive, packed = folder / "demo.zarr", folder / "demo.nb201"
    conversion.convert(SOURCE, archive)
    image.pack(archive, packed)
    return packed, archive, SOURCE


def make_sources(folder: Path) -> tuple[Path, Path]:
    """Return (-simple folder, `.pth`) of the demo's cells."""
    folder.mkdir()
    cells = made_sources.states(SOURCE)
    return (
        made_sources.write_folder(folder / "demo-simple", cells),
        made_sources.write_201(folder / "demo.pth", cells),
    )
