"""Baselines made once for all workloads, each with the seconds that filling it took."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nb201bench import database, official
from nb201bench.inputs import SEED, VALIDATION, VALIDATION_12, Inputs, Ready, ready
from nb201bench.plain import PlainColumn, nested
from nb201bench.zarr_archive import ArchiveColumn

if TYPE_CHECKING:
    from pathlib import Path

    from nb201bench.inputs import Column


class Baselines:
    """Whatever the inputs allow; None for a peer that is not installed or was given no file."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._plain: dict[Column, Ready] = {}
        self._sqlite_path = inputs.folder / "baseline.sqlite"

    def plain(self, column: Column) -> Ready:
        """`PlainColumn` of a column."""
        if column not in self._plain:
            inputs = self.inputs
            self._plain[column] = ready(
                lambda: PlainColumn(inputs.store, column, inputs.seeds(column))
            )
        return self._plain[column]

    @cached_property
    def nested(self) -> Ready:
        """Nested dict of the last validation accuracies of one seed."""
        return ready(lambda: nested(self.inputs.store, VALIDATION, 199, SEED))

    @cached_property
    def sqlite(self) -> Ready:
        """Connection to a database of the validation columns of both schedules; filling includes decoding them."""
        columns = [(column, self.plain(column)) for column in (VALIDATION, VALIDATION_12)]
        filled = [(column, plain.it) for column, plain in columns]
        made = ready(lambda: database.fill(self._sqlite_path, filled))
        self.inputs.owned(made.it)
        return Ready(made.it, made.seconds + sum(plain.seconds for _, plain in columns))

    @property
    def sqlite_path(self) -> Path:
        """The file of `sqlite`, filled."""
        self.sqlite.it.commit()
        return self._sqlite_path

    @cached_property
    def archive(self) -> Ready | None:
        """`ArchiveColumn` of the validation column."""
        archive = self.inputs.archive
        return None if archive is None else ready(lambda: ArchiveColumn(archive, VALIDATION))

    @cached_property
    def nats(self) -> Ready | None:
        """NATS-Bench with the cells `peer_codes` read."""
        path = self.inputs.official
        if path is None or not official.has("nats_bench"):
            return None
        indices = official.indices(self.inputs.peer_codes)
        return ready(lambda: official.touch(official.open_nats(path), indices))

    @cached_property
    def nas_201(self) -> Ready | None:
        """NAS-Bench-201 with the file that was given."""
        path = self.inputs.official_201
        if path is None or not official.has("nas_201_api") or not official.has("torch"):
            return None
        return ready(lambda: official.open_201(path))
