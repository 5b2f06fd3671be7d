"""One pass over a single file: its entries as they come, and its cells one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from nb201store.errors import SourceError
from nb201store.space import SPACES
from nb201store.upstream.containers import parts
from nb201store.upstream.forms import shown
from nb201store.upstream.objects import HP_SCHEDULES
from nb201store.upstream.source import META_KEYS, read_indexes, read_meta

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Iterator
    from pathlib import Path

    from nb201store.schema import Benchmark

_HPS = frozenset(hp for known in HP_SCHEDULES.values() for hp in known)
_BEFORE = ("meta_archs", "total_archs")


class Reading:
    """Reads up to the first cell, then on as `cells` is asked.

    Attributes
    ----------
    benchmark : schema.TSS or schema.SSS
    container : str, of the file
    first : (official index, states) of the first cell
    count : how many cells there are; the size of the space where that is not known yet
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._top: dict[Any, Any] = {}
        self._parts = parts(path)
        self._found = self._all()
        try:
            first = next(self._found, None)
            if first is None:
                self._refuse_no_cells()
            self.benchmark = self._read_meta()
            self.first: tuple[Any, Any] = first
            self._size = self.count = len(SPACES[self.benchmark.space])
            if "evaluated_indexes" in self._top:
                self.count = len(self._listed())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._found.close()
        self._parts.close()

    def cells(self) -> Iterator[tuple[int, Any]]:
        """Yield (official index, states) of every cell, in the file's order. REQUIRES: called once.

        Raises SourceError where an index is none or comes twice, or the file's own list is another.
        """
        seen = {self._checked(self.first[0], ())}
        first, self.first = self.first, (self.first[0], None)
        yield first
        del first
        for index, states in self._found:
            seen.add(self._checked(index, seen))
            yield index, states
        if "evaluated_indexes" not in self._top:
            self._refuse_keys()
        listed = set(self._listed())
        if seen != listed:
            odd = min(seen ^ listed)
            raise SourceError(
                f"{self._path}: evaluated_indexes: not the keys of arch2infos: index {odd} "
                f"is only in {'arch2infos' if odd in seen else 'evaluated_indexes'}"
            )
        self.count = len(seen)

    def _all(self) -> Generator[tuple[Any, Any], None, None]:
        """Keep the entries of the file, and yield its cells."""
        for container, where, value in self._parts:
            self.container = container
            if not where:
                read_meta(value, self._path)  # refuses what is no dict
                self._top = value  # an empty one is no part of a dict
            elif len(where) == 2:
                self._top["arch2infos"] = {}
                yield where[1], value
            elif where[0] == "arch2infos":
                self._top["arch2infos"] = {} if type(value) is dict else value
                if type(value) is dict:  # cells that are not dicts come with the whole
                    yield from value.items()
            else:
                # Trials by hyper-parameters are one cell, told at its end; a benchmark has none beside cells.
                one_cell = where[0] in _HPS and "arch2infos" not in self._top
                if where[0] not in META_KEYS and not one_cell:
                    self._refuse_keys(where[0])
                self._top[where[0]] = value

    def _read_meta(self) -> Benchmark:
        missing = [key for key in _BEFORE if key not in self._top]
        if missing:
            raise SourceError(
                f"{self._path}: expected {' and '.join(_BEFORE)} before arch2infos, as official files "
                f"have them, found no {missing[0]}"
            )
        return read_meta(dict.fromkeys(META_KEYS) | self._top, self._path)

    def _refuse_no_cells(self) -> NoReturn:
        if is_record(self._top):
            raise SourceError(
                f"{self._path}: this is one cell of a folder of records; give the folder"
            )
        read_meta(self._top, self._path)
        found = shown(self._top["arch2infos"])
        raise SourceError(f"{self._path}: arch2infos: expected the cells, found {found}")

    def _refuse_keys(self, *more: object) -> NoReturn:
        found = ", ".join(map(shown, [*self._top, *more]))
        raise SourceError(f"{self._path}: expected a dict of {', '.join(META_KEYS)}, found {found}")

    def _listed(self) -> list[int]:
        return read_indexes(
            self._top["evaluated_indexes"], self._path, "evaluated_indexes", self._size
        )

    def _checked(self, index: Any, seen: Container[int]) -> int:
        """Return an index of a cell that has not come yet."""
        read_indexes([index], self._path, "arch2infos", self._size)
        if index in seen:
            raise SourceError(f"{self._path}: arch2infos: index {index} comes twice")
        return int(index)


def is_record(value: Any) -> bool:
    """Tell whether an object is one cell: trials by hyper-parameters."""
    return isinstance(value, dict) and bool(value) and all(key in _HPS for key in value)
