"""What becomes of the gaps in a vectorised answer."""

from __future__ import annotations

from nb201store.errors import MissingDataError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Literal, TypeVar

    import numpy as np
    from numpy.typing import NDArray

    Missing = Literal["raise", "mask"]
    Codes = NDArray[np.integer[Any]] | Sequence[Any]
    Values = TypeVar("Values", bound=NDArray[Any])


def filled(
    values: Values, present: NDArray[np.bool_], missing: Missing, hole: Callable[[int], str]
) -> Values:
    """Apply `missing`; hole(place) describes the first gap by its place in the flat array.

    Returns
    -------
    `values` where nothing is missing or `missing` is "raise"; a masked array where it is "mask"

    Raises
    ------
    MissingDataError  something is missing and `missing` is "raise": the first gap, and how many there are
    SettingsError     `missing` is neither
    """
    if missing not in ("raise", "mask"):
        raise SettingsError(f"missing must be 'raise' or 'mask', found {missing!r}")
    if missing == "mask":
        import numpy as np

        masked: Any = np.ma.masked_array(values, ~present)
        return masked  # type: ignore[no-any-return]  # a subclass of ndarray
    if not present.all():
        flat = present.ravel()
        gaps = int(flat.size - flat.sum())
        raise MissingDataError(
            f"{hole(int(flat.argmin()))} ({gaps} of {flat.size} missing; missing='mask' masks them)"
        )
    return values
