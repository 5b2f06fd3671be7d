"""Words, seeds, epochs and cells that a good image does not know: exit code 2 and one line that says what there is."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("--dataset", "cifar-10", "cifar10-valid"),
        ("--split", "test", "ori-test"),
        ("--metric", "accuracy@1", "accuracy"),
        ("--schedule", "90", "200"),
    ],
)
def test_an_unknown_word_is_told_with_the_known_ones(
    files: Any, nb201: Any, refused: Any, option: str, value: str, known: str
) -> None:
    words = {
        "--dataset": "cifar10",
        "--split": "train",
        "--metric": "accuracy",
        "--schedule": "200",
    }
    flat = [part for pair in (words | {option: value}).items() for part in pair]
    done = nb201("query", files.image, "index:0", option, value)
    refused(done, str(files.image), f"no {option[2:]}", value, known)
    refused(nb201("top", files.image, *flat, "--seed", "777"), value, known)


def test_compare_tells_the_schedules_and_metrics_there_are(
    files: Any, nb201: Any, refused: Any
) -> None:
    for schedule, metric in (("90", "accuracy"), ("200", "f1")):
        asked = ("--schedule", schedule, "--metric", metric, "--seed", "mean")
        refused(nb201("compare", files.image, "index:0", *asked), str(files.image), "12, 200")


@pytest.mark.parametrize("seed", ["all", "", "-", "--7", "7.0", "0x309", "²", "MEAN", "9" * 5000])
def test_a_seed_is_a_number_or_mean(files: Any, nb201: Any, refused: Any, seed: str) -> None:
    asked = ["--dataset", "cifar10", "--split", "train", "--schedule", "200"]
    refused(nb201("top", files.image, *asked, f"--seed={seed}"), "--seed must be a number or mean")
    refused(nb201("query", files.image, "index:0", f"--seed={seed}"), "--seed must be a number")


@pytest.mark.parametrize("seed", ["778", "-1", "9" * 18])
def test_a_seed_that_nobody_recorded(files: Any, nb201: Any, refused: Any, seed: str) -> None:
    refused(nb201("query", files.image, "index:0", f"--seed={seed}"), "nothing recorded", seed)
    asked = ["--dataset", "cifar10", "--split", "train", "--schedule", "200"]
    refused(nb201("top", files.image, *asked, f"--seed={seed}"), seed, "777, 888, 999")


@pytest.mark.parametrize("epoch", ["last", "", "--1", "1.5", "²", "9" * 5000])
def test_an_epoch_is_a_number_or_all(files: Any, nb201: Any, refused: Any, epoch: str) -> None:
    done = nb201("query", files.image, "index:0", f"--epoch={epoch}")
    refused(done, "--epoch must be a number or all")


@pytest.mark.parametrize("epoch", ["200", "-201", "9" * 18])
def test_an_epoch_outside_the_schedule(files: Any, nb201: Any, refused: Any, epoch: str) -> None:
    done = nb201("query", files.image, "index:0", "--schedule", "200", f"--epoch={epoch}")
    refused(done, "epoch", epoch)


@pytest.mark.parametrize(
    "cell",
    [
        "15625", "99999999999999999999", "index:", "index:-1", "index:15625", "index:1.5", "index:²", "²", "--0",
        "nor_conv_3x3", "64:64:64:64:64", "|nor_conv_3x3~0|", "", "1e3", "0x10", "None", "9" * 5000,
        "|nor_conv_5x5~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
        "|nor_conv_3x3~0|+|nor_conv_3x3~1|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
    ],
    ids=lambda cell: cell[:24] + str(len(cell)),
)  # fmt: skip
def test_a_text_that_is_no_cell(files: Any, nb201: Any, refused: Any, cell: str) -> None:
    refused(nb201("query", files.image, "--", cell))
    asked = ("--schedule", "200", "--seed", "777")
    refused(nb201("compare", files.image, *asked, "--", "index:0", cell))


def test_a_cell_without_results(files: Any, nb201: Any, refused: Any) -> None:
    refused(nb201("query", files.image, "index:1"), str(files.image), "nothing recorded")


@pytest.mark.parametrize("count", ["0", "-5"])
def test_top_of_nothing(files: Any, nb201: Any, refused: Any, count: str) -> None:
    asked = ["--dataset", "cifar10", "--split", "train", "--schedule", "200", "--seed", "777"]
    refused(nb201("top", files.image, "-n", count, *asked), "n must be 1 or more")


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"], ["--colour"], ["query"], ["query", "x.nb201"], ["convert", "a", "b.zarr", "c"],
        ["convert", "a", "b.zarr", "--loss", "float16"], ["top", "x.nb201", "--dataset", "cifar10"],
        ["top", "x.nb201", "--schedule", "long"], ["info"], ["compare", "x.nb201", "--schedule", "200"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_command_line_that_is_none(nb201: Any, refused: Any, arguments: list[str]) -> None:
    refused(nb201(*arguments))


def test_a_file_is_not_verified_against_itself(files: Any, nb201: Any, refused: Any) -> None:
    refused(nb201("verify", files.image, files.image), "against itself")


def test_compare_of_a_seed_that_no_cell_has(files: Any, nb201: Any, refused: Any) -> None:
    """It printed a table of dashes."""
    done = nb201("compare", files.image, "index:0", "--schedule", "12", "--seed", "5")
    refused(done, "none of these cells has accuracy in schedule 12 with seed 5", "111")
