"""The orders of the keys of official dicts, as short specifications and as places in arrays.

An official series is a dict keyed by epoch (`train_losses`) or by '<split>@<epoch>'
(`eval_losses`). Its order is insertion order, which a record does not have; it goes to the trial's
form, as runs:

* epochs: `[first, last]` counts up (or down) by one;
* '<split>@<epoch>': `[splits, first, last]`: for each epoch of the run, each of the splits in turn.

Nearly all trials share a few dozen orders, so what is worked out of one is cached.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nb201store.errors import SourceError
from nb201store.upstream.forms import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

EpochRun = tuple[int, int]
SplitRun = tuple[tuple[str, ...], int, int]

_EPOCH_LIMIT = 1 << 31
# More cached orders than any official file has; a bound only so that a strange file cannot fill
# the memory.
_CACHED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the epochs of one series stand in a dict: `values[positions]` is in ascending epochs.

    `epochs`: int32, ascending, read-only. `positions`: int64, or None where the dict holds nothing
    else in no other order.
    """

    epochs: NDArray[np.int32]
    positions: NDArray[np.int64] | None

    @property
    def last(self) -> int:
        """The last epoch."""
        return int(self.epochs[-1])


@dataclass(frozen=True, slots=True, eq=False)
class EpochOrder:
    """The order of a dict keyed by epoch."""

    runs: tuple[EpochRun, ...]
    places: Places | None


@dataclass(frozen=True, slots=True, eq=False)
class SplitOrder:
    """The order of a dict keyed by '<split>@<epoch>'."""

    runs: tuple[SplitRun, ...]
    places: dict[str, Places]


@lru_cache(_CACHED)
def epoch_order(keys: tuple[int, ...]) -> EpochOrder:
    """Return the order of int keys (REQUIRED); refuse negative and huge ones."""
    for epoch in keys:
        _check_epoch(epoch)
    return EpochOrder(tuple(_epoch_runs(keys)), _places(keys, None) if keys else None)


@lru_cache(_CACHED)
def split_order(keys: tuple[str, ...]) -> SplitOrder:
    """Return the order of str keys (REQUIRED); refuse what is not '<split>@<epoch>'."""
    parsed = [_parse_key(key) for key in keys]
    by_split: dict[str, list[tuple[int, int]]] = {}
    for position, (split, epoch) in enumerate(parsed):
        by_split.setdefault(split, []).append((epoch, position))
    places = {
        split: _places([epoch for epoch, _ in found], [position for _, position in found])
        for split, found in by_split.items()
    }
    return SplitOrder(tuple(_split_runs(parsed)), places)


def epoch_keys(runs: Iterable[Sequence[int]]) -> list[int]:
    """Return the keys in their order: the inverse of `epoch_order(keys).runs`."""
    keys: list[int] = []
    for first, last in runs:
        step = 1 if last >= first else -1
        keys.extend(range(first, last + step, step))
    return keys


def split_keys(runs: Iterable[tuple[Sequence[str], int, int]]) -> list[tuple[str, int]]:
    """Return the keys in their order, parsed: the inverse of `split_order(keys).runs`."""
    return [
        (split, epoch)
        for splits, first, last in runs
        for epoch in range(first, last + 1)
        for split in splits
    ]


def _check_epoch(epoch: int) -> None:
    if not 0 <= epoch < _EPOCH_LIMIT:
        raise SourceError(f"epoch {shown(epoch)} is not an epoch")


def _parse_key(key: str) -> tuple[str, int]:
    split, _, epoch = key.rpartition("@")
    if not (split and epoch.isascii() and epoch.isdigit() and len(epoch) < 11):
        raise SourceError(f"key {shown(key)} is not '<split>@<epoch>'")
    if epoch != str(int(epoch)):
        raise SourceError(f"key {shown(key)} writes its epoch with zeros in front")
    _check_epoch(int(epoch))
    return split, int(epoch)


def _places(epochs: Sequence[int], positions: Sequence[int] | None) -> Places:
    """Sort `epochs` and the places they are found at; None means 0, 1, 2..."""
    found = np.array(epochs, dtype=np.int32)
    rank = np.argsort(found, kind="stable")
    ascending = found[rank]
    ascending.flags.writeable = False
    where = rank if positions is None else np.array(positions, dtype=np.int64)[rank]
    if positions is None and np.array_equal(where, np.arange(len(where))):
        return Places(ascending, None)
    return Places(ascending, where.astype(np.int64))


def _epoch_runs(keys: Sequence[int]) -> Iterable[EpochRun]:
    start = 0
    while start < len(keys):
        end = start + 1
        step = keys[end] - keys[start] if end < len(keys) else 1
        if abs(step) == 1:
            while end < len(keys) and keys[end] - keys[end - 1] == step:
                end += 1
        yield keys[start], keys[end - 1]
        start = end


def _split_runs(keys: Sequence[tuple[str, int]]) -> Iterable[SplitRun]:
    """Cut the keys into runs, each time the one that covers most, of fewest splits if equal."""
    start = 0
    while start < len(keys):
        best, best_splits = 0, 1
        for splits in range(1, _one_epoch(keys, start) + 1):
            covered = splits * _rounds(keys, start, splits)
            if covered > best:
                best, best_splits = covered, splits
        names = tuple(split for split, _ in keys[start : start + best_splits])
        yield names, keys[start][1], keys[start + best - 1][1]
        start += best


def _one_epoch(keys: Sequence[tuple[str, int]], start: int) -> int:
    """Count the keys from `start` on that share its epoch (their splits differ, as keys do)."""
    end = start
    while end < len(keys) and keys[end][1] == keys[start][1]:
        end += 1
    return end - start


def _rounds(keys: Sequence[tuple[str, int]], start: int, splits: int) -> int:
    """Count how many epochs in a row hold the `splits` splits that stand at `start`."""
    first = keys[start][1]
    names = [split for split, _ in keys[start : start + splits]]
    rounds = 0
    while True:
        place = start + rounds * splits
        if list(keys[place : place + splits]) != [(name, first + rounds) for name in names]:
            return rounds
        rounds += 1
