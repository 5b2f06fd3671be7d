"""An archive laid out as one flat file that the C++ core maps. docs/format.md describes every byte."""

from nb201store.image.reader import read_records
from nb201store.image.slicing import Slice
from nb201store.image.writer import pack

__all__ = ["Slice", "pack", "read_records"]
