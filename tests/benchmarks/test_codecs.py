"""The comparison of chunks and codecs, on the demo's archive: what comes back, what is told, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import run
from nb201bench import archive_arrays, chunk_ways, codec_page, demo
from nb201bench.chunk_ways import OURS, PCODEC
from nb201bench.harness import Disagreement
from nb201bench.workloads import codecs

from nb201store.cli.demo import SOURCE
from nb201store.conversion import convert


@pytest.fixture(scope="module")
def no_flushing():
    """Archives are hundreds of files to flush, and no test here pulls the plug."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb201store.replacing._fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def archive(no_flushing, tmp_path_factory):
    _, made, _ = demo.make(tmp_path_factory.mktemp("archive") / "demo")
    return made


@pytest.fixture(scope="module")
def report(archive, tmp_path_factory):
    """A toy run on the demo's archives, and the page of it; the demo's cells stand for genuine ones."""
    folder = tmp_path_factory.mktemp("report")
    exact, genuine = folder / "float64.zarr", folder / "genuine"
    convert(SOURCE, exact, loss="float64")
    simple, _ = demo.make_sources(folder / "sources")
    genuine.mkdir()
    (genuine / simple.name).symlink_to(simple)
    words = ["--archive", str(archive), "--archive-float64", str(exact), "--genuine", str(genuine)]
    out = folder / "codecs.json"
    assert run.main(["--codecs", "--toy", "--rounds", "1", *words, "--out", str(out)]) == 0
    return json.loads(out.read_text())


def test_every_way_gives_every_bit_back_and_is_told_by_kind(report) -> None:
    kinds = {case["title"].rpartition(": ")[0] for case in report["cases"]}
    assert kinds == {
        "hits, 2 bytes", "hits, 4 bytes", "hits of the last batch, 1 byte", "losses, 4 bytes",
        "losses, 8 bytes", "times, latencies and costs, 8 bytes", "flags, forms and counts",
    }  # fmt: skip
    assert len(report["cases"]) == 3 * len(kinds)
    for case in report["cases"]:
        assert case["timings"][0]["name"] == OURS
        assert PCODEC in [timing["name"] for timing in case["timings"]]
        assert {timing["agrees"] for timing in case["timings"]} == {"exactly, 8 answers"}
        if case["title"].endswith(codecs.ENCODE):
            assert 0 < case["measures"]["values"] <= case["measures"]["bytes"]
            assert case["measures"][f"bytes, {PCODEC}"] > 0


def test_the_total_of_our_way_is_the_size_of_the_archive(report, archive) -> None:
    totals = {total["way"]: total for total in report["totals"]}
    size = sum(file.stat().st_size for file in archive.rglob("*") if file.is_file())
    assert totals[OURS]["bytes"] == report["archives"][0]["bytes"] == size
    assert {*totals} == {OURS, *chunk_ways.CHANGES}
    assert totals[chunk_ways.CHUNK_OF_CODE]["files"] > 1000 * totals[OURS]["files"]


def test_genuine_curves_are_told_in_bytes_a_value(report) -> None:
    found = {told["kind"]: told for told in report["genuine"]}
    assert {"hits, 2 bytes", "losses, 4 bytes", "losses, 8 bytes"} <= {*found}
    for told in found.values():
        assert set(told["ways"]) == set(codecs.OF_GENUINE)
    assert found["losses, 4 bytes"]["values"] == found["losses, 8 bytes"]["values"]
    assert 1 < found["losses, 4 bytes"]["ways"][OURS] / found["losses, 4 bytes"]["values"] < 4.5


def test_the_page_has_a_row_for_every_way(report) -> None:
    text = codec_page.page(report, "codecs.json")
    assert text.startswith("# Chunks and codecs of the archive\n\nMade by `make benchmarks-codecs`")
    assert "**A toy run**" in text
    assert "**Taken on 12 of 15625 cells.**" in text
    assert "* archive: `demo.zarr`, " in text
    assert text.count(f"\n| **{OURS}** | ") == 1 + 7
    assert text.count(f"\n| {PCODEC} | ") == 1 + 7
    assert text.count(f"\n| {codecs.THROUGH_ZARR} | ") == 7
    assert "\n| losses, 4 bytes | " in text
    assert "Not given here." in codec_page.page(report | {"genuine": []}, "codecs.json")


def test_an_archive_of_another_version_is_refused(archive, monkeypatch) -> None:
    """Its files would be told as ours, at a size that ours is not."""
    kept = chunk_ways.ours

    def other(*asked, **told):
        return chunk_ways.CHANGES["zstd level 5"](kept(*asked, **told), None)

    monkeypatch.setattr(chunk_ways, "ours", other)
    with pytest.raises(Disagreement, match="is not as this version writes it; convert the source"):
        codecs._totals(archive_arrays.smallest(archive_arrays.arrays(archive)), 0)


def test_a_way_that_loses_a_bit_ends_the_run(archive, monkeypatch, capsys) -> None:
    right = chunk_ways.Pcodec.decode

    def wrong(self, data):
        found = right(self, data).copy()
        found.view(np.uint8)[0] ^= 1
        return found

    monkeypatch.setattr(chunk_ways.Pcodec, "decode", wrong)
    assert run.main(["--codecs", "--toy", "--rounds", "1", "--archive", str(archive)]) == 1
    assert f"encode, {PCODEC}: " in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["<u2", "<u4", "u1", "<f4", "<f8", "?"])
@pytest.mark.parametrize("epochs", [True, False])
def test_chunks_of_every_way_hold_the_array(dtype, epochs) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (5000, 2, 3)).astype(dtype)
    for way in chunk_ways.ways(values, epochs=epochs).values():
        chunks = [way.decode(way.encode(c), (2, 3), values.dtype) for c in way.chunks(values)]
        assert {len(chunk) for chunk in chunks} == {way.codes}
        assert np.concatenate(chunks)[:5000].tobytes() == values.tobytes()
