"""Write docs/data.md from nb201store/schema.py, so that the page cannot drift from the table. Run: make docs"""

from __future__ import annotations

from pathlib import Path

from nb201store import schema

PAGE = Path(__file__).parent / "data.md"

INTRODUCTION = """\
# What the numbers mean

Made from `nb201store/schema.py` by `make docs`; do not edit.

Every value has six coordinates and none has a default: the cell's **code**, the **dataset**, the **split**, the
**metric**, the **schedule** and the **seed**; the **epoch** defaults to the last one.

* **dataset** is a training protocol: what the network was trained on. `cifar10-valid` and `cifar10` are two different
  trainings of the same cell, on half and on all of the CIFAR-10 training images.
* **split** is the set of images that a number speaks of. Search on a validation split, report on a test split.
  `cifar10` has no validation split: search on `cifar10-valid`.
* **schedule** is a whole training run of so many epochs with its own cosine learning rate: epoch 11 of schedule 200 is
  **not** the result of schedule 12.
* **epoch** is 0-based; -1 is the last of the schedule.
* **seed** is a training run's seed. `"mean"` averages the seeds recorded *for that cell*, which may be one, two or
  three; `bench.seeds(code, dataset, schedule)` says which.
"""

SEEDS = """\
## Which trials exist

| file | 12 epochs | 200 epochs (tss) / 1 and 90 epochs (sss) |
|---|---|---|
| NAS-Bench-201 v1_0 | `cifar10-valid` only, seed 777 | 1, 2 or 3 seeds of 777, 888, 999, by cell |
| NAS-Bench-201 v1_1 | 111 on all data sets, 777 on `cifar10-valid` too | {888}, {777, 888} or all three, by cell |
| NATS-Bench tss | as v1_1 | {777, 888} or all three, by cell |
| NATS-Bench sss | 777, 888, 999 | 777 |

An image says what it holds: `nb201 info FILE`. A seed that was not recorded is an error that names those that were.

## Which epochs exist

In the published files 12-, 1- and 90-epoch runs keep every split at every epoch. A 200-epoch run keeps `train` and one
evaluation split at every epoch (`x-valid` of `cifar10-valid`, `ori-test` of the others) and the other splits at the
last epoch, 199, only. Times are there for every split and epoch.
`bench.epochs(dataset, split, metric, schedule=...)` says.

## Worth knowing

* `ori-test` of `cifar100` and `ImageNet16-120` **contains** the `x-valid` images: it is what upstream calls `valtest`.
* Accuracies come back as the published double, bit for bit. They are made of integer hits and, where the last batch
  does not divide 100 evenly, a float32 rate: that is why `27.366666666666667` and `27.68333332824707` both occur.
* Times of v1_1 and NATS files are constants per cell, scaled by image counts from one measured run of that cell, so
  `cifar10` and `cifar100` have the same seconds. Latency is the wall time of a forward pass of a batch of 256 without
  device synchronisation; it says little about the network.
* `flops_m` counts multiply-adds of convolutions and linear layers (one multiply-add is one), batch norm, ReLU, pooling
  and additions count nothing. `bench.cost` counts them from the network; `bench.recorded_cost` gives what upstream
  wrote, which is wrong in some 200-epoch trials of seeds 777 and 999.
"""


def table(header: str, rows: list[str]) -> str:
    columns = header.count("|") - 1
    return "\n".join([header, "|" + "---|" * columns, *rows]) + "\n"


def page() -> str:
    """The whole page."""
    metrics = [
        f"| `{m.name}` | {m.unit} | {'every epoch' if m.per_epoch else 'trial'} | {m.meaning} |"
        for m in schema.METRICS.values()
    ]
    parts = [INTRODUCTION, "## Metrics\n", table("| metric | unit | kept per | meaning |", metrics)]
    parts.append("## Data sets and splits\n")
    for dataset in schema.OFFICIAL_DATASETS:
        size = f"{dataset.image_size} x {dataset.image_size} pixels"
        parts.append(
            f"**`{dataset.name}`** - {dataset.classes} classes, {size}. {dataset.meaning}\n"
        )
        rows = [f"| `{s.name}` | {s.images:,} | {s.meaning} |" for s in dataset.splits]
        parts.append(table("| split | images | what it is |", rows))
    rows = [
        f"| `{b.space}` | {b.name} | {', '.join(map(str, b.schedules))} | {b.channels or 'searched'} | {b.cells} |"
        for b in schema.OFFICIAL.values()
    ]
    parts += [
        "## Spaces and schedules\n",
        table("| space | benchmark | schedules (epochs) | channels | cells per stage |", rows),
    ]
    return "\n".join([*parts, SEEDS])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
