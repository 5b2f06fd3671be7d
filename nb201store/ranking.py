"""The best cells and the cells that meet conditions, over the C++ core."""

from __future__ import annotations

from nb201store import _core
from nb201store.answers import Ranked
from nb201store.arguments import as_int, shown
from nb201store.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Order = Literal["highest", "lowest"]
    Where = ArrayLike | str | Sequence[str]


def best(
    image: _core.Image,
    n: int,
    by: _core.Column,
    *,
    order: Order | None,
    where: Where | None,
    dataset: str | None,
) -> list[Ranked]:
    """Return the `n` best cells of a column; `Store.top` says how they are ranked and chosen.

    `dataset` is the one whose networks `params_m` and `flops_m` in `where` are of; None takes that
    of the column.
    """
    count = as_int(n)
    if count is None or count < 1:
        raise SettingsError(f"n must be 1 or more, a whole number; found {shown(n)}")
    conditions, mask = _selection(where, len(by))
    ranked = image.top(min(count, len(by)), by, order, conditions, mask, dataset)
    return list(map(Ranked._make, ranked))


def ranking_column(
    image: _core.Image,
    by: Any,
    split: str | None,
    metric: str,
    schedule: Any,
    epoch: int,
    seed: Any,
) -> _core.Column:
    """Return the column that `Store.top` was told to rank by: a handle, a user column or a metric."""
    said = split is not None or schedule is not None or seed is not None or metric != "accuracy"
    if isinstance(by, _core.Column):
        if said:
            raise SettingsError(
                "top by a column handle: the handle says split, metric, schedule and seed; leave them out"
            )
        return by
    if by is None:
        raise SettingsError(
            "top: nothing to rank by; name a data set with split, schedule and seed, a user column, or give a column"
        )
    if said:
        return image.column(by, split, metric, schedule, epoch, seed)
    return image.user_column(by)


def _selection(where: Any, cells: int) -> tuple[Sequence[str], NDArray[np.bool_] | None]:
    """Tell conditions from a mask: a str or a list of them, or one bool a cell (masked: not)."""
    if where is None:
        return (), None
    if isinstance(where, str):
        return (where,), None
    if isinstance(where, (list, tuple)) and (not where or isinstance(where[0], str)):
        return where, None
    import numpy as np

    if isinstance(where, np.ma.MaskedArray) and where.dtype == np.bool_:
        where = where.filled(fill_value=False)
    try:
        mask = np.asarray(where)
    except ValueError:  # rows of unequal length, objects that refuse
        mask = np.empty(0, dtype=object)
    if mask.dtype != np.bool_ or mask.shape != (cells,):
        wanted = f"a bool array of shape ({cells},), a condition or a list of conditions"
        found = shown(where) if mask.ndim == 0 else f"{mask.dtype} of shape {mask.shape}"
        raise SettingsError(f"where must be {wanted}, found {found}")
    return (), mask
