"""What a caller may name to choose columns: one word, several, or "all"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201store.arguments import as_int, elements, is_many, shown
from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    import numpy as np
    from numpy.typing import NDArray

    # What `Store.table` takes.
    Names = str | Sequence[str]
    Numbers = int | Literal["all"] | Sequence[int] | NDArray[np.integer[Any]]
    Seeds = Numbers | Literal["mean"] | Sequence[int | str]
    Rows = Literal["all", "recorded"] | int | Sequence[int] | NDArray[np.integer[Any]]

ALL = "all"


def names(what: str, given: Any) -> tuple[str, ...] | None:
    """Return the names given, one or several, as a tuple; None for "all"."""
    if isinstance(given, str) and given == ALL:
        return None
    chosen = _several(what, given)
    for name in chosen:
        if not isinstance(name, str):
            raise SettingsError(f'{what}: expected a name, several, or "all", found {shown(name)}')
    return chosen


def numbers(what: str, given: Any, *, mean: bool = False) -> tuple[int | str, ...] | None:
    """Return the integers given (with `mean`: or "mean"), one or several, as a tuple; None for "all"."""
    if isinstance(given, str) and given == ALL:
        return None
    chosen: list[int | str] = []
    for one in _several(what, given):
        number = one if mean and isinstance(one, str) and one == "mean" else as_int(one)
        if number is None:
            words = '"mean" or "all"' if mean else 'or "all"'
            raise SettingsError(f"{what}: expected integers, {words}, found {shown(one)}")
        chosen.append(number)
    return tuple(chosen)


def _several(what: str, given: Any) -> tuple[Any, ...]:
    chosen = tuple(elements(given)) if is_many(given) else (given,)
    if not chosen:
        raise SettingsError(f'{what}: name at least one, or "all"; found {shown(given)}')
    return chosen
