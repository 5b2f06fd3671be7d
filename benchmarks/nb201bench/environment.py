"""Where and with what figures were taken."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "nb201store", "numpy", "numba", "zarr", "numcodecs", "pcodec", "nats-bench", "nas-bench-201", "torch",
)  # fmt: skip


def describe() -> dict[str, Any]:
    """Return processor, system, versions, commit and date; None for what is not there."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "interpreter_built_by": platform.python_compiler(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: _version(name) for name in PACKAGES},
        "load_before": _load(),
    }


def load() -> float:
    """The one-minute load average: above the number of our own busy threads, the machine was not quiet."""
    return _load()


def command(arguments: list[str]) -> str:
    """The command line with paths shortened to names: where files lie on one machine helps nobody."""
    short = [
        Path(word).name if os.sep in word and not word.startswith("-") else word
        for word in arguments
    ]
    return " ".join(["python", "benchmarks/run.py", *short])


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _text(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def _cpu() -> str:
    """Name, family and model: virtual machines often hide the name's number."""
    found: dict[str, str] = {}
    for line in (_text("/proc/cpuinfo") or "").splitlines():
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    parts = [found.get("model name") or platform.processor() or "unknown"]
    parts += [
        f"{key} {found[key]}" for key in ("cpu family", "model", "cache size") if key in found
    ]
    if "hypervisor" in found.get("flags", "").split():
        parts.append("virtual machine")
    return ", ".join(parts)


def _commit() -> str | None:
    """Short hash, with "+" where tracked files differ from it."""
    try:
        short = _git("rev-parse", "--short=12", "HEAD")
        return short + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
