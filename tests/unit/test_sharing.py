"""One file, many askers: pickles, forks, threads, processes, and files that are replaced or cut while open."""

from __future__ import annotations

import multiprocessing
import pickle
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import nb201store as nb

WORDS = ("cifar10", "ori-test", "accuracy")
FULL = {"schedule": 200, "seed": "mean"}


def ask(bench, code):
    return bench.value(code, *WORDS, **FULL)


@pytest.mark.parametrize("mode", ["mmap", "read"])
def test_a_pickled_store_opens_its_file_again(image_path, recorded_codes, mode) -> None:
    with nb.open(image_path, mode=mode) as bench:
        again = pickle.loads(pickle.dumps(bench))
        assert again is not bench
        expected = ask(bench, recorded_codes[2])
    assert ask(again, recorded_codes[2]) == expected  # the first one is closed by now


def test_a_pickle_finds_its_file_from_another_folder(
    image_path, recorded_codes, monkeypatch
) -> None:
    monkeypatch.chdir(image_path.parent)
    bench = nb.open(image_path.name)
    data = pickle.dumps(bench)
    monkeypatch.chdir("/")
    assert ask(pickle.loads(data), recorded_codes[0]) == ask(bench, recorded_codes[0])


def test_a_pickled_column_answers_the_same(bench, recorded_codes) -> None:
    for column in (
        bench.column(*WORDS, **FULL),
        bench.column("cifar10", None, "latency_s", schedule=200, seed=888),
    ):
        again = pickle.loads(pickle.dumps(column))
        assert [again[code] for code in recorded_codes] == [column[code] for code in recorded_codes]
        assert repr(again) == repr(column)


def test_a_pickle_refuses_a_file_that_has_changed(image_path, tmp_path) -> None:
    from nb201store import attach

    target = tmp_path / "own.nb201"
    shutil.copy(image_path, target)
    data = pickle.dumps(nb.open(target))
    attach(target, {"code": [1, 2], "x": [0.5, 1.5]}, by="code")
    with pytest.raises(
        nb.FormatError, match=r"changed since a store of it was pickled.*open it anew"
    ):
        pickle.loads(data)
    target.unlink()
    with pytest.raises(FileNotFoundError):
        pickle.loads(data)


FORK = """
import os, sys
import nb201store as nb
path, code = sys.argv[1], int(sys.argv[2])
bench = nb.open(path)
column = bench.column("cifar10", "ori-test", "accuracy", schedule=200, seed="mean")
column.take([code] * 100_000, threads=2)  # threads that are gone by now
child = os.fork()
answers = [column[code], *column.take([code]), column.take([code] * 100_000, threads=2)[-1]]
os.write(1, (" ".join(map(str, map(float, answers))) + "\\n").encode())  # whole: two processes share the pipe
if child:
    sys.exit(os.waitpid(child, 0)[1])
"""


def test_a_forked_child_asks_what_its_parent_opened(image_path, bench, recorded_codes) -> None:
    code = recorded_codes[1]
    done = subprocess.run(
        [sys.executable, "-c", FORK, image_path, str(code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(ask(bench, code))] * 6


def test_processes_share_one_file(bench, recorded_codes) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        answers = list(pool.map(ask, [bench] * 6, recorded_codes * 2))
    assert answers == [ask(bench, code) for code in recorded_codes * 2]


def test_threads_ask_while_others_open_and_close(image_path, bench, recorded_codes) -> None:
    expected = [ask(bench, code) for code in recorded_codes]
    column = bench.column(*WORDS, **FULL)
    many = np.array(recorded_codes * 20_000)

    def work(number):
        if number % 3 == 0:
            with nb.open(image_path) as other:
                return [ask(other, code) for code in recorded_codes]
        if number % 3 == 1:
            return [column[code] for code in recorded_codes]
        return column.take(many, threads=2)[: len(recorded_codes)].tolist()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(48))) == [expected] * 48


def test_a_batch_lets_other_threads_run(bench, recorded_codes) -> None:
    codes = np.array(recorded_codes * 500_000)
    column = bench.column(*WORDS, **FULL)

    def overtaken() -> bool:
        """Whether this thread ran on while another was inside a batch."""
        seen = []
        other = threading.Thread(
            target=lambda: (seen.append("begin"), column.take(codes), seen.append("end"))
        )
        other.start()  # comes back when the other thread lets go of the GIL
        while not seen:
            time.sleep(0)
        during = seen == ["begin"]
        other.join()
        return during

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody is asked to let go: a batch must do so by itself
    try:
        assert any(overtaken() for _ in range(50))
    finally:
        sys.setswitchinterval(interval)


def replace(path: Path, data: bytes) -> None:
    sibling = path.with_suffix(".new")
    sibling.write_bytes(data)
    sibling.replace(path)


def test_a_file_replaced_by_rename_leaves_open_stores_alone(
    image_path, tmp_path, recorded_codes
) -> None:
    target = tmp_path / "own.nb201"
    shutil.copy(image_path, target)
    with nb.open(target) as bench:
        expected = ask(bench, recorded_codes[2])
        replace(target, b"something else")
        assert ask(bench, recorded_codes[2]) == expected
        bench.check()
    with pytest.raises(nb.FormatError):
        nb.open(target)


CUT = """
import os, sys
import nb201store as nb
path, mode, code = sys.argv[1], sys.argv[2], int(sys.argv[3])
bench = nb.open(path, mode=mode)
os.truncate(path, 0)
print(bench.value(code, "cifar10", "ori-test", "accuracy", schedule=200, seed="mean"))
"""


@pytest.mark.parametrize(("mode", "survives"), [("read", True), ("mmap", False)])
def test_a_file_cut_in_place_hurts_maps_only(
    image_path, tmp_path, recorded_codes, bench, mode, survives
) -> None:
    target = tmp_path / "own.nb201"
    shutil.copy(image_path, target)
    code = recorded_codes[2]
    done = subprocess.run(
        [sys.executable, "-c", CUT, target, mode, str(code)],
        capture_output=True,
        text=True,
        check=False,
    )
    if survives:
        assert float(done.stdout) == ask(bench, code)
    else:
        assert done.returncode == -7  # SIGBUS, as docs/format.md says
