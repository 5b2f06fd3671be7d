"""`nb201 verify --sample`: a quick look at some cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import synthetic
from small_sources import cell, file_of, folder_of, record

import nb201store as nb
from nb201store import conversion
from nb201store.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

INDICES = list(range(12))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve cells, `x.zarr` and `x.nb201` of them, and the same cells as a single file."""
    made = tmp_path_factory.mktemp("sampled")
    folder_of(made / "folder", INDICES)
    file_of(made / "single.pickle.pbz2", INDICES)
    conversion.convert(made / "folder", made / "x.zarr")
    conversion.convert(made / "folder", made / "x.nb201")
    return made


@pytest.mark.parametrize("target", ["x.zarr", "x.nb201"])
@pytest.mark.parametrize("source", ["folder", "single.pickle.pbz2"])
def test_so_many_cells_are_compared(nb201: Any, folder: Path, target: str, source: str) -> None:
    done = nb201("verify", folder / target, folder / source, "--sample", 5, "--json")
    assert done.code == 0
    assert (done.json["cells"], done.json["trials"], done.json["same"]) == (5, 10, True)
    everything = nb201("verify", folder / target, folder / source, "--sample", 100, "--json")
    assert everything.json["cells"] == len(INDICES)


def test_an_image_is_sampled_against_its_archive(nb201: Any, folder: Path) -> None:
    done = nb201("verify", folder / "x.nb201", folder / "x.zarr", "--sample", 3)
    assert done.code == 0
    assert "3 cells, 6 trials" in done.out


def test_only_the_files_of_the_sample_are_read(folder: Path, tmp_path: Path) -> None:
    """With one cell drawn, all other files of the folder may be unreadable."""
    broken = tmp_path / "folder"
    folder_of(broken, INDICES)
    for index in INDICES[1:]:
        record(broken, index).write_bytes(b"broken")
    outcomes = set()
    for rng_seed in range(40):
        try:
            outcomes.add(verify(folder / "x.nb201", broken, sample=1, rng_seed=rng_seed).same)
        except nb.SourceError:
            outcomes.add(None)
    assert outcomes == {True, None}


def test_a_difference_in_a_cell_that_was_drawn_is_found(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "folder"
    folder_of(other, INDICES)
    state = cell(INDICES[-1])
    trial = next(iter(state["12"]["all_results"].values()))
    trial["train_losses"][5] += 1.0
    synthetic.dump(state, record(other, INDICES[-1]))
    found = [verify(folder / "x.nb201", other, sample=6, rng_seed=n) for n in range(8)]
    again = [verify(folder / "x.nb201", other, sample=6, rng_seed=n) for n in range(8)]
    assert {report.same for report in found} == {True, False}
    assert [report.same for report in found] == [report.same for report in again]
    (told,) = {report.differences[0] for report in found if not report.same}
    assert "train, loss, epoch 5" in told


def test_a_drawn_cell_that_the_source_lacks_is_named(folder: Path, tmp_path: Path) -> None:
    fewer = tmp_path / "folder"
    folder_of(fewer, INDICES[:-1])
    report = verify(folder / "x.zarr", fewer, sample=len(INDICES))
    assert report.cells == len(INDICES) - 1
    code = nb.tss.from_official_index(INDICES[-1])
    assert report.differences == [f"code {code}: in {folder / 'x.zarr'}, but not in the source"]


def test_what_cannot_be_drawn_is_refused(nb201: Any, folder: Path) -> None:
    done = nb201("verify", folder / "x.zarr", "--sample", 3)
    assert done.code == 2
    assert done.err == "nb201: --sample draws cells to compare with a source: name one\n"
    assert nb201("verify", folder / "x.zarr", folder / "folder", "--sample", 0).code == 2
    with pytest.raises(nb.SettingsError, match="a sample of at least 1 cell, found 0"):
        verify(folder / "x.zarr", folder / "folder", sample=0)
