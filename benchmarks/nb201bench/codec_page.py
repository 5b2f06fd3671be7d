"""The page of a comparison of chunks and codecs. Made from its JSON alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb201bench.chunk_ways import OURS
from nb201bench.page import rounds_text, table, where
from nb201bench.units import bytes_text, seconds_text
from nb201bench.workloads.codecs import CELL, DECODE, ENCODE, SHORTEST, THROUGH_ZARR

if TYPE_CHECKING:
    from collections.abc import Iterable

INTRODUCTION = """\
# Chunks and codecs of the archive

Made by `make benchmarks-codecs` from `{name}`; do not edit. What follows from it is said in [archive.md](archive.md).

Every row changes one thing of what the archive does; rows that would change nothing for a kind of array are left out.
Chunks are encoded and decoded in memory, by the libraries that Zarr calls, on one core, and every array that came back
was the one that went in, bit for bit. Speeds are of decoded bytes by processor time, which other programs lengthen
less, medians over {rounds} in which all ways take turns, after one warm-up round; the order of dimensions within a
chunk and the copy into the array are part of them. `size` and the ratios are against the archive's way. A byte count
includes the checksum of four bytes behind each chunk.

`pcodec` is no codec of the Zarr v3 specification: its figures are told, and it is not used. A difference between
neighbouring epochs before compression is not compared: no core codec makes it.
"""

TOTALS = """\
## A whole archive

Every array of `{name}` by every way, metadata and coordinates as they are; processor seconds of a single pass on one
core. What is measured as the archive's way was compared with its files, byte by byte.
"""

KINDS = """\
## By kind of array

`bytes a value`: of values that exist, what missing trials take included. `one cell`: the row of one code (all its seeds
and epochs) of one array, from the chunk that holds it. Level 9 is in the first table alone: it takes as long as all
others together.
"""

GENUINE = """\
## Genuine records

Bytes a value of the curves in the four published records that come with the project's data, of {shortest} epochs and
more, all curves of a length and space in one chunk. They are few: a chunk's fixed cost is in these figures, and what
neighbouring cells have in common is not.
"""


def page(report: dict[str, Any], name: str) -> str:
    """Return the Markdown of one run."""
    parts = [INTRODUCTION.format(name=name, rounds=rounds_text(report["rounds"]))]
    if report["toy"]:
        parts.append(
            "**A toy run**: it checks what comes back; its times and totals mean nothing.\n"
        )
    first = report["archives"][0]
    if first["cells_recorded"] < first["cells_of_space"]:
        parts.append(
            f"**Taken on {first['cells_recorded']} of {first['cells_of_space']} cells.** Nearly all of it is fill, "
            "which compresses to nothing.\n"
        )
    parts += [TOTALS.format(name=first["name"]), _totals(report["totals"]), KINDS]
    cases = {case["title"]: case for case in report["cases"]}
    kinds = dict.fromkeys(title.rpartition(": ")[0] for title in cases)
    for kind in kinds:
        parts.append(_kind(kind, *(cases[f"{kind}: {what}"] for what in (ENCODE, DECODE, CELL))))
    parts.append(GENUINE.format(shortest=SHORTEST))
    parts.append(_genuine(report["genuine"]) if report["genuine"] else "Not given here.\n")
    parts.append(where(report))
    return "\n".join(parts)


def _totals(totals: list[dict[str, Any]]) -> str:
    names = ["way", "size", "difference", "chunk files", "encode", "decode"]
    ours = next(total["bytes"] for total in totals if total["way"] == OURS)
    rows = [
        [
            _name(total["way"]), f"{total['bytes'] / 1e6:.1f} MB",
            f"{100 * (total['bytes'] / ours - 1):+.1f} %", f"{total['files']:,}",
            f"{total['encode_s']:.1f} s", f"{total['decode_s']:.1f} s",
        ]
        for total in totals
    ]  # fmt: skip
    return table(names, rows)


def _kind(kind: str, encode: dict[str, Any], decode: dict[str, Any], cell: dict[str, Any]) -> str:
    told = encode["measures"]
    arrays = "one array" if told["arrays"] == 1 else f"{told['arrays']:.0f} arrays"
    text = (
        f"### {kind[0].upper()}{kind[1:]}\n\n{arrays} of {bytes_text(told['bytes'])} in all, "
        f"{told['values']:,.0f} values.\n\n"
    )
    speeds = [{t["name"]: t["cpu"] for t in case["timings"]} for case in (encode, decode, cell)]
    ours = [speed[OURS] for speed in speeds]
    rows = []
    for way, seconds in speeds[0].items():
        size = told[f"bytes, {way}"]
        rows.append(
            [
                _name(way), f"{size / told['values']:.3f}",
                f"{size / told[f'bytes, {OURS}']:.3f}",
                _speed(seconds, ours[0]), _speed(speeds[1][way], ours[1]),
                seconds_text(speeds[2][way]), f"{told[f'files, {way}']:,.0f}",
            ]
        )  # fmt: skip
    names = ["way", "bytes a value", "size", "encode MB/s", "decode MB/s", "one cell", "chunks"]
    rows.append([THROUGH_ZARR, "", "", "", "", seconds_text(speeds[2][THROUGH_ZARR]), ""])
    return text + table(names, rows)


def _speed(seconds: float, ours: float) -> str:
    """MB a second, from seconds a kilobyte, and how many times ours."""
    return f"{1e-3 / seconds:,.0f} ({ours / seconds:.2f})"


def _genuine(kinds: Iterable[dict[str, Any]]) -> str:
    kinds = list(kinds)
    ways = list(kinds[0]["ways"])
    rows = [
        [kind["kind"], f"{kind['curves']:,}", f"{kind['values']:,}"]
        + [f"{kind['ways'][way] / kind['values']:.2f}" for way in ways]
        for kind in kinds
    ]
    return table(["kind", "curves", "values", *map(_name, ways)], rows)


def _name(way: str) -> str:
    return f"**{way}**" if way == OURS else way
