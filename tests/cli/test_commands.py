"""The commands that write, the demo, and how quietly all of them start and work."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import nb201store as nb
from nb201store.cli.main import COMMANDS

NB201 = Path(sys.executable).with_name("nb201")


def test_convert_to_an_archive_and_pack_make_the_same_image_as_convert(
    files: Any, nb201: Any, tmp_path: Path
) -> None:
    at_once = nb201("convert", files.source, tmp_path / "at-once.nb201", "--json")
    assert (at_once.code, at_once.err) == (0, "")
    assert at_once.json["cells"] == 2
    assert at_once.json["trials"] == 30
    assert at_once.json["bytes"] == (tmp_path / "at-once.nb201").stat().st_size
    assert at_once.json["trials_by_seed"]["200/cifar10/999"] == 1
    assert (tmp_path / "at-once.nb201").read_bytes() == files.image.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["at-once.nb201"]


def test_convert_tells_what_it_stored(files: Any, nb201: Any, tmp_path: Path) -> None:
    done = nb201("convert", files.source, tmp_path / "x.zarr", "--loss", "float64")
    assert (done.code, done.err) == (0, "")
    assert "2 of 15625 cells, 30 trials" in done.out
    assert nb201("info", tmp_path / "x.zarr", "--json").json["loss"] == "float64"
    packed = nb201("pack", tmp_path / "x.zarr", tmp_path / "x.nb201")
    assert packed.code == 0
    assert "every section checked" in packed.out
    report = nb201("verify", tmp_path / "x.nb201", files.source, "--json")
    assert report.json["same"] is True


def test_convert_counts_by_group_and_names_each_anomaly(
    files: Any, nb201: Any, tmp_path: Path
) -> None:
    printed = nb201("convert", files.source, tmp_path / "x.zarr").out.splitlines()
    groups = [line.split() for line in printed if line.split()[:1] in (["12"], ["200"])]
    assert groups[0] == ["12", "cifar10-valid", "2", "0", "2", "0", "4", "4", "0", "111:2", "777:2"]
    assert groups[4] == [
        "200",
        "cifar10-valid",
        "2",
        "0",
        "1",
        "1",
        "5",
        "0",
        "5",
        "777:2",
        "888:2",
        "999:1",
    ]
    assert printed[printed.index("") + 1].split()[2:] == (
        [
            "cells",
            "1",
            "seed",
            "2",
            "seeds",
            "3",
            "seeds",
            "trials",
            "dense",
            "sparse",
            "trials",
            "by",
            "seed",
        ]
    )
    assert printed[-2:] == [
        "15623 cells are missing: official index 1, 2, 3, 4, 5, ...",
        "20 trials have no top-5 accuracy: 20 of schedule 200",
    ]
    told = nb201("convert", files.source, tmp_path / "y.zarr", "--json").json
    assert (told["space_cells"], told["missing_cells"]) == (15_625, 15_623)
    assert told["first_missing_indexes"] == [1, 2, 3, 4, 5]
    group = told["groups"][4]
    assert (group["cells_by_seeds"], group["sparse"]) == ({"2": 1, "3": 1}, 5)
    assert (group["without_top5"], group["without_latency"], group["dense"]) == (5, 0, 0)


def test_overwrite_replaces_both_kinds(files: Any, nb201: Any, tmp_path: Path) -> None:
    folder, file = tmp_path / "x.zarr", tmp_path / "x.nb201"
    shutil.copytree(files.archive, folder)
    (folder / "of-the-old-one").touch()
    file.write_text("old")
    assert nb201("convert", files.source, folder, "--overwrite", "--json").json["cells"] == 2
    assert nb201("pack", folder, file, "--overwrite", "--json").json["bytes"] == file.stat().st_size
    assert file.read_bytes() == files.image.read_bytes()
    assert not (folder / "of-the-old-one").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.nb201", "x.zarr"]


def test_the_demo_answers_from_synthetic_numbers(nb201_process: Any, tmp_path: Path) -> None:
    done = nb201_process("demo", cwd=tmp_path)
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith("SYNTHETIC numbers")
    assert " 0 differ" in done.out
    assert sorted(path.name for path in (tmp_path / "nb201-demo").iterdir()) == [
        "synthetic.nb201", "synthetic.zarr",
    ]  # fmt: skip
    with nb.open(tmp_path / "nb201-demo" / "synthetic.nb201") as bench:
        best = bench.top(1, "cifar10", "ori-test", schedule=200, seed="mean")[0]
    assert f"{best.code} " in done.out
    asked = done.out.strip().splitlines()[-1].split("nb201 ", 1)[1].split()
    assert nb201_process(*asked, cwd=tmp_path).code == 0


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_names_every_command_and_option(nb201: Any, command: str) -> None:
    done = nb201(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: nb201 {command}".rstrip())
    assert command or all(name in done.out for name in COMMANDS)
    assert command in ("", "demo") or "--json" in done.out


def test_the_version_is_the_package_s(nb201: Any) -> None:
    assert nb201("--version").out == f"nb201, version {nb.__version__}\n"


def loaded_by(*arguments: str) -> set[str]:
    """Modules that a run of the command line loads."""
    program = (
        "import sys\nfrom nb201store.cli import main\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n"
        "    sys.stderr.write(' '.join(m.split('.')[0] for m in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout
    return set(done.stderr.split())


def test_help_loads_nothing_heavy() -> None:
    heavy = {"numpy", "rich", "zarr", "numba", "torch", "matplotlib", "asyncio"}
    assert loaded_by("--help") & heavy == set()


def test_a_point_query_as_json_loads_neither_numpy_nor_zarr(files: Any) -> None:
    asked = ("--dataset", "cifar10", "--schedule", "200", "--json")
    assert (
        loaded_by("query", str(files.image), "index:0", *asked) & {"numpy", "zarr", "rich"} == set()
    )


def test_results_go_to_standard_output_and_progress_to_a_terminal_s_standard_error(
    files: Any, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [NB201, "pack", files.archive, tmp_path / "x.nb201", "--json"],
        stdout=subprocess.PIPE, stderr=theirs, env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end was closed
            break
        if not piece:
            break
        shown += piece
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith(b"{\n")
    assert b"pack" in shown
    assert b"\x1b" in shown
    assert b"\x1b" not in out


def test_progress_is_silent_where_nobody_looks(files: Any, nb201_process: Any) -> None:
    done = nb201_process("verify", files.image, files.source)
    assert (done.code, done.err) == (0, "")


def test_the_installed_command_exits_with_2_on_a_mistake(
    nb201_process: Any, refused: Any, tmp_path: Path
) -> None:
    refused(nb201_process("info", tmp_path / "missing.nb201"), "missing.nb201")
    refused(nb201_process("frobnicate"), "frobnicate")


def test_a_module_run_is_the_command(files: Any) -> None:
    command = [sys.executable, "-m", "nb201store", "info", files.image, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert '"cells_with_results": 2' in done.stdout


def test_a_reader_that_goes_away_is_no_error(files: Any) -> None:
    query = f"{NB201} query {files.image} index:0 --epoch all | head -n 1"
    done = subprocess.run(["bash", "-c", query], capture_output=True, text=True, check=True)
    assert "code" in done.stdout
    assert done.stderr == ""
