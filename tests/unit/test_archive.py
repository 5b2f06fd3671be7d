"""Archive and image give back whatever records can hold; xarray and any Zarr v3 library read the archive."""

from __future__ import annotations

import filecmp
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import synthetic
from record_cases import BENCHMARK, CASES, EPOCHS, SOURCE, cell, series, trial

from nb201store import archive, image, upstream
from nb201store.archive import layout
from nb201store.cli.demo import SOURCE as SOURCE_OF_DEMO
from nb201store.conversion import convert
from nb201store.errors import SettingsError, SourceError
from nb201store.records import SplitRecord
from nb201store.schema import Benchmark, Dataset, Split
from nb201store.verify import Report, compare_cells


def write(folder: Path, cells, **options):
    archive.write(folder / "a.zarr", BENCHMARK, cells, SOURCE, durable=False, **options)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    return folder / "a.zarr", folder / "a.nb201"


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("loss", ["float32", "float64"])
def test_records_come_back_from_archive_and_image(name, loss, tmp_path) -> None:
    cells = CASES[name]
    files = write(tmp_path, cells, loss=loss)
    for read, path in zip((archive.read_records, image.read_records), files, strict=True):
        found = list(read(path))
        assert [c.code for c in found] == [c.code for c in cells]
        report = Report()
        for theirs, ours in zip(cells, found, strict=True):
            compare_cells(theirs, ours, np.dtype(loss), report)
        assert report.differences == []
        assert report.trials == sum(len(c.trials) for c in cells)


def test_the_same_bytes_come_of_any_number_of_threads(tmp_path, monkeypatch) -> None:
    cells = list({c.code: c for case in CASES.values() for c in case}.values())
    trees = []
    for threads in (1, 5):
        monkeypatch.setattr("nb201store.threads.cores", lambda threads=threads: threads)
        (tmp_path / str(threads)).mkdir()
        trees.append(write(tmp_path / str(threads), cells))
    (one, one_image), (other, other_image) = trees
    assert one_image.read_bytes() == other_image.read_bytes()
    files = [p.relative_to(one) for p in one.rglob("*") if p.is_file()]
    assert len(files) > 100
    assert filecmp.cmpfiles(one, other, files, shallow=False)[0] == files


def test_an_archive_that_was_compressed_little_makes_the_same_image(tmp_path) -> None:
    images = []
    for quick in (False, True):
        (tmp_path / str(quick)).mkdir()
        images.append(
            write(tmp_path / str(quick), CASES["dense and sparse trials mixed"], quick=quick)[1]
        )
    assert images[0].read_bytes() == images[1].read_bytes()


def test_more_waits_than_there_is_room_for(tmp_path, monkeypatch) -> None:
    cells = [
        cell(code, *(trial(code, "plain", EPOCHS, seed) for seed in range(9))) for code in range(60)
    ]
    (tmp_path / "usual").mkdir()
    usual = write(tmp_path / "usual", cells)[1].read_bytes()
    monkeypatch.setattr("nb201store.archive.staging._MOST_WAITING_BYTES", 1_000)
    (tmp_path / "little").mkdir()
    assert write(tmp_path / "little", cells)[1].read_bytes() == usual
    monkeypatch.setattr("nb201store.archive.staging.MOST_LAYOUTS", 1)
    monkeypatch.setattr("nb201store.laid_out.MOST_LAYOUTS", 1)
    (tmp_path / "few").mkdir()
    assert write(tmp_path / "few", cells)[1].read_bytes() == usual


def test_the_source_may_be_told_when_all_cells_have_come(tmp_path) -> None:
    came = []

    def cells():
        yield from CASES["one dense trial"]
        came.append("all")

    def source():
        assert came == ["all"]
        return SOURCE

    archive.write(tmp_path / "a.zarr", BENCHMARK, cells(), source, durable=False)
    assert archive.open_archive(tmp_path / "a.zarr").sources == (SOURCE,)


def test_the_same_records_make_the_same_bytes_in_any_order(tmp_path) -> None:
    cells = [c for case in CASES.values() for c in case if c.code not in (0,)]
    cells = list({c.code: c for c in cells}.values())
    trees = []
    for name, ordered in (("one", cells), ("other", cells[::-1])):
        (tmp_path / name).mkdir()
        trees.append(write(tmp_path / name, ordered))
    (one, one_image), (other, other_image) = trees
    assert one_image.read_bytes() == other_image.read_bytes()
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    assert filecmp.cmpfiles(one, other, files, shallow=False)[1:] == ([], [])


def test_a_source_converted_twice_makes_the_same_files(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("nb201store.replacing._fsync", lambda _: None)
    one, other = tmp_path / "one.zarr", tmp_path / "other.zarr"
    for target in (one, other):
        convert(SOURCE_OF_DEMO, target)
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    assert sum(file.name == "zarr.json" for file in files) > 100
    assert filecmp.cmpfiles(one, other, files, shallow=False)[1:] == ([], [])


@pytest.mark.parametrize("shape", [(), (3,), (1, 1), (3, 3), (1, 12), (3, 12), (3, 200), (8, 200)])
@pytest.mark.parametrize("dtype", ["?", "u1", "<u2", "<u4", "<f4", "<f8"])
@pytest.mark.parametrize("size", [15_625, 32_768])
def test_chunks_are_few_and_large(shape, dtype, size) -> None:
    codes = layout.chunk_codes(size, shape, np.dtype(dtype))
    chunk = codes * math.prod(shape) * np.dtype(dtype).itemsize
    assert codes % layout.CODES_PER_BLOCK == 0
    assert codes == layout.CODES_PER_BLOCK or chunk <= layout.MOST_CHUNK_BYTES
    assert codes >= size or 2 * chunk > layout.MOST_CHUNK_BYTES
    assert -(-size // codes) <= 16


class TestOtherReaders:
    """The archive without any plug-in of ours."""

    @pytest.fixture
    def path(self, tmp_path) -> Path:
        cells = [*CASES["dense and sparse trials mixed"], *CASES["top-5 in some trials only"]]
        return write(tmp_path, cells)[0]

    def groups(self, path: Path) -> list[str]:
        nodes = (
            p.parent
            for p in path.rglob("zarr.json")
            if json.loads(p.read_text())["node_type"] == "group"
        )
        return sorted(str(node.relative_to(path)) for node in nodes)

    def test_xarray_opens_every_group_with_dims_coordinates_and_units(self, path) -> None:
        import xarray as xr

        groups = self.groups(path)
        assert "5/wide/x-valid" in groups
        for group in groups:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                opened = xr.open_zarr(path, group="" if group == "." else group, chunks=None)
            depth = 0 if group == "." else len(group.split("/"))
            if depth in (0, 2, 3):
                assert opened.coords["code"].to_numpy().tolist() == list(range(15_625))
            if depth in (2, 3):
                assert {"code", "seed"} <= set(opened["present"].dims)
                assert "seed" in opened.coords
            if depth == 3:
                assert opened["hits"].dims == ("code", "seed", "epoch")
                assert opened["hits"].attrs["units"] == "percent"
                assert opened["loss"].attrs["units"] == "nats"
            if depth == 2:
                assert opened["time"].dims == ("code", "seed", "split")
                assert opened["time"].attrs["units"] == "s"

    def test_xarray_shows_percent_and_nan_where_nothing_is_present(self, path) -> None:
        import xarray as xr

        opened = xr.open_zarr(path, group="5/wide/x-valid", chunks=None)
        one = opened.sel(code=1, seed=888)
        assert one["present"].to_numpy().tolist() == [False] * 4 + [True]
        assert np.isnan(one["hits"].to_numpy()).tolist() == [True] * 4 + [False]
        assert one["hits"].to_numpy()[4] == pytest.approx(27.366666666666667, abs=1e-6)
        assert np.isnan(opened.sel(code=2)["hits"].to_numpy()).all()
        assert not opened.sel(code=2)["present"].to_numpy().any()

    def test_only_codecs_of_the_specification_are_used(self, path) -> None:
        arrays = [json.loads(p.read_text()) for p in path.rglob("zarr.json")]
        used = {codec["name"] for node in arrays for codec in node.get("codecs", [])}
        assert used == {"bytes", "blosc", "crc32c", "transpose", "vlen-utf8"}
        assert json.loads((path / "zarr.json").read_text())["consolidated_metadata"]["metadata"]

    def test_the_root_names_the_cells(self, path) -> None:
        import zarr

        root = zarr.open_group(path, mode="r")
        assert root["arch_str"][1] == "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
        assert np.flatnonzero(root["present"][:]).tolist() == [1, 15, 16]
        assert root.attrs["sources"][0]["sha256"] == "0" * 64
        assert root["5/wide/x-valid"].attrs["images"] == 3_000


def broken(percent=10.0, loss=1.0, **changed):
    splits = {"ori-test": SplitRecord(series([percent, 20.0]), series([loss, 1.0]))}
    return cell(7, trial(7, "plain", 2, 777, **({"splits": splits} | changed)))


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([broken(percent=10.00001)], r"2/plain/ori-test, code 7, seed 777, epoch 0: accuracy 10.00001 is not the"),
        ([broken(percent=float("nan"))], "accuracy nan is not the percentage of any number of hits"),
        ([broken(percent=100.01)], "out of 10000 images"),
        ([broken(loss=1e39)], r"loss 1e\+39 is too large for float32; convert with --loss float64"),
        ([broken(), broken()], "code 7 came twice"),
        ([cell(15_625, trial(15_625, "plain", 2, 1))], "15625 is outside the space"),
        ([cell(7, trial(8, "plain", 2, 1))], "belongs to another cell"),
        ([cell(7, trial(7, "plain", 2, 1), trial(7, "plain", 2, 1))], "came twice"),
        ([], "no cell has any results"),
        (
            [broken(splits={"ori-test": SplitRecord(series([1.0, 2.0]), series([1.0]))})],
            "accuracy and loss of ori-test exist at different epochs",
        ),
        ([broken(splits={"x-test": SplitRecord(series([1.0]), series([1.0]))})], "unknown split 'x-test'"),
    ],
)  # fmt: skip
def test_records_that_cannot_be_held_exactly_are_refused(cells, says, tmp_path) -> None:
    with pytest.raises(SourceError, match=says):
        archive.write(tmp_path / "a.zarr", BENCHMARK, cells, SOURCE)
    assert list(tmp_path.iterdir()) == []


def test_a_large_loss_is_kept_as_float64(tmp_path) -> None:
    files = write(tmp_path, [broken(loss=1e39)], loss="float64")
    for read, path in zip((archive.read_records, image.read_records), files, strict=True):
        (found,) = read(path)
        assert found.trials[0].splits["ori-test"].loss.values[0] == 1e39


def test_another_loss_dtype_is_refused(tmp_path) -> None:
    with pytest.raises(SettingsError, match="loss must be float32 or float64, found 'float16'"):
        archive.write(tmp_path / "a.zarr", BENCHMARK, [broken()], SOURCE, loss="float16")


def test_a_last_batch_that_does_not_fit_a_byte_is_refused(tmp_path) -> None:
    """Its hits would wrap in silence: a benchmark of one's own in batches of 512 can have 488 images in the last."""
    dataset = Dataset("plain", 10, 32, (Split("train", 1_000),))
    own = Benchmark("own", "tss", 16, 5, 3, 512, (2,), (dataset,))
    splits = {"train": SplitRecord(series([50.0, 60.0]), series([1.0, 1.0]))}
    with pytest.raises(
        SettingsError, match=r"2/plain/train: 1000 images in batches of 512 leave 488 in the last"
    ):
        archive.write(
            tmp_path / "a.zarr", own, [cell(1, trial(1, "plain", 2, 1, splits=splits))], SOURCE
        )
    assert list(tmp_path.iterdir()) == []


def test_an_empty_list_of_latencies_is_not_none_in_the_restored_object(tmp_path) -> None:
    maker = synthetic.Maker()
    states = maker.cell(3, trials=1)
    for number, state in enumerate(states["12"]["all_results"].values()):
        state["latency"] = [] if number % 2 else None
    record = upstream.cell_record(3, states, maker.benchmark)
    archive.write(tmp_path / "a.zarr", maker.benchmark, [record], SOURCE, durable=False)
    image.pack(tmp_path / "a.zarr", tmp_path / "a.nb201")
    for read, name in ((archive.read_records, "a.zarr"), (image.read_records, "a.nb201")):
        (found,) = read(tmp_path / name)
        restored = upstream.cell_state(found, maker.benchmark)
        kept = [state["latency"] for state in restored["12"]["all_results"].values()]
        assert kept == [state["latency"] for state in states["12"]["all_results"].values()]
        assert [] in kept
        assert None in kept
