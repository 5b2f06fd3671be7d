"""nb201 top: by a metric or a user column, under conditions; what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import nb201store as nb

ASKED = ("--dataset", "cifar100", "--split", "x-valid", "--schedule", "200", "--seed", "mean")
CODES = [int(code) for code in nb.tss.from_official_index([0, 11])]  # of the shared image
PARAMS = (0.135156, 0.808276)  # of them on cifar100, as published


@pytest.fixture(scope="module")
def attached(files: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shared image, with a user column of its two cells and a third."""
    path = tmp_path_factory.mktemp("attached") / "tiny.nb201"
    shutil.copy(files.image, path)
    nb.attach(path, {"code": [*CODES, 5], "edge_latency": [2.5, 1.25, 0.001]}, by="code")
    return path


def test_conditions_choose_the_cells(files: Any, nb201: Any) -> None:
    for condition, expected in (("params_m <= 0.5", CODES[:1]), ("params_m > 0.5", CODES[1:])):
        found = nb201("top", files.image, *ASKED, "--where", condition, "--json").json
        assert [cell["code"] for cell in found["cells"]] == expected
        assert found["where"] == [condition]
    both = ("--where", "params_m <= 0.5", "--where", "flops_m > 100")
    assert nb201("top", files.image, *ASKED, *both, "--json").json["cells"] == []


def test_costs_stand_beside_the_cells(files: Any, nb201: Any) -> None:
    cells = nb201("top", files.image, *ASKED, "--json").json["cells"]
    costs = {cell["code"]: (cell["params_m"], cell["flops_m"]) for cell in cells}
    assert costs == {CODES[0]: (PARAMS[0], 15.65322), CODES[1]: (PARAMS[1], 113.95722)}
    table = nb201("top", files.image, *ASKED).out
    assert "params_m" in table
    assert "0.135156" in table
    assert "113.95722" in table


def test_order_turns_the_ranking_round(files: Any, nb201: Any) -> None:
    def ranked(*order: str) -> list[int]:
        cells = nb201("top", files.image, *ASKED, *order, "--json").json["cells"]
        return [cell["code"] for cell in cells]

    assert ranked() == ranked("--order", "highest") == ranked("--order", "lowest")[::-1]


def test_a_user_column_is_ranked_and_conditioned_on(attached: Path, nb201: Any) -> None:
    asked = ("top", attached, "--column", "edge_latency", "--order", "lowest")
    found = nb201(*asked, "--json").json
    assert [(cell["code"], cell["value"]) for cell in found["cells"]] == [
        (5, 0.001), (CODES[1], 1.25), (CODES[0], 2.5),
    ]  # fmt: skip
    assert (found["column"], found["dataset"], found["order"]) == ("edge_latency", None, "lowest")
    assert "params_m" not in found["cells"][0]
    table = nb201(*asked).out
    assert "user column edge_latency" in table
    assert nb.tss.arch_str(CODES[1]) in table

    some = (*asked, "--where", "edge_latency > 0.5", "--where", "params_m < 0.5")
    cells = nb201(*some, "--dataset", "cifar100", "--json").json["cells"]
    assert [(cell["code"], cell["params_m"]) for cell in cells] == [(CODES[0], PARAMS[0])]
    best = nb201("top", attached, *ASKED, "--where", "edge_latency < 2", "--json").json["cells"]
    assert [cell["code"] for cell in best] == [CODES[1]]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("", "expected NAME < NUMBER"),
        ("params_m", "no comparison in it"),
        ("<= 0.5", "no name before the comparison"),
        ("params_m = 0.5", "expected == for equal"),
        ("params_m < nan", "expected a finite decimal number"),
        ("params_m < 1e999", "a number that a double can hold"),
        ("params_m < 0.5\n", "expected a finite decimal number"),
        ("größe < 1", "no column to compare"),
        ("watts < 1", "this file has params_m, flops_m, edge_latency"),
        ("accuracy > 90", "no column to compare 'accuracy'"),
        ("x" * 100_000, "no comparison in it"),
    ],
    ids=lambda text: text[:16],
)
def test_a_bad_condition_is_one_line_and_exit_code_2(
    attached: Path, nb201: Any, refused: Any, condition: str, words: str
) -> None:
    done = nb201("top", attached, *ASKED, "--where", condition)
    refused(done, words)
    assert len(done.err) < 400


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--dataset", "cifar10"), "Missing --split, --schedule, --seed, or --column"),
        ((), "Missing --dataset, --split, --schedule, --seed, or --column"),
        (("--column", "edge_latency"), "order must be 'highest' or 'lowest' for a user column"),
        (("--column", "edge_latency", "--order", "best"), "order must be"),
        (("--column", "watts", "--order", "lowest"), "no user column 'watts': this file has edge_latency"),
        (("--column", "accuracy", "--order", "lowest"), "no user column 'accuracy'"),
        (("--column", "edge_latency", *ASKED, "--order", "lowest"), "--split, --schedule, --seed would have no"),
        (("--column", "edge_latency", "--epoch", "3", "--order", "lowest"), "--epoch would have no effect"),
        (("--column", "edge_latency", "--order", "lowest", "--dataset", "x"), "no dataset 'x'"),
        (
            ("--column", "edge_latency", "--order", "lowest", "--where", "params_m < 1"),
            "condition on params_m: expected a dataset",
        ),
        ((*ASKED, "--order", "up"), "order must be 'highest' or 'lowest', found 'up'"),
        ((*ASKED, "-n", "0"), "n must be 1 or more"),
        ((*ASKED, "--metric", "edge_latency"), "no metric 'edge_latency'"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(
    attached: Path, nb201: Any, refused: Any, options: tuple[str, ...], words: str
) -> None:
    refused(nb201("top", attached, *options), words)
