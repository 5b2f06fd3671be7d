"""How every kernel is compiled, said once.

* `cache=True`: compiled code is kept beside these files, or where NUMBA_CACHE_DIR says. Numba looks only at the file
  of the function that is called: after an edit of a kernel that another one uses, remove the cache.
* `error_model="numpy"`: no branch to ZeroDivisionError at each division (no divisor here is ever 0).
* `inline="always"` for what runs once per element. It needs a single `return`. Together with the above and with
  `borrowing`, this is what lets numba drop the reference counts of arrays from a loop, which make it ten times slower.
* No `fastmath`: it adds up in another order and forgets NaN. No `parallel`: the threads of numba do not survive a fork
  and compile for seconds more; `nogil` lets `questions` divide the elements between threads of Python.
"""

from typing import TYPE_CHECKING

from numba import njit

if TYPE_CHECKING:
    from typing import TypeAlias

    import numpy as np

    Int: TypeAlias = int | np.int64

element = njit(inline="always", error_model="numpy")
"""For a function of one element, called by loops and by kernels of other people."""

loop = njit(cache=True, nogil=True, error_model="numpy")
"""For a loop over elements, called from Python."""
