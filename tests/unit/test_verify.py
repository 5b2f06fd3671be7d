"""`verify` finds whatever differs, and what it takes for equal at once is what it finds equal one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from record_cases import BENCHMARK, CASES, EPOCHS, SOURCE, cell, series, trial

from nb201store import archive, image
from nb201store.laid_out import Layouts
from nb201store.records import SplitRecord
from nb201store.threads import Workers
from nb201store.verify import Report, compare_cells, verify
from nb201store.verify.together import same_trials
from nb201store.verify.verifying import Comparison, open_target

CODES = range(20, 26)
METRICS = ("accuracy", "loss", "top5", "time")


def stored(folder, cells, loss="float64"):
    """[archive, image] of cells."""
    archive.write(folder / "a.zarr", BENCHMARK, cells, SOURCE, durable=False, loss=loss)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    return [folder / "a.zarr", folder / "a.nb201"]


def full(code):
    """A trial with every metric; times vary for odd codes, top-5 is of the training split only."""
    made = trial(code, "plain", EPOCHS, 777, latency_s=(0.01, 0.02))
    splits = dict(made.splits)
    accuracy = splits["train"].accuracy
    time = series(np.arange(1.0, EPOCHS + 1) if code % 2 else [2.0] * EPOCHS)
    splits["train"] = replace(splits["train"], top5=accuracy, time=time)
    return replace(made, splits=splits)


def with_series(made, split, metric, change):
    record = made.splits[split]
    changed = replace(record, **{metric: change(getattr(record, metric))})
    return replace(made, splits={**made.splits, split: changed})


def nudged(place):
    """The double at `place` by one ulp, or by one hit."""

    def change(held):
        values = held.values.copy()
        values[place] = np.nextafter(values[place], np.inf)
        return replace(held, values=values)

    return change


def without_last(held):
    return replace(held, epochs=held.epochs[:-1], values=held.values[:-1])


CHANGES = {
    "form": lambda made: replace(made, form="another"),
    "no params": lambda made: replace(made, params_m=None),
    "params by one ulp": lambda made: replace(made, params_m=float(np.nextafter(0.5, 1))),
    "flops": lambda made: replace(made, flops_m=71.0),
    "a latency less": lambda made: replace(made, latency_s=(0.01,)),
    "no latency": lambda made: replace(made, latency_s=None),
    "another latency": lambda made: replace(made, latency_s=(0.01, 0.03)),
    "another seed": lambda made: replace(made, seed=888),
    "a split less": lambda made: replace(made, splits={"train": made.splits["train"]}),
    "no times": lambda made: with_series(made, "train", "time", lambda _: None),
    "a time less": lambda made: with_series(made, "train", "time", without_last),
    "no top-5": lambda made: with_series(made, "train", "top5", lambda _: None),
    "more top-5": lambda made: with_series(
        made, "ori-test", "top5", lambda _: made.splits["train"].accuracy
    ),
    **{
        f"{metric}, epoch {epoch}": (
            lambda made, metric=metric, epoch=epoch: with_series(
                made, "train", metric, nudged(epoch)
            )
        )
        for metric in METRICS
        for epoch in (0, EPOCHS - 1)
    },
    "scores of an epoch less": lambda made: with_series(
        with_series(made, "train", "loss", without_last), "train", "accuracy", without_last
    ),
}


def compared_at_once(path, trials):
    target = open_target(path)
    table = target.trial_tables()[EPOCHS, "plain"]
    layouts = Layouts()
    laid_out = [layouts.laid_out(one.splits) for one in trials]
    by_layout: dict[int, list[int]] = {}
    for place, one in enumerate(laid_out):
        by_layout.setdefault(id(one.layout), []).append(place)
    same = np.zeros(len(trials), dtype=bool)
    for places in by_layout.values():
        same[places] = same_trials(
            [trials[p] for p in places], [laid_out[p] for p in places], table, target.loss_dtype
        )
    return same.tolist()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return stored(tmp_path_factory.mktemp("verify"), [cell(code, full(code)) for code in CODES])


@pytest.mark.parametrize("kind", [0, 1], ids=["archive", "image"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_trial_is_not_taken_for_equal(files, kind, name) -> None:
    trials = [full(code) for code in CODES]
    assert compared_at_once(files[kind], trials) == [True] * len(CODES)
    for place in (0, 3):
        changed = [*trials]
        changed[place] = CHANGES[name](trials[place])
        found = compared_at_once(files[kind], changed)
        assert not found[place]
        if name != "another seed":  # a trial that is not there: the batch is looked at one by one
            latencies = "latenc" in name and name != "another latency"
            assert latencies or sum(found) == len(CODES) - 1


@pytest.mark.parametrize("kind", [0, 1], ids=["archive", "image"])
@pytest.mark.parametrize("name", CHANGES)
def test_its_differences_are_named(files, kind, name) -> None:
    """As comparing records one by one names them, and no more."""
    trials = [full(code) for code in CODES]
    trials[2] = CHANGES[name](trials[2])
    cells = [cell(one.code, one) for one in trials]
    with Workers() as workers:
        comparison = Comparison(files[kind], open_target(files[kind]), workers)
        for one in cells:
            comparison.add(one)
        report = comparison.finish()
    expected = Report()
    compare_cells(cells[2], cell(22, full(22)), np.dtype(float), expected)
    assert sorted(report.differences) == sorted(expected.differences)
    assert report.difference_count == expected.difference_count > 0
    assert (report.cells, report.trials) == (len(CODES), len(CODES))
    assert all("code 22" in line for line in report.differences)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("loss", ["float32", "float64"])
def test_what_was_stored_is_the_same_and_counted_as_one_by_one(name, loss, tmp_path) -> None:
    cells = CASES[name]
    archived, packed = stored(tmp_path, cells, loss)
    report, expected = verify(packed, archived), Report()
    for one in cells:
        expected.cells += 1
        compare_cells(one, one, np.dtype(loss), expected)
    assert report.same
    assert (report.cells, report.trials, report.values) == (
        expected.cells, expected.trials, expected.values,
    )  # fmt: skip


def test_losses_are_compared_after_the_rounding_of_the_target(tmp_path) -> None:
    exact, rounded = tmp_path / "exact", tmp_path / "rounded"
    cells = [cell(code, full(code)) for code in CODES]
    for folder, loss in ((exact, "float64"), (rounded, "float32")):
        folder.mkdir()
        stored(folder, cells, loss)
    for target in ("a.zarr", "a.nb201"):
        assert verify(rounded / target, exact / "a.zarr").same
        assert not verify(exact / target, rounded / "a.zarr").same


def test_cells_and_trials_of_one_side_only(tmp_path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    twice = cell(20, full(20), replace(full(20), seed=888))
    paths = stored(one, [twice, cell(21, full(21))])
    stored(other, [cell(20, full(20)), cell(22, full(22))])
    for path in paths:
        report = verify(path, other / "a.zarr")
        assert report.differences == [
            f"code 22: missing in {path}",
            f"code 21: in {path}, but not in the source",
            f"code 20, plain, schedule {EPOCHS}, seed 888: not in the source",
        ]
    report = verify(other / "a.nb201", one / "a.zarr")
    assert f"code 20, plain, schedule {EPOCHS}, seed 888: missing" in report.differences


def test_everything_may_differ(tmp_path) -> None:
    """More batches than wait at once, and every difference counted though few are kept."""
    seeds = range(40)
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, form in ((one, "a"), (other, "b")):
        folder.mkdir()
        trials = {code: [replace(full(code), seed=s, form=form) for s in seeds] for code in CODES}
        stored(folder, [cell(code, *held) for code, held in trials.items()])
    report = verify(one / "a.nb201", other / "a.zarr")
    assert report.difference_count == report.trials == len(seeds) * len(CODES)
    assert len(report.differences) == 20
    assert verify(one / "a.nb201", other / "a.zarr").differences == report.differences


def test_splits_that_hold_nothing_are_equal_to_none(tmp_path) -> None:
    empty = trial(20, "plain", EPOCHS, 1, splits={"train": SplitRecord()})
    archived, packed = stored(tmp_path, [cell(20, empty), cell(21, full(21))])
    assert verify(packed, archived).same
