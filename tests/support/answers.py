"""What a Store answers, held against what the official loader holds."""

from __future__ import annotations

import numpy as np

from nb201store.errors import MissingDataError, SettingsError


def differences(bench, tables, loss="float32"):
    """Every way in which the answers of `bench` are not the values of `tables` (`official.Tables`), as texts.

    Curves, columns, seeds, epochs and recorded costs of every cell, trial, split and metric, compared as bits.
    """
    found = []
    for dataset, schedule in sorted({where[:2] for where in tables.trials}):
        found += _seeds(bench, tables, dataset, schedule)
    for where, of_code in tables.trials.items():
        found += _costs(bench, where, of_code)
    for where in tables.values:
        expected = np.where(tables.present[where], tables.rounded(where, loss), 0.0)
        for kind, answered in (("curve", _curves), ("column", _columns)):
            values, present = answered(bench, tables.codes, where)
            wrong = (present != tables.present[where]) | (_bits(values) != _bits(expected))
            if wrong.any():
                row, epoch = np.argwhere(wrong)[0]
                found.append(f"{kind} of {where}: code {tables.codes[row]}, epoch {epoch}")
    return [*found, *_invented(bench, tables)]


def mean_differences(bench, tables, loss="float32"):
    """Columns of seed "mean" that are not the sum over the cell's seeds in ascending order, divided by their number."""
    found = []
    for dataset, schedule, split, metric in sorted({(*w[:2], *w[3:]) for w in tables.values}):
        shape = (len(tables.codes), schedule)
        total, count = np.zeros(shape), np.zeros(shape)
        for seed in tables.seeds(dataset, schedule):
            where = (dataset, schedule, seed, split, metric)
            if where in tables.values:
                total += np.where(tables.present[where], tables.rounded(where, loss), 0.0)
                count += tables.present[where]
        expected = np.divide(total, count, out=np.zeros(shape), where=count > 0)
        values, present = _columns(bench, tables.codes, (dataset, schedule, "mean", split, metric))
        if (present != (count > 0)).any() or (_bits(values) != _bits(expected)).any():
            found.append(f"mean of {dataset}, {schedule}, {split}, {metric}")
    return found


def _bits(values):
    return np.ascontiguousarray(values).view(np.uint64)


def _seeds(bench, tables, dataset, schedule):
    for code in tables.codes:
        expected = tuple(
            seed
            for seed in tables.seeds(dataset, schedule)
            if code in tables.trials[dataset, schedule, seed]
        )
        if bench.seeds(code, dataset, schedule) != expected:
            yield f"seeds of code {code}, {dataset}, {schedule}"


def _costs(bench, where, of_code):
    dataset, schedule, seed = where
    for code, (params, flop, _) in of_code.items():
        try:
            recorded = bench.recorded_cost(code, dataset, schedule=schedule, seed=seed)
        except MissingDataError:
            recorded = None
        if recorded != (params, flop):
            yield f"recorded cost of code {code}, {where}"


def _curves(bench, codes, where):
    """(values, present) over (cell, epoch); 0 where there is nothing."""
    dataset, schedule, seed, split, metric = where
    values, present = _nothing(codes, schedule)
    try:
        epochs = list(bench.epochs(dataset, split, metric, schedule=schedule))
    except MissingDataError:
        return values, present
    for row, code in enumerate(codes):
        try:
            curve = bench.curve(
                code, dataset, split, metric, schedule=schedule, seed=seed, missing="mask"
            )
        except (MissingDataError, SettingsError):
            continue
        values[row, epochs] = curve.filled(0.0)
        present[row, epochs] = ~np.ma.getmaskarray(curve)
    return values, present


def _columns(bench, codes, where):
    """The same, asked epoch by epoch."""
    dataset, schedule, seed, split, metric = where
    values, present = _nothing(codes, schedule)
    for epoch in range(schedule):
        try:
            column = bench.column(dataset, split, metric, schedule=schedule, epoch=epoch, seed=seed)
        except (MissingDataError, SettingsError):
            continue
        taken = column.take(codes, missing="mask")
        values[:, epoch] = taken.filled(0.0)
        present[:, epoch] = ~np.ma.getmaskarray(taken)
    return values, present


def _nothing(codes, schedule):
    return np.zeros((len(codes), schedule)), np.zeros((len(codes), schedule), dtype=bool)


def _invented(bench, tables):
    """What the store answers where the official loader has nothing, and cells that it has besides."""
    described = bench.describe()
    seeds = {(group["dataset"], group["schedule"]): group["seeds"] for group in described["groups"]}
    for column in described["columns"]:
        if column["split"] is None:
            continue
        for seed in seeds[column["dataset"], column["schedule"]]:
            where = (
                column["dataset"], column["schedule"], seed, column["split"], column["metric"],
            )  # fmt: skip
            handle = bench.column(
                *where[:1], *where[3:], schedule=where[1], epoch=column["epochs"][0], seed=seed
            )
            everywhere = ~np.ma.getmaskarray(handle.array(missing="mask"))
            everywhere[tables.codes] = False
            if everywhere.any():
                yield f"{where}: answers for other cells"
            if where not in tables.values and _curves(bench, tables.codes, where)[1].any():
                yield f"{where}: not in the source"
