"""Sources of different layouts joined: the official package loads what is rebuilt of them, and answers alike."""

from __future__ import annotations

import warnings

import pytest
from answers import differences
from official import Tables, official_results, torch_load

import nb201store as nb
from nb201store import archive, image, schema, upstream
from nb201store.conversion import convert
from nb201store.errors import SourceError
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

N = 20
CHOICES = ("time", "latency_s")
"""v1_1 has constant seconds, and one latency, where v1_0 has what was measured."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr("nb201store.replacing._fsync", lambda _: None)


def test_a_release_that_holds_another_stays_as_it_is(make_official, tmp_path):
    less, more = make_official("v1_1", N), make_official("nats-dir", N)
    tables = Tables(official_results(more, "tss"), "tss")
    for name, sources in (("a", [less, more]), ("b", [more, less])):
        summary, _ = convert(sources, tmp_path / f"{name}.nb201")
        with nb.open(tmp_path / f"{name}.nb201") as bench:
            assert differences(bench, tables) == []
        by_name = {share.name: share for share in summary.sources}
        assert by_name[str(less)].only_trials == 0
        assert by_name[str(more)].only_trials > 0
        for source in sources:
            report = verify(tmp_path / f"{name}.nb201", source)
            assert report.same, report.differences


@pytest.mark.parametrize("order", [("v1_0", "v1_1"), ("v1_1", "v1_0"), ("v1_0", "nats-dir")])
def test_the_official_package_loads_what_was_joined(order, make_official, tmp_path):
    import torch

    sources = [make_official(kind, N) for kind in order]
    with pytest.raises(
        SourceError,
        match=r"\d+ in time, \d+ in latency_s; .*--first-wins time --first-wins latency_s",
    ):
        convert(sources, tmp_path / "x.zarr")
    summary, _ = convert(sources, tmp_path / "x.zarr", first_wins=CHOICES)
    assert set(summary.differing_trials) == set(CHOICES)
    image.pack(tmp_path / "x.zarr", tmp_path / "x.nb201")
    for source in sources:
        report = verify(tmp_path / "x.zarr", source)
        assert report.same, report.differences

    top = torch_load(make_official("v1_1", N))
    top["arch2infos"] = {
        nb.tss.official_index(record.code): upstream.cell_state(record, schema.TSS)
        for record in archive.read_records(tmp_path / "x.zarr")
    }
    top["evaluated_indexes"] = sorted(top["arch2infos"])
    rebuilt = tmp_path / "rebuilt.pth"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storages
        torch.save(top, rebuilt, _use_new_zipfile_serialization=False)
    if order[0] != "nats-dir":
        assert set(top["arch2infos"][0]) == {"full", "less"}
    with nb.open(tmp_path / "x.nb201") as bench:
        assert (
            differences(bench, Tables(official_results(rebuilt, "tss"), "tss"), loss="float32")
            == []
        )
    again, _ = convert(rebuilt, tmp_path / "again.zarr")
    assert (again.trials, again.values) == (summary.trials, summary.values)
