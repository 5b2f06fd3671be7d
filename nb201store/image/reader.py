"""An image to records, through the same C++ queries that users ask."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import _core
from nb201store.errors import FormatError, MissingDataError
from nb201store.image.format import MAGIC
from nb201store.image.slicing import Slice, Slicer
from nb201store.image.trial_table import ImageTrials
from nb201store.records import CellRecord, Series, Source, SplitRecord, TrialRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SCORES = ("accuracy", "loss", "top5", "time")
_OF_TRIAL = ("params_m", "flops_m")


def read_records(image: str | Path | _core.Image) -> Iterator[CellRecord]:
    """Yield every cell of an image, in ascending code, as it was recorded."""
    reader = ImageRecords(image)
    for code in reader.codes():
        yield reader.cell(code)


def is_image(path: Path) -> bool:
    """Whether a file begins as an image does; False of a folder, a pipe, and where there is nothing."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class ImageRecords:
    """Cells of an image as records. Needs `about`, and the forms that an image of a whole archive has.

    `part`: which part of its archive the image holds. Where that is not the whole there are no forms: those of
    records are empty, and no official object can be made of them.
    """

    def __init__(self, image: str | Path | _core.Image) -> None:
        self.image = image if isinstance(image, _core.Image) else _core.Image(str(image))
        described = self.image.describe()
        self.groups: list[tuple[int, str]] = [
            (g["schedule"], g["dataset"]) for g in described["groups"]
        ]
        self.seeds = {(g["schedule"], g["dataset"]): g["seeds"] for g in described["groups"]}
        self._splits = {d["name"]: [s["name"] for s in d["splits"]] for d in described["datasets"]}
        self._columns: dict[tuple[int, str], set[tuple[str | None, str]]] = {
            key: set() for key in self.groups
        }
        self._epochs: dict[tuple[int, str, str, str], Any] = {}
        for column in described["columns"]:
            key = (column["schedule"], column["dataset"])
            self._columns[key].add((column["split"], column["metric"]))
            if column["split"] is not None:
                self._epochs[*key, column["split"], column["metric"]] = np.array(
                    column["epochs"], dtype=np.int32
                )
        self.about = self._json("about")
        self.part = self._read_part()
        self._rows = {key: self.row_table(key) for key in self.groups}
        if self.part.whole:
            forms = self._json("forms")
            self._cell_forms = self._listed(forms, "cell")
            self._trial_forms = self._listed(forms, "trial")
            self._cell_form = self._section("cell_form")
            self._form = {key: self._section(f"{key[0]}/{key[1]}/form") for key in self.groups}
            self._has = self._cell_form != 0
        else:
            self._has = np.zeros(self.image.cells, dtype=bool)
            for rows in self._rows.values():
                self._has |= (rows >= 0).any(axis=1)

    @property
    def loss_dtype(self) -> np.dtype[Any]:
        """float32, or float64 in an image whose archive was converted with `--loss float64`."""
        for section in self.image.sections():
            if section["name"].endswith("/loss") and section["dtype"] == "f8":
                return np.dtype("<f8")
        return np.dtype("<f4")

    def facts(self) -> dict[str, Any]:
        """What `about` says: `benchmark` (its name), `written_by`, `sources` (a dict each), `weights` and `slice`.

        The last two are None where it says nothing of them.
        """
        about = self.about
        try:
            sources = [asdict(Source(**source)) for source in about["sources"]]
            name, written_by = str(about["benchmark"]["name"]), str(about["written_by"])
            weights = about.get("weights")
            if weights is not None:
                made = {"folder": str, "files": int, "bytes": int}
                weights = {key: kind(weights[key]) for key, kind in made.items()}
        except (LookupError, TypeError, ValueError) as problem:
            raise self.refusal("about", f"it lacks what it must have: {problem!r}") from problem
        return {
            "benchmark": name,
            "written_by": written_by,
            "sources": sources,
            "weights": weights,
            "slice": None if self.part.whole else self.part.to_json(),
        }

    def _read_part(self) -> Slice:
        if "slice" not in self.about:
            return Slice()
        try:
            return Slice.from_json(self.about["slice"])
        except (LookupError, OverflowError, TypeError, ValueError) as problem:
            raise self.refusal("about", f"slice: {problem!r}") from problem

    def _section(self, name: str) -> Any:
        if not self.image.has_section(name):
            raise FormatError(
                f"{self.image.path}: no section '{name}': not a full image, its records cannot be rebuilt"
            )
        return self.image.section(name)

    def _json(self, name: str) -> Any:
        text = bytes(self._section(name))
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise self.refusal(name, f"not JSON: {problem}") from problem
        if not isinstance(found, dict):
            raise self.refusal(name, f"expected a JSON object, found {type(found).__name__}")
        return found

    def _listed(self, forms: dict[str, Any], kind: str) -> list[str]:
        listed = forms.get(kind)
        if not isinstance(listed, list) or not all(isinstance(form, str) for form in listed):
            raise self.refusal("forms", f"expected a list of texts as {kind!r}")
        return listed

    def refusal(self, section: str, what: str) -> FormatError:
        """The error about a section."""
        error = FormatError(f"{self.image.path}: section '{section}': {what}")
        error.path, error.section = self.image.path, section
        return error

    def codes(self) -> list[int]:
        """Codes of the cells that have results, ascending."""
        return [int(code) for code in np.flatnonzero(self._has)]

    def has(self, code: int) -> bool:
        """Whether the cell has results."""
        return 0 <= code < len(self._has) and bool(self._has[code])

    def cell(self, code: int) -> CellRecord:
        """Return everything recorded for one cell. REQUIRES: has(code)."""
        trials = []
        for key in self.groups:
            for slot, seed in enumerate(self.seeds[key]):
                row = int(self._rows[key][code, slot])
                if row != -1:
                    trials.append(self._trial(code, key, seed, self.trial_form(key, row)))
        return CellRecord(code, tuple(trials), self.cell_form(code))

    def cell_form(self, code: int) -> str:
        """The form of a cell, "" in a slice. REQUIRES: has(code)."""
        if not self.part.whole:
            return ""
        return self._form_text(self._cell_forms, int(self._cell_form[code]) - 1, "cell_form")

    def _form_text(self, forms: list[str], place: int, section: str) -> str:
        if not 0 <= place < len(forms):
            raise self.refusal(section, f"expected a place among {len(forms)} forms, found {place}")
        return forms[place]

    def row_table(self, key: tuple[int, str]) -> Any:
        """The row of each (code, seed) of a group, int32; -1 where there is no trial."""
        return self.image.row_table(key[1], key[0])

    def trial_form(self, key: tuple[int, str], row: int) -> str:
        """The form of a trial by its row, "" in a slice."""
        if not self.part.whole:
            return ""
        name, places = f"{key[0]}/{key[1]}/form", self._form[key]
        if not 0 <= row < len(places):
            raise self.refusal(
                f"{key[0]}/{key[1]}/rows", f"expected rows below {len(places)}, found {row}"
            )
        return self._form_text(self._trial_forms, int(places[row]), name)

    def _trial(self, code: int, key: tuple[int, str], seed: int, form: str) -> TrialRecord:
        schedule, dataset = key
        splits = {}
        for split in self._splits[dataset]:
            series = {metric: self._series(code, key, split, metric, seed) for metric in _SCORES}
            record = SplitRecord(**series)
            if record.series():
                splits[split] = record
        return TrialRecord(
            code, dataset, schedule, seed, splits, *self.trial_numbers(key, code, seed), form
        )

    def trial_numbers(
        self, key: tuple[int, str], code: int, seed: int
    ) -> tuple[float | None, float | None, tuple[float, ...] | None]:
        """(params_m, flops_m, latency_s) of a trial as recorded; None where they were not."""
        has = self._columns[key]
        params, flops, latency = (
            self._number(code, key, metric, seed) if (None, metric) in has else ()
            for metric in (*_OF_TRIAL, "latency_s")
        )
        return params[0] if params else None, flops[0] if flops else None, latency or None

    def trial_tables(self) -> dict[tuple[int, str], ImageTrials]:
        """All trials as rows, by (schedule, data set)."""
        return {key: ImageTrials(self, *key) for key in self.groups}

    def series_names(self, key: tuple[int, str]) -> list[tuple[str, str]]:
        """(split, metric) of every series of a group."""
        return [(split, metric) for *group, split, metric in self._epochs if tuple(group) == key]

    def slicer(self) -> Slicer | None:
        """What takes the part of records that this image holds; None where that is the whole."""
        return None if self.part.whole else Slicer(self.part, self._splits)

    def series_epochs(self, key: tuple[int, str], split: str, metric: str) -> Any:
        """The epochs of a series, int32."""
        return self._epochs[*key, split, metric]

    def _number(self, code: int, key: tuple[int, str], metric: str, seed: int) -> tuple[float, ...]:
        """Every value kept of one metric of the trial itself; none where it was not recorded."""
        try:
            return self.image.trial_list(code, key[1], metric, key[0], seed)
        except MissingDataError:
            return ()

    def _series(
        self, code: int, key: tuple[int, str], split: str, metric: str, seed: int
    ) -> Series | None:
        epochs = self._epochs.get((*key, split, metric))
        if epochs is None:
            return None
        values, present = self.image.curve(code, key[1], split, metric, key[0], seed)
        return Series(epochs[present], values[present]) if present.any() else None
