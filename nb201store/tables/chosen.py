"""A table as plain arrays: the keys of its cells, then the columns that were chosen. Needs numpy only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb201store import __version__
from nb201store.arguments import elements, is_many, shown
from nb201store.cost import count_all
from nb201store.errors import FormatError, SettingsError
from nb201store.schema import METRICS
from nb201store.space import SPACES
from nb201store.tables import words
from nb201store.tables.measured import DEFAULT_METRICS, Measured
from nb201store.user_about import FIELDS, described_user_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from nb201store import _core

RECORDED = "recorded"


class ChosenColumn(NamedTuple):
    """One column: a value a row, and where there is one (None: everywhere)."""

    name: str
    values: Any  # an array, or a list of texts
    present: NDArray[np.bool_] | None
    facts: dict[str, str]


class Chosen(NamedTuple):
    """What `choose` returns: columns of the same length, and what the table as a whole is made from."""

    rows: int
    columns: list[ChosenColumn]
    facts: dict[str, str]


def choose(
    image: _core.Image,
    *,
    schedule: Any = None,
    seed: Any = None,
    datasets: Any = words.ALL,
    splits: Any = words.ALL,
    metrics: Any = DEFAULT_METRICS,
    epoch: Any = -1,
    codes: Any = words.ALL,
    cost: bool = False,
    columns: Any = (),
) -> Chosen:
    """Return the keys of the cells and the chosen columns as numpy arrays: what `Store.table` is made of.

    Each of the words takes one, several, or "all" that the image holds.

    Parameters
    ----------
    schedule, seed : int; of seeds "mean" too. Needed for measured values and never guessed: without both there are none
    datasets, splits, metrics : str; metrics of the trial (params_m, flops_m, latency_s as recorded) have no split
    epoch : int, 0-based; negative counts from the end of each schedule
    codes : int [n]: one row each, in this order. "all": every cell of the space, so that the row number is the code.
        "recorded": the cells that have a value in any of the measured or user columns
    cost : also params_m and flops_m of the data sets that are chosen, counted from the networks, not as recorded
    columns : str; user columns

    Returns
    -------
    Chosen(rows, columns, facts)
        The columns code (int32), official_index (int32) and arch_str (str), then float64 columns, the values of
        `Store.column` bit for bit. Their names: measured `200/cifar10/ori-test/accuracy/mean`; with an `epoch` other
        than -1 `200/cifar10/ori-test/accuracy@57/mean`; of the trial `200/cifar10/params_m/777`; counted
        `cifar10/params_m`; a user column's own. Their facts: unit, schedule, dataset, split, metric, epoch and seed, as
        far as they have them; of a user column unit, source, file, sha256 and by. Facts of the table: image, space,
        benchmark, sources.

    Raises
    ------
    SettingsError     a word that the image does not know, a column chosen twice, or none at all
    MissingDataError  schedule, data set, split and metric are named, and that was not recorded; or a word is named that
        none of the columns meets. What "all" stands for is left out where it was not recorded
    ArchError         a code outside the space
    """
    about = image.describe()
    rows = _rows(codes, about["space"])
    chosen: list[ChosenColumn] = []
    measured = Measured(
        schedule=schedule, seed=seed, datasets=datasets, splits=splits, metrics=metrics, epoch=epoch
    )
    for name, question, column in measured.columns(image):
        chosen.append(ChosenColumn(name, *_values(column, rows), question.facts()))
    mine = list(_user_columns(image, columns, rows))
    if rows is None:
        rows = _with_a_value([*chosen, *mine])
        chosen, mine = ([_at(rows, column) for column in some] for some in (chosen, mine))
    if cost:
        named = words.names("datasets", datasets)
        chosen += [_at(rows, column) for column in _costs(about, named)]
    chosen += mine
    if not chosen:
        raise SettingsError(
            "no columns are chosen: name a schedule and a seed for measured values, or cost, or user columns"
        )
    keys = _keys(rows, about["space"])
    _refuse_repeated([*keys, *chosen])
    return Chosen(len(rows), [*keys, *chosen], _facts(image))


def _rows(codes: Any, space_name: str) -> NDArray[np.int64] | None:
    """The codes of the rows; None where the columns decide. ArchError names the first that is no code."""
    space = SPACES[space_name]
    if isinstance(codes, str) and codes in (words.ALL, RECORDED):
        return np.arange(len(space)) if codes == words.ALL else None
    many = codes if is_many(codes) else [codes]
    space.ops(many)
    rows = np.array(elements(many), dtype=np.int64)
    if rows.ndim != 1:
        raise SettingsError(f"codes: expected one row of codes, found shape {rows.shape}")
    return rows


def _values(
    column: _core.Column, rows: NDArray[np.int64] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of a column and where there are any, at these rows or (None) of all cells."""
    return column.array() if rows is None else column.take(rows)


def _at(rows: NDArray[np.int64], column: ChosenColumn) -> ChosenColumn:
    """A column of all cells, at the rows of the table."""
    present = None if column.present is None else column.present[rows]
    return column._replace(values=column.values[rows], present=present)


def _with_a_value(columns: Sequence[ChosenColumn]) -> NDArray[np.int64]:
    """The cells that have a value in one of these columns of all cells."""
    masks = [column.present for column in columns if column.present is not None]
    if not masks:
        raise SettingsError(
            f"codes: {RECORDED!r} needs a measured or a user column, which says what is recorded"
        )
    return np.flatnonzero(np.any(masks, axis=0))


def _keys(rows: NDArray[np.int64], space_name: str) -> list[ChosenColumn]:
    """What names a cell, in the three ways that other tables may name it."""
    space = SPACES[space_name]
    codes = rows.astype(np.int32)
    indices = np.asarray(space.official_index(rows), dtype=np.int32)
    return [
        ChosenColumn("code", codes, None, {}),
        ChosenColumn("official_index", indices, None, {}),
        ChosenColumn("arch_str", space.arch_str(rows), None, {}),
    ]


def _costs(about: _core._Description, datasets: Sequence[str] | None) -> Iterator[ChosenColumn]:
    """Yield the closed-form costs of every cell on each data set."""
    known = {dataset["name"]: dataset for dataset in about["datasets"]}
    for name in datasets or known:
        if name not in known:
            raise SettingsError(f"no dataset {name!r}: this file has {', '.join(known)}")
        counts = count_all(
            about["space"], classes=known[name]["classes"], image_size=known[name]["image_size"],
            channels=about["channels"], cells=about["cells_per_stage"], in_channels=about["in_channels"],
        )  # fmt: skip
        for metric, numbers in zip(("params_m", "flops_m"), counts, strict=True):
            facts = {
                "unit": METRICS[metric].unit,
                "dataset": name,
                "metric": metric,
                "source": "closed form",
            }
            yield ChosenColumn(f"{name}/{metric}", numbers / 1e6, None, facts)


def _user_columns(
    image: _core.Image, given: Any, rows: NDArray[np.int64] | None
) -> Iterator[ChosenColumn]:
    """Yield the user columns that are named; none where `given` is empty."""
    if is_many(given) and not len(given):
        return
    known = {column["name"]: column for column in described_user_columns(image)}
    for name in words.names("columns", given) or known:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise SettingsError(f"no user column {name!r}: this file has {listed}")
        column = image.user_column(name)
        facts = {key: known[name][key] for key in ("unit", *FIELDS) if known[name][key]}
        yield ChosenColumn(name, *_values(column, rows), facts)


def _refuse_repeated(columns: Sequence[ChosenColumn]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise SettingsError(
                f"column {shown(column.name)} is asked for twice; a table needs different names"
            )
        seen.add(column.name)


def _facts(image: _core.Image) -> dict[str, str]:
    """What the table is made from, as texts: image, space, and where the image says so benchmark and sources."""
    facts = {
        "image": Path(image.path).name, "space": image.space, "written_by": f"nb201store {__version__}",
    }  # fmt: skip
    if not image.has_section("about"):
        return facts
    try:
        about = json.loads(bytes(image.section("about")))
        benchmark, sources = about["benchmark"]["name"], about["sources"]
    except (ValueError, LookupError, TypeError, RecursionError) as problem:
        raise FormatError(
            f"{image.path}: section 'about': expected JSON with benchmark and sources, found {problem!r}"
        ) from problem
    return facts | {"benchmark": str(benchmark), "sources": json.dumps(sources)}
