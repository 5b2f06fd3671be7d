"""HW-NAS-Bench's latency and energy of all 15,625 cells, attached to an image and asked, against pandas."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import nb201store as nb
from nb201store.conversion import convert
from nb201store.cost import count_all

pytestmark = pytest.mark.realdata

DEMO = Path(nb.__file__).parent / "demo_data" / "synthetic-tss.pickle.pbz2"
UNITS = {"latency": "ms", "energy": "mJ", "intensity": ""}
EDGETPU = ["hwnas_c10_edgetpu_latency", "hwnas_c100_edgetpu_latency", "hwnas_in16_edgetpu_latency"]


@pytest.fixture(scope="module")
def parquet(data_dir):
    return data_dir / "nb201_hardware.parquet"


@pytest.fixture(scope="module")
def table(parquet):
    import pandas as pd

    return pd.read_parquet(parquet)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The image of the demo: no user column; nothing may write to it."""
    path = tmp_path_factory.mktemp("demo") / "demo.nb201"
    convert(DEMO, path)
    return path


def columns_of(table):
    return [name for name in table.columns if name not in ("index", "arch")]


def attach(demo, path, table, names, **options):
    units = {name: UNITS[name.rpartition("_")[2]] for name in names}
    shutil.copy(demo, path)
    return nb.attach(path, table, columns=names, units=units, **options)


def test_every_value_by_arch_str_and_by_official_index(demo, parquet, table, tmp_path) -> None:
    names = columns_of(table)
    assert len(names) == 30
    assert len(table) == 15_625
    one, two = tmp_path / "one.nb201", tmp_path / "two.nb201"
    done = attach(demo, one, parquet, names, by="arch_str", key="arch", source="HW-NAS-Bench v1.0")
    assert [(c.name, c.values, c.gaps) for c in done.columns] == [(n, 15_625, 0) for n in names]
    attach(demo, two, parquet, names, by="official_index", key="index", source="HW-NAS-Bench v1.0")
    codes = np.array([nb.tss.code(arch) for arch in table["arch"]])
    with nb.open(one, check=True) as by_arch, nb.open(two, check=True) as by_index:
        for name in names:
            expected = table[name].to_numpy()
            assert by_arch.column(name).take(codes).tobytes() == expected.tobytes()
            assert by_index.column(name).take(codes).tobytes() == expected.tobytes()
        known = {c["name"]: c for c in by_arch.describe()["user_columns"]}
        assert known["hwnas_c100_fpga_energy"]["unit"] == "mJ"
        assert known["hwnas_in16_raspi4_latency"]["unit"] == "ms"
        assert {c["source"] for c in known.values()} == {"HW-NAS-Bench v1.0"}
        assert {c["file"] for c in known.values()} == {"nb201_hardware.parquet"}


def test_as_csv_and_as_a_data_frame_it_gives_the_same_values(
    demo, parquet, table, tmp_path
) -> None:
    names = columns_of(table)
    table.to_csv(tmp_path / "hardware.csv", index=False)
    given = {"parquet": parquet, "csv": tmp_path / "hardware.csv", "frame": table}
    sections = {}
    for form, one in given.items():
        path = tmp_path / f"{form}.nb201"
        attach(demo, path, one, names, by="arch_str", key="arch")
        image = nb.open(path)._image
        sections[form] = {
            s["name"]: image.section_bytes(s["name"])
            for s in image.sections()
            if s["name"] == "user_columns" or s["name"].startswith("user/")
        }
    assert len(sections["parquet"]) == 31
    assert sections["csv"] == sections["parquet"] == sections["frame"]


def test_unsupported_cells_of_the_edge_tpu_are_gaps(demo, parquet, table, tmp_path) -> None:
    path = tmp_path / "tpu.nb201"
    done = attach(demo, path, parquet, EDGETPU, by="official_index", key="index", missing_if="<= 0")
    assert [(c.values, c.gaps) for c in done.columns] == [(10_926, 4_699)] * 3
    order = nb.tss.official_index(np.arange(15_625))
    with nb.open(path, check=True) as bench:
        for name in EDGETPU:
            by_code = table.set_index("index")[name].to_numpy()[order]
            found = bench.column(name).array(missing="mask")
            assert np.array_equal(found.mask, by_code <= 0)
            assert found.compressed().tobytes() == by_code[by_code > 0].tobytes()
            first = int(np.argmax(by_code <= 0))
            with pytest.raises(nb.MissingDataError, match=f"no value of code {first}$"):
                bench.column(name)[first]


def test_a_damaged_copy_of_the_table_is_refused(demo, table, tmp_path) -> None:
    """A row twice, a string that is no cell and a text among the numbers: each named with its row."""
    cases = {
        "again": (r"row 15625: 'arch' .* as row 17 does \(1 of 15626", nb.SourceError),
        "unknown": (r"row 40: 'arch' names no cell: .*\(1 of 15625", nb.ArchError),
        "text": (r"row 99: column 'hwnas_c10_fpga_energy': .* \(1 of 15625", nb.SourceError),
    }
    for what, (words, error) in cases.items():
        damaged = table.copy()
        if what == "again":
            damaged.loc[len(damaged)] = damaged.loc[17]
        elif what == "unknown":
            damaged.loc[40, "arch"] = "|nor_conv_5x5~0|+" + damaged.loc[40, "arch"].split("+", 1)[1]
        else:
            damaged["hwnas_c10_fpga_energy"] = damaged["hwnas_c10_fpga_energy"].astype(object)
            damaged.loc[99, "hwnas_c10_fpga_energy"] = "18.0 mJ"
        path = tmp_path / f"{what}.nb201"
        shutil.copy(demo, path)
        with pytest.raises(error, match=words):
            nb.attach(path, damaged, by="arch_str", key="arch", columns=["hwnas_c10_fpga_energy"])
        assert path.read_bytes() == demo.read_bytes()


def test_top_and_where_choose_by_hardware_as_pandas_does(demo, parquet, table, tmp_path) -> None:
    """The lowest latency of the Edge GPU among cells that the Edge TPU runs, within a budget of parameters."""
    gpu, tpu = "hwnas_c10_edgegpu_latency", "hwnas_c10_edgetpu_latency"
    path = tmp_path / "both.nb201"
    attach(demo, path, parquet, [gpu, tpu], by="arch_str", key="arch", missing_if="<= 0")
    frame = table.assign(code=nb.tss.code(table["arch"].tolist()))
    params, _ = count_all("tss", classes=10, image_size=32)
    chosen = frame[(frame[tpu] > 0) & (frame[tpu] < 1.5) & (params[frame["code"]] / 1e6 >= 0.5)]
    best = chosen.sort_values([gpu, "code"]).head(20)
    conditions = [f"{tpu} < 1.5", "params_m >= 0.5"]
    with nb.open(path) as bench:
        ranked = bench.top(20, gpu, order="lowest", where=conditions, dataset="cifar10")
        assert ranked == list(zip(best["code"], best[gpu], strict=True))
        assert len(ranked) == 20
        mask = bench.where(*conditions, dataset="cifar10")
        assert np.flatnonzero(mask).tolist() == sorted(chosen["code"])
