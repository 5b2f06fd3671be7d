"""nb201 info"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nb201store.cli import output
from nb201store.errors import SettingsError


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--sources",
    is_flag=True,
    help="List the known official files: sizes, md5, licence, how to cite.",
)
@output.json_option
def command(file: Path | None, sources: bool, as_json: bool) -> None:
    """Say what FILE (an image or an archive) holds and what it was made from."""
    if sources:
        _print_sources(as_json=as_json)
        return
    if file is None:
        raise SettingsError("name a file, or --sources for the known official files")
    facts = _archive_facts(file) if file.is_dir() else _image_facts(file)
    if as_json:
        output.print_json(facts)
        return
    click.echo(
        f"{file}: {facts['kind']}, format {facts['format']}, {output.size_text(facts['bytes'])}"
    )
    click.echo(f"{facts['benchmark']}, space {facts['space']}: {facts['cells_with_results']} of {facts['cells']} cells "
               f"have results; losses are {facts['loss']}; written by {facts['written_by']}")  # fmt: skip
    if facts["slice"]:
        chosen = [
            f"{word.replace('_', ' ')} {' '.join(map(str, values))}"
            for word, values in facts["slice"].items()
            if values
        ]
        click.echo(f"a slice of its archive: {', '.join(chosen)}")
    for source in facts["sources"]:
        click.echo(
            f"source: {source['name']} ({source['kind']}, {source['size']} bytes, md5 {source['md5']})"
        )
    if facts["merged"]:
        counts = facts["merged"]["differing_trials"]
        told = ", ".join(
            f"{metric} ({counts.get(metric, 0)} trials)" for metric in facts["merged"]["first_wins"]
        )
        click.echo(
            f"where those differ, the numbers of the first stand in: {told or 'nothing, they agree'}"
        )
    if isinstance(weights := facts["weights"], dict):
        size = output.size_text(weights["bytes"])
        click.echo(f"weights: {weights['files']} files, {size} in {weights['folder']}")
    rows = [
        [
            str(g["schedule"]),
            g["dataset"],
            " ".join(map(str, g["seeds"])),
            str(g["trials"]),
            _splits_text(g["splits"]),
        ]
        for g in facts["groups"]
    ]
    output.print_table(
        ["schedule", "dataset", "seeds", "trials", "splits (epochs with accuracy)"], rows
    )
    if facts["user_columns"]:
        rows = [
            [c["name"], c["unit"], str(c["values"]), c["source"] or c["file"] or ""]
            for c in facts["user_columns"]
        ]
        output.print_table(["user column", "unit", "values", "source"], rows)


def _splits_text(splits: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} ({_range(epochs)})" for name, epochs in splits.items())


def _range(epochs: list[int]) -> str:
    if not epochs:
        return "none"
    whole = epochs == list(range(epochs[0], epochs[-1] + 1))
    text = f"{epochs[0]}-{epochs[-1]}" if whole else f"{len(epochs)} of {epochs[0]}-{epochs[-1]}"
    return str(epochs[0]) if len(epochs) == 1 else text


def _image_facts(file: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from nb201store.image.reader import ImageRecords
    from nb201store.user_about import described_user_columns
    from nb201store.verify.joined import told_by_image

    records = ImageRecords(file)
    described = records.image.describe()
    merged = told_by_image(records)[1]
    epochs = {
        (c["schedule"], c["dataset"], c["split"]): c["epochs"]
        for c in described["columns"]
        if c["metric"] == "accuracy"
    }
    groups = [
        {
            "schedule": g["schedule"], "dataset": g["dataset"], "seeds": g["seeds"], "trials": g["rows"],
            "splits": {s: list(e) for (*group, s), e in epochs.items() if group == [g["schedule"], g["dataset"]]},
        }
        for g in described["groups"]
    ]  # fmt: skip
    return {
        "file": str(file), "kind": "image", "format": described["writer_version"], "bytes": records.image.size,
        "space": described["space"], "cells": described["cells"], "cells_with_results": len(records.codes()),
        "loss": str(records.loss_dtype), **records.facts(), "groups": groups,
        "merged": None if merged is None else asdict(merged), "user_columns": described_user_columns(records.image),
    }  # fmt: skip


def _archive_facts(file: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from nb201store.archive import open_archive
    from nb201store.archive.layout import ARCHIVE_VERSION

    archive = open_archive(file)
    listing = archive.weights()
    groups = [
        {
            "schedule": g.schedule, "dataset": g.dataset.name, "seeds": g.seeds.tolist(),
            "trials": int(g.read("present").sum()),
            "splits": {name: epochs.tolist() for name, epochs in g.split_epochs.items()},
        }
        for g in archive.groups
    ]  # fmt: skip
    return {
        "file": str(file), "kind": "archive", "format": ARCHIVE_VERSION,
        "bytes": sum(f.stat().st_size for f in file.rglob("*") if f.is_file()),
        "benchmark": archive.benchmark.name, "space": archive.space.name, "cells": len(archive.space),
        "cells_with_results": len(archive.codes()), "loss": str(archive.loss_dtype),
        "written_by": archive.written_by, "sources": [asdict(s) for s in archive.sources], "groups": groups,
        "merged": None if archive.merged is None else asdict(archive.merged),
        "weights": None if listing is None else listing.about(),
        "slice": None, "user_columns": [],  # those belong to images
    }  # fmt: skip


def _print_sources(*, as_json: bool) -> None:
    from nb201store.upstream.known import KNOWN_SOURCES

    if as_json:
        from dataclasses import asdict

        output.print_json([asdict(source) for source in KNOWN_SOURCES])
        return
    for source in KNOWN_SOURCES:
        size = f", {source.size}" if source.size else ""
        md5 = (
            f", md5 ends in {source.md5_end}"
            if source.md5_end and source.kind != "nats-folder"
            else ""
        )
        click.echo(
            f"{source.name}\n  {source.holds}{size}{md5}\n  published: {source.repository} ({source.licence})"
        )
    click.echo("\nPlease cite:")
    for cite in dict.fromkeys(source.cite for source in KNOWN_SOURCES):
        click.echo(f"  {cite}")
