"""The official cells of an archive or an image, in ascending official index."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from nb201store.errors import FormatError, SettingsError
from nb201store.space import SPACES
from nb201store.upstream.hp_words import renamed
from nb201store.upstream.objects import assembled_cell
from nb201store.upstream.row_states import DAMAGED_FORM, TrialStates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from nb201store.schema import Benchmark
    from nb201store.trial_rows import Array, TrialTable
    from nb201store.upstream.hp_words import HpWords

# Their objects take some 100 MB.
_CELLS_AT_ONCE = 64

Key = tuple[int, str, int]


class CellTables(Protocol):
    """What an archive and an image have in common here."""

    def codes(self) -> Iterable[int]:
        """Codes of the cells that have results."""
        ...

    def cell_form(self, code: int) -> str:
        """The form of a cell."""
        ...

    def trial_tables(self) -> Mapping[tuple[int, str], TrialTable]:
        """All trials as rows, by (schedule, data set)."""
        ...


class RestoredCells:
    """Cells of `file`, by their states.

    Attributes
    ----------
    indexes : list of int, official indexes of the cells, ascending
    """

    def __init__(
        self, file: Path, tables: CellTables, benchmark: Benchmark, words: HpWords | None
    ) -> None:
        """`words`: how schedules are named; None leaves them as they were."""
        self._file = file
        self._tables = tables
        self._space = SPACES[benchmark.space]
        self._words = words
        self.codes = np.fromiter(tables.codes(), dtype=np.int64)
        self.codes = self.codes[np.argsort(self._space.official_index(self.codes))]
        self.indexes: list[int] = self._space.official_index(self.codes).tolist()
        self._groups = {
            key: _GroupRows(table, TrialStates(file, table, key[0], benchmark.dataset(key[1])))
            for key, table in tables.trial_tables().items()
        }
        rank = np.full(len(self._space), -1, dtype=np.int64)
        rank[self.codes] = np.arange(len(self.codes))
        for group in self._groups.values():
            group.sort_by(rank)
        self._forms: dict[str, dict[str, Any]] = {}

    @property
    def trials(self) -> int:
        """How many trials were made so far."""
        return sum(group.states.count for group in self._groups.values())

    @property
    def weights(self) -> int:
        """How many of them had weights, which are not kept."""
        return sum(group.states.weights for group in self._groups.values())

    def cells(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (official index, states by hyper-parameters) of each cell.

        Raises FormatError where the file is damaged or holds less than whole official objects.
        """
        for first in range(0, len(self.codes), _CELLS_AT_ONCE):
            yield from self._together(first, min(first + _CELLS_AT_ONCE, len(self.codes)))

    def _together(self, first: int, past: int) -> Iterator[tuple[int, dict[str, Any]]]:
        codes = self.codes[first:past].tolist()
        arch_strs = dict(zip(codes, self._space.arch_str(codes), strict=True))
        states: dict[int, dict[Key, dict[str, Any]]] = {code: {} for code in codes}
        for (schedule, dataset), group in self._groups.items():
            for code, seed, state in group.of_cells(first, past, arch_strs):
                states[code][schedule, dataset, seed] = state
        for code, index in zip(codes, self.indexes[first:past], strict=True):
            yield index, self._cell(code, index, arch_strs[code], states.pop(code))

    def _cell(
        self, code: int, index: int, arch_str: str, trials: dict[Key, dict[str, Any]]
    ) -> dict[str, Any]:
        text = self._tables.cell_form(code)
        try:
            form = self._forms.get(text)
            if form is None:
                form = json.loads(text)
                form = self._forms[text] = renamed(form, self._words) if self._words else form
            listed = [
                (part["schedule"], dataset, seed)
                for part in form["schedules"]
                for dataset, seed in part["all_results"][1]
            ]
            if len(listed) != len(trials) or set(listed) != set(trials):
                odd = min(set(listed) ^ set(trials))
                raise FormatError(
                    f"{self._file}: code {code}: trial {odd} (schedule, data set, seed) is "
                    f"{'stored' if odd in trials else 'missing'}, unlike in the official object: "
                    "only a whole archive or image can be restored, no slice of one"
                )
            return assembled_cell(form, index, arch_str, trials.__getitem__)
        except (FormatError, SettingsError):
            raise
        except DAMAGED_FORM as problem:
            raise FormatError(
                f"{self._file}: code {code}: its form is damaged: {problem!r}"
            ) from problem


class _GroupRows:
    """The trials of a table in ascending official index of their cells."""

    def __init__(self, table: TrialTable, states: TrialStates) -> None:
        self.states = states
        self._table = table

    def sort_by(self, rank: Array) -> None:
        """Take the rows in ascending rank of their codes."""
        ranks = rank[self._table.codes]
        self._rows = np.argsort(ranks, kind="stable")
        self._ranks = ranks[self._rows]

    def of_cells(
        self, first: int, past: int, arch_strs: Mapping[int, str]
    ) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Yield (code, seed, state) of the trials of cells of rank first..past-1."""
        begin, end = np.searchsorted(self._ranks, [first, past])
        rows = self._rows[begin:end]
        if not len(rows):
            return
        codes: Sequence[int] = self._table.codes[rows].tolist()
        seeds: Sequence[int] = self._table.seeds[rows].tolist()
        for place, state in self.states.states(rows, [arch_strs[code] for code in codes]):
            yield codes[place], seeds[place], state
