"""`nb201 diff`: whatever differs between two archives or images is counted, and the first of it named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from record_cases import BENCHMARK, CASES, EPOCHS, SOURCE, cell, trial

from nb201store import archive, image
from nb201store.difference import diff

CODES = range(20, 26)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nb201store.replacing._fsync", lambda _: None)


def made(
    folder: Path,
    name: str,
    cells: Any,
    *,
    benchmark: Any = BENCHMARK,
    source: Any = SOURCE,
    loss: str = "float64",
) -> Path:
    archive.write(folder / f"{name}.zarr", benchmark, cells, source, durable=False, loss=loss)
    return folder / f"{name}.zarr"


def full(code: int) -> Any:
    usual = trial(code, "plain", EPOCHS, 777, latency_s=(0.01, 0.02))
    train = replace(usual.splits["train"], top5=usual.splits["train"].accuracy)
    return replace(usual, splits={**usual.splits, "train": train})


def usual() -> list[Any]:
    return [cell(code, full(code)) for code in CODES]


def with_series(held: Any, split: str, metric: str, change: Any) -> Any:
    record = held.splits[split]
    changed = replace(record, **{metric: change(getattr(record, metric))})
    return replace(held, splits={**held.splits, split: changed})


def other_value(at: int, value: float) -> Any:
    def change(held: Any) -> Any:
        values = held.values.copy()
        values[at] = value
        return replace(held, values=values)

    return change


def fewer(held: Any) -> Any:
    return replace(held, epochs=held.epochs[:-1], values=held.values[:-1])


SERIES = {
    f"{metric} of {split}": (split, metric, at, value)
    for split, metric, at, value in (
        ("train", "accuracy", 1, 50.0), ("ori-test", "accuracy", 4, 12.5), ("train", "loss", 0, 0.123),
        ("train", "top5", 2, 99.0), ("train", "time", 3, 1.25), ("ori-test", "time", 0, -1.5),
    )
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("ending", ["zarr", "nb201"])
def test_one_other_value_is_counted_and_named(name: str, ending: str, tmp_path: Path) -> None:
    split, metric, at, value = SERIES[name]
    changed = usual()
    before = getattr(full(22).splits[split], metric).values[at]
    changed[2] = cell(22, with_series(full(22), split, metric, other_value(at, value)))
    one, two = made(tmp_path, "one", usual()), made(tmp_path, "two", changed)
    if ending == "nb201":
        image.pack(two, tmp_path / "two.nb201")
        two = tmp_path / "two.nb201"
    found = diff(one, two)
    (counted,) = [metric for group in found.groups for metric in group.metrics]
    assert (counted.split, counted.metric) == (split, metric)
    assert (counted.values, counted.differing, counted.only_a, counted.only_b) == (
        6 * EPOCHS,
        1,
        0,
        0,
    )
    assert found.first == [
        f"code 22, plain, schedule {EPOCHS}, seed 777, {split}, {metric}, epoch {at}: {float(before)!r} in {one}, "
        f"{value!r} in {two} (1 of {EPOCHS} epochs differ)"
    ]
    assert not found.same
    assert not found.described


COSTS = {
    "params": ({"params_m": 0.25}, "params_m", (1, 0, 0), "params_m: 0.5 in {a}, 0.25 in {b}"),
    "no flops": ({"flops_m": None}, "flops_m", (0, 1, 0), "flops_m: 70.0 in {a}, none in {b}"),
    "latency": ({"latency_s": (0.01,)}, "latency_s", (1, 0, 0), "latency_s: [0.01, 0.02] in {a}, [0.01] in {b}"),
    "no latency": ({"latency_s": None}, "latency_s", (0, 1, 0), "latency_s: [0.01, 0.02] in {a}, none in {b}"),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_costs_and_latencies(name: str, tmp_path: Path) -> None:
    change, metric, counts, text = COSTS[name]
    changed = [*usual()[:5], cell(25, replace(full(25), **change))]
    one, two = made(tmp_path, "one", usual()), made(tmp_path, "two", changed)
    found = diff(one, two)
    (counted,) = [metric for group in found.groups for metric in group.metrics]
    assert (counted.split, counted.metric) == (None, metric)
    assert (counted.differing, counted.only_a, counted.only_b) == counts
    assert found.first[0].endswith(text.format(a=one, b=two))


def test_what_only_one_has(tmp_path: Path) -> None:
    less = [
        cell(20, full(20), trial(20, "wide", 2, 1)),
        cell(21, with_series(full(21), "ori-test", "time", fewer)),
        cell(22, trial(22, "plain", EPOCHS, 888)),
        cell(30, full(30)),
    ]
    one, two = made(tmp_path, "one", usual()), made(tmp_path, "two", less)
    found = diff(one, two, shown=4)
    assert (found.cells, found.cells_only_a, found.cells_only_b) == (3, 3, 1)
    groups = {(g.schedule, g.dataset): (g.trials, g.only_a, g.only_b) for g in found.groups}
    assert groups == {(2, "wide"): (0, 0, 1), (EPOCHS, "plain"): (2, 4, 2)}
    (counted,) = [metric for group in found.groups for metric in group.metrics]
    assert (counted.metric, counted.differing, counted.only_a, counted.only_b) == ("time", 0, 1, 0)
    assert found.first == [
        f"code 23: only in {one}", f"code 24: only in {one}", f"code 25: only in {one}", f"code 30: only in {two}",
    ]  # fmt: skip
    back = diff(two, one, shown=100)
    assert (back.cells_only_a, back.groups[1].only_a, back.groups[1].metrics[0].only_b) == (1, 2, 1)
    assert any(
        f"code 21, plain, schedule {EPOCHS}, seed 777, ori-test, time, epoch 4: none in {two}"
        in text
        for text in back.first
    )
    assert f"wide, schedule 2: all trials are only in {two}" in back.first


def test_a_series_that_one_has_of_no_trial(tmp_path: Path) -> None:
    without = [
        cell(code, with_series(full(code), "train", "top5", lambda _: None)) for code in CODES
    ]
    found = diff(made(tmp_path, "one", usual()), made(tmp_path, "two", without))
    (counted,) = [metric for group in found.groups for metric in group.metrics]
    assert (counted.metric, counted.values, counted.only_a) == ("top5", 0, 6 * EPOCHS)
    assert len(found.first) == 6


@pytest.mark.parametrize("case", CASES)
def test_every_kind_of_record_is_the_same_as_itself(case: str, tmp_path: Path) -> None:
    one = made(tmp_path, "one", CASES[case])
    image.pack(one, tmp_path / "one.nb201")
    image.pack(one, tmp_path / "two.nb201")
    trials = sum(len(held.trials) for held in CASES[case])
    for a, b in (
        (one, tmp_path / "one.nb201"),
        (tmp_path / "two.nb201", tmp_path / "one.nb201"),
        (one, one),
    ):
        found = diff(a, b)
        assert found.same, (found.first, found.described, found.unlike_forms)
        assert sum(group.trials for group in found.groups) == trials
        assert sum(group.values for group in found.groups) > 0


def test_forms_and_descriptions_differ_without_values(tmp_path: Path, nb201: Any) -> None:
    form = '{"type":"dict","fields":["a","b"],"eval":null}'
    one = made(tmp_path, "one", [cell(20, replace(full(20), form=form)), cell(21, full(21))])
    other_form = form.replace('["a","b"]', '["b","a"]')
    two = made(
        tmp_path,
        "two",
        [cell(20, replace(full(20), form=other_form), form="other"), cell(21, full(21))],
        benchmark=replace(BENCHMARK, batch=128),
        source=replace(SOURCE, name="another"),
    )
    found = diff(one, two)
    assert found.same_values
    assert not found.same
    assert found.unlike_forms == {
        f"cells: form: cell in {one}, other in {two}": 1,
        f'trials: form.fields[0]: "a" in {one}, "b" in {two}': 1,
    }
    assert found.described[0] == "the described benchmark: batch differs"
    assert "another (md5" in found.described[1]
    done = nb201("diff", one, two)
    assert done.code == 1
    assert (
        done.err
        == f"nb201: {one} and {two} differ in sources, forms or description; all values are the same\n"
    )
    assert "other forms: 1 cells, 1 trials" in done.out


def test_losses_of_two_widths_are_compared_as_float32(tmp_path: Path) -> None:
    exact = made(tmp_path, "exact", usual())
    rounded = made(tmp_path, "rounded", usual(), loss="float32")
    for a, b in ((exact, rounded), (rounded, exact)):
        found = diff(a, b)
        assert found.same_values
        assert len(found.described) == 1
        assert "compared as float32" in found.described[0]


def test_the_command_counts_by_group_and_tells_by_its_exit_code(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    same = nb201("diff", files.archive, files.image)
    assert (same.code, same.err) == (0, "")
    assert same.out.startswith("compared: 2 cells, 30 trials, ")
    cells = list(archive.read_records(files.archive))
    first = cells[0].trials[0]
    changed = with_series(first, "train", "time", other_value(0, 0.5))
    cells[0] = replace(cells[0], trials=(changed, *cells[0].trials[1:]))
    opened = archive.open_archive(files.archive)
    archive.write(tmp_path / "x.zarr", opened.benchmark, cells, opened.sources)
    done = nb201("diff", files.archive, tmp_path / "x.zarr")
    assert done.code == 1
    assert done.err == f"nb201: {files.archive} and {tmp_path / 'x.zarr'} differ in values\n"
    assert (
        f"train, time, epoch 0: {float(first.splits['train'].time.values[0])!r} in {files.archive}"
        in done.out
    )
    row = [line.split() for line in done.out.splitlines() if line.split()[:1] == ["12"]]
    assert row == [["12", "cifar10-valid", "train", "time", "48", "1", "0", "0"]]
    found = nb201("diff", files.archive, tmp_path / "x.zarr", "--json", "--show", "0").json
    assert (found["same"], found["same_values"], found["first"]) == (False, False, [])
    assert [m["differing"] for g in found["groups"] for m in g["metrics"]] == [1]
    refused(nb201("diff", files.archive, tmp_path / "no.zarr"), "no.zarr")
    refused(nb201("diff", files.source, files.archive), "magic")


def test_a_slice_differs_in_what_it_leaves_out(files: Any, nb201: Any, tmp_path: Path) -> None:
    part = tmp_path / "part.nb201"
    assert nb201("pack", files.archive, part, "--schedule", "12", "--split", "train").code == 0
    found = diff(files.archive, part)
    assert found.unlike_forms == {}
    assert len(found.described) == 1
    assert found.described[0].startswith(f"{part} is a slice: ")
    counts = {(m.metric, m.differing, m.only_b) for g in found.groups for m in g.metrics}
    assert counts == {(metric, 0, 0) for metric in ("accuracy", "loss", "time")}
    assert {m.split for g in found.groups for m in g.metrics} == {"x-valid", "x-test", "ori-test"}
    assert all(g.only_a == 0 for g in found.groups if g.schedule == 12)
    assert all(g.trials == 0 for g in found.groups if g.schedule == 200)
    assert diff(part, part).same


def test_two_spaces_have_nothing_in_common(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    import synthetic

    from nb201store.conversion import convert

    synthetic.dump(synthetic.Maker("sss").benchmark_object([0], [1]), tmp_path / "sss.pickle.pbz2")
    convert(tmp_path / "sss.pickle.pbz2", tmp_path / "sss.nb201")
    refused(nb201("diff", files.archive, tmp_path / "sss.nb201"), "space sss", "of tss")


def test_blocks_of_rows_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = [
        cell(code, with_series(full(code), "train", "loss", other_value(code % EPOCHS, 9.0)))
        for code in CODES
    ]
    one, two = made(tmp_path, "one", usual()), made(tmp_path, "two", changed)
    whole = diff(one, two)
    monkeypatch.setattr("nb201store.difference.groups._ROWS", 4)
    assert diff(one, two) == whole
    assert len(whole.first) == 6
    assert np.sum([m.differing for g in whole.groups for m in g.metrics]) == 6
