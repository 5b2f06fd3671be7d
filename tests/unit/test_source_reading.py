"""One pass over a single file: what of its outermost dict is refused, and where."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
import tiny_layouts

from nb201store.errors import SourceError
from nb201store.upstream import open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CELLS = 3


@pytest.fixture
def top() -> dict[str, Any]:
    return tiny_layouts.top({index: tiny_layouts.cell(index) for index in range(CELLS)})


def read(path: Path, top: Any, *, pickled: bytes | None = None) -> tuple[str, int]:
    """The message that a file of `top` is refused with, and how many records came before it."""
    path.write_bytes(pickle.dumps(top, 4) if pickled is None else pickled)
    came = 0
    with pytest.raises(SourceError) as caught, open_source(path) as source:  # noqa: PT012  # counts what came
        for _ in source.cells():
            came += 1
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: "), came


def reordered(top: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: top[key] for key in keys}


def test_an_index_that_comes_twice(top: dict[str, Any], tmp_path: Path) -> None:
    """No dict can, but a pickle."""
    pickled = pickle.dumps(top, 2)
    first, second = b"K\x01}", b"K\x00}"
    place = pickled.index(first, pickled.index(b"arch2infos"))
    message, _ = read(tmp_path / "f", None, pickled=pickled[:place] + second + pickled[place + 3 :])
    assert message == "arch2infos: index 0 comes twice"


@pytest.mark.parametrize("missing", ["meta_archs", "total_archs"])
def test_what_says_the_space_behind_the_cells(
    missing: str, top: dict[str, Any], tmp_path: Path
) -> None:
    other = {"meta_archs": "total_archs", "total_archs": "meta_archs"}[missing]
    turned = reordered(top, other, "arch2infos", missing, "evaluated_indexes")
    message, came = read(tmp_path / "f", turned)
    assert message == (
        "expected meta_archs and total_archs before arch2infos, as official files have them, "
        f"found no {missing}"
    )
    assert came == 0


@pytest.mark.parametrize(
    "missing", ["meta_archs", "total_archs", "arch2infos", "evaluated_indexes"]
)
def test_a_missing_entry(missing: str, top: dict[str, Any], tmp_path: Path) -> None:
    del top[missing]
    message, _ = read(tmp_path / "f", top)
    assert "expected" in message
    assert (f"found no {missing}" in message) != (
        message.startswith("expected a dict of meta_archs, total_archs")
        and missing not in message.partition("found")[2]
    )


@pytest.mark.parametrize("key", ["basestr", 5, ("meta_archs",), "12"])
@pytest.mark.parametrize("before", [True, False])
def test_an_unknown_entry(key: Any, before: bool, top: dict[str, Any], tmp_path: Path) -> None:
    whole = {key: "x"} | top if before else top | {key: "x"}
    message, came = read(tmp_path / "f", whole)
    assert message.startswith(
        "expected a dict of meta_archs, total_archs, arch2infos, evaluated_indexes, found "
    )
    assert repr(key) in message.partition("found")[2]
    assert came < CELLS


@pytest.mark.parametrize(
    ("index", "shown"),
    [(-1, "-1"), (15625, "15625"), (1 << 40, str(1 << 40)), ("3", "'3'"), ((1, 2), "(1, 2)")],
)
def test_an_index_of_no_cell(index: Any, shown: str, top: dict[str, Any], tmp_path: Path) -> None:
    top["arch2infos"][index] = tiny_layouts.cell(3)
    message, _ = read(tmp_path / "f", top)
    assert message == f"arch2infos: {shown} is not an index of 0..15624"
    top["arch2infos"] = {index: tiny_layouts.cell(3)}
    message, came = read(tmp_path / "f", top)
    assert message == f"arch2infos: {shown} is not an index of 0..15624"
    assert came == 0


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ({0, 1}, "not the keys of arch2infos: index 2 is only in arch2infos"),
        ({0, 1, 2, 9}, "not the keys of arch2infos: index 9 is only in evaluated_indexes"),
        ([0, 1, 2, 2], "an index comes twice"),
        ({0, 1, 15625}, "15625 is not an index of 0..15624"),
        ([0, 1, "2"], "'2' is not an index of 0..15624"),
        ([0, True, 2], "True is not an index of 0..15624"),
        ("012", "expected indexes, found str"),
        (None, "expected indexes, found NoneType"),
        ((0, 1, 2), "expected indexes, found tuple"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_list_of_cells_that_contradicts(
    listed: Any, why: str, first: bool, top: dict[str, Any], tmp_path: Path
) -> None:
    top["evaluated_indexes"] = listed
    if first:
        top = reordered(top, "meta_archs", "total_archs", "evaluated_indexes", "arch2infos")
    message, came = read(tmp_path / "f", top)
    assert message == f"evaluated_indexes: {why}"
    assert came <= CELLS
    if first and "not the keys" not in why:
        assert came == 0


@pytest.mark.parametrize("cell", [None, 5, "x", [], {}, {"90x": {}}, (1,), 2.5, set()])
def test_a_cell_that_is_none(cell: Any, top: dict[str, Any], tmp_path: Path) -> None:
    top["arch2infos"][0] = cell
    message, came = read(tmp_path / "f", top)
    assert message == "index 0: expected trials by hyper-parameters"
    assert came == 0
    top["arch2infos"] = {0: tiny_layouts.cell(0), 1: cell}
    top["evaluated_indexes"] = {0, 1}
    message, came = read(tmp_path / "f", top)
    assert message.startswith("index 1")
    assert came == 1


def test_a_cell_with_an_int_as_key(top: dict[str, Any], tmp_path: Path) -> None:
    """To the machine that is the index of a next cell."""
    top["arch2infos"][1] = {1: 0.5}
    message, _ = read(tmp_path / "f", top)
    assert message.startswith("not a sound pickle: ")
    assert message.endswith("after 2 architectures)")


@pytest.mark.parametrize(
    ("cells", "found"),
    [({}, "{}"), ([], "[]"), (None, "None"), ("x", "'x'"), ([1], "[1]"), ({1, 2}, "{1, 2}")],
)
def test_no_cells(cells: Any, found: str, top: dict[str, Any], tmp_path: Path) -> None:
    message, _ = read(tmp_path / "f", top | {"arch2infos": cells})
    assert message == f"arch2infos: expected the cells, found {found}"


@pytest.mark.parametrize("whole", [None, 5, "x", [1], {}, (), {1, 2}, 2.5, {1: {2: 3}}])
def test_no_benchmark_at_all(whole: Any, tmp_path: Path) -> None:
    message, _ = read(tmp_path / "f", whole)
    assert message.startswith("expected a dict of meta_archs, total_archs, arch2infos, ")


def test_one_cell_of_a_folder(tmp_path: Path) -> None:
    message, _ = read(tmp_path / "f", tiny_layouts.cell(0))
    assert message == "this is one cell of a folder of records; give the folder"


def without_full(cell: dict[str, Any]) -> dict[str, Any]:
    return {"less": cell["less"]}


def without_trials(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {"full": cell["full"] | {"all_results": {}, "dataset_seed": {}}}


@pytest.mark.parametrize("kind", ["v1_0", "v1_1"])
@pytest.mark.parametrize("silent", [without_full, without_trials])
def test_a_kind_that_only_a_later_cell_tells(
    kind: str, silent: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    cells = {index: tiny_layouts.cell(index, kind) for index in range(CELLS)}
    cells[0] = silent(cells[0])
    path = tmp_path / "f"
    path.write_bytes(tiny_layouts.legacy(tiny_layouts.top(cells)))
    with open_source(path) as source:
        assert source.kind == kind
        assert len(list(source.cells())) == source.count == CELLS


def test_a_kind_that_no_cell_tells(tmp_path: Path) -> None:
    cells = {index: without_full(tiny_layouts.cell(index, "v1_0")) for index in range(CELLS)}
    path = tmp_path / "f"
    path.write_bytes(tiny_layouts.legacy(tiny_layouts.top(cells)))
    with open_source(path) as source:
        assert source.kind == "v1_1"
        assert len(list(source.cells())) == CELLS


def test_a_later_cell_that_is_damaged_is_refused_while_the_kind_is_looked_for(
    tmp_path: Path,
) -> None:
    cells: dict[int, Any] = {0: without_full(tiny_layouts.cell(0, "v1_0")), 1: {"x": 1}}
    message, came = read(tmp_path / "f", tiny_layouts.top(cells))
    assert message == "index 1: expected trials by hyper-parameters"
    assert came == 0


def test_the_count_is_known_where_the_list_comes_first(top: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(
        pickle.dumps(
            reordered(top, "evaluated_indexes", "total_archs", "meta_archs", "arch2infos"), 4
        )
    )
    with open_source(path) as source:
        assert source.count == CELLS
        assert len(list(source.cells())) == CELLS
        assert len(list(source.cells())) == CELLS  # and again, from the file
