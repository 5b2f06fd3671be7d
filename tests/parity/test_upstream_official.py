"""Records against the official loaders: every value they hold, and the very objects again."""

import bz2
import hashlib
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest
from official import (
    HP_KEYS,
    assert_same,
    bits,
    official_results,
    official_states,
    official_values,
    record_values,
    unpickle,
)
from oracle_states import oracle_states

from nb201store.errors import SourceError, SourceWarning
from nb201store.schema import SSS, TSS
from nb201store.space import SPACES
from nb201store.upstream import KINDS, cell_record, cell_state, open_source
from nb201store.verify import Report, compare_cells

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

N = 20
LAYOUTS = {
    "v1_1": ("v1_1", ()),
    "v1_1 in a zip": ("v1_1", ("--zip",)),
    "v1_1 streamed": ("v1_1", ("--stream",)),
    "v1_1 wrong costs": ("v1_1", ("--wrong-cost", "1")),
    "v1_0": ("v1_0", ()),
    "archive": ("archive", ()),
    "nats-file": ("nats-file", ()),
    "nats-folder": ("nats-dir", ()),
    "sss": ("sss-dir", ()),
}
GENUINE = {
    "genuine tss": "NATS-tss-v1_0-3ffb9-simple",
    "genuine sss": "NATS-sss-v1_0-50262-simple",
}


@pytest.fixture(params=[*LAYOUTS, *GENUINE])
def layout(request):
    """The name of a layout."""
    return request.param


@pytest.fixture
def path(layout, data_dir, make_official):
    """A file or folder in that layout."""
    if layout in GENUINE:
        return data_dir / "official" / GENUINE[layout]
    kind, options = LAYOUTS[layout]
    return make_official(kind, N, *options)


def test_every_value_is_the_one_that_the_official_loader_holds(layout, path):
    states = official_states(path)
    with open_source(path) as upstream:
        space = upstream.benchmark.space
        expected = official_results(path, space)
        seen = 0
        for cell in upstream.cells():
            index = SPACES[space].official_index(cell.code)
            trials = {(t.schedule, t.dataset, t.seed): t for t in cell.trials}
            for hp, results in expected[index].items():
                for (dataset, seed), result in results.all_results.items():
                    trial = trials.pop((int(hp), dataset, seed))
                    assert bits(record_values(trial)) == bits(official_values(result))
                    assert trial.params_m == result.params
                    assert trial.flops_m == result.flop
                    latency = None if result.latency is None else tuple(result.latency)
                    assert trial.latency_s == latency
            assert not trials
            seen += 1
        assert seen == upstream.count == len(states)


def test_the_official_objects_come_back_exactly(path):
    states = official_states(path)
    with open_source(path) as upstream:
        for (index, state), cell in zip(states.items(), upstream.cells(), strict=True):
            assert_same(cell_state(cell, upstream.benchmark), state, f"index {index}")


def test_the_allow_list_unpickler_makes_the_same_records(path):
    states, report = oracle_states(path), Report()
    with open_source(path) as upstream:
        for (index, state), cell in zip(states.items(), upstream.cells(), strict=True):
            expected = cell_record(index, state, upstream.benchmark)
            compare_cells(expected, cell, np.dtype(float), report)
    assert report.differences == []
    assert report.trials > len(states)


def test_what_a_source_says_of_itself(layout, path):
    with open_source(path) as upstream:
        source = upstream.source
        assert upstream.kind == source.kind
        assert source.kind in KINDS
        folder = "genuine" in layout or layout == "sss"
        assert source.kind == ("nats-folder" if folder else layout.split()[0])
        assert upstream.benchmark is (SSS if "sss" in layout else TSS)
        assert source.name == path.name
        if path.is_dir():
            files = [file for file in path.iterdir() if file.name[0] in "0m"]
            lines = sorted(
                f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in files
            )
            data = "".join(lines).encode()
            assert source.size == sum(file.stat().st_size for file in files)
        else:
            data = path.read_bytes()
            assert source.size == len(data)
        assert source.sha256 == hashlib.sha256(data).hexdigest()
        assert source.md5 == hashlib.md5(data).hexdigest()
        zipped = "torch-zip" if "zip" in layout else "torch-legacy"
        assert source.container == ("bz2" if source.kind.startswith("nats") else zipped)


def test_a_few_forms_serve_all(path):
    with open_source(path) as upstream:
        cells = list(upstream.cells())
    assert len({trial.form for cell in cells for trial in cell.trials}) <= 12
    assert len({cell.form for cell in cells}) <= 3


def test_reads_again_and_in_ascending_index(make_official):
    told = []
    upstream = open_source(
        make_official("v1_0", N), progress=lambda *progress: told.append(progress)
    )
    with upstream:
        first = [cell.code for cell in upstream.cells()]
        assert told[-1] == ("read", N, N)
        assert [cell.code for cell in upstream.cells()] == first
    assert first == [SPACES["tss"].from_official_index(index) for index in range(N)]


def test_weights_are_read_past(tmp_path, make_official):
    """In torch's legacy and zip containers, and in the plain pickles of a -full folder."""
    import torch

    [(_, state), *_] = official_states(make_official("archive", N)).items()
    expected = pickle.loads(pickle.dumps(state))
    weights = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    weights["parameter"] = torch.nn.Parameter(torch.ones(2).half())
    for part in state.values():
        for trial in part["all_results"].values():
            trial["net_state_dict"] = weights
    archive, full = tmp_path / "archive", tmp_path / "full"
    archive.mkdir()
    full.mkdir()
    for zipped in (False, True):
        file = archive / "000000-FULL.pth"
        torch.save(OrderedDict(state), file, _use_new_zipfile_serialization=zipped)
        (archive / "000000-SIMPLE.pth").write_bytes(b"not read where there is a FULL")
        with open_source(archive) as upstream:
            (cell,) = upstream.cells()
            assert '"weights":true' in cell.trials[0].form
            assert_same(cell_state(cell, TSS), expected)
    meta = make_official("nats-dir", N) / "meta.pickle.pbz2"
    (full / "meta.pickle.pbz2").write_bytes(meta.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own storages
        data = pickle.dumps(OrderedDict({HP_KEYS[hp]: part for hp, part in state.items()}), 4)
    (full / "0.pickle.pbz2").write_bytes(bz2.compress(data))
    with open_source(full) as upstream:
        (cell,) = upstream.cells()
        assert_same(list(cell_state(cell, TSS).values()), list(expected.values()))


class TestRefusals:
    """Of files around genuine content."""

    @pytest.fixture
    def top(self, make_official):
        return unpickle(make_official("nats-file", N))

    def write(self, path, top):
        path.write_bytes(bz2.compress(pickle.dumps(top, 4), 1))
        return path

    def test_a_name_that_ends_in_another_md5(self, tmp_path, top):
        path = self.write(tmp_path / "NATS-tss-v1_0-3ffb9.pickle.pbz2", top)
        end = hashlib.md5(path.read_bytes()).hexdigest()[-5:]
        with (
            pytest.warns(SourceWarning, match="3ffb9") as caught,
            open_source(path, checksums=True) as source,
        ):
            assert source.source.md5.endswith(end)
        assert end in str(caught[0].message)
        assert caught[0].filename == __file__
        for quiet in (f"NATS-tss-v1_0-{end}.pickle.pbz2", "made-abcde.pth"):
            path = path.rename(tmp_path / quiet)
            with open_source(path) as source:
                assert source.source.md5.endswith(end)

    @pytest.mark.parametrize(
        ("change", "names"),
        [
            (lambda top: top["meta_archs"].reverse(), ["meta_archs", "index 0"]),
            (lambda top: top["meta_archs"].pop(), ["meta_archs", "15624"]),
            (lambda top: top.update(total_archs=7), ["total_archs", "7"]),
            (lambda top: top.pop("total_archs"), ["total_archs"]),
            (lambda top: top.update(basestr="x"), ["basestr"]),
            (lambda top: top["evaluated_indexes"].remove(3), ["evaluated_indexes", "index 3"]),
            (lambda top: top["evaluated_indexes"].add(99), ["evaluated_indexes", "index 99"]),
            (lambda top: top["arch2infos"].update({20000: {}}), ["arch2infos", "20000"]),
            (lambda top: top["arch2infos"].update({"3": {}}), ["arch2infos", "'3'"]),
            (lambda top: top["arch2infos"].clear(), ["arch2infos"]),
            (lambda top: top["arch2infos"].update({0: None}), ["index 0"]),
        ],
    )
    def test_top_levels(self, tmp_path, top, change, names):
        change(top)
        path = self.write(tmp_path / "f", top)
        with pytest.raises(SourceError) as caught:
            list(open_source(path).cells())
        for name in [str(path), *names]:
            assert name in str(caught.value)

    def test_a_cell_that_is_another(self, tmp_path, top):
        infos = top["arch2infos"]
        infos[3], infos[4] = infos[4], infos[3]
        path = self.write(tmp_path / "f", top)
        with pytest.raises(SourceError, match=r"f: index 3, '12': arch_index: expected 3, found 4"):
            list(open_source(path).cells())

    def test_folders(self, tmp_path, data_dir):
        genuine = data_dir / "official" / GENUINE["genuine tss"]
        meta, record = genuine / "meta.pickle.pbz2", genuine / "000011.pickle.pbz2"
        with pytest.raises(SourceError, match="expected a folder of"):
            open_source(tmp_path)
        (tmp_path / record.name).write_bytes(record.read_bytes())
        with pytest.raises(SourceError, match=r"without meta\.pickle\.pbz2"):
            open_source(tmp_path)
        with pytest.raises(SourceError, match="give the folder"):
            open_source(tmp_path / record.name)
        (tmp_path / meta.name).write_bytes(meta.read_bytes())
        with open_source(tmp_path) as upstream:
            assert [cell.code for cell in upstream.cells()] == [
                SPACES["tss"].from_official_index(11)
            ]
        (tmp_path / "11.pickle.pbz2").write_bytes(record.read_bytes())
        with pytest.raises(SourceError, match="both 000011"):
            open_source(tmp_path)
        (tmp_path / "11.pickle.pbz2").rename(tmp_path / "15625.pickle.pbz2")
        with pytest.raises(SourceError, match="15625"):
            open_source(tmp_path)
        (tmp_path / "15625.pickle.pbz2").rename(tmp_path / "12.pickle.pbz2")
        with (
            open_source(tmp_path) as upstream,
            pytest.raises(SourceError, match=r"12\.pickle\.pbz2: index 12, '12': arch_index"),
        ):
            list(upstream.cells())
        (tmp_path / record.name).unlink()
        (tmp_path / "12.pickle.pbz2").unlink()
        with pytest.raises(SourceError, match=r"expected 000000\.pickle"):
            open_source(tmp_path)
        with pytest.raises(FileNotFoundError, match="nowhere"):
            open_source(tmp_path / "nowhere")
