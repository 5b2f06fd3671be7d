"""A result as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb201store.errors import SettingsError
from nb201store.space import SPACES

if TYPE_CHECKING:
    import pandas as pd

    from nb201store.search.result import Result


def frame(result: Result) -> pd.DataFrame:
    """Return one row a run, as `Result.to_frame` says."""
    try:
        import pandas as pd
    except ImportError as problem:
        raise SettingsError("to_frame needs pandas: pip install pandas") from problem
    space = SPACES[result.settings["space"]]
    codes = result.codes
    found, places = np.unique(codes[codes >= 0], return_inverse=True)
    index_of = np.full(len(codes), -1, np.int32)
    index_of[codes >= 0] = space.official_index(found)[places]
    name_of = np.full(len(codes), -1, np.int32)
    name_of[codes >= 0] = places
    names = [space.arch_str(code) for code in found.tolist()]
    return pd.DataFrame({
        "code": codes,
        "official_index": index_of,
        "arch_str": pd.Categorical.from_codes(name_of, names),
        "evaluations": result.evaluations,
        "seconds": result.seconds,
    } | {
        column.name: result.accuracies(column.dataset, column.split)
        for column in result.report.columns
    })  # fmt: skip
