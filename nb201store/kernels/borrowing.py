"""Arrays without their reference counts, for use inside one compiled function."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, cast

from numba.core import cgutils, types
from numba.extending import intrinsic


def _borrowed(_typingctx: Any, column: Any) -> Any:
    if not isinstance(column, types.NamedTuple):
        return None

    def codegen(context: Any, builder: Any, _: Any, args: Any) -> Any:
        (value,) = args
        for place, kind in enumerate(column.types):
            if isinstance(kind, types.Array):
                array = builder.extract_value(value, place)
                held = context.make_array(kind)(context, builder, array)
                # SAFETY: null is what numba itself puts here for an array that it does not own.
                held.meminfo = cgutils.get_null_value(held.meminfo.type)
                held.parent = cgutils.get_null_value(held.parent.type)
                value = builder.insert_value(value, held._getvalue(), place)
        return value

    return column(column), codegen


Arrays = TypeVar("Arrays", bound=tuple[Any, ...])


class _Borrowed(Protocol):
    def __call__(self, arrays: Arrays, /) -> Arrays: ...


borrowed = cast("_Borrowed", intrinsic(_borrowed))
"""Return a named tuple, an argument of the compiled function that calls this, as arrays whose references nobody counts.

For its first line, `column = borrowed(column)`: numba counts the references of an array whenever a field is read or
passed on, atomically, and often cannot drop these pairs from a loop (compiling.py).

REQUIRES: an argument, which the caller keeps alive until the function returns; the result neither returned nor stored.
"""
