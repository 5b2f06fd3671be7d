"""chunks: the arrays of an archive in other chunks and by other codecs, bit for bit."""

from __future__ import annotations

import hashlib
import importlib.util
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201bench import archive_arrays, chunk_ways
from nb201bench.chunk_ways import CHUNK_OF_CODE, OURS, PCODEC, SLOWEST
from nb201bench.harness import Case, Contender, Disagreement, Workload
from nb201bench.inputs import TOY
from nb201store.archive import open_archive
from nb201store.conversion import convert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nb201bench.archive_arrays import Stored
    from nb201bench.baselines import Baselines
    from nb201bench.chunk_ways import Array, Way
    from nb201bench.inputs import Inputs

LOSSES_FLOAT64 = "losses, 8 bytes"
ENCODE, DECODE, CELL = "encode", "decode", "one cell"
THROUGH_ZARR = "the archive's files, through Zarr"
CELLS = 5
SHORTEST = 12  # epochs of a curve
CHECKSUM = 4  # bytes behind each chunk
# What is told of records so few that a change of chunks or blocks is none of theirs.
OF_GENUINE = (OURS, SLOWEST, "lz4, level 5", "zstd without blosc, level 3", PCODEC)


class Held:
    """The sampled arrays of a kind, and what each way made of them."""

    def __init__(self, name: str, stored: list[Stored], codes: list[int]) -> None:
        self.stored, self.codes = archive_arrays.sample(name, stored), codes
        self.values = [np.asarray(each.array[:]) for each in self.stored]
        self.ways = _distinct(self.stored, self.values)
        # Measured once, on the whole archive: it takes as long as all others together.
        self.ways.pop(SLOWEST, None)
        if not archive_arrays.is_of_curves(name):
            # A million chunks of some bytes: what they cost is told by the curves.
            self.ways.pop(CHUNK_OF_CODE, None)
        self.encoded: dict[str, list[list[bytes]]] = {}
        # A thousand bytes are the unit of time: arrays of the demo are small.
        self.kilobytes = max(1, sum(values.nbytes for values in self.values) // 1000)

    def encode(self, name: str) -> list[list[bytes]]:
        """The chunks of each array."""
        self.encoded[name] = [
            [way.encode(chunk) for chunk in way.chunks(values)]
            for way, values in zip(self.ways[name], self.values, strict=True)
        ]
        return self.encoded[name]

    def decode(self, name: str) -> list[Array]:
        """Each array, made of its chunks."""
        return [
            _decoded(way, chunks, values)
            for way, chunks, values in zip(
                self.ways[name], self.encoded[name], self.values, strict=True
            )
        ]

    def rows(self, name: str) -> list[Array]:
        """The rows of some cells, from the chunk of each."""
        return [
            way.decode(chunks[code // way.codes], values.shape[1:], values.dtype)[code % way.codes]
            for way, chunks, values in zip(
                self.ways[name], self.encoded[name], self.values, strict=True
            )
            for code in self.codes
        ]

    def sizes(self) -> dict[str, float]:
        """What was timed, and bytes and files of what each way made of it."""
        found = {
            "arrays": len(self.stored), "bytes": sum(values.nbytes for values in self.values),
            "values": sum(map(archive_arrays.values_held, self.values)),
        }  # fmt: skip
        for name, arrays in self.encoded.items():
            sizes = [len(chunk) + CHECKSUM for chunks in arrays for chunk in chunks]
            found |= {f"bytes, {name}": sum(sizes), f"files, {name}": len(sizes)}
        return found

    def rows_through_zarr(self) -> list[Array]:
        """The same from the files of the archive, as any program reads them."""
        return [np.asarray(each.array[code]) for each in self.stored for code in self.codes]


def chunks(base: Baselines) -> Iterator[Case]:
    """Three cases for each kind of array; the chunks of one kind at a time are in memory."""
    chunk_ways.one_thread()
    for archive in _archives(base.inputs):
        codes = _cells(archive, 2 if base.inputs.size is TOY else CELLS)
        for name, stored in archive_arrays.by_kind(_arrays(base.inputs, archive)).items():
            # Of the second archive only the losses are other than in the first.
            if archive == base.inputs.archive or name == LOSSES_FLOAT64:
                yield from _cases(name, Held(name, stored, codes))


def _cases(name: str, held: Held) -> Iterator[Case]:
    contenders = partial(_contenders, held)
    rows = len(held.stored) * len(held.codes)
    # Answers of encoding are what comes back when decoded: a way that loses a bit ends the run.
    yield Case(
        f"{name}: {ENCODE}",
        contenders(held.encode, held.kilobytes, lambda way, _: held.decode(way)),
        "kB",
        held.sizes,
    )
    yield Case(f"{name}: {DECODE}", contenders(held.decode, held.kilobytes), "kB")
    through = Contender(
        THROUGH_ZARR, held.rows_through_zarr, rows, answer=_digest, note="from the page cache"
    )
    yield Case(f"{name}: {CELL}", [*contenders(held.rows, rows), through], "cell")


def _contenders(
    held: Held, run: Any, n: int, answer: Any = lambda _, found: found
) -> list[Contender]:
    def told(way: str, found: Any) -> Any:
        return _digest(answer(way, found))

    return [
        Contender(
            way, partial(run, way), n, "ours" if way == OURS else "baseline",
            answer=partial(told, way),
        )
        for way in held.ways
    ]  # fmt: skip


def _distinct(stored: list[Stored], values: list[Array]) -> dict[str, list[Way]]:
    """{name: the way with each array}, without changes that change nothing here."""
    every = [
        chunk_ways.ways(of_array, epochs=each.is_of_epochs())
        for each, of_array in zip(stored, values, strict=True)
    ]
    found = {name: [ways[name] for ways in every] for name in every[0]}
    return {
        name: ways for name, ways in found.items()
        if name == OURS or (ways != found[OURS] and (name != PCODEC or _pcodec_is_there()))
    }  # fmt: skip


def _decoded(way: Way, encoded: list[bytes], values: Array) -> Array:
    out = np.empty_like(values)
    for place, data in enumerate(encoded):
        first = place * way.codes
        chunk = way.decode(data, values.shape[1:], values.dtype)
        out[first : first + way.codes] = chunk[: len(values) - first]
    return out


def _digest(found: list[Array]) -> Any:
    """32 bytes that differ where a bit does, as numbers that a float holds exactly."""
    digest = hashlib.sha256()
    for values in found:
        digest.update(np.ascontiguousarray(values).tobytes())
    return np.frombuffer(digest.digest(), dtype="<u4")


def described(inputs: Inputs, genuine: Path | None) -> dict[str, Any]:
    """What the page tells besides times: what was sampled, sizes of whole archives, and of genuine records."""
    chunk_ways.one_thread()
    archives = []
    for archive in _archives(inputs):
        opened = open_archive(archive)
        files = [file for file in archive.rglob("*") if file.is_file()]
        archives.append(
            {
                "name": archive.name, "bytes": sum(file.stat().st_size for file in files),
                "files": len(files), "cells_of_space": len(opened.space),
                "cells_recorded": len(opened.codes()),
            }
        )  # fmt: skip
    return {
        "archives": archives,
        "totals": _totals(_arrays(inputs, inputs.archive), archives[0]["bytes"]),
        "genuine": _genuine(genuine, inputs.folder) if genuine else [],
    }  # fmt: skip


def _totals(arrays: list[Stored], size: int) -> list[dict[str, Any]]:
    """All arrays of an archive of so many bytes, by every way: bytes of the whole, chunk files, seconds of one pass."""
    totals: dict[str, dict[str, Any]] = {}
    for stored in arrays:
        values = np.asarray(stored.array[:])
        files = stored.chunk_files()
        written = sum(file.stat().st_size for file in files.values())
        for name, way in chunk_ways.ways(values, epochs=stored.is_of_epochs()).items():
            if name == PCODEC and not _pcodec_is_there():
                continue
            encoded, encode_s, decode_s = _one_pass(stored.name, name, way, values)
            if name == OURS:
                _check_files(stored, encoded, files)
                # Chunks without a cell are not written.
                encoded = [encoded[place] for place in files]
            new = {"way": name, "bytes": size, "files": 0, "encode_s": 0.0, "decode_s": 0.0}
            total = totals.setdefault(name, new)
            total["bytes"] += sum(map(len, encoded)) + CHECKSUM * len(encoded) - written
            total["files"] += len(encoded)
            total["encode_s"] += encode_s
            total["decode_s"] += decode_s
    return [*totals.values()]


def _one_pass(array: str, name: str, way: Way, values: Array) -> tuple[list[bytes], float, float]:
    """(chunks, processor seconds of encoding and of decoding); what comes back is compared."""
    start = time.process_time()
    encoded = [way.encode(chunk) for chunk in way.chunks(values)]
    middle = time.process_time()
    decoded = _decoded(way, encoded, values)
    end = time.process_time()
    if decoded.tobytes() != values.tobytes():
        raise Disagreement(f"chunks, {array}, {name}: other values came back")
    return encoded, middle - start, end - middle


def _check_files(stored: Stored, encoded: list[bytes], files: dict[int, Path]) -> None:
    """What is measured as the archive's way is what lies in its files."""
    for place, file in files.items():
        if file.read_bytes()[:-CHECKSUM] != encoded[place]:
            raise Disagreement(
                f"chunks, {stored.name}: {file.name} is not as this version writes it; convert the source again"
            )


def _genuine(official: Path, folder: Path) -> list[dict[str, Any]]:
    """Bytes of the curves of genuine records by kind: all curves of one length and space in one chunk."""
    found: dict[str, dict[str, Any]] = {}
    for source in sorted(official.glob("*-simple")):
        for loss in ("float32", "float64"):
            archive = folder / f"genuine-{source.name}-{loss}.zarr"
            convert(source, archive, loss=loss)
            for (name, epochs), values in archive_arrays.curves(archive).items():
                if epochs < SHORTEST or (loss == "float64" and name != LOSSES_FLOAT64):
                    continue
                told = found.setdefault(
                    name, {"kind": name, "curves": 0, "values": 0, "ways": Counter()}
                )
                told["curves"] += len(values)
                told["values"] += values.size
                ways = chunk_ways.ways(values, epochs=True)
                for way in OF_GENUINE:
                    if way != PCODEC or _pcodec_is_there():
                        whole = replace(ways[way], codes=len(values))
                        told["ways"][way] += CHECKSUM + len(whole.encode(values))
    return [*found.values()]


def _archives(inputs: Inputs) -> list[Path]:
    return [archive for archive in (inputs.archive, inputs.archive_float64) if archive]


def _arrays(inputs: Inputs, archive: Path) -> list[Stored]:
    every = archive_arrays.arrays(archive)
    return archive_arrays.smallest(every) if inputs.size is TOY else every


def _cells(archive: Path, count: int) -> list[int]:
    """Codes that have results, spread over the space."""
    codes = np.array(open_archive(archive).codes())
    return codes[np.linspace(0, len(codes) - 1, count).round().astype(int)].tolist()


def _pcodec_is_there() -> bool:
    return importlib.util.find_spec("pcodec") is not None


WORKLOADS = [
    Workload(
        "chunks",
        "The arrays of an archive, a kind at a time, encoded and decoded on one core in memory, and the rows of some "
        "cells from the chunks that hold them.",
        chunks,
    ),
]
