"""A table of plain arrays as an Arrow table. pyarrow, an extra, is loaded here only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SettingsError

if TYPE_CHECKING:
    import pyarrow as pa

    from nb201store.tables.chosen import Chosen, ChosenColumn


def require_pyarrow() -> Any:
    """Return the module; SettingsError says how to install it."""
    try:
        return import_module("pyarrow")
    except ModuleNotFoundError as problem:
        raise SettingsError(
            "this needs pyarrow, which is not installed: pip install nb201store[tables]"
        ) from problem


def to_arrow(table: Chosen) -> pa.Table:
    """Return a table as a pyarrow.Table: what is missing is null, whatever else is there keeps its bits."""
    arrow = require_pyarrow()
    arrays = [_array(arrow, column) for column in table.columns]
    fields = [
        arrow.field(column.name, array.type, nullable=column.present is not None, metadata=column.facts or None)
        for column, array in zip(table.columns, arrays, strict=True)
    ]  # fmt: skip
    return arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata=table.facts))


def _array(arrow: Any, column: ChosenColumn) -> Any:
    if isinstance(column.values, list):
        return arrow.array(column.values, type=arrow.string())
    missing = None if column.present is None else ~column.present
    return arrow.array(np.ascontiguousarray(column.values), mask=missing, from_pandas=False)
