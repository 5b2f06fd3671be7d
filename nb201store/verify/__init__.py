"""An archive or an image against its source, value by value, compared as bits.

Losses are compared after the one rounding that the target states (float32 unless it was converted with
`--loss float64`); everything else must be the very same double. Forms are compared too: key orders, what was None.
"""

from nb201store.verify.one_by_one import compare_cells
from nb201store.verify.report import Report
from nb201store.verify.verifying import verify
from nb201store.verify.weights_files import check_weights

__all__ = ["Report", "check_weights", "compare_cells", "verify"]
