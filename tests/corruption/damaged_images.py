"""Opens damaged copies of an image by the thousand, in a process of its own: a crash ends only this one.

    python damaged_images.py flips|truncations|cases IMAGE < arguments.json > report.json

A program beside the tests and not a test: it is started by conftest.py.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
from pathlib import Path
from typing import Any

from nb201store import _core
from nb201store.errors import FormatError, Nb201Error
from nb201store.store import Store

HEADER = 64
ENTRY = 128


def attempt(
    path: str, question: dict[str, Any] | None = None, *, check: bool = False
) -> dict[str, Any]:
    """Open, perhaps check, perhaps ask; tell what was raised."""
    try:
        with Store(path, check=check) as store:
            answer = ask(store, question) if question else None
    except Nb201Error as error:
        where = {name: getattr(error, name, None) for name in ("path", "section", "offset")}
        return {"raised": type(error).__name__, "message": str(error), **where}
    return {"raised": None, "answer": answer}


def ask(store: Store, question: dict[str, Any]) -> Any:
    kind, arguments = question["kind"], question["arguments"]
    if kind == "trial_list":
        return store._image.trial_list(*arguments)
    if kind == "everything":
        return len(everything(store))
    return getattr(store, kind)(*arguments, **question["words"])


def everything(store: Store) -> list[Any]:
    """Ask every column of the image at every epoch, for every seed and the mean, and every trial's numbers."""
    answers: list[Any] = []
    for column in store.describe()["columns"]:
        seeds = next(
            g["seeds"] for g in store.describe()["groups"]
            if (g["schedule"], g["dataset"]) == (column["schedule"], column["dataset"])
        )  # fmt: skip
        key = (column["dataset"], column["split"], column["metric"])
        for seed in (*seeds, "mean"):
            if column["split"] is None:
                core = store._image.column(key[0], None, key[2], column["schedule"], -1, seed)
                answers.append(core.array())
                continue
            for epoch in column["epochs"]:
                asked = store.column(*key, schedule=column["schedule"], epoch=epoch, seed=seed)
                answers.append(asked.array(missing="mask"))
    names = [column["name"] for column in store.describe()["user_columns"]]
    return answers + [store.column(name).array(missing="mask") for name in names]


def expect_format_error(path: str, what: str, failures: list[str], *, check: bool = False) -> None:
    try:
        _core.Image(path, "mmap", check)
    except FormatError as error:
        if path not in str(error) or error.section is None or error.offset is None:
            failures.append(f"{what}: does not say where: {error}")
    else:
        failures.append(f"{what}: opened")


def flips(path: str, ranges: list[list[int]], masks: list[int], check: bool = False) -> Any:
    """Xor every byte of the ranges with every mask, one at a time."""
    failures: list[str] = []
    cases = 0
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        for begin, end in ranges:
            for at in range(begin, end):
                for mask in masks:
                    view[at] ^= mask
                    expect_format_error(path, f"byte {at} xor {mask}", failures, check=check)
                    view[at] ^= mask
                    cases += 1
    return {"cases": cases, "failures": failures[:20]}


def truncations(path: str) -> Any:
    """Cut the file at every length below its own."""
    failures: list[str] = []
    size = Path(path).stat().st_size
    for length in range(size - 1, -1, -1):
        os.truncate(path, length)
        expect_format_error(path, f"length {length}", failures)
    return {"cases": size, "failures": failures[:20]}


def cases(path: str, cases: list[dict[str, Any]]) -> Any:
    """Patch, recompute the checksums that the case names, and open, check or ask."""
    whole = Path(path).read_bytes()
    results = []
    for case in cases:
        data = bytearray(whole)
        for at, replacement in case["patches"]:
            raw = bytes.fromhex(replacement)
            data[at : at + len(raw)] = raw
        data += bytes.fromhex(case.get("appended", ""))
        if case["reseal"]:
            reseal(data, case.get("sections", []))
        Path(path).write_bytes(data)
        # The last name before a crash is the case that crashed.
        sys.stderr.write(case["name"] + "\n")
        sys.stderr.flush()
        results.append({
            "open": attempt(path),
            "check": attempt(path, check=True),
            "ask": attempt(path, case.get("question", {"kind": "everything"} | {"arguments": []})),
        })  # fmt: skip
    return results


def reseal(data: bytearray, sections: list[int]) -> None:
    """Recompute the CRC32C of sections, of the table and of the header, so that only the patch is wrong."""
    (count,) = struct.unpack_from("<I", data, 12)
    for number in sections:
        entry = HEADER + ENTRY * number
        offset, size = struct.unpack_from("<QQ", data, entry + 72)
        struct.pack_into("<I", data, entry + 68, _core.crc32c(data[offset : offset + size]))
    table = data[HEADER : HEADER + ENTRY * min(count, 4096)]
    struct.pack_into("<I", data, 32, _core.crc32c(table))
    struct.pack_into("<I", data, 60, _core.crc32c(data[:60]))


if __name__ == "__main__":
    mode = {"flips": flips, "truncations": truncations, "cases": cases}[sys.argv[1]]
    json.dump(mode(sys.argv[2], **json.load(sys.stdin)), sys.stdout)
