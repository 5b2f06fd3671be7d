"""Look-ups over `ColumnViews` in plain NumPy: what the kernels and the C++ core are held against.

Everything is decoded, then indexed. Statuses: 0 there, 1 missing, 2 damaged. Seeds and epochs are places.
"""

from __future__ import annotations

import itertools

import numpy as np

from nb201store import hits

OK, MISSING, DAMAGED = 0, 1, 2
ENCODINGS = dict(
    enumerate(
        (
            "hits",
            "packed_hits",
            "value",
            "per_trial",
            "per_cell",
            "dictionary",
            "list",
            "per_image",
        ),
        start=1,
    )
)


@np.errstate(invalid="ignore", over="ignore")  # inf and NaN come out as there
def seed_values(column, codes, seeds, epochs):
    """(values, status) of single trials, of the shape of the three equally shaped arrays."""
    per_row, row_status = _rows(column)
    row = column.rows[codes, seeds]
    exists = (row >= 0) & (row < column.trials)
    status = np.where(row == -1, MISSING, DAMAGED)
    values = np.full(row.shape, np.nan)
    values[exists] = per_row[row[exists], epochs[exists]]
    status[exists] = row_status[row[exists], epochs[exists]]
    if ENCODINGS[column.encoding] in ("per_cell", "per_image"):
        values = column.data[codes, 0]
    if ENCODINGS[column.encoding] == "per_image":
        values = values * column.images
    return np.where(status == OK, values, np.nan), status


@np.errstate(invalid="ignore", over="ignore")
def mean_values(column, codes, epochs):
    """(values, status) of the mean over the seeds that have the value."""
    return _mean(
        [
            seed_values(column, codes, np.full_like(codes, seed), epochs)
            for seed in range(len(column.seeds))
        ]
    )


@np.errstate(invalid="ignore", over="ignore")
def seed_costs(train, evaluation, codes, seeds, epochs):
    """(seconds, status): training epochs 0..epoch one by one, then one evaluation. `epochs` are numbers, not places."""
    total = np.zeros(codes.shape)
    status = np.full(codes.shape, OK)
    for epoch in range(int(epochs.max(initial=-1)) + 1):
        needed = (epochs >= epoch) & (status == OK)
        value, found = seed_values(train, codes, seeds, np.full_like(codes, epoch))
        status = np.where(needed, found, status)
        total = np.where(needed, total + value, total)
    place = np.searchsorted(evaluation.epochs, epochs)
    value, found = seed_values(evaluation, codes, seeds, place)
    status = np.where(status == OK, found, status)
    return np.where(status == OK, total + value, np.nan), status


@np.errstate(invalid="ignore", over="ignore")
def mean_costs(train, evaluation, codes, epochs):
    """(seconds, status) of the mean over the seeds that have the cost."""
    return _mean(
        [
            seed_costs(train, evaluation, codes, np.full_like(codes, seed), epochs)
            for seed in range(len(train.seeds))
        ]
    )


def _mean(of_seeds):
    total = np.zeros(of_seeds[0][0].shape)
    count = np.zeros(total.shape)
    damaged = np.zeros(total.shape, dtype=bool)
    for values, status in of_seeds:
        total = np.where(status == OK, total + values, total)
        count += status == OK
        damaged |= status == DAMAGED
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=(count > 0) & ~damaged)
    return mean, np.where(damaged, DAMAGED, np.where(count > 0, OK, MISSING))


def _rows(column):
    """(values, status) of every row at every epoch place: [trials, P]."""
    places = max(len(column.epochs), 1)
    shape = (column.trials, places)
    values, status = {
        "hits": _percentages,
        "packed_hits": _percentages,
        "value": lambda c: (c.data.astype(float), OK),
        "per_trial": lambda c: (c.data, OK),
        "per_cell": lambda _: (np.nan, OK),  # of the code, which a row does not know
        "per_image": lambda _: (np.nan, OK),
        "dictionary": _of_dictionary,
        "list": _list_means,
    }[ENCODINGS[column.encoding]](column)
    values, status = np.broadcast_to(values, shape), np.broadcast_to(status, shape)
    if column.present.size:
        bits = np.unpackbits(column.present, axis=1, count=places, bitorder="little")
        status = np.where(bits, status, MISSING)
    return values, status


def _percentages(column):
    total = column.data.astype(np.int64)
    if ENCODINGS[column.encoding] == "packed_hits":
        total, last = total % 2**24, total // 2**24
    else:
        last = column.last_hits.astype(np.int64) if column.last_batch else np.zeros_like(total)
    possible = (total <= column.images) & (last <= column.last_batch) & (last <= total)
    values = hits.decode(
        np.where(possible, total, 0), np.where(possible, last, 0), column.images, column.last_batch
    )
    return values, np.where(possible, OK, DAMAGED)


def _of_dictionary(column):
    known = column.data < len(column.values)
    padded = np.append(column.values, np.nan)
    return padded[np.where(known, column.data, len(column.values))], np.where(known, OK, DAMAGED)


def _list_means(column):
    offsets = column.data[:, 0].tolist()
    values, status = np.full((column.trials, 1), np.nan), np.full((column.trials, 1), OK)
    for row, (begin, end) in enumerate(itertools.pairwise(offsets)):
        if begin > end or end > len(column.values):
            status[row] = DAMAGED
        elif begin == end:
            status[row] = MISSING
        else:
            total = 0.0
            for value in column.values[begin:end].tolist():  # not sum(): newer ones compensate
                total += value
            values[row] = total / (end - begin)
    return values, status
