"""From an archive to the list of sections that an image of it has.

Section numbers appear in the description sections, so everything is planned before anything is written: small
sections as arrays, large ones as functions that read them from the archive when their turn comes.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import __version__
from nb201store.archive import layout
from nb201store.archive.group_rows import GroupRows
from nb201store.image import description
from nb201store.image import format as fmt
from nb201store.image.description import description_sections
from nb201store.image.seconds import seconds_per_image
from nb201store.image.sections import Section, json_section, small_section
from nb201store.image.slicing import Slice
from nb201store.image.trial_columns import Encoded, encode_numbers
from nb201store.schema import TRAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.archive.group import Group
    from nb201store.archive.reader import Archive
    from nb201store.schema import Split

    Array = np.ndarray[Any, np.dtype[Any]]


class Plan:
    """The sections of an image, in file order. Of a slice that is not whole no forms are kept."""

    def __init__(self, archive: Archive, part: Slice, weights: dict[str, Any] | None) -> None:
        self._archive = archive
        self._part = part
        self._weights = weights
        self._data: list[Section] = []
        self._trials: list[bytes] = []
        self._small: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._columns: list[bytes] = []
        self._seeds: list[int] = []
        self._epochs: list[int] = []
        self._epoch_runs: dict[tuple[int, ...], int] = {}
        self._split_numbers: dict[tuple[str, str], int] = {}
        for dataset in archive.benchmark.datasets:
            for split in dataset.splits:
                self._split_numbers[dataset.name, split.name] = len(self._split_numbers)
        chosen = [
            (group, GroupRows(archive, group))
            for group in archive.groups
            if part.holds_group(
                group.schedule, group.dataset.name, [s.name for s in group.dataset.splits]
            )
        ]
        self._image_seconds = {
            of_training: self._seconds_of_images(chosen, of_training=of_training)
            for of_training in (True, False)
        }
        for group, rows in chosen:
            self._plan_group(group, rows)
        if part.whole:
            self._plan_forms()
        self._add(json_section("about", self._about()))

    def sections(self) -> list[Section]:
        """Every section, in file order."""
        described = description_sections(
            self._archive.benchmark, self._trials, self._columns, self._seeds, self._epochs
        )
        return described + self._data

    def _add(self, section: Section) -> int:
        """Plan a data section; return its number."""
        self._data.append(section)
        return len(description.NAMES) + len(self._data) - 1

    def _epoch_run(self, epochs: Array) -> tuple[int, int]:
        """(place, count) of a run of epochs in the section `epochs`; equal runs are stored once."""
        key = tuple(epochs.tolist())
        if key not in self._epoch_runs:
            self._epoch_runs[key] = len(self._epochs)
            self._epochs += key
        return self._epoch_runs[key], len(key)

    def _add_small(self, name: str, data: Array) -> int:
        """Plan a data section that is at hand, or take an equal one; return its number."""
        content = hashlib.sha256(np.ascontiguousarray(data).data).digest()
        key = (data.dtype.str, data.shape, content)
        if key not in self._small:
            self._small[key] = self._add(small_section(name, data))
        return self._small[key]

    def _splits(self, group: Group) -> list[Split]:
        return [split for split in group.dataset.splits if self._part.holds_split(split.name)]

    def _seconds_of_images(
        self, groups: Sequence[tuple[Group, GroupRows]], *, of_training: bool
    ) -> Array | None:
        """Seconds of one image of each cell, where all constant times follow from them and that is smaller."""
        columns, alternatives = [], {}
        for group, rows in groups:
            for split in self._splits(group):
                place = group.time_splits.index(split.name)
                timed = rows.read("time_epoch_set")[:, place] > 0
                varies = rows.read("time_varies")[:, place]
                if (split.name == TRAIN) != of_training or not timed.any() or varies.any():
                    continue
                seconds = rows.read("time")[:, place]
                columns.append((split.images, rows.codes[timed], seconds[timed]))
                encoded = encode_numbers(seconds, timed, rows.codes, rows.cells)
                alternatives[encoded.data.tobytes()] = encoded.data.nbytes
        found = seconds_per_image(columns, len(self._archive.space))
        return None if found is None or found.nbytes >= sum(alternatives.values()) else found

    def _plan_group(self, group: Group, rows: GroupRows) -> None:
        number = len(self._trials)
        table = fmt.NONE  # every cell has every seed: nothing to look up
        if rows.count != rows.cells * len(group.seeds):
            table = self._add_small(f"{group.prefix}/rows", rows.table())
        dataset = [d.name for d in self._archive.benchmark.datasets].index(group.dataset.name)
        self._trials.append(
            fmt.trials_record(
                group.schedule, dataset, len(group.seeds), len(self._seeds), rows.count, table
            )
        )
        self._seeds += group.seeds.tolist()
        for split in self._splits(group):
            split_number = self._split_numbers[group.dataset.name, split.name]
            columns = [
                self._plan_hits(group, rows, split, "", "accuracy"),
                self._plan_hits(group, rows, split, "top5_", "top5"),
                self._plan_loss(group, rows, split),
                self._plan_time(group, rows, split),
            ]
            self._columns += [
                fmt.column_record(number, split_number, *column)
                for column in columns
                if column is not None
            ]
        for metric in ("params_m", "flops_m", "latency_s"):
            column = self._plan_trial_metric(group, rows, metric)
            if column is not None:
                self._columns.append(fmt.column_record(number, fmt.NONE, *column))
        if self._part.whole:
            form = rows.read("form").astype("<u2")
            group.expect_below("form", form, len(self._archive.trial_forms))
            self._add(small_section(f"{group.prefix}/form", form, required=False))

    def _present(self, name: str, present: Array) -> int:
        """Plan a presence bitmap where one is needed; return its section number or NONE."""
        if present.all():
            return fmt.NONE
        return self._add_small(f"{name}.present", fmt.bitmap(present))

    def _score_columns(
        self, group: Group, rows: GroupRows, split: Split, metric: str, prefix: str
    ) -> tuple[Array, Array] | None:
        """(used epoch positions, presence at them) of a split's scores or top-5, or None where it has none."""
        name = f"{split.name}/{prefix}present"
        if not group.has(name):
            return None
        present = rows.read(name)
        held = self._part.held(group.schedule, metric, group.split_epochs[split.name])
        used = np.flatnonzero(present.any(axis=0) & held)
        return (used, present[:, used]) if len(used) else None

    def _plan_hits(
        self, group: Group, rows: GroupRows, split: Split, prefix: str, metric: str
    ) -> tuple[Any, ...] | None:
        found = self._score_columns(group, rows, split, metric, prefix)
        if found is None:
            return None
        used, present = found
        name = f"{group.prefix}/{split.name}/{metric}"
        shape = (rows.count, len(used))
        hits_name, last = f"{split.name}/{prefix}hits", f"{split.name}/{prefix}last_hits"
        wide, has_last = split.images > 0xFFFF, bool(group.last[split.name])
        extra = fmt.NONE

        gaps = _gaps(present)

        def read(array: str, dtype: str) -> Array:
            return _filled(rows.read(array)[:, used], gaps, np.dtype(dtype))

        if wide and has_last:
            data = self._add(Section(name, fmt.DTYPES["u4"], shape, True,
                                     lambda: read(hits_name, "<u4") | read(last, "<u4") << np.uint32(24)))  # fmt: skip
        else:
            width = "u4" if wide else "u2"
            data = self._add(
                Section(name, fmt.DTYPES[width], shape, True, lambda: read(hits_name, f"<{width}"))
            )
            if has_last:
                extra = self._add(
                    Section(f"{name}.last", fmt.DTYPES["u1"], shape, True, lambda: read(last, "u1"))
                )
        encoding = "packed_hits" if wide and has_last else "hits"
        epochs = self._epoch_run(group.split_epochs[split.name][used])
        return metric, encoding, *epochs, data, extra, self._present(name, present)

    def _plan_loss(self, group: Group, rows: GroupRows, split: Split) -> tuple[Any, ...] | None:
        found = self._score_columns(group, rows, split, "loss", "")
        if found is None:
            return None
        used, present = found
        name = f"{group.prefix}/{split.name}/loss"
        dtype = self._archive.loss_dtype
        code = fmt.DTYPES[dtype.str[1:]]
        gaps = _gaps(present)
        data = self._add(Section(
            name, code, (rows.count, len(used)), True,
            lambda: _filled(rows.read(f"{split.name}/loss")[:, used], gaps, dtype),
        ))  # fmt: skip
        epochs = self._epoch_run(group.split_epochs[split.name][used])
        return "loss", "value", *epochs, data, fmt.NONE, self._present(name, present)

    def _plan_time(self, group: Group, rows: GroupRows, split: Split) -> tuple[Any, ...] | None:
        place = group.time_splits.index(split.name)
        which = rows.read("time_epoch_set")[:, place]
        group.expect_below("time_epoch_set", which, len(group.time_epoch_sets) + 1)
        used = sorted(set(which[which > 0].tolist()))
        if not used:
            return None
        epochs = np.unique(np.concatenate([group.time_epoch_sets[w - 1] for w in used]))
        present = np.zeros((rows.count, len(epochs)), dtype=bool)
        for w in used:
            present[np.ix_(which == w, np.searchsorted(epochs, group.time_epoch_sets[w - 1]))] = (
                True
            )
        if rows.read("time_varies")[:, place].any():
            constant = rows.read("time")[:, place][:, None]
            varies = rows.read("time_varies")[:, place][:, None]
            values = np.where(varies, rows.read("epoch_time")[:, place][:, epochs], constant)
            encoded = Encoded("value", np.where(present, values, 0.0).astype("<f8"), None)
        else:
            of_image = self._image_seconds[split.name == TRAIN]
            if of_image is not None:
                encoded = Encoded("per_image", of_image, None)
            else:
                values = rows.read("time")[:, place]
                encoded = encode_numbers(values, which > 0, rows.codes, rows.cells)
        name = f"{group.prefix}/{split.name}/time"
        return "time", *self._plan_encoded(name, encoded, self._epoch_run(epochs), present)

    def _plan_encoded(
        self, name: str, encoded: Encoded, epochs: tuple[int, int], present: Array
    ) -> tuple[Any, ...]:
        data = self._add_small(name, encoded.data)
        extra = (
            fmt.NONE if encoded.extra is None else self._add_small(f"{name}.values", encoded.extra)
        )
        return encoded.encoding, *epochs, data, extra, self._present(name, present)

    def _plan_trial_metric(
        self, group: Group, rows: GroupRows, metric: str
    ) -> tuple[Any, ...] | None:
        if metric == "latency_s":
            counts = rows.read("latency_count").astype(np.int64)
            measured = (
                rows.read("latency_s") if group.has("latency_s") else np.zeros((rows.count, 0))
            )
            group.expect_below("latency_count", counts, measured.shape[1] + 1)
            present = counts > 0
            if counts.max(initial=0) > 1:
                kept = np.arange(measured.shape[1]) < counts[:, None]
                offsets = np.concatenate([[0], np.cumsum(counts)]).astype("<u4")
                encoded = Encoded("list", offsets, measured[kept].astype("<f8"))
            else:
                values = measured[:, 0] if measured.shape[1] else np.zeros(rows.count)
                encoded = encode_numbers(values, present, rows.codes, rows.cells)
        else:
            present = rows.read(f"{metric}_present")
            encoded = encode_numbers(rows.read(metric), present, rows.codes, rows.cells)
        if not present.any():
            return None
        name = f"{group.prefix}/{metric}"
        return metric, *self._plan_encoded(name, encoded, (0, 0), present[:, None])

    def _plan_forms(self) -> None:
        archive = self._archive
        codes = archive.codes()
        cell_form = np.zeros(len(archive.space), dtype="<u2")
        forms_of_cells = archive.read("form")[codes]
        if forms_of_cells.max(initial=0) >= len(archive.cell_forms):
            archive.refuse("form", f"places among {len(archive.cell_forms)} forms", forms_of_cells)
        cell_form[codes] = forms_of_cells + 1
        self._add(small_section("cell_form", cell_form, required=False))
        forms = {"cell": archive.cell_forms, "trial": archive.trial_forms}
        self._add(json_section("forms", forms))

    def _about(self) -> dict[str, Any]:
        about = {
            "written_by": f"nb201store {__version__}",
            "benchmark": layout.benchmark_to_json(self._archive.benchmark),
            "sources": [asdict(source) for source in self._archive.sources],
            **({} if self._weights is None else {"weights": self._weights}),
        }
        if self._archive.merged is not None:
            about["merged"] = asdict(self._archive.merged)
        return about if self._part.whole else about | {"slice": self._part.to_json()}


def _gaps(present: Array) -> Array | None:
    """Where nothing is present; None where all is, as mostly: a plan holds this until the section is written."""
    return None if present.all() else ~present


def _filled(values: Array, gaps: Array | None, dtype: np.dtype[Any]) -> Array:
    """The values of a section, zero in the gaps."""
    found = values.astype(dtype)
    if gaps is not None:
        found[gaps] = 0
    return found
