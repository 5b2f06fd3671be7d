"""A small image of cells with one, two and three seeds, and a store of it."""

from __future__ import annotations

import pytest
import synthetic

import nb201store as nb
from nb201store import archive, image, upstream

INDICES = [0, 3, 11]
TRIALS = [1, 2, 3]


@pytest.fixture(scope="session")
def synthetic_source(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "source.pickle.pbz2"
    synthetic.dump(synthetic.Maker().benchmark_object(INDICES, TRIALS), path)
    return path


@pytest.fixture(scope="session")
def image_path(synthetic_source):
    folder = synthetic_source.parent
    with upstream.open_source(synthetic_source) as opened:
        archive.write(folder / "a.zarr", opened.benchmark, opened.cells(), opened.source)
    image.pack(folder / "a.zarr", folder / "a.nb201")
    return folder / "a.nb201"


@pytest.fixture
def bench(image_path):
    with nb.open(image_path) as store:
        yield store


@pytest.fixture(scope="session")
def recorded_codes():
    """Codes of the cells that have one, two and three seeds at 200 epochs."""
    return [nb.tss.from_official_index(index) for index in INDICES]
