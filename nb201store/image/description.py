"""The sections that say what an image holds; readers check them when they open the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store import hits
from nb201store.image import format as fmt
from nb201store.image.sections import Section, small_section
from nb201store.space import SPACES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.schema import Benchmark

NAMES = ("space", "choices", "datasets", "splits", "trials", "seeds", "epochs", "columns")
"""The description sections, in file order: first of all, so that opening touches a page or two."""


def description_sections(
    benchmark: Benchmark,
    trials: Sequence[bytes],
    columns: Sequence[bytes],
    seeds: Sequence[int],
    epochs: Sequence[int],
) -> list[Section]:
    """Return the description sections of an image of `benchmark` with these records of groups and columns."""
    space = SPACES[benchmark.space]
    datasets = benchmark.datasets
    one_space = fmt.space_record(
        space.name, len(space), space.positions, len(space.choices),
        benchmark.channels, benchmark.cells, benchmark.in_channels, benchmark.batch,
    )  # fmt: skip
    splits = [
        fmt.split_record(s.name, number, s.images, hits.last_batch(s.images, benchmark.batch))
        for number, d in enumerate(datasets)
        for s in d.splits
    ]
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "space": fmt.rows_of([one_space]),
        "choices": fmt.rows_of(fmt.choice_record(str(choice)) for choice in space.choices),
        "datasets": fmt.rows_of(
            fmt.dataset_record(d.name, d.classes, d.image_size) for d in datasets
        ),
        "splits": fmt.rows_of(splits),
        "trials": fmt.rows_of(trials),
        "seeds": np.array(seeds, dtype="<u4"),
        "epochs": np.array(epochs, dtype="<u4"),
        "columns": fmt.rows_of(columns),
    }
    return [small_section(name, arrays[name]) for name in NAMES]
