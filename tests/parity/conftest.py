"""Archives and images made from official files, once for all tests of a run."""

from __future__ import annotations

import os
import pickle
import shutil
from functools import cache

import measured_image as measured
import pytest

from nb201store import image
from nb201store.conversion import convert

GENUINE = {"tss": "NATS-tss-v1_0-3ffb9-simple", "sss": "NATS-sss-v1_0-50262-simple"}


@pytest.fixture(scope="session")
def genuine(data_dir):
    """{space: folder} of the published records of indices 0 and 11."""
    return {space: data_dir / "official" / name for space, name in GENUINE.items()}


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """The temporary folder that all workers of a run see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def measured_image(shared_folder, data_dir, tmp_path_factory):
    """The path of an image of all cells of the topology space, their measured last epochs in it."""
    target = shared_folder / "measured.nb201"
    if not target.exists():
        work = tmp_path_factory.mktemp("measured") / target.name
        # Where two workers make it, the second puts the same bytes in place of the first's.
        measured.make(data_dir / "nb201_measured.parquet", work).rename(target)
    return target


@pytest.fixture(scope="session")
def converted(shared_folder, tmp_path_factory):
    """Return make(source, loss="float32") -> (archive, image), cached for all workers of a run.

    What `convert` said of it lies beside them: `summary_of` reads it.
    """

    @cache
    def make(source, loss="float32"):
        name = "-".join(["converted", source.parent.name, source.name, loss])
        target = shared_folder / name
        if not target.exists():
            work = tmp_path_factory.mktemp("converting") / "work"
            work.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                # An archive is hundreds of files to flush, and no test here pulls the plug.
                patch.setattr("nb201store.replacing._fsync", lambda _: None)
                summary, _ = convert(source, work / "a.zarr", loss=loss)
                (work / "summary").write_bytes(pickle.dumps(summary))
                image.pack(work / "a.zarr", work / "a.nb201")
            try:
                work.rename(target)
            except OSError:  # another worker was first
                shutil.rmtree(work)
        return target / "a.zarr", target / "a.nb201"

    return make


@pytest.fixture(scope="session")
def summary_of(converted):
    """Return make(source) -> the Summary of its conversion."""
    return lambda source: pickle.loads(converted(source)[0].with_name("summary").read_bytes())
