"""nb201 export: what it writes is what the Store's table holds; mistakes and interruptions leave no file."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

import nb201store as nb

NB201 = Path(sys.executable).with_name("nb201")
CODES = [nb.tss.from_official_index(0), nb.tss.from_official_index(11)]
ASKED = ("--schedule", "200", "--seed", "mean")


def read_csv(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(newline="") as file:
        header, *lines = csv.reader(file)
    return header, lines


@pytest.fixture
def bench(files: Any) -> Any:
    with nb.open(files.image) as store:
        yield store


def test_csv_holds_every_cell_and_every_bit(
    files: Any, nb201: Any, bench: Any, tmp_path: Path
) -> None:
    target = tmp_path / "x.csv"
    done = nb201("export", files.image, target, *ASKED)
    assert (done.code, done.err) == (0, "")
    # three splits of cifar10-valid, two of cifar10, four of the others
    assert f"{target}: 15625 rows, 16 columns, " in done.out
    header, lines = read_csv(target)
    assert header[:3] == ["code", "official_index", "arch_str"]
    assert [int(line[0]) for line in lines] == list(range(15_625))
    for name, *column in zip(header[3:], *(line[3:] for line in lines), strict=True):
        _, dataset, split, metric, seed = name.split("/")
        assert (metric, seed) == ("accuracy", "mean")
        for code in CODES:
            value = bench.accuracy(code, dataset, split, schedule=200, seed="mean")
            assert column[code] == repr(value)
        assert sum(text != "" for text in column) == len(CODES)


def test_json_tells_what_was_written(files: Any, nb201: Any, bench: Any, tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    asked = (
        "--schedule", "200", "--seed", "888", "--seed", "999", "--dataset", "cifar10", "--dataset", "cifar100",
        "--split", "ori-test", "--metric", "accuracy", "--metric", "params_m", "--epoch", "0", "--epoch", "-1",
        "--cost", "--recorded",
    )  # fmt: skip
    done = nb201("export", files.image, target, *asked, "--json")
    assert (done.code, done.err) == (0, "")
    expected = bench.table(
        schedule=200, seed=[888, 999], datasets=["cifar10", "cifar100"], splits="ori-test",
        metrics=["accuracy", "params_m"], epoch=[0, -1], cost=True, codes="recorded",
    )  # fmt: skip
    assert done.json == {
        "target": str(target), "rows": 2, "columns": expected.schema.names,
        "bytes": target.stat().st_size,
    }  # fmt: skip
    found = pyarrow.parquet.read_table(target)
    assert found.equals(expected, check_metadata=True)
    assert found["200/cifar10/ori-test/accuracy@199/999"].null_count == 1


def test_all_stands_for_everything(files: Any, nb201: Any, bench: Any, tmp_path: Path) -> None:
    asked = "--schedule all --seed all --metric all --epoch all --dataset cifar10 --split ori-test"
    done = nb201(
        "export", files.image, tmp_path / "x.parquet", *asked.split(), "--recorded", "--json"
    )
    # 12 epochs with one seed and 200 with three: accuracy, loss and time; and three numbers of each trial
    assert len(done.json["columns"]) == 3 + 3 * (12 + 3 * 200) + 3 * (1 + 3)
    words = {"datasets": "cifar10", "splits": "ori-test", "codes": "recorded"}
    expected = bench.table(schedule="all", seed="all", metrics="all", epoch="all", **words)
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").equals(expected)


def test_costs_alone_need_no_schedule(files: Any, nb201: Any, bench: Any, tmp_path: Path) -> None:
    nb201("export", files.image, tmp_path / "x.csv", "--cost", "--dataset", "cifar10")
    header, lines = read_csv(tmp_path / "x.csv")
    assert header[3:] == ["cifar10/params_m", "cifar10/flops_m"]
    for code in (0, 7777, 15_624):
        cost = bench.cost(code, "cifar10")
        assert lines[code] == [
            str(code), str(nb.tss.official_index(code)), nb.tss.arch_str(code), repr(cost.params_m),
            repr(cost.flops_m),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["no columns are chosen", "schedule"]),
        (["--schedule", "200"], ["seed", "name both"]),
        (["--seed", "777"], ["schedule", "name both"]),
        ([*ASKED, "--dataset", "cifar11"], ["'cifar11'", "cifar10-valid, cifar10, cifar100"]),
        (["--cost", "--dataset", "cifar11"], ["'cifar11'", "cifar10-valid, cifar10, cifar100"]),
        (["--cost", "--epoch", "3"], ["epoch", "need a schedule and a seed"]),
        ([*ASKED, "--split", "test"], ["'test'", "ori-test"]),
        (
            [*ASKED, "--dataset", "cifar10", "--split", "x-test"],
            ["cifar10 has no split x-test", "train, ori-test"],
        ),
        ([*ASKED, "--metric", "f1"], ["'f1'", "accuracy"]),
        ([*ASKED, "--metric", "top5"], ["has no top5", "accuracy, loss, time"]),
        (["--schedule", "90", "--seed", "777"], ["schedule 90", "12, 200"]),
        (["--schedule", "long", "--seed", "777"], ["--schedule must be a number or all", "'long'"]),
        (["--schedule", "200", "--seed", "778"], ["778", "777, 888, 999"]),
        (["--schedule", "200", "--seed", "7.5"], ["--seed must be a number, mean or all", "'7.5'"]),
        ([*ASKED, "--epoch", "200"], ["epoch must be -200..199", "200"]),
        ([*ASKED, "--epoch", "last"], ["--epoch must be a number or all", "'last'"]),
        ([*ASKED, "--split", "train", "--split", "train"], ["asked for twice"]),
        ([*ASKED, "--column", "edge"], ["user column", "'edge'"]),
    ],
    ids=" ".join,
)
def test_bad_words_are_refused_and_leave_no_file(
    files: Any, nb201: Any, refused: Any, tmp_path: Path, arguments: list[str], words: list[str]
) -> None:
    for name in ("x.csv", "x.parquet"):
        refused(nb201("export", files.image, tmp_path / name, *arguments), *words)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_written(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    def export(target: Path, *more: str) -> Any:
        return nb201("export", files.image, target, *ASKED, *more)

    for name in ("x", "x.xlsx", "x.feather"):
        refused(export(tmp_path / name), str(tmp_path / name), ".csv or .parquet")
    refused(export(tmp_path / "nowhere" / "x.csv"), "nowhere is not a folder")
    refused(export(Path("/proc/x.csv")), "/proc")
    (tmp_path / "folder.csv").mkdir()
    refused(export(tmp_path / "folder.csv", "--overwrite"), "folder.csv is a folder")
    old = tmp_path / "old.csv"
    old.write_text("precious")
    refused(export(old), str(old), "exists", "--overwrite")
    assert old.read_text() == "precious"
    assert export(old, "--overwrite").code == 0
    assert len(read_csv(old)[1]) == 15_625
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.csv", "old.csv"]


def test_what_is_no_image(files: Any, nb201: Any, refused: Any, tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    refused(nb201("export", files.archive, target, *ASKED), str(files.archive), "nb201 pack")
    refused(nb201("export", files.source, target, *ASKED), str(files.source), "magic")
    refused(nb201("export", tmp_path / "missing", target, *ASKED), "missing", "o such")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_value_leaves_no_file(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    image = tmp_path / "damaged.nb201"
    shutil.copyfile(files.image, image)
    with nb.open(files.image) as store:
        place = next(
            s for s in store._image.sections() if s["name"] == "200/cifar10/ori-test/accuracy"
        )
    with image.open("r+b") as file:
        file.seek(place["offset"])
        file.write(b"\xff" * place["size"])
    refused(nb201("export", image, tmp_path / "x.csv", *ASKED), "200/cifar10/ori-test/accuracy")
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.nb201"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=str)
def test_a_stopped_export_keeps_the_old_file(
    files: Any, tmp_path: Path, number: signal.Signals
) -> None:
    target = tmp_path / "x.csv"
    target.write_text("precious")
    # 600 columns of 15,625 cells: a second of writing or more
    words = "--schedule 200 --seed all --epoch all --split train --dataset cifar10 --overwrite"
    command = [NB201, "export", files.image, target, *words.split()]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".*.partial")) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert target.read_text() == "precious"
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert err.lstrip() == "nb201: interrupted; nothing half-written was left\n"
        assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]
    again = [NB201, "export", files.image, target, "--cost", "--overwrite"]
    subprocess.run(again, check=True, stdout=subprocess.DEVNULL)
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_user_columns_are_chosen_by_name(
    files: Any, nb201: Any, refused: Any, tmp_path: Path
) -> None:
    image, target = tmp_path / "attached.nb201", tmp_path / "x.csv"
    shutil.copyfile(files.image, image)
    nb.attach(image, {"code": [3, 5], "edge_latency": [0.1 + 0.2, 4.0], "score": [1, 2]}, by="code")
    done = nb201("export", image, target, "--column", "edge_latency", "--recorded")
    assert (done.code, done.err) == (0, "")
    assert read_csv(target) == (
        ["code", "official_index", "arch_str", "edge_latency"],
        [
            [str(code), str(nb.tss.official_index(code)), nb.tss.arch_str(code), text]
            for code, text in ((3, "0.30000000000000004"), (5, "4.0"))
        ],
    )
    every = nb201("export", image, target, "--column", "all", "--overwrite", "--json")
    assert every.json["columns"][3:] == ["edge_latency", "score"]
    assert every.json["rows"] == 15_625
    refused(
        nb201("export", image, target, "--column", "latency", "--overwrite"),
        "no user column 'latency'", "edge_latency, score",
    )  # fmt: skip
