"""From the state dict of an official trial to its tensors as arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SourceError
from nb201store.trial_weights import TrialKey, TrialWeights
from nb201store.upstream.forms import shown
from nb201store.upstream.storages import MOST_TRIAL_BYTES, WeightsPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb201store.trial_weights import Tensors
    from nb201store.upstream.storages import StorageFile, Storages

    Array = np.ndarray[Any, np.dtype[Any]]
    Take = Callable[[TrialWeights], None]

_DTYPES = {
    "BoolStorage": "?", "ByteStorage": "u1", "CharStorage": "i1", "DoubleStorage": "<f8", "FloatStorage": "<f4",
    "HalfStorage": "<f2", "IntStorage": "<i4", "LongStorage": "<i8", "ShortStorage": "<i2",
}  # fmt: skip
_MOST_DIMENSIONS = 32


def give_weights(
    state: Any, code: int, schedules: dict[Any, int], file: StorageFile, take: Take
) -> None:
    """Hand the weights of every trial of a cell to `take`, in the file's order.

    REQUIRES: `state` made a record (`objects.cell_record`), and `take` uses the tensors before it returns.
    """
    held = [
        (TrialKey(code, dataset, schedules[hp], seed), results["arch_str"], trial["net_state_dict"])
        for hp, results in state.items()
        for (dataset, seed), trial in results["all_results"].items()
        if trial.get("net_state_dict") is not None
    ]
    if not held:
        return
    with file.opened() as storages:
        for trial, arch_str, state_dict in held:
            storages.forget()
            take(TrialWeights(trial, arch_str, _Tensors(trial, state_dict, storages)))


class _Tensors:
    def __init__(self, trial: TrialKey, state_dict: Any, storages: Storages) -> None:
        self._trial = trial
        self._state_dict = state_dict
        self._storages = storages

    def __call__(self) -> Tensors:
        where = f"weights of {self._trial.name}"
        if not isinstance(self._state_dict, dict):
            raise SourceError(f"{where}: expected a state dict, found {shown(self._state_dict)}")
        total = 0
        for name, value in self._state_dict.items():
            if type(name) is not str:
                raise SourceError(f"{where}: expected names of tensors, found {shown(name)}")
            try:
                array = _tensor(value, self._storages)
            except SourceError as error:
                raise SourceError(f"{where}: {shown(name)}: {error}") from None
            total += array.nbytes
            if total > MOST_TRIAL_BYTES:
                raise SourceError(
                    f"{where}: expected at most {MOST_TRIAL_BYTES:,} bytes, found more"
                )
            yield name, array


def _tensor(value: Any, storages: Storages) -> Array:
    """Return a tensor, or a parameter's, as a contiguous array."""
    if type(value) is WeightsPart and value.what == "parameter" and len(value.arguments) == 3:
        value = value.arguments[0]  # the others: whether it is trained, and hooks
    if (
        type(value) is not WeightsPart
        or value.what != "tensor"
        or len(value.arguments) not in (6, 7)
    ):
        raise SourceError(f"expected a tensor, found {shown(value)}")
    storage, offset, shape, strides = value.arguments[:4]
    if type(offset) is not int or offset < 0:
        raise SourceError(f"expected an offset into its storage, found {shown(offset)}")
    _check_lengths(shape, "shape")
    _check_lengths(strides, "strides")
    if len(shape) != len(strides):
        raise SourceError(
            f"expected as many strides as dimensions, found {shown((shape, strides))}"
        )
    stored = storages.stored(storage)
    if stored.kind not in _DTYPES:
        raise SourceError(f"it is of torch's {stored.kind}, which numpy does not know")
    # In Python's integers, so nothing overflows.
    count = math.prod(shape)
    last = offset + sum(
        (length - 1) * stride for length, stride in zip(shape, strides, strict=True)
    )
    # More elements than the storage has would be repeated ones, by strides of 0: no network has such.
    if count > stored.elements or (count and last >= stored.elements) or offset > stored.elements:
        raise SourceError(
            f"shape {shape}, strides {strides} from element {offset} on: its storage has {stored.elements} elements"
        )
    elements = np.frombuffer(stored.data, dtype=_DTYPES[stored.kind])
    if not count:
        return np.empty(shape, dtype=elements.dtype)
    size = elements.dtype.itemsize
    strided = np.lib.stride_tricks.as_strided(
        elements[offset:], shape, [stride * size for stride in strides], writeable=False
    )
    return np.ascontiguousarray(strided).reshape(shape)  # which makes a scalar one of one dimension


def _check_lengths(lengths: Any, what: str) -> None:
    if (
        type(lengths) is not tuple
        or len(lengths) > _MOST_DIMENSIONS
        or not all(type(length) is int and 0 <= length <= 1 << 62 for length in lengths)
    ):
        raise SourceError(
            f"expected a {what} of at most {_MOST_DIMENSIONS} lengths, found {shown(lengths)}"
        )
