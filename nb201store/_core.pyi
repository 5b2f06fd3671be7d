"""Types of the C++ core. Written by hand; `make check` compares it with the built module (mypy.stubtest)."""

from collections.abc import Buffer

def crc32c(data: Buffer, crc: int = 0) -> int: ...
