"""Small images of random content: every encoding of docs/format.md, holes everywhere, garbage where nothing is present.

`make(rng)` gives the bytes of an image of one data set, "toy", and one schedule; `damaged` changes numbers that a plain
open does not look at.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np

from nb201store.image import format as fmt
from nb201store.image.sections import Section, small_section
from nb201store.image.writer import write_sections

DATASET = "toy"
# images, last batch (0: it does not matter), type of the hits; each is one way in which accuracies are kept.
SPLITS = {
    "train": (151_700, 148, "packed"),
    "small": (25_000, 0, "<u2"),
    "last": (3_000, 184, "<u2"),
    "wide": (100_000, 0, "<u4"),
    "wide-last": (100_000, 160, "<u4"),
}
FLOATS = [0.0, -0.0, 1 / 3, -2.5, 5e-324, 1e308, np.inf, -np.inf, np.nan]
TIMES = [0.1, 0.2, 1 / 3, 7.25, 1e-3, 1e9]


@dataclass
class Made:
    """An image: its bytes, and what was drawn for it."""

    cells: int
    schedule: int
    seeds: list[int]
    trials: int
    sections: list[Section] = field(default_factory=list)
    columns: list[bytes] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)

    def add(self, name, array) -> int:
        """Add a data section; its number."""
        self.sections.append(small_section(name, np.ascontiguousarray(array)))
        return 8 + len(self.sections) - 1


def make(rng) -> tuple[bytes, Made]:
    """Return (bytes, what was drawn)."""
    base, positions = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    cells = base**positions
    schedule = int(rng.integers(1, 20))
    seeds = sorted(rng.choice([0, 111, 777, 888, 999], int(rng.integers(1, 5)), False).tolist())
    exists = rng.random((cells, len(seeds))) < rng.choice(
        [0.0, 0.3, 0.8, 1.0], p=[0.1, 0.4, 0.3, 0.2]
    )
    table = np.full(exists.shape, -1, "<i4")
    table[exists] = np.arange(exists.sum())
    made = Made(cells, schedule, seeds, int(exists.sum()))
    rows = fmt.NONE
    if not exists.all() or rng.random() < 0.5:
        rows = made.add(f"{schedule}/{DATASET}/rows", table)
    for number, split in enumerate(SPLITS):
        for metric in ("accuracy", "top5"):
            _add_hits(rng, made, number, split, metric)
        _add_values(rng, made, number, split, "loss", ["f4", "f8"][number % 2], FLOATS)
        _add_time(rng, made, number, split)
    _add_number(rng, made, fmt.NONE, "params_m", "per_cell", FLOATS)
    _add_number(rng, made, fmt.NONE, "flops_m", "dictionary", FLOATS)
    _add_list(rng, made)
    group = fmt.trials_record(schedule, 0, len(seeds), 0, made.trials, rows)
    described = {
        "space": [fmt.space_record("tss", cells, positions, base, 16, 5, 3, 256)],
        "choices": [fmt.choice_record(str(choice)) for choice in range(base)],
        "datasets": [fmt.dataset_record(DATASET, 10, 32)],
        "splits": [fmt.split_record(s, 0, images, last) for s, (images, last, _) in SPLITS.items()],
        "trials": [group],
    }
    head = [small_section(name, fmt.rows_of(rows)) for name, rows in described.items()]
    head.append(small_section("seeds", np.array(seeds, "<u4")))
    head.append(small_section("epochs", np.array(made.epochs, "<u4")))
    head.append(small_section("columns", fmt.rows_of(made.columns)))
    file = io.BytesIO()
    size = write_sections(file, head + made.sections)
    return file.getvalue().ljust(size, b"\0"), made  # a BytesIO does not grow where a file does


def damaged(rng, raw: bytes, made: Made, count: int) -> bytes:
    """Return the image with `count` numbers of its data sections overwritten, checksums left as they are."""
    out = bytearray(raw)
    entries = [raw[64 + 128 * i : 192 + 128 * i] for i in range(8, 8 + len(made.sections))]
    extents = [(int.from_bytes(e[72:80], "little"), int.from_bytes(e[80:88], "little")) for e in entries]  # fmt: skip
    filled = [extent for extent in extents if extent[1]]
    for _ in range(count):
        offset, size = filled[int(rng.integers(len(filled)))]
        at = offset + int(rng.integers(size))
        if rng.random() < 0.5:
            out[at] = int(rng.integers(256))
        else:  # a whole number: none, the first row that does not exist, no row
            whole = (0, made.trials, 0xFFFFFFFF)[int(rng.integers(3))]
            at -= (at - offset) % 4
            wide = min(4, offset + size - at)
            out[at : at + wide] = whole.to_bytes(4, "little")[:wide]
    return bytes(out)


def _epoch_run(rng, made, *, gapless=False) -> tuple[int, int]:
    """(first, count) of a random run of recorded epochs."""
    recorded = np.flatnonzero(rng.random(made.schedule) < rng.choice([0.2, 0.7, 1.0]))
    if len(recorded) == 0 or gapless:
        recorded = np.arange(int(rng.integers(1, made.schedule + 1)))
    made.epochs += recorded.tolist()
    return len(made.epochs) - len(recorded), len(recorded)


def _present(rng, made, name, epochs) -> int:
    """Presence bits of some columns; others have every row."""
    if rng.random() < 0.5:
        return fmt.NONE
    bits = rng.random((made.trials, max(epochs, 1))) < rng.choice([0.1, 0.9])
    return made.add(f"{name}.present", fmt.bitmap(bits))


def _column(rng, made, split, metric, encoding, epochs, data, extra=fmt.NONE) -> None:
    name = f"{made.schedule}/{DATASET}/{split}/{metric}"
    present = _present(rng, made, name, epochs[1])
    made.columns.append(
        fmt.column_record(0, split, metric, encoding, *epochs, data, extra, present)
    )


def _add_hits(rng, made, number, split, metric) -> None:
    images, last, kind = SPLITS[split]
    epochs = _epoch_run(rng, made)
    shape = (made.trials, epochs[1])
    in_last = rng.integers(0, last + 1, shape)
    total = in_last + rng.integers(0, images - last + 1, shape)
    name = f"{made.schedule}/{DATASET}/{split}/{metric}"
    extra = fmt.NONE
    if kind == "packed":
        data = made.add(name, (total | in_last << 24).astype("<u4"))
    else:
        data = made.add(name, total.astype(kind))
        if last:
            extra = made.add(f"{name}.last", in_last.astype("<u1"))
    encoding = "packed_hits" if kind == "packed" else "hits"
    _column(rng, made, number, metric, encoding, epochs, data, extra)


def _some(rng, choices, shape):
    """Numbers of which some are the odd ones of `choices`."""
    return np.where(rng.random(shape) < 0.3, rng.choice(choices, shape), rng.random(shape) * 100)


def _add_values(rng, made, number, split, metric, dtype, choices, *, gapless=False) -> None:
    epochs = _epoch_run(rng, made, gapless=gapless)
    with np.errstate(over="ignore"):
        values = _some(rng, choices, (made.trials, epochs[1])).astype(f"<{dtype}")
    data = made.add(f"{made.schedule}/{DATASET}/{split}/{metric}", values)
    _column(rng, made, number, metric, "value", epochs, data)


def _add_time(rng, made, number, split) -> None:
    encoding = str(rng.choice(["f4", "f8", "per_trial", "per_cell", "per_image", "dictionary"]))
    gapless = split == "train"
    if encoding in ("f4", "f8"):
        _add_values(rng, made, number, split, "time", encoding, TIMES, gapless=gapless)
    else:
        _add_number(rng, made, number, "time", encoding, TIMES, _epoch_run(rng, made, gapless=gapless))  # fmt: skip


def _add_number(rng, made, number, metric, encoding, choices, epochs=(0, 0)) -> None:
    """A column of one number a trial."""
    name = f"{made.schedule}/{DATASET}/{number}/{metric}"
    extra = fmt.NONE
    if encoding == "dictionary":
        values = _some(rng, choices, (int(rng.integers(1, 5)),))
        data = made.add(name, rng.integers(0, len(values), made.trials).astype("<u2"))
        extra = made.add(f"{name}.values", values)
    else:
        size = made.cells if encoding in ("per_cell", "per_image") else made.trials
        data = made.add(name, _some(rng, choices, (size,)))
    _column(rng, made, number, metric, encoding, epochs, data, extra)


def _add_list(rng, made) -> None:
    counts = rng.integers(0, 12, made.trials)
    name = f"{made.schedule}/{DATASET}/latency_s"
    data = made.add(name, np.concatenate([[0], np.cumsum(counts)]).astype("<u4"))
    extra = made.add(f"{name}.values", _some(rng, FLOATS, (int(counts.sum()),)))
    _column(rng, made, fmt.NONE, "latency_s", "list", (0, 0), data, extra)
