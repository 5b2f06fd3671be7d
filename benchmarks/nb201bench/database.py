"""SQLite from the standard library: one table keyed by the question's words (as a number), code, seed and epoch."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nb201bench.inputs import Column
    from nb201bench.plain import PlainColumn

_TABLES = """
CREATE TABLE question (id INTEGER PRIMARY KEY, dataset TEXT, split TEXT, metric TEXT, schedule INTEGER,
                       UNIQUE (dataset, split, metric, schedule));
CREATE TABLE value (question INTEGER, code INTEGER, seed INTEGER, epoch INTEGER, value REAL,
                    PRIMARY KEY (question, code, seed, epoch)) WITHOUT ROWID;
"""
_BY_EPOCH = "CREATE INDEX by_epoch ON value (question, seed, epoch, code, value)"
_QUESTION = "question = (SELECT id FROM question WHERE dataset = ? AND split = ? AND metric = ? AND schedule = ?)"
POINT = f"SELECT value FROM value WHERE {_QUESTION} AND code = ? AND seed = ? AND epoch = ?"
CURVE = f"SELECT value FROM value WHERE {_QUESTION} AND code = ? AND seed = ? ORDER BY epoch"
COLUMN = f"SELECT code, value FROM value WHERE {_QUESTION} AND seed = ? AND epoch = ?"
MEAN = f"SELECT avg(value) FROM value WHERE {_QUESTION} AND code = ? AND epoch = ?"
TOP = (
    f"SELECT value.code, avg(value) AS mean FROM value WHERE {_QUESTION} AND epoch = ? GROUP BY code "
    "ORDER BY mean DESC, code LIMIT ?"
)


def fill(path: Path, columns: Sequence[tuple[Column, PlainColumn]]) -> sqlite3.Connection:
    """Write the database of some columns and return a connection to it."""
    path.unlink(missing_ok=True)
    made = sqlite3.connect(path)
    made.execute("PRAGMA journal_mode = OFF")
    made.execute("PRAGMA synchronous = OFF")
    made.executescript(_TABLES)
    for number, (column, plain) in enumerate(columns):
        made.execute("INSERT INTO question VALUES (?, ?, ?, ?, ?)", (number, *column))
        made.executemany("INSERT INTO value VALUES (?, ?, ?, ?, ?)", _rows(number, plain))
    made.execute(_BY_EPOCH)
    made.commit()
    return made


def _rows(question: int, plain: PlainColumn) -> Iterator[tuple[int, int, int, int, float]]:
    for code in np.flatnonzero(~np.isnan(plain.values).all(axis=(1, 2))).tolist():
        for seed, curve in zip(plain.seeds, plain.values[code].tolist(), strict=True):
            if curve[-1] == curve[-1]:
                for epoch, value in zip(plain.epochs, curve, strict=True):
                    yield question, code, seed, epoch, value
