"""Several sources as one: equal trials are compared, what one lacks another gives, and nothing is chosen silently."""

from nb201store.merging.contradictions import SETTLED_BY
from nb201store.merging.joining import Joining

__all__ = ["SETTLED_BY", "Joining"]
