"""Which section of an image holds what: equal ones are written once, under the name of the first that needs them."""

from __future__ import annotations

import struct

from nb201store import _core

NONE = 0xFFFFFFFF


def section_names(path) -> dict[str, str]:
    """The section that holds each thing, by the name that docs/format.md gives it where nothing is shared."""
    image = _core.Image(str(path))
    described = image.describe()
    names = [section["name"] for section in image.sections()]
    held = {name: name for name in names}
    groups = image.section("trials").tobytes()
    for number, group in enumerate(described["groups"]):
        (table,) = struct.unpack_from("<I", groups, 64 * number + 20)
        if table != NONE:
            held[f"{group['schedule']}/{group['dataset']}/rows"] = names[table]
    columns = image.section("columns").tobytes()
    for number, column in enumerate(described["columns"]):
        place = [str(column["schedule"]), column["dataset"], column["split"], column["metric"]]
        name = "/".join(part for part in place if part is not None)
        extra = ".last" if column["metric"] in ("accuracy", "top5") else ".values"
        sections = struct.unpack_from("<3I", columns, 64 * number + 24)
        for ending, section in zip(("", extra, ".present"), sections, strict=True):
            if section != NONE:
                held[name + ending] = names[section]
    return held
