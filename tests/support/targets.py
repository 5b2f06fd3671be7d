"""What a run may leave at its target: the old one or the new one, whole, and temporary siblings of it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path


def digest(target: Path) -> str | None:
    """Tell whether two targets are the same, bytes and names of files; None where there is none."""
    if not target.exists():
        return None
    total = hashlib.sha256()
    for file in sorted(target.rglob("*")) if target.is_dir() else [target]:
        total.update(f"{file.relative_to(target)}\0".encode())
        if file.is_file():
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def put(target: Path, old: Path | None) -> None:
    """Make `target` a copy of `old`, or absent."""
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if old is not None:
        shutil.copytree(old, target) if old.is_dir() else shutil.copyfile(old, target)


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())
