"""Forms of objects, numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SourceError

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[Any]]


class Forms:
    """Distinct forms, numbered as they appear; stored sorted, so that the order of arrival leaves no trace."""

    def __init__(self) -> None:
        self._arrivals: dict[str, int] = {}

    def arrival(self, form: str) -> int:
        """The number of a form until all have come."""
        arrival = self._arrivals.setdefault(form, len(self._arrivals))
        if arrival > 0xFFFE:
            raise SourceError("more than 65,535 different forms of objects: not an official file")
        return arrival

    def arrived(self) -> list[str]:
        """Every form, by arrival."""
        return list(self._arrivals)

    def listed(self) -> list[str]:
        """Every form, sorted."""
        return sorted(self._arrivals)

    def places(self, arrivals: Array) -> Array:
        """The places in `listed()`, uint16, of forms known by `arrival`."""
        place = {form: place for place, form in enumerate(self.listed())}
        by_arrival = np.array([place[form] for form in self._arrivals], dtype=np.uint16)
        return by_arrival[arrivals]
