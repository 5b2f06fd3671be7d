"""Archives and images written back: the official packages load the files and answer as from the originals."""

from __future__ import annotations

import bz2
import json
import pickle
from pathlib import Path

import nas_201_api
import nats_bench
import pytest
from official import assert_same, official_states, torch_load, unpickle

from nb201store.conversion import convert
from nb201store.restoration import restore
from nb201store.schema import OFFICIAL
from nb201store.space import tss
from nb201store.verify import verify

pytestmark = [pytest.mark.realdata, pytest.mark.peers]

N = 20
LAYOUTS = {
    "v1_1": ("tss", "v1_1", ("--wrong-cost", "1")),
    "v1_0": ("tss", "v1_0", ()),
    "archive": ("tss", "archive", ()),
    "nats-file": ("tss", "nats-file", ()),
    "nats-dir": ("tss", "nats-folder", ()),
    "sss-dir": ("sss", "nats-folder", ()),
}
ENDINGS = {"v1_0": ".pth", "v1_1": ".pth", "nats-file": ".pickle.pbz2"}
WORDS = {"full": "200", "less": "12"}


@pytest.fixture(scope="module", params=LAYOUTS)
def made(request, make_official):
    """(source, its kind, its space) of a layout."""
    space, kind, options = LAYOUTS[request.param]
    return make_official(request.param, N, *options), kind, space


def named(folder: Path, kind: str) -> Path:
    """A target for a layout."""
    return folder / f"back{ENDINGS.get(kind, '')}"


def outermost(path: Path) -> dict:
    """What stands around the cells of a single file or a NATS-Bench folder."""
    top = torch_load(path) if path.suffix == ".pth" else unpickle(path)
    return top | {"arch2infos": None if top["arch2infos"] is None else list(top["arch2infos"])}


def opened(path: Path, space: str):
    """The API of the official package on a file or folder; None of an archive folder, which has none."""
    if path.suffix == ".pth":
        return nas_201_api.NASBench201API(torch_load(path), verbose=False)
    if path.is_file() or (path / "meta.pickle.pbz2").exists():
        return nats_bench.create(str(path), space, fast_mode=path.is_dir(), verbose=False)
    return None


def answers(api, *, hps: tuple[str, ...]) -> dict:
    """What users ask of the official package: metrics of every data set at some epochs, costs, configurations.

    Of a few cells: it takes milliseconds an answer, and the objects of all are compared elsewhere.
    """
    found = {}
    for index in (0, N - 1):
        if isinstance(api, nas_201_api.NASBench201API):
            datasets = {hp: api.query_by_index(index, hp=hp).get_dataset_names() for hp in hps}
        else:
            api._prepare_info(index)
            datasets = {hp: api.arch2infos_dict[index][hp].get_dataset_names() for hp in hps}
        found[index, "arch"] = api.arch(index)
        found[index, "config"] = api.get_net_config(index, "cifar10-valid")
        for hp in hps:
            for dataset in datasets[hp]:
                for epoch in (None, 0, int(hp) // 2):
                    info = api.get_more_info(index, dataset, epoch, hp=hp, is_random=False)
                    found[index, hp, dataset, epoch] = info
                found[index, hp, dataset, "cost"] = api.get_cost_info(index, dataset, hp=hp)
                found[index, hp, dataset, "weights"] = api.get_net_param(
                    index, dataset, None, hp=hp
                )
    return found


def assert_same_answers(found: dict, expected: dict) -> None:
    """Equal answers, but for the one rounding of losses."""
    assert list(found) == list(expected)
    for question, answer in expected.items():
        ours = found[question]
        if not isinstance(answer, dict):
            assert ours == answer
            continue
        losses = {key for key in answer if str(key).endswith("-loss")}
        assert list(ours) == list(answer)
        assert {k: v for k, v in ours.items() if k not in losses} == {
            k: v for k, v in answer.items() if k not in losses
        }
        for key in losses:
            assert ours[key] == pytest.approx(answer[key], rel=6e-8)


@pytest.mark.parametrize("ending", [".zarr", ".nb201"])
@pytest.mark.parametrize("space", ["tss", "sss"])
def test_genuine_records_come_back_exactly(genuine, converted, tmp_path, space, ending) -> None:
    file = converted(genuine[space], "float64")[[".zarr", ".nb201"].index(ending)]
    out = tmp_path / "back"
    made = restore(file, out)
    assert (made.layout, made.cells, made.loss, made.weights) == ("nats-folder", 2, "float64", 0)
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in genuine[space].iterdir()
    )
    assert_same(official_states(out), official_states(genuine[space]))
    # This one to the byte; what refers to what in the others' pickles depends on who made the objects.
    meta = "meta.pickle.pbz2"
    assert (out / meta).read_bytes() == (genuine[space] / meta).read_bytes()
    assert verify(file, out).same


def test_genuine_records_in_one_file(genuine, converted, tmp_path) -> None:
    out = tmp_path / "back.pickle.pbz2"
    restore(converted(genuine["tss"], "float64")[0], out, layout="nats-file")
    assert_same(unpickle(out)["arch2infos"], official_states(genuine["tss"]))
    assert outermost(out)["evaluated_indexes"] == {0, 11}
    assert out.read_bytes().startswith(b"BZh9")
    assert bz2.decompress(out.read_bytes()).startswith(b"\x80\x04")


@pytest.mark.parametrize("loss", ["float32", "float64"])
def test_every_layout_comes_back(made, converted, tmp_path, loss) -> None:
    source, kind, _ = made
    out = named(tmp_path, kind)
    told = restore(converted(source, loss)[0], out)
    assert (told.layout, told.cells, told.loss) == (kind, N, loss)
    assert_same(official_states(out), official_states(source), loss=loss)
    if out.is_file():
        assert_same(outermost(out), outermost(source))
    elif kind == "nats-folder":
        meta = "meta.pickle.pbz2"
        assert (out / meta).read_bytes() == (source / meta).read_bytes()
    # By the name that numpy 1 and 2 both know: numpy._core is only in numpy 2.
    for path in [out] if out.is_file() else list(out.iterdir()):
        data = bz2.decompress(path.read_bytes()) if "pbz2" in path.name else path.read_bytes()
        assert b"_core" not in data
        assert b"numpy.core.multiarray" in data or path.name.startswith("meta")


def test_the_official_package_answers_as_from_the_original(made, converted, tmp_path) -> None:
    source, kind, space = made
    out = named(tmp_path, kind)
    restore(converted(source)[1], out)
    if kind == "archive":
        source, out = of_archive(source, tmp_path / "1.pth"), of_archive(out, tmp_path / "2.pth")
    hps = tuple(str(schedule) for schedule in OFFICIAL[space].schedules)
    hps = ("01", *hps[1:]) if space == "sss" else hps
    expected = answers(opened(source, space), hps=hps)
    assert_same_answers(answers(opened(out, space), hps=hps), expected)
    assert len(expected) >= (52 if kind == "v1_0" else 84)


def of_archive(folder: Path, target: Path) -> Path:
    """A single file of what `reload()` of the official package reads one by one."""
    import torch

    states = official_states(folder)
    archs = tss.arch_str(tss.from_official_index(range(len(tss))))
    top = {
        "meta_archs": archs, "total_archs": len(archs), "arch2infos": states,
        "evaluated_indexes": list(states),
    }  # fmt: skip
    torch.save(top, target)
    return target


def test_what_was_restored_converts_to_the_same_archive(made, converted, tmp_path) -> None:
    source, kind, _ = made
    first, out, second = converted(source)[0], named(tmp_path, kind), tmp_path / "again.zarr"
    restore(first, out)
    convert(out, second)
    names = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(second) for p in second.rglob("*") if p.is_file())
    for name in names:
        if str(name) == "zarr.json":
            ours, theirs = (json.loads((a / name).read_text()) for a in (second, first))
            for root in (ours, theirs):
                (told,) = root["attributes"]["sources"]
                root["attributes"]["sources"] = [told["kind"]]
            assert ours == theirs
        else:
            assert (second / name).read_bytes() == (first / name).read_bytes(), name
    report = verify(first, out)
    assert report.same, report.differences
    assert report.cells == N


@pytest.mark.parametrize(
    ("source_kind", "layout"),
    [
        ("nats-dir", "v1_1"), ("nats-dir", "archive"), ("nats-dir", "nats-file"), ("v1_1", "nats-folder"),
        ("v1_0", "nats-file"), ("archive", "v1_0"), ("nats-file", "nats-folder"),
    ],
)  # fmt: skip
def test_another_layout_than_the_sources(
    make_official, converted, tmp_path, source_kind, layout
) -> None:
    source = make_official(source_kind, N, *LAYOUTS[source_kind][2])
    out = named(tmp_path, layout)
    restore(converted(source, "float64")[0], out, layout=layout)
    found, expected = official_states(out), official_states(source)
    assert list(found) == list(expected)
    for index, states in expected.items():
        by_epochs = {WORDS.get(hp, hp): state for hp, state in states.items()}
        keys = ["12", "200"] if layout.startswith("nats") else ["full", "less"]
        assert list(found[index]) == keys
        assert type(found[index]) is (dict if layout.startswith("v1") else type(found[index]))
        for hp, state in found[index].items():
            assert_same(state, by_epochs[WORDS.get(hp, hp)])


def test_the_package_of_201_answers_from_a_nats_benchmark(
    make_official, converted, tmp_path
) -> None:
    source = make_official("nats-dir", N)
    out = tmp_path / "back.pth"
    restore(converted(source, "float64")[0], out, layout="v1_1")
    ours, theirs = opened(out, "tss"), opened(source, "tss")
    for index in (0, N - 1):
        for hp in ("12", "200"):
            for dataset in ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120"):
                expected = theirs.get_more_info(index, dataset, hp=hp, is_random=False)
                expected.pop("comment", None)
                found = ours.get_more_info(index, dataset, hp=hp, is_random=False)
                assert found == {key: pytest.approx(v, rel=1e-12) for key, v in expected.items()}


def test_plain_pickle_reads_a_pth(make_official, converted, tmp_path) -> None:
    """As the official file: three pickles, the object, the list of storages, nothing behind them."""
    out = tmp_path / "back.pth"
    restore(converted(make_official("v1_1", N, "--wrong-cost", "1"))[0], out)
    with out.open("rb") as file:
        magic, protocol, system, top, storages = (pickle.load(file) for _ in range(5))
        assert file.read() == b""
    assert (magic, protocol, storages) == (0x1950A86A20F9469CFC6C, 1001, [])
    assert system["little_endian"]
    assert list(top) == ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
    assert top["evaluated_indexes"] == list(range(N)) == list(top["arch2infos"])
