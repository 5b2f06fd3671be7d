"""`nb201 pack --schedule --dataset --split --last-epoch`: smaller images of a part of an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nb201store as nb
from nb201store import archive, image
from nb201store.image.reader import ImageRecords

if TYPE_CHECKING:
    from pathlib import Path


def packed(nb201: Any, files: Any, target: Path, *options: str) -> Path:
    done = nb201("pack", files.archive, target, *options)
    assert (done.code, done.err) == (0, "")
    verified = nb201("verify", target, files.source)
    assert (verified.code, verified.err) == (0, ""), verified.out
    assert "2 cells" in verified.out
    return target


def columns(path: Path) -> dict[tuple[int, str, str | None, str], list[int]]:
    return {
        (c["schedule"], c["dataset"], c["split"], c["metric"]): list(c["epochs"])
        for c in ImageRecords(path).image.describe()["columns"]
    }


CHOICES: dict[str, tuple[tuple[str, ...], Any]] = {
    "schedule": (("--schedule", "12"), lambda s, _d, _p, _m: s == 12),
    "data sets": (
        ("--dataset", "cifar10", "--dataset", "cifar100"),
        lambda _s, d, _p, _m: d in ("cifar10", "cifar100"),
    ),
    "split": (  # cifar10 has no x-valid: nothing of it is kept
        ("--split", "x-valid"),
        lambda _s, d, p, _m: d != "cifar10" and p in ("x-valid", None),
    ),
    "all": (
        ("--schedule", "200", "--dataset", "cifar10-valid", "--split", "train"),
        lambda s, d, p, _m: s == 200 and d == "cifar10-valid" and p in ("train", None),
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_chosen_is_kept_and_nothing_else(
    nb201: Any, files: Any, tmp_path: Path, name: str
) -> None:
    options, keeps = CHOICES[name]
    part = packed(nb201, files, tmp_path / "part.nb201", *options)
    whole = columns(files.image)
    assert columns(part) == {key: epochs for key, epochs in whole.items() if keeps(*key)}
    assert part.stat().st_size < files.image.stat().st_size


def test_the_last_epoch_of_a_schedule(nb201: Any, files: Any, tmp_path: Path) -> None:
    part = packed(nb201, files, tmp_path / "part.nb201", "--last-epoch", "200")
    kept = columns(part)
    for key, epochs in columns(files.image).items():
        schedule, _, split, metric = key
        shortened = schedule == 200 and split is not None and metric != "time"
        assert kept.pop(key) == ([199] if shortened else epochs)
    assert not kept


def test_answers_are_those_of_the_whole(nb201: Any, files: Any, tmp_path: Path) -> None:
    part = nb.open(packed(nb201, files, tmp_path / "part.nb201", "--last-epoch", "200"))
    whole = nb.open(files.image)
    code = ImageRecords(files.image).codes()[0]
    asked = (code, "cifar10-valid", "x-valid")
    for schedule, seed in ((12, 777), (200, "mean"), (200, 888)):
        for metric in ("accuracy", "loss", "time"):
            words = {"schedule": schedule, "seed": seed}
            assert part.value(*asked, metric, **words) == whole.value(*asked, metric, **words)
    curves = [
        store.curve(*asked, "accuracy", schedule=12, seed=777).tolist() for store in (part, whole)
    ]
    assert curves[0] == curves[1]
    paid = [store.simulated_cost(*asked, schedule=200, seed=888) for store in (part, whole)]
    assert paid[0] == paid[1]  # seconds of all epochs stay
    with pytest.raises(nb.MissingDataError, match="epochs recorded: 199"):
        part.value(*asked, "accuracy", schedule=200, epoch=100, seed=888)


def test_records_of_a_slice_are_those_of_the_source_less_what_was_left_out(
    nb201: Any, files: Any, tmp_path: Path
) -> None:
    part = packed(nb201, files, tmp_path / "part.nb201", "--last-epoch", "200", "--split", "train")
    for ours, source in zip(image.read_records(part), archive.read_records(files.archive), strict=True):  # fmt: skip
        assert ours.code == source.code
        for trial, whole in zip(ours.trials, source.trials, strict=True):
            assert set(trial.splits) == {"train"}
            if whole.schedule == 200:
                loss = trial.splits["train"].loss
                assert loss.epochs.tolist() == [199]
                assert loss.values[0] == whole.splits["train"].loss.values[-1]
            assert trial.latency_s == whole.latency_s


def test_a_slice_says_that_it_is_one(nb201: Any, files: Any, tmp_path: Path) -> None:
    options = ("--schedule", "200", "--last-epoch", "200", "--split", "x-valid")
    part = packed(nb201, files, tmp_path / "part.nb201", *options)
    told = nb201("info", part)
    assert "a slice of its archive: schedules 200, splits x-valid, last epoch 200" in told.out
    expected = {"schedules": [200], "datasets": [], "splits": ["x-valid"], "last_epoch": [200]}
    assert nb201("info", part, "--json").json["slice"] == expected
    assert nb201("info", files.image, "--json").json["slice"] is None


def test_the_order_of_words_does_not_change_a_byte(nb201: Any, files: Any, tmp_path: Path) -> None:
    words = ["--split", "train", "--split", "x-valid"]
    one = packed(nb201, files, tmp_path / "1.nb201", *words)
    two = packed(nb201, files, tmp_path / "2.nb201", *words[2:], *words, *words[:2])
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--schedule", "100"), "schedule 100: it has 12, 200"),
        (("--dataset", "cifar"), "data set cifar: it has cifar10-valid, cifar10, cifar100, ImageNet16-120"),
        (("--split", "valid"), "split valid: it has train, x-valid, ori-test, x-test"),
        (("--last-epoch", "90"), "last epoch 90: it has 12, 200"),
        (("--schedule", "12", "--last-epoch", "200"), "last epoch 200: it has 12"),
        (("--dataset", "cifar10", "--split", "x-valid"), "nothing is left of it by these choices"),
    ],
)  # fmt: skip
def test_words_that_choose_nothing_are_refused(
    nb201: Any, files: Any, tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    done = nb201("pack", files.archive, tmp_path / "part.nb201", *options)
    assert done.code == 2
    assert done.err == f"nb201: {files.archive}: {says}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("made", [{}, [], {"schedules": 3}, {"schedules": ["x"]}, None])
def test_a_slice_that_is_none_is_refused(files: Any, monkeypatch: Any, made: Any) -> None:
    def about(self: ImageRecords, name: str) -> Any:
        return {"slice": made} if name == "about" else read(self, name)

    read = ImageRecords._json
    monkeypatch.setattr(ImageRecords, "_json", about)
    with pytest.raises(nb.FormatError, match="section 'about': slice"):
        ImageRecords(files.image)


def test_a_changed_number_of_a_slice_is_found(nb201: Any, files: Any, tmp_path: Path) -> None:
    part = packed(nb201, files, tmp_path / "part.nb201", "--last-epoch", "200")
    section = next(
        s for s in ImageRecords(part).image.sections() if s["name"] == "200/cifar10/train/loss"
    )
    raw = bytearray(part.read_bytes())
    at = section["offset"]
    value = np.frombuffer(raw, "<f4", 1, at)[0]
    raw[at : at + 4] = np.nextafter(value, np.float32(9)).tobytes()
    part.write_bytes(raw)
    found = nb201("verify", part, files.source)
    assert found.code == 1
    assert "cifar10, schedule 200, seed" in found.out
    assert "train, loss, epoch 199" in found.out
