"""What an image is made of: named arrays, made when their turn to be written comes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.image import format as fmt

if TYPE_CHECKING:
    from collections.abc import Callable

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Section:
    """One section to write. `make()` gives the array, little-endian, C order, of `dtype` and `shape`."""

    name: str
    dtype: int
    shape: tuple[int, ...]
    required: bool
    make: Callable[[], Array]


def small_section(name: str, data: Array, *, required: bool = True) -> Section:
    """A section whose array is at hand."""
    return Section(name, fmt.DTYPES[data.dtype.str[1:]], data.shape, required, lambda: data)


def json_section(name: str, content: Any) -> Section:
    """An optional section of JSON text, the same bytes for the same content."""
    text = json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()
    data = np.frombuffer(text, dtype=np.uint8)
    return Section(name, fmt.TEXT, data.shape, False, lambda: data)
