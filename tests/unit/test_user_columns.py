"""User columns: attach, ask, replace and take off; what is refused changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic

import nb201store as nb
from nb201store import _core, conversion
from nb201store.errors import (
    ArchError,
    ChecksumError,
    FormatError,
    MissingDataError,
    SettingsError,
    SourceError,
)

CELLS = 15_625
CODES = np.arange(CELLS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of two cells' trials and no user column; nothing may write to it."""
    folder = tmp_path_factory.mktemp("plain")
    synthetic.dump(synthetic.Maker().benchmark_object([0, 11], [1, 2]), folder / "s.pickle.pbz2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nb201store.replacing._fsync", lambda _: None)  # no test here pulls the plug
        conversion.convert(folder / "s.pickle.pbz2", folder / "plain.nb201")
    return folder / "plain.nb201"


@pytest.fixture
def image(plain: Path, tmp_path: Path) -> Path:
    return shutil.copy(plain, tmp_path / "image.nb201")


def numbers(seed: int = 0) -> np.ndarray[Any, Any]:
    """Doubles of every size and sign, the last bits and -0.0 included."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**64, CELLS, dtype=np.uint64)
    values = bits.view(np.float64)
    values[~np.isfinite(values)] = 5e-324
    values[:3] = -0.0, 0.0, np.finfo(float).max
    return values


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_value_comes_back_bit_for_bit(image: Path) -> None:
    values = numbers()
    done = nb.attach(image, {"code": CODES, "mine": values}, by="code", units={"mine": "ms"})
    assert [(c.name, c.unit, c.values, c.gaps, c.first_gap) for c in done.columns] == [
        ("mine", "ms", CELLS, 0, None)
    ]
    assert done.left_out == []
    assert done.size == image.stat().st_size
    with nb.open(image, check=True) as bench:
        column = bench.column("mine")
        assert len(column) == CELLS
        assert column.array().tobytes() == values.tobytes()
        assert [column[code] for code in (2, 77, np.int16(9))] == values[[2, 77, 9]].tolist()
        assert column.take([[4, 4], [0, 15_624]]).tobytes() == values[[[4, 4], [0, 15_624]]].tobytes()  # fmt: skip
        with pytest.raises(ArchError, match=r"0\.\.15624, found 15625"):
            column[CELLS]
        with pytest.raises(ArchError, match="found -1 at position 1"):
            column.take([3, -1])


@pytest.mark.parametrize("by", ["code", "arch_str", "official_index"])
def test_each_kind_of_key_names_the_same_cells_in_any_order(image: Path, by: str) -> None:
    values, rows = numbers(1), np.random.default_rng(2).permutation(CELLS)
    keys = {
        "code": rows,
        "arch_str": nb.tss.arch_str(rows),
        "official_index": nb.tss.official_index(rows),
    }
    nb.attach(image, {by: keys[by], "mine": values[rows]}, by=by)
    with nb.open(image) as bench:
        assert bench.column("mine").array().tobytes() == values.tobytes()


def test_a_cell_without_a_row_or_a_value_is_a_gap_and_not_a_number(image: Path) -> None:
    table = {"code": [5, 0, 9, 15_624], "mine": [1.5, None, np.nan, 0.0]}
    (column,) = nb.attach(image, table, by="code").columns
    assert (column.values, column.gaps, column.first_gap) == (2, CELLS - 2, 0)
    with nb.open(image, check=True) as bench:
        mine = bench.column("mine")
        assert (mine[5], mine[15_624]) == (1.5, 0.0)
        with pytest.raises(MissingDataError, match=r"^user column 'mine': no value of code 9$"):
            mine[9]
        masked = mine.array(missing="mask")
        assert np.flatnonzero(~masked.mask).tolist() == [5, 15_624]
        assert mine.take([15_624, 1, 5], missing="mask").tolist() == [0.0, None, 1.5]
        with pytest.raises(MissingDataError) as found:
            mine.take([5, 9, 1])
        assert str(found.value) == (
            "user column 'mine': no value of code 9 (2 of 3 missing; missing='mask' masks them)"
        )


def test_describe_says_what_is_known_of_each_column(image: Path, tmp_path: Path) -> None:
    table = tmp_path / "scores.csv"
    table.write_text("code,synflow,note\n3,1e3,a\n4,,b\n")
    done = nb.attach(image, table, by="code", units={"synflow": "a.u."}, source="run 7, µ = 1")
    assert done.left_out == ["note"]
    nb.attach(image, {"code": [1], "other": [2]}, by="code")
    with nb.open(image) as bench:
        assert bench.describe()["user_columns"] == [
            {
                "name": "synflow", "unit": "a.u.", "values": 1, "source": "run 7, µ = 1", "file": "scores.csv",
                "sha256": hashlib.sha256(table.read_bytes()).hexdigest(), "by": "code",
            },
            {
                "name": "other", "unit": "", "values": 1, "source": None, "file": None, "sha256": None, "by": "code",
            },
        ]  # fmt: skip


def test_everything_else_of_the_image_stays_as_it_was(plain: Path, image: Path) -> None:
    nb.attach(image, {"code": CODES, "mine": numbers()}, by="code")
    before, after = _core.Image(str(plain)), _core.Image(str(image))
    old, new = before.sections(), after.sections()
    facts = ("name", "dtype", "shape", "crc32c", "required", "size")
    assert [[s[f] for f in facts] for s in new[: len(old)]] == [[s[f] for f in facts] for s in old]
    assert [s["name"] for s in new[len(old) :]] == ["user_columns", "user_about", "user/0"]
    assert not any(s["required"] for s in new[len(old) :])
    for section in old:
        assert after.section(section["name"]).tobytes() == before.section(section["name"]).tobytes()  # fmt: skip


def test_equal_input_gives_equal_bytes_and_taking_off_gives_the_old_ones(
    plain: Path, image: Path, tmp_path: Path
) -> None:
    twin = shutil.copy(plain, tmp_path / "twin.nb201")
    table = {"code": [4, 2], "b": [1, 2], "a": [3, None]}
    for path in (image, twin):
        nb.attach(path, table, by="code")
    assert image.read_bytes() == twin.read_bytes()
    nb.attach(image, {"code": [7], "c": [1]}, by="code")
    nb.detach(image, "c")
    assert image.read_bytes() == twin.read_bytes()
    nb.detach(image, ["b", "a"])
    assert image.read_bytes() == plain.read_bytes()


def test_columns_are_chosen_and_renamed(image: Path) -> None:
    table = {"index": [0, 1], "lat (ms)": [1.0, 2.0], "x": [3, 4], "y": [5, 6], "code": [9, 8]}
    nb.attach(image, table, by="official_index", key="index", columns={"lat (ms)": "lat", "x": "x"})
    with nb.open(image) as bench:
        assert [c["name"] for c in bench.describe()["user_columns"]] == ["lat", "x"]
        assert bench.column("lat")[nb.tss.from_official_index(1)] == 2.0
    nb.attach(image, table, by="code", columns=["y"])
    with nb.open(image) as bench:
        assert bench.column("y")[8] == 6.0


def test_without_names_all_columns_of_numbers_are_attached(image: Path) -> None:
    table = {
        "code": [0, 1], "arch_str": ["a", "b"], "official_index": [7, 8], "f4": np.float32([0.1, 2]),
        "u1": np.uint8([1, 2]),
        "bool": [True, False], "np_bool": np.array([True, False]), "text": ["1", "2"], "nothing": [None, np.nan],
        "date": np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), "complex": np.array([1j, 2]),
        "mixed": [1, "x"], "some": [None, 2],
    }  # fmt: skip
    done = nb.attach(image, table, by="code")
    assert [c.name for c in done.columns] == ["f4", "u1", "some"]
    assert done.left_out == ["bool", "np_bool", "text", "nothing", "date", "complex", "mixed"]
    with nb.open(image) as bench:
        assert bench.column("f4")[0] == float(np.float32(0.1))


def test_numbers_that_stand_for_none(image: Path) -> None:
    table = {"code": [0, 1, 2, 3], "a": [-1.0, 0.0, 0.5, np.inf], "b": [0, 1, 2, 3]}
    done = nb.attach(image, table, by="code", missing_if=["a <= 0", "== inf", "b>=3"])
    assert [(c.name, c.values) for c in done.columns] == [("a", 1), ("b", 3)]
    with nb.open(image) as bench:
        assert bench.column("a")[2] == 0.5
        assert bench.column("b").take([0, 1, 2]).tolist() == [0, 1, 2]
    done = nb.attach(image, table, by="code", missing_if="> 2.5e-1", replace=True)
    assert [(c.name, c.values) for c in done.columns] == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(
    "rule", ["0", "<=", "=0", "!= 0", "<= x", "a b <= 0", "<= 1_0", "<= nan", "<= 0 0", ""]
)
def test_a_rule_that_is_none_is_refused(image: Path, rule: str) -> None:
    with pytest.raises(SettingsError, match="missing_if"):
        nb.attach(image, {"code": [0], "a": [1]}, by="code", missing_if=rule)


def test_a_name_that_is_there_is_refused_or_replaced_in_its_place(image: Path) -> None:
    nb.attach(image, {"code": [0], "a": [1], "b": [2]}, by="code", units={"a": "s"})
    before = image.read_bytes()
    with pytest.raises(SettingsError, match=f"^{image}: it has a user column 'b' already; give --replace"):  # fmt: skip
        nb.attach(image, {"code": [0], "b": [3], "c": [4]}, by="code")
    assert image.read_bytes() == before
    nb.attach(image, {"code": [1], "c": [4], "a": [5]}, by="code", replace=True)
    with nb.open(image) as bench:
        columns = bench.describe()["user_columns"]
        assert [(c["name"], c["unit"]) for c in columns] == [("a", ""), ("b", ""), ("c", "")]
        assert bench.column("a").array(missing="mask").compressed().tolist() == [5]
        assert bench.column("b")[0] == 2


def test_stores_that_are_open_keep_the_old_data(image: Path) -> None:
    nb.attach(image, {"code": [0], "a": [1]}, by="code")
    with nb.open(image) as bench:
        column = bench.column("a")
        nb.attach(image, {"code": [0], "a": [2], "b": [3]}, by="code", replace=True)
        assert column[0] == bench.column("a")[0] == 1
        with pytest.raises(SettingsError, match="no user column 'b'"):
            bench.column("b")
    with nb.open(image) as bench:
        assert (bench.column("a")[0], bench.column("b")[0]) == (2, 3)


def test_attaching_at_the_same_time_loses_no_column(image: Path) -> None:
    threads = [
        threading.Thread(target=nb.attach, args=(image, {"code": [n], f"c{n}": [n]}), kwargs={"by": "code"})
        for n in range(6)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with nb.open(image, check=True) as bench:
        assert [bench.column(f"c{n}")[n] for n in range(6)] == list(range(6))


def test_permissions_and_links_stay(image: Path, tmp_path: Path) -> None:
    image.chmod(0o640)
    link = tmp_path / "link.nb201"
    link.symlink_to(image)
    nb.attach(link, {"code": [0], "a": [1]}, by="code")
    assert link.is_symlink()
    assert stat.S_IMODE(image.stat().st_mode) == 0o640
    with nb.open(image) as bench:
        assert bench.column("a")[0] == 1
    assert names(tmp_path) == ["image.nb201", "link.nb201"]


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[nb.Nb201Error], str]] = [
    ({"code": [3, 4, 3, 4], "a": [1, 2, 3, 4]}, {}, SourceError,
     r"^table, row 2: 'code' 3 names code 3, as row 0 does \(2 of 4 rows name a cell again; nothing was attached\)$"),
    ({"code": [3, 15_625, -1], "a": [1, 2, 3]}, {}, ArchError,
     r"^table, row 1: 'code' names no cell: tss: expected code 0\.\.15624, found 15625 \(2 of 3 rows name none; "),
    ({"code": [3.0, 4.0], "a": [1, 2]}, {}, ArchError, r"found 3\.0 \(2 of 2"),
    ({"code": [True, False], "a": [1, 2]}, {}, ArchError, "found True"),
    ({"code": [1, None], "a": [1, 2]}, {}, ArchError, "row 1: .*found None"),
    ({"code": np.ma.masked_equal([1, 2], 1), "a": [1, 2]}, {}, ArchError, "row 0: .*found None"),
    ({"code": [2**70], "a": [1]}, {}, ArchError, "found 1180591620717411303424"),
    ({"arch_str": ["|none~0|"], "a": [1]}, {"by": "arch_str"}, ArchError, "expected 3 nodes"),
    ({"official_index": [0, 15_625], "a": [1, 2]}, {"by": "official_index"}, ArchError, "expected official index"),
    ({"code": [1, 2], "a": [1, "x"]}, {"columns": ["a"]}, SourceError,
     r"^table, row 1: column 'a': expected a number, or nothing where there is none, found 'x' \(1 of 2 rows; "),
    ({"code": [1, 2], "a": [True, 1]}, {"columns": ["a"]}, SourceError, "found True"),
    ({"code": [1, 2], "a": ["1", "2"]}, {"columns": ["a"]}, SourceError, r"found '1' \(2 of 2"),
    ({"code": [1, 2, 3], "a": [1, np.inf, -np.inf]}, {}, SourceError,
     r"^table, row 1: column 'a': expected finite numbers; .*, found .*inf.* \(2 of 3"),
    ({"code": [1, 2], "a": [2**53, 2**53 + 1]}, {}, SourceError, r"row 1: .*2\^53.*found 9007199254740993"),
    ({"code": [1, 2], "a": [-(2**53), -(2**53) - 1]}, {}, SourceError, "row 1: .*found -9007199254740993"),
    ({"code": [1, 2], "a": [0.5, 10**400]}, {}, SourceError, r"row 1: .*2\^53"),
    ({"code": [1, 2], "a": np.array([2**53, 2**53 + 1])}, {}, SourceError, r"row 1: .*2\^53"),
    ({"code": [1, 2], "a": np.array([-(2**53), -(2**53) - 1])}, {}, SourceError, r"row 1: .*2\^53"),
    ({"code": [1, 2], "a": np.array([2**53, 2**64 - 1], dtype=np.uint64)}, {}, SourceError, r"row 1: .*2\^53"),
    ({"code": [1, 2], "a": [-(2**53) - 1, 4]}, {"missing_if": "> 0"}, SourceError, r"row 0: .*2\^53"),
    ({"code": [1, 2], "a": [None, np.nan]}, {"columns": ["a"]}, SourceError, "'a' has no value of any cell"),
    ({"code": [1], "a": [0]}, {"missing_if": "<= 0"}, SourceError, "'a' has no value of any cell"),
    ({"code": [1, 2], "a": [1]}, {}, SourceError, "'code' has 2, 'a' has 1"),
    ({"code": [1], "a": [[1]]}, {}, SettingsError, "no column of numbers"),
    ({"code": np.array([[1]]), "a": [1]}, {}, SourceError, r"expected one dimension, found shape \(1, 1\)"),
    ({"code": [], "a": []}, {}, SourceError, "it has no rows"),
    ({}, {}, SourceError, "it has no rows"),
    ({1: [1]}, {}, SettingsError, "columns named by text"),
    ({"code": [1]}, {}, SettingsError, "no column of numbers besides the key 'code'"),
    ({"index": [1], "a": [1]}, {}, SettingsError, r"no column 'code' here; name the column .* --key"),
    ({"code": [1], "a": [1]}, {"key": "nr"}, SettingsError, "^table: no column 'nr' here; it has 'code', 'a'$"),
    ({"code": [1], "a": [1]}, {"by": "index"}, SettingsError, "expected one of arch_str, code, official_index"),
    ({"code": [1], "a": [1]}, {"columns": ["b"]}, SettingsError, "no column 'b' here"),
    ({"code": [1], "a": [1]}, {"columns": "a"}, SettingsError, "a list or a dict of names"),
    ({"code": [1], "a": [1]}, {"columns": []}, SettingsError, "found none"),
    ({"code": [1], "a": [1], "b": [1]}, {"columns": {"a": "c", "b": "c"}}, SettingsError, "cannot both be called 'c'"),
    ({"code": [1], "2a": [1]}, {}, SettingsError, "^'2a' cannot name a user column"),
    ({"code": [1], "a": [1]}, {"columns": {"a": "x" * 64}}, SettingsError, "1 to 63 letters"),
    ({"code": [1], "a": [1]}, {"columns": {"a": 5}}, SettingsError, "cannot name"),
    ({"code": [1], "a": [1]}, {"columns": {"a": "\u00e9"}}, SettingsError, "cannot name"),
    ({"code": [1], "accuracy": [1]}, {}, SettingsError, "^'accuracy' cannot name .* means something else"),
    ({"code": [1], "a": [1]}, {"columns": {"a": "latency_s"}}, SettingsError, "it means something else already"),
    ({"code": [1], "a": [1]}, {"columns": {"a": "code"}}, SettingsError, "it means something else already"),
    ({"code": [1], "a": [1]}, {"units": {"b": "ms"}}, SettingsError, "no column 'b' is attached here; there is a"),
    ({"code": [1], "a": [1]}, {"units": {"a": "\u00b5s"}}, SettingsError, "31 printable ASCII"),
    ({"code": [1], "a": [1]}, {"units": {"a": "x" * 32}}, SettingsError, "31 printable ASCII"),
    ({"code": [1], "a": [1]}, {"units": {"a": 5}}, SettingsError, "31 printable ASCII"),
    ({"code": [1], "a": [1]}, {"missing_if": "b <= 0"}, SettingsError, "no column 'b' is attached"),
    ({"code": [1], "a": [1]}, {"source": "two\nlines"}, SettingsError, "one line of text"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "options", "error", "words"), REFUSED)
def test_what_is_refused_is_named_and_changes_nothing(
    image: Path, table: Any, options: Any, error: type[nb.Nb201Error], words: str
) -> None:
    before, inode = image.read_bytes(), image.stat().st_ino
    with pytest.raises(error, match=words) as found:
        nb.attach(image, table, **({"by": "code"} | options))
    assert "\n" not in str(found.value)
    assert (image.read_bytes(), image.stat().st_ino) == (before, inode)
    assert names(image.parent) == [image.name]


def test_no_table_and_no_image(image: Path, tmp_path: Path) -> None:
    for table in (5, None, [1, 2]):
        with pytest.raises(SettingsError, match="expected a path, a dict of arrays or"):
            nb.attach(image, table, by="code")
    table = {"code": [1], "a": [1]}
    with pytest.raises(FileNotFoundError):
        nb.attach(tmp_path / "absent.nb201", table, by="code")
    with pytest.raises(FormatError, match="is a folder; user columns belong to an image"):
        nb.attach(tmp_path, table, by="code")
    (tmp_path / "other.nb201").write_bytes(b"other")
    with pytest.raises(FormatError, match="magic bytes"):
        nb.attach(tmp_path / "other.nb201", table, by="code")


def test_taking_off_what_is_not_there(image: Path) -> None:
    before = image.read_bytes()
    with pytest.raises(SettingsError, match=r"no user column 'a'; it has none$"):
        nb.detach(image, "a")
    with pytest.raises(SettingsError, match="no column named"):
        nb.detach(image, [])
    assert image.read_bytes() == before


def test_a_damaged_image_does_not_get_new_checksums(image: Path) -> None:
    """Copying a damaged section must not give it a checksum that fits."""
    section = next(
        s for s in _core.Image(str(image)).sections() if s["name"].endswith("train/accuracy")
    )
    with image.open("r+b") as file:
        file.seek(section["offset"] + 5)
        file.write(bytes([file.read(1)[0] ^ 1]))
    before = image.read_bytes()
    with pytest.raises(ChecksumError, match="is damaged: its CRC32C differs") as found:
        nb.attach(image, {"code": [1], "a": [1]}, by="code")
    assert (found.value.section, found.value.offset) == (section["name"], section["offset"])
    assert image.read_bytes() == before
    assert names(image.parent) == [image.name]


def resealed(data: bytearray) -> bytes:
    (count,) = struct.unpack_from("<I", data, 12)
    struct.pack_into("<I", data, 32, _core.crc32c(bytes(data[64 : 64 + 128 * count])))
    struct.pack_into("<I", data, 60, _core.crc32c(bytes(data[:60])))
    return bytes(data)


def test_sections_of_a_later_writer_behind_those_of_users_are_not_moved(image: Path) -> None:
    """Other sections may be referred to by number: they must keep it."""
    nb.attach(image, {"code": [1], "a": [1]}, by="code")
    data = bytearray(image.read_bytes())
    last = 64 + 128 * (len(_core.Image(str(image)).sections()) - 1)
    data[last : last + 64] = b"later".ljust(64, b"\0")
    image.write_bytes(resealed(data))
    with pytest.raises(FormatError, match="expected sections of user columns behind all others"):
        nb.detach(image, "a")


@pytest.mark.parametrize(
    "content", ["[]", "{", "3", '{"a": 5}', '{"a": {"source": 5}}', '{"a": {"by": ["x"]}}']
)
def test_what_is_known_of_columns_is_checked(image: Path, content: str) -> None:
    nb.attach(image, {"code": [1], "a": [1]}, by="code", source="x" * 50)
    sections = _core.Image(str(image)).sections()
    place = [s["name"] for s in sections].index("user_about")
    offset, size = sections[place]["offset"], sections[place]["size"]
    data = bytearray(image.read_bytes())
    data[offset : offset + size] = content.encode().ljust(size)
    struct.pack_into("<I", data, 64 + 128 * place + 68, _core.crc32c(bytes(data[offset : offset + size])))  # fmt: skip
    image.write_bytes(resealed(data))
    with nb.open(image, check=True) as bench:
        assert bench.column("a")[1] == 1
        with pytest.raises(FormatError, match="section 'user_about'"):
            bench.describe()


def test_what_is_known_and_not_of_a_column_may_be_left_out(image: Path) -> None:
    nb.attach(image, {"code": [1], "a": [1]}, by="code")
    about = json.loads(_core.Image(str(image)).section_bytes("user_about"))
    assert about == {"a": {"by": "code", "file": None, "sha256": None, "source": None}}


def test_a_question_that_lacks_words_says_which(image: Path) -> None:
    nb.attach(image, {"code": [1], "a": [1]}, by="code")
    with nb.open(image) as bench:
        for asked, words in (
            (
                lambda: bench.column("cifar10", "train", "accuracy", schedule=12),
                "lacks seed; only a user column",
            ),
            (lambda: bench.column("cifar10", "train", seed=777), "lacks metric, schedule; only"),
            (lambda: bench.column("a", epoch=3), "lacks split, metric, schedule, seed; only"),
            (lambda: bench.column("cifar10"), "of a data set, name split, metric, schedule"),
            (lambda: bench.column("loss"), "a metric is asked for by dataset, split, metric"),
            (lambda: bench.column("b"), "no user column 'b': this file has a"),
            (lambda: bench.column(7), "column must be a str, found 7"),
        ):
            with pytest.raises(SettingsError, match=words):
                asked()
