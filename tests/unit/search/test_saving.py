"""Results in files: what is loaded answers as what was saved, and a damaged file is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from made_results import made_result

import nb201store as nb
from nb201store import search


@pytest.fixture
def saved(tmp_path):
    """A small result in a file."""
    path = tmp_path / "small.npz"
    made_result([1, 2], changes=[[2, 0, 0, 0], [-1, 0, 1, 0]]).save(path)
    return path


def rewritten(path, target, **changes):
    """The file with some of its members replaced; None takes one away."""
    with np.load(path) as held:
        members = {name: held[name] for name in held.files}
    np.savez(target, **{name: array for name, array in (members | changes).items() if array is not None})  # fmt: skip
    return target


def head_with(path, **changes):
    """The JSON of the file's head, changed."""
    with np.load(path) as held:
        head = json.loads(held["head"].tobytes())
    return np.frombuffer(json.dumps(head | changes).encode(), np.uint8)


def test_a_loaded_result_answers_as_the_saved_one(either, tmp_path) -> None:
    either.save(tmp_path / "a.npz")
    loaded = search.load(tmp_path / "a.npz")
    assert loaded.to_json() == either.to_json()
    assert str(loaded.summary()) == str(either.summary())
    assert loaded.settings == either.settings
    for name in ("codes", "evaluations", "seconds"):
        found, expected = getattr(loaded, name), getattr(either, name)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    for name in ("evaluations", "clock_s", "codes", "rewards"):
        found, expected = getattr(loaded.traces, name), getattr(either.traces, name)
        assert np.array_equal(found, expected, equal_nan=name in ("clock_s", "rewards"))
    for dataset, split in (("cifar100", "x-test"), ("cifar10", "ori-test")):
        assert np.array_equal(loaded.regret(dataset, split), either.regret(dataset, split))
        ours, theirs = (r.over_time(dataset, split).as_dict() for r in (loaded, either))
        assert json.dumps(ours) == json.dumps(theirs)
    assert loaded.to_frame().equals(either.to_frame())
    assert loaded.fairness() == either.fairness()


def test_a_partial_result_stays_partial(tmp_path) -> None:
    made_result([0, 1], asked=5).save(tmp_path / "a.npz")
    loaded = search.load(tmp_path / "a.npz")
    assert loaded.interrupted
    assert loaded.summary().partial
    assert loaded.traces is None


def test_a_file_is_replaced_only_when_told_to(saved) -> None:
    before = saved.read_bytes()
    with pytest.raises(FileExistsError, match="exists"):
        made_result([0]).save(saved)
    assert saved.read_bytes() == before
    made_result([0]).save(saved, overwrite=True)
    assert search.load(saved).codes.tolist() == [0]
    assert [path.name for path in saved.parent.iterdir()] == ["small.npz"]


def test_the_name_says_what_it_is(tmp_path) -> None:
    with pytest.raises(nb.SettingsError, match=r"ends in \.npz"):
        made_result([0]).save(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_kind_is_refused(tmp_path, search_image) -> None:
    np.save(tmp_path / "a.npy", np.arange(3))
    np.savez(tmp_path / "b.npz", a=np.arange(3))
    (tmp_path / "c.npz").write_text("hello")
    (tmp_path / "d.npz").write_bytes(b"")
    for path in (*tmp_path.iterdir(), search_image):
        with pytest.raises(nb.FormatError, match="not a sound saved search result"):
            search.load(path)
    with pytest.raises(FileNotFoundError):
        search.load(tmp_path / "nothing.npz")


def test_pickles_are_never_read(saved, tmp_path) -> None:
    path = rewritten(saved, tmp_path / "a.npz", codes=np.array([1, None], object))
    with pytest.raises(nb.FormatError, match="allow_pickle=False"):
        search.load(path)


def test_a_newer_file_asks_for_a_newer_program(saved, tmp_path) -> None:
    path = rewritten(saved, tmp_path / "a.npz", head=head_with(saved, version=2))
    with pytest.raises(nb.VersionError, match="version 2"):
        search.load(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("codes", np.array([1, 4], "i4")), ("codes", np.array([1, -2], "i4")), ("codes", np.array([1], "i4")),
        ("codes", np.array([1, 2], "i8")), ("clocks", np.array([[1, 2]], "i8")), ("values", np.zeros((2, 3))),
        ("values", np.zeros((1, 4))), ("taking_part", None), ("stranded", np.zeros(3, "u1")),
        ("changes_at", np.array([0], "i8")), ("changes_at", np.array([0, 4, 999], "i8")),
        ("changes_at", np.array([0, 4, -1], "i8")), ("around", np.zeros((1, 2), "i2")),
        ("around", np.zeros((2, 3), "i2")), ("nearest_share", np.zeros(2)),
    ],
)  # fmt: skip
def test_parts_that_do_not_belong_together_are_refused(saved, tmp_path, name, value) -> None:
    with pytest.raises(nb.FormatError):
        search.load(rewritten(saved, tmp_path / "a.npz", **{name: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "other"}, {"grid": "1"}, {"grid": -3}, {"grid": 10**12}, {"columns": []},
        {"columns": [["toy", "x-valid"]] * 2}, {"settings": 5}, {"traces": True}, {"version": "1"}, {"wall_s": "x"},
    ],
)  # fmt: skip
def test_a_head_that_makes_no_sense_is_refused(saved, tmp_path, changes) -> None:
    with pytest.raises(nb.FormatError):
        search.load(rewritten(saved, tmp_path / "a.npz", head=head_with(saved, **changes)))


def test_every_truncation_and_every_flipped_byte_is_refused_or_harmless(saved, tmp_path) -> None:
    raw = saved.read_bytes()
    expected = search.load(saved).to_json()
    path = tmp_path / "damaged.npz"
    refused = 0
    for place in range(0, len(raw), 7):
        for damaged in (raw[:place], raw[:place] + bytes([raw[place] ^ 0x41]) + raw[place + 1 :]):
            path.write_bytes(damaged)
            try:
                found = search.load(path)
            except nb.FormatError:
                refused += 1
            else:
                assert found.to_json() == expected
    assert refused > len(raw) / 7
