"""Tables out of an image: one row a cell, for pandas, polars or a spreadsheet."""

from nb201store.tables.arrow import require_pyarrow, to_arrow
from nb201store.tables.chosen import Chosen, choose
from nb201store.tables.files import Written, export

__all__ = ["Chosen", "Written", "choose", "export", "require_pyarrow", "to_arrow", "write"]
