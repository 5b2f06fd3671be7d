"""A trial in pieces, whatever the pieces, is the whole trial again; one other number is found wherever it stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from record_cases import EPOCHS, series, trial

from nb201store.merging.contradictions import Contradictions
from nb201store.merging.trials import TrialJoin
from nb201store.records import Series, SplitRecord

PARTS = {"scores": ("accuracy", "loss"), "top5": ("top5",), "time": ("time",)}
# On a busy machine making these takes long; how long says nothing of what is tested.
unhurried = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
COSTS = ("params_m", "flops_m", "latency_s")


def whole():
    """A trial with every metric on both splits."""
    usual = trial(7, "plain", EPOCHS, 777)
    splits = {
        name: replace(
            record, top5=record.accuracy, time=series(np.arange(1.0, EPOCHS + 1) + len(name))
        )
        for name, record in usual.splits.items()
    }
    return replace(usual, splits=splits)


@st.composite
def pieces(draw):
    """Records, in any order, of which one has all of a part; of another part it may be another."""
    count = draw(st.integers(2, 4))
    splits = [{} for _ in range(count)]
    for split, record in whole().splits.items():
        for part, metrics in PARTS.items():
            fullest = draw(st.integers(0, count - 1), label=f"who has all {part} of {split}")
            for place in range(count):
                kept = set(range(EPOCHS))
                if place != fullest:
                    kept = draw(st.sets(st.integers(0, EPOCHS - 1)))
                at = np.array(sorted(kept), dtype=np.int32)
                for metric in metrics:
                    if len(at):
                        held = getattr(record, metric)
                        splits[place].setdefault(split, {})[metric] = Series(at, held.values[at])
    known = {name: draw(st.integers(0, count - 1), label=name) for name in COSTS}
    made = []
    for place in range(count):
        costs = {
            name: None for name, owner in known.items() if place != owner and draw(st.booleans())
        }
        records = {split: SplitRecord(**held) for split, held in splits[place].items()}
        made.append(replace(whole(), splits=records, form=f"form {place}", **costs))
    return draw(st.permutations(made))


def joined(records, first_wins=()):
    contradictions = Contradictions(first_wins)
    names = [f"file {place}" for place in range(len(records))]
    join = TrialJoin(names, np.dtype("<f8"), contradictions)
    return join.joined(list(enumerate(records))), contradictions


def assert_same(found, expected):
    for name in COSTS:
        assert getattr(found, name) == getattr(expected, name)
    assert set(found.splits) == set(expected.splits)
    for split, record in expected.splits.items():
        held = found.splits[split].series()
        for metric, values in record.series().items():
            assert held[metric].same_bits(values), (split, metric)


@settings(**unhurried)
@given(pieces())
def test_pieces_make_the_whole_in_any_order(records):
    found, contradictions = joined(records)
    assert not contradictions.found
    assert contradictions.settled == {}
    assert_same(found, whole())


@settings(**unhurried)
@given(pieces(), st.data())
def test_one_other_number_is_found_wherever_it_stands(records, data):
    place = data.draw(st.integers(0, len(records) - 1))
    held = [
        (split, metric, values)
        for split, record in records[place].splits.items()
        for metric, values in record.series().items()
    ]
    assume(held)
    split, metric, values = data.draw(st.sampled_from(held))
    at = data.draw(st.integers(0, len(values.epochs) - 1))
    changed = values.values.copy()
    changed[at] = np.nextafter(changed[at], np.inf)
    record = replace(records[place].splits[split], **{metric: Series(values.epochs, changed)})
    one_other = [*records]
    one_other[place] = replace(records[place], splits={**records[place].splits, split: record})
    epoch = int(values.epochs[at])
    elsewhere = [
        other
        for number, other in enumerate(records)
        if number != place
        and split in other.splits
        and metric in other.splits[split].series()
        and epoch in getattr(other.splits[split], metric).epochs
    ]
    _, contradictions = joined(one_other)
    assert contradictions.found == bool(elsewhere)
    if elsewhere:
        _, settled = joined(one_other, first_wins=[metric])
        assert not settled.found
        assert settled.settled == {metric: 1}
