"""One question of many cells at once: shapes and gaps around the core's flat answers.

`Store` comes here for arrays, lists and ranges of codes; this is what loads numpy. The core refuses what cannot be
asked (a code outside the space, an epoch or seed that no cell was recorded with) and names the first such element by
its position in C order; what single cells lack is a gap, and `missing` says what becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import MissingDataError, SettingsError
from nb201store.gaps import filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from nb201store import _core
    from nb201store.gaps import Codes, Missing

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def gather(
    image: _core.Image, codes: ArrayLike, dataset: str, split: str, metric: str, *,
    schedule: int, epochs: ArrayLike, seeds: Any, missing: Missing, threads: int,
) -> Floats:  # fmt: skip
    """Return values at (code, epoch, seed), which broadcast as numpy's operands do; see `Store.gather`."""
    means = isinstance(seeds, str)
    axes = {"codes": _axis("codes", codes), "epochs": _axis("epochs", epochs)}
    if not means:
        axes["seeds"] = _axis("seeds", seeds)
    shape = _common_shape(axes)
    flat = {name: _flat(axis, shape) for name, axis in axes.items()}
    asked_seeds = seeds if means else flat["seeds"]
    size = int(np.prod(shape))
    if size == 0:  # the words are still checked
        flat = {name: axis[:0] for name, axis in flat.items()}
        asked_seeds = seeds if means else flat["seeds"]
    values, present = image.gather(
        flat["codes"], dataset, split, metric, schedule, flat["epochs"], asked_seeds, threads
    )

    def hole(place: int) -> str:
        code, epoch = (_element(flat[name], place) for name in ("codes", "epochs"))
        seed = seeds if means else _element(flat["seeds"], place)
        return why(lambda: image.value(code, dataset, split, metric, schedule, epoch, seed))

    return filled(values.reshape(shape), present.reshape(shape), missing, hole)


def _axis(name: str, given: Any) -> NDArray[Any]:
    if np.ma.is_masked(given):
        raise SettingsError(
            f"{name}: found a masked array with masked elements; ask for the others"
        )
    return np.asarray(given)


def _common_shape(axes: dict[str, NDArray[Any]]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(axis.shape for axis in axes.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {axis.shape}" for name, axis in axes.items())
        raise SettingsError(f"shapes that do not broadcast: {shapes}") from None


def _flat(axis: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """One element where it stands for all, else all of them in C order; copied only where they are not."""
    return axis.reshape(-1) if axis.size == 1 else np.broadcast_to(axis, shape).reshape(-1)


def _element(flat: NDArray[Any], place: int) -> int:
    return int(flat[place if flat.size > 1 else 0])


def curves(
    image: _core.Image, codes: Codes, dataset: str, split: str, metric: str, *,
    schedule: int, seed: Any, missing: Missing,
) -> Floats:  # fmt: skip
    """Return the curves of many cells: float64 [..., E], E the epochs recorded."""
    epochs = np.array(image.epochs(dataset, split, metric, schedule))
    return gather(
        image, np.asarray(codes)[..., None], dataset, split, metric,
        schedule=schedule, epochs=epochs, seeds=seed, missing=missing, threads=1,
    )  # fmt: skip


def best_epochs(
    image: _core.Image, codes: Codes, dataset: str, split: str, metric: str, *,
    schedule: int, seed: Any, missing: Missing,
) -> tuple[Ints, Floats]:  # fmt: skip
    """Return (epochs, values) at which a metric was best, each of the shape of `codes`."""
    epochs, values, present = image.best_epochs(codes, dataset, split, metric, schedule, seed)
    flat = np.ravel(np.asarray(codes))

    def hole(place: int) -> str:
        code = int(flat[place])
        return why(lambda: image.best_epoch(code, dataset, split, metric, schedule, seed))

    return filled(epochs, present, missing, hole), filled(values, present, missing, hole)


def simulated_costs(
    image: _core.Image, codes: Codes, dataset: str, split: str, *,
    schedule: int, epoch: int, seed: Any, missing: Missing,
) -> Floats:  # fmt: skip
    """Return simulated seconds of one evaluation of each cell, of the shape of `codes`."""
    values, present = image.simulated_costs(codes, dataset, split, schedule, epoch, seed)
    flat = np.ravel(np.asarray(codes))

    def hole(place: int) -> str:
        code = int(flat[place])
        return why(lambda: image.simulated_cost(code, dataset, split, schedule, epoch, seed))

    return filled(values, present, missing, hole)


def why(question: Callable[[], object]) -> str:
    """Return why a question of one cell has no answer. REQUIRES: it has none."""
    try:
        question()
    except MissingDataError as problem:
        return str(problem)
    raise AssertionError("a gap among many that is none by itself")
