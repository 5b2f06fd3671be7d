"""Many trials against what is stored of them, at once: which are the same to the bit.

Those that are not, or might not be, are looked at one by one (`one_by_one`), which says where they differ. So nothing
here needs to tell more than yes or no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.laid_out import StackedArrays
from nb201store.trial_rows import costs_of, latencies_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.laid_out import LaidOut, SeriesPlace
    from nb201store.records import TrialRecord
    from nb201store.trial_rows import Array, SeriesRows, TrialNumbers, TrialTable
    from nb201store.verify.joined import Joined


def same_trials(
    trials: Sequence[TrialRecord],
    laid_out: Sequence[LaidOut],
    table: TrialTable,
    loss: np.dtype[Any],
    joined: Joined | None = None,
) -> Array:
    """Return which trials are stored exactly, or as `joined` asks, bool [n].

    REQUIRES: at least one trial; all have the layout of the first, `laid_out` holds their splits, and `table` is of
    their schedule and data set.
    """
    rows = table.find(
        *_integers([trial.code for trial in trials], [trial.seed for trial in trials])
    )
    same = rows >= 0
    if not same.all():
        return np.zeros(len(trials), dtype=bool)
    same &= _same_numbers(trials, rows, table, joined)
    arrays = StackedArrays([one.arrays for one in laid_out])
    places = {(place.split, place.metric): place for place in laid_out[0].layout.places}
    for name in table.series_names:
        place = places.pop(name, None)
        nothing = place is None or not len(place.epochs)
        if joined is not None and (nothing or name[1] in joined.not_compared):
            continue
        stored = table.series(*name, rows)
        if place is None or nothing:
            same &= ~stored.present.any(axis=1)
        else:
            values = arrays.rows(place)
            same &= _same_series(
                place, values.astype(loss) if name[1] == "loss" else values, stored, joined
            )
    left_out = frozenset() if joined is None else joined.not_compared
    if any(
        len(place.epochs) for place in places.values() if place.metric not in left_out
    ):  # series that the table has no place for
        same[:] = False
    return same


def _same_numbers(
    trials: Sequence[TrialRecord], rows: Array, table: TrialTable, joined: Joined | None
) -> Array:
    """Whether costs, latencies and forms are those of the trials."""
    stored = table.numbers(rows)
    if joined is not None:
        return _held_numbers(trials, stored, joined)
    same = np.array([t.form == form for t, form in zip(trials, stored.forms, strict=True)])
    for name in ("params_m", "flops_m"):
        values, known = costs_of(getattr(trial, name) for trial in trials)
        also_known = getattr(stored, f"{name}_known")
        same &= (known == also_known) & (~known | _same_bits(values, getattr(stored, name)))
    counts, seconds = latencies_of(trial.latency_s for trial in trials)
    if np.array_equal(counts, stored.latency_count):
        wrong = ~_same_bits(seconds, stored.latency_s)
        same[np.repeat(np.arange(len(trials)), counts)[wrong]] = False
    else:
        same[:] = False
    return same


def _held_numbers(trials: Sequence[TrialRecord], stored: TrialNumbers, joined: Joined) -> Array:
    """Whether the costs and latencies that the trials have are stored."""
    same: Array = np.ones(len(trials), dtype=bool)
    for name in {"params_m", "flops_m"} - joined.not_compared:
        values, known = costs_of(getattr(trial, name) for trial in trials)
        also_known = getattr(stored, f"{name}_known")
        same &= ~known | (also_known & _same_bits(values, getattr(stored, name)))
    if "latency_s" not in joined.not_compared:
        lists = np.split(stored.latency_s, np.cumsum(stored.latency_count)[:-1])
        for place, (trial, kept) in enumerate(zip(trials, lists, strict=True)):
            listed = np.array(trial.latency_s or (), dtype=np.float64)
            if len(listed) and listed.tobytes() != kept.tobytes():
                same[place] = False
    return same


def _same_series(
    place: SeriesPlace, values: Array, stored: SeriesRows, joined: Joined | None
) -> Array:
    """Whether the values at the epochs of `place` are stored, and no others unless several sources were joined."""
    at = np.searchsorted(stored.epochs, place.epochs)
    if at[-1] >= len(stored.epochs) or not np.array_equal(stored.epochs[at], place.epochs):
        return np.zeros(len(values), dtype=bool)
    same: Array = np.asarray(stored.present[:, at].all(axis=1))
    if joined is None:
        same &= stored.present.sum(axis=1) == len(at)
    return same & _same_bits(values.astype(np.float64), stored.values[:, at]).all(axis=1)


def _same_bits(one: Array, other: Array) -> Array:
    """Whether doubles are equal as bits, NaNs too."""
    same: Array = np.ascontiguousarray(one).view(np.uint64) == np.ascontiguousarray(other).view(
        np.uint64
    )
    return same


def _integers(*listed: Sequence[int]) -> list[Array]:
    return [np.array(one, dtype=np.int64) for one in listed]
