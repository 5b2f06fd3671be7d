"""What a target that several sources were joined to may hold beside, or instead of, what one of them has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nb201store.archive import Archive, open_archive
from nb201store.archive.layout import merged_from_json
from nb201store.errors import FormatError
from nb201store.image.reader import ImageRecords, is_image
from nb201store.records import Source

if TYPE_CHECKING:
    from nb201store.records import Merged

_TOGETHER = frozenset(("accuracy", "loss"))  # of a trial they are taken from one source


class Joined(NamedTuple):
    """What is asked of such a target: every value of the source, except of the metrics `not_compared`.

    In those another source's numbers stand where the two differ, as the target itself says. More cells, trials, epochs
    and other forms than the source's are no difference.
    """

    not_compared: frozenset[str]


def joined_with(target: object, source: Path) -> Joined | None:
    """Return what is asked of `target` beside `source`; None where it must hold exactly what the source does.

    That is where it was made of one source, or where `source` is the same joined benchmark, as an archive or an image.
    """
    if isinstance(target, Archive):
        told, merged = target.sources, target.merged
    elif isinstance(target, ImageRecords):
        told, merged = told_by_image(target)
    else:
        return None
    if len(told) < 2:
        return None
    alike = [one for one in told if _is_named(source, one)]
    first = alike == [told[0]]  # of two that could be it, the one of which less is asked
    of_source: tuple[Source, ...] | None = None
    if (source / "zarr.json").is_file():
        of_source = open_archive(source).sources
    elif is_image(source):
        of_source, _ = told_by_image(ImageRecords(source))
    if of_source is not None:
        if of_source == told:
            return None
        first = told[0] in of_source
    stand = frozenset(() if merged is None or first else merged.first_wins)
    return Joined(stand | _TOGETHER if stand & _TOGETHER else stand)


def _is_named(path: Path, source: Source) -> bool:
    """Whether a source seems to be the file or folder at `path`: its checksum would cost as much as comparing it."""
    same_size = path.is_dir() or path.stat().st_size == source.size
    return source.name == path.absolute().name and same_size


def told_by_image(image: ImageRecords) -> tuple[tuple[Source, ...], Merged | None]:
    """What an image says that it was made from; FormatError where it says it wrongly."""
    try:
        merged = merged_from_json(image.about.get("merged"))
    except (LookupError, TypeError, ValueError) as problem:
        raise FormatError(
            f"{image.image.path}: section 'about': merged: it lacks what it must have: {problem!r}"
        ) from problem
    return tuple(Source(**source) for source in image.facts()["sources"]), merged
