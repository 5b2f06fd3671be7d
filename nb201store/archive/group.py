"""One group of an archive, the trials of one schedule on one data set, checked and decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import hits as hits_codec
from nb201store.archive import layout
from nb201store.records import Series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

    from nb201store.archive.reader import Archive
    from nb201store.archive.row_tables import Array
    from nb201store.schema import Dataset, Split

_COORDINATES = {"code", "seed", "epoch", "split"}


class Group:
    """Arrays of the trials of one schedule on one data set; blocks of codes are read when first touched.

    `seeds`: int32, ascending. `split_epochs`: int32 epochs of each split that has scores. `block(first)` gives the
    arrays of `layout.CODES_PER_BLOCK` codes from `first` on, by name ("params_m", "x-valid/hits", ...).

    Making one checks that every array is there, of the dtype and shape it must have: FormatError names the first that
    is not. Numbers are bounded when a trial is decoded.
    """

    def __init__(self, archive: Archive, schedule: int, dataset: Dataset) -> None:
        self.schedule = schedule
        self.dataset = dataset
        self.prefix = f"{schedule}/{dataset.name}"
        self._archive = archive
        self._blocks: dict[int, dict[str, Array]] = {}
        self.names = archive.array_names(self.prefix)
        self.splits = [
            s for s in dataset.splits if any(n.startswith(f"{s.name}/") for n in self.names)
        ]
        self._images = {s.name: s.images for s in dataset.splits}
        self.last = {
            s.name: hits_codec.last_batch(s.images, archive.benchmark.batch) for s in dataset.splits
        }
        self.time_splits = [str(name) for name in self.read("split")]
        if self.time_splits != [split.name for split in dataset.splits]:
            self.refuse("split", "the data set's splits", self.time_splits)
        self.seeds: Array = self._ascending("seed", 1 << 31)
        self.split_epochs = {
            s.name: self._ascending(f"{s.name}/epoch", schedule) for s in self.splits
        }
        self.time_epoch_sets = self._read_time_epoch_sets()
        self._check_repeated()
        self._check_arrays()

    def has(self, name: str) -> bool:
        """Whether the group has the array `name`."""
        return name in self.names

    def read(self, name: str, first: int | None = None, past: int | None = None) -> Array:
        """Read a whole array, or its codes first..past-1."""
        return self._archive.read(f"{self.prefix}/{name}", first, past)

    def block(self, first: int, *, keep: bool = False) -> Mapping[str, Array]:
        """Arrays over the block of codes that starts at `first`; with `keep` earlier blocks stay in memory."""
        if first not in self._blocks:
            if not keep:
                self._blocks.clear()
            past = min(first + layout.CODES_PER_BLOCK, len(self._archive.space))
            wanted = [name for name in self.names if name.rsplit("/", 1)[-1] not in _COORDINATES]
            self._blocks[first] = {name: self.read(name, first, past) for name in wanted}
        return self._blocks[first]

    def read_present(self) -> Array:
        """Which (code, seed) has a trial, bool; of cells that the root says have results, and at least one."""
        present = self.read("present")
        if not present.any() or present[~self._archive.has_results].any():
            self.refuse("present", "trials, all of cells that have results", f"{present.sum()}")
        return present

    def expect_below(self, name: str, values: Array, end: int) -> None:
        """Refuse the array `name` where one of its `values` is not below `end`."""
        if values.size and values.max() >= end:
            self.refuse(name, f"numbers below {end}", values.max())

    def expect_array(self, name: str, holds: str) -> None:
        """Refuse a group that lacks the array `name`."""
        if not self.has(name):
            self.refuse(name, holds, "no such array")

    def form_text(self, place: int) -> str:
        """The form of a trial that says `place`."""
        return self._archive.form_text(self._archive.trial_forms, place, f"{self.prefix}/form")

    def refuse(self, name: str, expected: str, found: object) -> NoReturn:
        """Raise FormatError about an array of this group."""
        self._archive.refuse(f"{self.prefix}/{name}", expected, found)

    def _ascending(self, name: str, end: int) -> Array:
        values = self.read(name)
        sound = values.ndim == 1 and values.dtype.kind in "iu" and len(values) > 0
        if not sound or values.min() < 0 or values.max() >= end or (np.diff(values) <= 0).any():
            self.refuse(name, f"ascending integers of 0..{end - 1}", np.array2string(values))
        return values

    def _read_time_epoch_sets(self) -> list[Array]:
        listed = self._archive.attributes(self.prefix).get("time_epoch_sets", [])
        try:
            sets = [layout.epochs_of(runs) for runs in listed]
        except (MemoryError, TypeError, ValueError):
            sets = [np.empty(0, dtype=np.int32)]
        for epochs in sets:
            if not len(epochs) or epochs[0] < 0 or epochs[-1] >= self.schedule:
                self.refuse("time", "time_epoch_sets within the schedule", listed)
        return sets

    def _check_repeated(self) -> None:
        """Refuse coordinates that other readers go by and this one does not, where they say something else."""
        repeated = {f"{split.name}/seed": self.seeds for split in self.splits}
        if self.has("epoch"):
            repeated["epoch"] = np.arange(self.schedule)
        for name, expected in repeated.items():
            found = self.read(name)
            if not np.array_equal(found, expected):
                self.refuse(name, np.array2string(expected, threshold=8), np.array2string(found))

    def _check_arrays(self) -> None:
        grid = (len(self._archive.space), len(self.seeds))
        timed = (*grid, len(self.time_splits))
        for name in ("present", "params_m_present", "flops_m_present"):
            self._expect(name, "b", grid)
        for name in ("form", "latency_count"):
            self._expect(name, "u", grid)
        for name in ("params_m", "flops_m"):
            self._expect(name, "f", grid)
        if self.has("weights_bytes") or self.has("weights_crc32c"):
            self._expect("weights_bytes", "u", grid)
            self._expect("weights_crc32c", "u", grid)
        if self.has("latency_s"):
            self._expect("latency_s", "f", (*grid, self._shape("latency_s")[-1]))
        for name, kind in (("time", "f"), ("time_epoch_set", "u"), ("time_varies", "b")):
            self._expect(name, kind, timed)
        if self.has("epoch_time"):
            self._expect("epoch_time", "f", (*timed, self.schedule))
        for split in self.splits:
            self._check_scores(split, grid)

    def _check_scores(self, split: Split, grid: tuple[int, int]) -> None:
        shape = (*grid, len(self.split_epochs[split.name]))
        kinds = {"present": "b", "hits": "u"} | (
            {"last_hits": "u"} if self.last[split.name] else {}
        )
        for prefix in ("", "top5_"):
            names = {f"{split.name}/{prefix}{name}": kind for name, kind in kinds.items()}
            if not prefix:
                names[f"{split.name}/loss"] = "f"
            if any(self.has(name) for name in names):
                for name, kind in names.items():
                    self._expect(name, kind, shape)

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._archive.array(f"{self.prefix}/{name}").shape

    def _expect(self, name: str, kind: str, shape: tuple[int, ...]) -> None:
        array = self._archive.array(f"{self.prefix}/{name}")
        dtype = np.dtype(array.dtype)
        if dtype.kind != kind or array.shape != shape:
            words = {"b": "booleans", "u": "unsigned integers", "f": "floats"}
            self.refuse(name, f"{words[kind]} {shape}", f"{dtype} {array.shape}")

    def scores(
        self, block: Mapping[str, Array], split: Split, at: tuple[int, int]
    ) -> dict[str, Series | None]:
        """Accuracy, loss and top-5 of one trial on one split."""
        out: dict[str, Series | None] = {"accuracy": None, "loss": None, "top5": None}
        for prefix, metric in (("", "accuracy"), ("top5_", "top5")):
            if f"{split.name}/{prefix}present" not in block:
                continue
            there = block[f"{split.name}/{prefix}present"][at]
            if not there.any():
                continue
            epochs = self.split_epochs[split.name][there]
            hits = block[f"{split.name}/{prefix}hits"][at][there]
            last_hits = None
            if self.last[split.name]:
                last_hits = block[f"{split.name}/{prefix}last_hits"][at][there]
            out[metric] = Series(epochs, self.percent(split.name, prefix, hits, last_hits))
            if metric == "accuracy":
                loss = block[f"{split.name}/loss"][at][there]
                out["loss"] = Series(epochs, loss.astype(np.float64))
        return out

    def percent(
        self, split: str, prefix: str, hits: Array, last_hits: Array | None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The published percentages of hits, of any shape, after checking that there can be so many."""
        images = self._images[split]
        if (hits > images).any():
            self.refuse(f"{split}/{prefix}hits", f"at most {images} hits", hits.max())
        last = self.last[split]
        if last_hits is not None and (last_hits > np.minimum(hits, last)).any():
            name = f"{split}/{prefix}last_hits"
            self.refuse(name, f"at most {last} of the hits", last_hits.max())
        return hits_codec.decode(hits, last_hits, images, last)

    def time(self, block: Mapping[str, Array], split: Split, at: tuple[int, int]) -> Series | None:
        """Seconds per epoch of one trial on one split, unfolded."""
        place = (*at, self.time_splits.index(split.name))
        which = int(block["time_epoch_set"][place])
        if which == 0:
            return None
        if which > len(self.time_epoch_sets):
            self.refuse("time_epoch_set", f"at most {len(self.time_epoch_sets)}", which)
        epochs = self.time_epoch_sets[which - 1]
        if not block["time_varies"][place]:
            return Series(epochs, np.full(len(epochs), block["time"][place]))
        self.expect_array("epoch_time", "seconds of the epochs where time_varies")
        return Series(epochs, block["epoch_time"][place][epochs])

    def latency(self, block: Mapping[str, Array], at: tuple[int, int]) -> tuple[float, ...] | None:
        """Seconds of each measurement that was kept of one trial."""
        count = int(block["latency_count"][at])
        if count == 0:
            return None
        kept = block["latency_s"][at] if "latency_s" in block else ()
        if count > len(kept):
            self.refuse("latency_count", f"at most {len(kept)}", count)
        return tuple(float(seconds) for seconds in kept[:count])
