"""How every kernel is compiled, said once.

* `cache=True`: compiled code is kept beside these files, or where NUMBA_CACHE_DIR says. Numba looks only at the file
  of the function that is called, and would run old code after another kernel changed: `loop` makes it look at all.
* `error_model="numpy"`: no branch to ZeroDivisionError at each division (no divisor here is ever 0).
* `inline="always"` for what runs once per element. It needs a single `return`. Together with the above and with
  `borrowing`, this is what lets numba drop the reference counts of arrays from a loop, which make it ten times slower.
* No `fastmath`: it adds up in another order and forgets NaN. No `parallel`: the threads of numba do not survive a fork
  and compile for seconds more; `nogil` lets `questions` divide the elements between threads of Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import numpy as np

    Int: TypeAlias = int | np.int64

element = njit(inline="always", error_model="numpy")
"""For a function of one element, called by loops and by kernels of other people."""

_ALL_KERNELS = tuple(
    (path.name, path.stat().st_mtime_ns, path.stat().st_size)
    for path in sorted(Path(__file__).parent.glob("*.py"))
)


def loop(function: Callable[..., Any]) -> Any:
    """Compile a loop that is called from Python; the code is cached until the file of any kernel changes."""
    compiled = njit(cache=True, nogil=True, error_model="numpy")(function)
    index = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    # numba's own, and private: where it has another name, the function's own file alone counts.
    if index is not None and hasattr(index, "_source_stamp"):
        index._source_stamp = _ALL_KERNELS
    return compiled
