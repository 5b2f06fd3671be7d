"""What the commands print: the same doubles as the Store, as JSON and as text."""

from __future__ import annotations

import math
from typing import Any

import pytest

import nb201store as nb

CODES = [nb.tss.from_official_index(0), nb.tss.from_official_index(11)]


@pytest.fixture
def bench(files: Any) -> Any:
    with nb.open(files.image) as store:
        yield store


def test_a_cell_is_named_by_code_index_or_string(files: Any, nb201: Any) -> None:
    asked = ("--dataset", "cifar10", "--schedule", "200", "--json")
    by_code, by_index, by_string = (
        nb201("query", files.image, cell, *asked)
        for cell in (CODES[1], "index:11", nb.tss.arch_str(CODES[1]))
    )
    assert by_code.code == 0
    assert by_code.json["code"] == CODES[1]
    assert by_code.json["official_index"] == 11
    assert by_code.out == by_index.out == by_string.out


def test_query_lists_everything_recorded_at_the_last_epoch(
    files: Any, nb201: Any, bench: Any
) -> None:
    rows = nb201("query", files.image, CODES[0], "--json").json["values"]
    assert {row["schedule"] for row in rows} == {12, 200}
    assert {row["metric"] for row in rows} == {"accuracy", "top5", "loss", "time"}
    for row in rows:
        words = {"schedule": row["schedule"], "seed": row["seed"], "epoch": row["epoch"]}
        value = bench.value(CODES[0], row["dataset"], row["split"], row["metric"], **words)
        assert row["value"] == value
        assert row["epoch"] == row["schedule"] - 1
    seeds = {(r["dataset"], r["seed"]) for r in rows if r["schedule"] == 200}
    assert ("cifar10", 777) in seeds
    assert ("cifar10", 999) not in seeds


def test_query_gives_whole_curves(files: Any, nb201: Any, bench: Any) -> None:
    asked = ("--dataset", "cifar100", "--split", "train", "--metric", "loss", "--schedule", "200")
    rows = nb201(
        "query", files.image, CODES[1], *asked, "--epoch", "all", "--seed", "999", "--json"
    ).json["values"]
    curve = bench.curve(CODES[1], "cifar100", "train", "loss", schedule=200, seed=999)
    assert [row["value"] for row in rows] == curve.tolist()
    assert [row["epoch"] for row in rows] == list(range(200))


@pytest.mark.parametrize("epoch", ["0", "-1", "-200", "7"])
def test_query_counts_epochs_from_both_ends(files: Any, nb201: Any, bench: Any, epoch: str) -> None:
    asked = (
        "--dataset",
        "cifar10",
        "--split",
        "train",
        "--metric",
        "accuracy",
        "--schedule",
        "200",
    )
    rows = nb201(
        "query", files.image, CODES[1], *asked, "--epoch", epoch, "--seed", "888", "--json"
    ).json["values"]
    value = bench.accuracy(CODES[1], "cifar10", "train", schedule=200, epoch=int(epoch), seed=888)
    assert [(row["value"], row["epoch"]) for row in rows] == [(value, int(epoch) % 200)]


def test_query_gives_the_mean_over_seeds(files: Any, nb201: Any, bench: Any) -> None:
    asked = ("--dataset", "cifar10", "--split", "ori-test", "--metric", "accuracy")
    rows = nb201(
        "query", files.image, CODES[1], *asked, "--schedule", "200", "--seed", "mean", "--json"
    ).json["values"]
    mean = bench.accuracy(CODES[1], "cifar10", "ori-test", schedule=200, seed="mean")
    assert [(row["seed"], row["value"]) for row in rows] == [("mean", mean)]


def test_query_text_shows_every_digit(files: Any, nb201: Any, bench: Any) -> None:
    asked = ("--dataset", "cifar10", "--split", "ori-test", "--schedule", "200", "--seed", "888")
    done = nb201("query", files.image, CODES[1], *asked)
    for metric in ("accuracy", "loss", "time"):
        value = bench.value(CODES[1], "cifar10", "ori-test", metric, schedule=200, seed=888)
        assert repr(value) in done.out
    assert nb.tss.arch_str(CODES[1]) in done.out


def test_a_narrow_terminal_cuts_nothing(
    files: Any, nb201: Any, bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    done = nb201(
        "top", files.image, "--dataset", "cifar10", "--split", "train", "--schedule", "200",
        "--seed", "mean",
    )  # fmt: skip
    best = bench.top(2, "cifar10", "train", schedule=200, seed="mean")
    for ranked in best:
        assert f"{ranked.value:.4f}" in done.out
        assert nb.tss.arch_str(ranked.code) in done.out


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_top_ranks_as_the_store_does(files: Any, nb201: Any, bench: Any, metric: str) -> None:
    asked = ("--dataset", "cifar100", "--split", "x-valid", "--schedule", "200", "--seed", "mean")
    cells = nb201("top", files.image, "-n", 5, *asked, "--metric", metric, "--json").json["cells"]
    best = bench.top(5, "cifar100", "x-valid", metric, schedule=200, seed="mean")
    assert [(cell["code"], cell["value"]) for cell in cells] == [tuple(ranked) for ranked in best]
    assert [cell["rank"] for cell in cells] == [1, 2]
    assert {cell["code"]: cell["official_index"] for cell in cells} == dict(
        zip(CODES, (0, 11), strict=True)
    )
    assert [cell["seeds"] for cell in cells if cell["code"] == CODES[1]] == [[777, 888, 999]]


def test_compare_shows_cells_side_by_side(files: Any, nb201: Any, bench: Any) -> None:
    asked = ("--schedule", "200", "--seed", "mean")
    found = nb201("compare", files.image, CODES[0], "index:11", *asked, "--json").json
    assert [cell["code"] for cell in found["cells"]] == CODES
    for row in found["rows"]:
        for code, value in zip(CODES, row["values"], strict=True):
            if row["split"] is None:
                assert value == getattr(bench.cost(code, row["dataset"]), row["what"])
            else:
                words = {"schedule": 200, "seed": "mean"}
                assert value == bench.value(
                    code, row["dataset"], row["split"], row["what"], **words
                )
    text = nb201("compare", files.image, CODES[0], "index:11", *asked).out
    assert all(nb.tss.arch_str(code) in text for code in CODES)


def test_compare_marks_what_a_cell_lacks(files: Any, nb201: Any) -> None:
    asked = ("--schedule", "200", "--seed", "999")
    rows = nb201("compare", files.image, *CODES, *asked, "--json").json["rows"]
    accuracies = [row["values"] for row in rows if row["what"] == "accuracy"]
    assert accuracies
    assert all(first is None and second is not None for first, second in accuracies)
    assert " - " in nb201("compare", files.image, *CODES, *asked).out


def test_info_describes_an_image_and_its_archive_alike(files: Any, nb201: Any) -> None:
    of_image, of_archive = (
        nb201("info", path, "--json").json for path in (files.image, files.archive)
    )
    differing = {"file", "kind", "bytes"}
    assert {k: v for k, v in of_image.items() if k not in differing} == {
        k: v for k, v in of_archive.items() if k not in differing
    }
    assert of_image["cells_with_results"] == 2
    assert of_image["sources"][0]["name"] == files.source.name
    assert of_image["bytes"] == files.image.stat().st_size
    for path in (files.image, files.archive):
        text = nb201("info", path).out
        assert "2 of 15625 cells" in text
        assert of_image["sources"][0]["md5"] in text


def test_info_lists_the_known_sources(nb201: Any) -> None:
    listed = nb201("info", "--sources", "--json").json
    assert {"NATS-tss-v1_0-3ffb9.pickle.pbz2", "NAS-Bench-201-v1_1-096897.pth"} <= {
        source["name"] for source in listed
    }
    text = nb201("info", "--sources").out
    for source in listed:
        assert source["name"] in text
        assert source["licence"] in text
        assert source["cite"] in text


def test_verify_compares_with_the_source(files: Any, nb201: Any) -> None:
    for target in (files.image, files.archive):
        report = nb201("verify", target, files.source, "--json")
        assert report.code == 0
        assert report.json["same"] is True
        assert report.json["cells"] == 2
        assert report.json["values"] > 10_000
        assert report.json["differences"] == 0
    against_archive = nb201("verify", files.image, files.archive)
    assert against_archive.code == 0
    assert "2 cells" in against_archive.out


def test_verify_alone_checks_every_checksum(files: Any, nb201: Any) -> None:
    assert "sound" in nb201("verify", files.image).out
    assert "sound (2 cells" in nb201("verify", files.archive).out
    assert nb201("verify", files.archive, "--json").json["file"] == str(files.archive)


def test_verify_exits_with_1_where_values_differ(files: Any, nb201: Any, tmp_path: Any) -> None:
    import synthetic

    other = tmp_path / "other.pickle.pbz2"
    synthetic.dump(synthetic.Maker(rng_seed=1).benchmark_object([0, 11], [2, 3]), other)
    text = nb201("verify", files.image, other)
    assert text.code == 1
    assert text.err == (
        f"nb201: {files.image} differs from {other} in {text.err.split(' in ')[-1].split()[0]} places\n"
    )
    assert f"code {CODES[0]}, " in text.out
    found = nb201("verify", files.image, other, "--json")
    assert found.code == 1
    assert found.json["same"] is False
    assert found.json["differences"] > 1_000
    assert 0 < len(found.json["first_differences"]) <= 20


def test_json_writes_what_is_no_number_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    from nb201store.cli.output import print_json

    print_json({"values": [math.nan, math.inf, -math.inf, 0.1 + 0.2, None]})
    import json

    read = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert read == {"values": ["NaN", "Infinity", "-Infinity", 0.1 + 0.2, None]}
    assert math.isnan(float(read["values"][0]))
