"""Seconds, bytes and rates as people read them."""

from __future__ import annotations

_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def seconds_text(seconds: float) -> str:
    """Three digits and a unit: 1.23 ms."""
    unit, name = next((pair for pair in _SECONDS if seconds >= pair[0]), _SECONDS[-1])
    return f"{_digits(seconds / unit)} {name}"


def bytes_text(size: float) -> str:
    """Three digits and a unit of 10^3: 1.23 MB."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{_digits(size / unit)} {name}"
    return f"{size:.0f} bytes"


def rate_text(seconds: float) -> str:
    """Millions a minute of what takes so many seconds each: 123 M/min."""
    return f"{millions_a_minute(seconds)} M/min"


def millions_a_minute(seconds: float) -> str:
    """The same without its unit."""
    millions = 60e-6 / seconds
    return _digits(millions) if millions >= 0.1 else f"{millions:.5f}"


def _digits(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
