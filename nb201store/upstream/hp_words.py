"""How each official layout names the schedules of a cell, and in what it keeps them.

The objects of a cell are the same in all layouts but for this: `.pth` files have a dict of 'full' and 'less', archive
folders an OrderedDict of the same, NATS-Bench an OrderedDict of epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb201store.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


class HpWords(NamedTuple):
    """`container` of a cell, and its keys by schedule, in their order."""

    container: str
    words: Mapping[int, str]


_PTH = HpWords("dict", {200: "full", 12: "less"})
_NATS = {
    "tss": HpWords("OrderedDict", {12: "12", 200: "200"}),
    "sss": HpWords("OrderedDict", {1: "01", 12: "12", 90: "90"}),
}
_OF_KIND = {
    "v1_0": {"tss": _PTH},
    "v1_1": {"tss": _PTH},
    "archive": {"tss": HpWords("OrderedDict", _PTH.words)},
    "nats-file": _NATS,
    "nats-folder": _NATS,
}


def hp_words(kind: str, space: str) -> HpWords:
    """Return the words of one of `upstream.KINDS`; SettingsError where it has no files of `space`."""
    if kind not in _OF_KIND:
        raise SettingsError(f"layout {kind!r} is none of {', '.join(_OF_KIND)}")
    if space not in _OF_KIND[kind]:
        others = ", ".join(name for name, spaces in _OF_KIND.items() if space in spaces)
        raise SettingsError(
            f"layout {kind} holds no cells of the space {space}; choose one of {others}"
        )
    return _OF_KIND[kind][space]


def same_words(kind: str, other: str) -> bool:
    """Tell whether cells of two of `upstream.KINDS` are kept alike."""
    return _OF_KIND.get(kind) == _OF_KIND.get(other)


def renamed(form: Mapping[str, Any], words: HpWords) -> dict[str, Any]:
    """Return the parsed form of a cell in other words."""
    parts = {part["schedule"]: part for part in form["schedules"]}
    unknown = set(parts) - set(words.words)
    if unknown:
        raise SettingsError(f"no word for trials of {min(unknown)} epochs in this layout")
    return {
        "type": words.container,
        "schedules": [
            parts[schedule] | {"hp": word}
            for schedule, word in words.words.items()
            if schedule in parts
        ],
    }
