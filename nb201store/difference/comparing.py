"""One archive or image beside another: cells, then the trials of group after group."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.archive import Archive, open_archive
from nb201store.archive.layout import benchmark_to_json
from nb201store.difference.groups import GroupComparison
from nb201store.difference.report import Difference, GroupDifference
from nb201store.difference.unlike_forms import first_unlike
from nb201store.errors import FormatError, SettingsError
from nb201store.image.reader import ImageRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb201store.trial_rows import TrialTable

    Progress = Callable[[str, int, int], None]


def diff(
    a: str | Path, b: str | Path, *, shown: int = 10, progress: Progress | None = None
) -> Difference:
    """Compare two archives, two images, or one with the other; every number as bits.

    Parameters
    ----------
    shown : how many differences are kept by name; all are counted
    progress : called as progress("compare", groups done, groups)

    Raises
    ------
    SettingsError       they are of different spaces
    FormatError, FileNotFoundError   one of them cannot be read

    Notes
    -----
    Where one holds losses as float32 and the other as float64, losses are compared as float32. Of one group the arrays
    are in memory: some hundred MB of two full archives.
    """
    one, two = _Side.open(Path(a)), _Side.open(Path(b))
    if one.described["space"] != two.described["space"]:
        raise SettingsError(
            f"{b} is of the space {two.described['space']}, {a} of {one.described['space']}; their cells have nothing "
            "in common"
        )
    found = Difference(shown)
    _describe(one, two, found)
    _compare_cells(one, two, found)
    narrower = min(one.held.loss_dtype, two.held.loss_dtype, key=lambda dtype: dtype.itemsize)
    tables = one.held.trial_tables(), two.held.trial_tables()
    keys = sorted(tables[0].keys() | tables[1].keys(), key=one.rank)
    for done, key in enumerate(keys):
        # Taken out: an archive's table keeps what was read of it, and a group at a time is enough.
        table_a, table_b = tables[0].pop(key, None), tables[1].pop(key, None)
        group = GroupDifference(*key)
        found.groups.append(group)
        if table_a is None or table_b is None:
            _only_one(table_a, table_b, group, found, (one.name, two.name))
        else:
            names = (one.name, two.name)
            GroupComparison(group, found, names, narrower).compare(table_a, table_b)
        if progress is not None:
            progress("compare", done + 1, len(keys))
    return found


class _Side(NamedTuple):
    """One of the two."""

    name: str
    held: Archive | ImageRecords
    described: Mapping[str, Any]
    sources: list[dict[str, Any]]

    @classmethod
    def open(cls, path: Path) -> _Side:
        if path.is_dir():
            archive = open_archive(path)
            sources = [asdict(source) for source in archive.sources]
            return cls(str(path), archive, benchmark_to_json(archive.benchmark), sources)
        image = ImageRecords(path)
        described = image.about.get("benchmark")
        if not isinstance(described, dict) or "space" not in described:
            raise FormatError(f"{path}: section 'about': expected a description of the benchmark")
        return cls(str(path), image, described, image.facts()["sources"])

    @property
    def part(self) -> dict[str, Any] | None:
        """Which part of its archive an image is; None of a whole one, and of an archive."""
        image = self.held
        return (
            image.part.to_json()
            if isinstance(image, ImageRecords) and not image.part.whole
            else None
        )

    def rank(self, key: tuple[int, str]) -> tuple[int, int, str]:
        """The order of groups: by schedule, and data set as described; what is not described comes last."""
        names = [dataset["name"] for dataset in self.described["datasets"]]
        schedule, dataset = key
        return schedule, names.index(dataset) if dataset in names else len(names), dataset


def _describe(one: _Side, two: _Side, found: Difference) -> None:
    """Name what they say of themselves and differ in; the program that wrote them is no difference."""
    for name in sorted(one.described.keys() | two.described.keys()):
        if one.described.get(name) != two.described.get(name):
            found.described.append(f"the described benchmark: {name} differs")
    if one.part != two.part:
        found.described += [
            f"{s.name} is a slice: {s.part}" for s in (one, two) if s.part is not None
        ]
    if one.held.loss_dtype != two.held.loss_dtype:
        found.described.append(
            f"losses are {one.held.loss_dtype} in {one.name}, {two.held.loss_dtype} in {two.name}; compared as float32"
        )
    if one.sources != two.sources:
        said = [
            ", ".join(f"{s['name']} (md5 {s['md5']})" for s in side.sources) for side in (one, two)
        ]
        found.described.append(f"sources: {said[0]} of {one.name}; {said[1]} of {two.name}")


def _compare_cells(one: _Side, two: _Side, found: Difference) -> None:
    codes_a, codes_b = set(map(int, one.held.codes())), set(map(int, two.held.codes()))
    found.cells_only_a, found.cells_only_b = len(codes_a - codes_b), len(codes_b - codes_a)
    for code in sorted(codes_a ^ codes_b)[: found.room]:
        found.name(f"code {code}: only in {one.name if code in codes_a else two.name}")
    both = sorted(codes_a & codes_b)
    found.cells = len(both)
    if one.part or two.part:  # those have no forms
        return
    for code in both:
        forms = one.held.cell_form(code), two.held.cell_form(code)
        if forms[0] != forms[1]:
            found.cell_forms += 1
            place, *texts = first_unlike(*forms)
            found.count_forms(f"cells: {place}: {texts[0]} in {one.name}, {texts[1]} in {two.name}")


def _only_one(
    a: TrialTable | None,
    b: TrialTable | None,
    group: GroupDifference,
    found: Difference,
    names: tuple[str, str],
) -> None:
    """Count a group that one of them has not at all."""
    group.only_a = 0 if a is None else len(a.codes)
    group.only_b = 0 if b is None else len(b.codes)
    name = names[0] if b is None else names[1]
    found.name(f"{group.dataset}, schedule {group.schedule}: all trials are only in {name}")
