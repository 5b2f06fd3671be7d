"""A small image with holes: cells with one, two and three seeds at 200 epochs."""

from __future__ import annotations

import pytest
import synthetic

import nb201store as nb
from nb201store.conversion import convert

INDICES, TRIALS = [0, 3, 11], [1, 2, 3]


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    source = folder / "small.pickle.pbz2"
    synthetic.dump(synthetic.Maker().benchmark_object(INDICES, TRIALS), source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb201store.replacing._fsync", lambda _: None)  # no test pulls the plug
        convert(source, folder / "small.nb201")
    with nb.open(folder / "small.nb201") as store:
        yield store
