"""Tables out of an image: one row a cell, for pandas, polars or a spreadsheet."""

from nb201store.tables.arrow import require_pyarrow, to_arrow
from nb201store.tables.chosen import Chosen, choose
from nb201store.tables.files import Written, check_file, write

__all__ = ["Chosen", "Written", "check_file", "choose", "require_pyarrow", "to_arrow", "write"]
