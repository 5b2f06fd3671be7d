"""One trial as several sources have it: compared in every number, and joined."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.laid_out import Layouts
from nb201store.merging.parts import KnownParts
from nb201store.upstream.joined_forms import joined_trial_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.laid_out import LaidOut
    from nb201store.merging.contradictions import Contradictions
    from nb201store.merging.parts import Pair, Part
    from nb201store.records import TrialRecord

    Array = np.ndarray[Any, np.dtype[Any]]

_COSTS = ("params_m", "flops_m", "latency_s")


class TrialJoin:
    """Joins trials; what they contradict each other in goes to `contradictions`.

    `names`: how messages call the sources. `loss`: the dtype in which losses are compared, float32 where some source
    holds them so.
    """

    def __init__(
        self, names: Sequence[str], loss: np.dtype[Any], contradictions: Contradictions
    ) -> None:
        self._names = names
        self._loss = loss
        self._contradictions = contradictions
        self._layouts = Layouts()
        self._parts = KnownParts()

    def joined(self, held: Sequence[tuple[int, TrialRecord]]) -> TrialRecord:
        """Return the trial that these are, by source; where they contradict each other the first one stands."""
        first = held[0][1]
        if len(held) == 1:
            return first
        trials = [trial for _, trial in held]
        laid_out = [self._layouts.laid_out(trial.splits) for trial in trials]
        parts = self._parts.of(laid_out)
        differing: dict[str, str] = {}
        chosen = (0,) * len(parts.parts)
        if not _same_arrays(laid_out):
            chosen = tuple([self._choose(part, laid_out, held, differing) for part in parts.parts])
        taken = [
            (part.name, place) for part, place in zip(parts.parts, chosen, strict=True) if place
        ]
        costs = {}
        for name in _COSTS:
            place = self._choose_cost(name, held, differing)
            if place:
                taken.append((name, place))
                costs[name] = getattr(trials[place], name)
        if differing:
            self._contradictions.add(differing)
        if not taken:
            return first
        forms = tuple([trial.form for trial in trials])
        return replace(
            first,
            splits=parts.joined(chosen, laid_out),
            form=joined_trial_form(forms, tuple(taken)),
            **costs,
        )

    def _choose(
        self,
        part: Part,
        laid_out: Sequence[LaidOut],
        held: Sequence[tuple[int, TrialRecord]],
        differing: dict[str, str],
    ) -> int:
        """The place of the source from which a part is taken, after comparing it with that of the others."""
        unequal = False
        for gap in part.gaps:
            unequal = True
            said = ", ".join(
                f"{one.epochs} only in {self._name(held, one.place)} (first: {one.split}, epoch {one.epoch})"
                for one in gap.alone
            )
            text = f"{held[0][1].name}, {gap.metric}: neither has all epochs of the other: {said}"
            differing.setdefault(gap.metric, text)
        for pair in part.pairs:
            wrong = self._first_unequal(pair, laid_out)
            if wrong is None:
                continue
            unequal = True
            if pair.metric not in differing:
                places = sorted((pair.fullest, pair.other), key=lambda one: one.place)
                said = ", ".join(
                    f"{float(one.values(laid_out)[wrong])!r} in {self._name(held, one.place)}"
                    for one in places
                )
                where = (
                    f"{held[0][1].name}, {pair.split}, {pair.metric}, epoch {pair.epochs[wrong]}"
                )
                differing[pair.metric] = f"{where}: {said}"
        return part.first if unequal else part.fullest

    def _first_unequal(self, pair: Pair, laid_out: Sequence[LaidOut]) -> int | None:
        """The place of the first value that differs as bits, None where none does."""
        one, two = pair.fullest.values(laid_out), pair.other.values(laid_out)
        if one.tobytes() == two.tobytes():
            return None
        if pair.metric == "loss":
            with np.errstate(over="ignore"):
                one, two = one.astype(self._loss), two.astype(self._loss)
        bits = f"u{one.itemsize}"
        wrong = np.flatnonzero(one.view(bits) != two.view(bits))
        return int(wrong[0]) if len(wrong) else None

    def _choose_cost(
        self, name: str, held: Sequence[tuple[int, TrialRecord]], differing: dict[str, str]
    ) -> int:
        """The place of the first source that recorded it, after comparing it with what the others did."""
        found = [getattr(trial, name) for _, trial in held]
        known = [place for place, value in enumerate(found) if value is not None and value != ()]
        for place in known[1:]:
            if name not in differing and _bits(found[place]) != _bits(found[known[0]]):
                said = ", ".join(
                    f"{_shown(found[one])} in {self._name(held, one)}" for one in (known[0], place)
                )
                differing[name] = f"{held[0][1].name}, {name}: {said}"
        return known[0] if known else 0

    def _name(self, held: Sequence[tuple[int, TrialRecord]], place: int) -> str:
        return self._names[held[place][0]]


def _same_arrays(laid_out: Sequence[LaidOut]) -> bool:
    """Whether all have one layout and the same bytes in it, as trials of two official files mostly do."""
    first = laid_out[0]
    return all(
        other.layout is first.layout
        and all(
            one.tobytes() == two.tobytes()
            for one, two in zip(first.arrays, other.arrays, strict=True)
        )
        for other in laid_out[1:]
    )


def _bits(value: float | tuple[float, ...]) -> bytes:
    values = value if isinstance(value, tuple) else (value,)
    return struct.pack(f"<{len(values)}d", *values)


def _shown(value: float | tuple[float, ...]) -> str:
    """A number, or the first few of a list."""
    if not isinstance(value, tuple):
        return repr(value)
    more = f" and {len(value) - 3} more" if len(value) > 3 else ""
    return f"[{', '.join(map(repr, value[:3]))}]{more}"
