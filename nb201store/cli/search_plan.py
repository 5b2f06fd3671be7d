"""Which searches a command line asks for: algorithms, data sets and parameters, multiplied out."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nb201store.arguments import shown
from nb201store.cli.cells import parse_integer
from nb201store.errors import SettingsError
from nb201store.replacing import check_target
from nb201store.search.algorithms import Algorithm, Parameter, find_algorithm
from nb201store.search.presets import find_preset
from nb201store.search.running import GRID

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Row:
    """One search, of many runs."""

    algorithm: str
    dataset: str | None
    parameters: dict[str, Any] = field(default_factory=dict)
    """Those that the command line names."""

    @property
    def label(self) -> str:
        """A name that no other row has."""
        words = [self.algorithm, self.dataset or "", *(f"{n}={v}" for n, v in self.parameters.items())]  # fmt: skip
        return " ".join(filter(None, words))


def run_file(path: str) -> None:
    """Import a Python file of the user's as a module of its name, for the algorithms that it registers.

    SettingsError if there is no such file; what the file itself raises is the user's to see.
    """
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise SettingsError(f"--import: expected a Python file (NAME.py), found {shown(path)}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses and pickles look for it
    spec.loader.exec_module(module)


def grid(*, wanted: bool) -> int:
    """Return at how many times the best cells are counted: none where nobody looks, which is faster."""
    return GRID if wanted else 0


def rows(
    algorithms: Sequence[str], datasets: Sequence[str], preset: str | None, space: str, fixed: Sequence[str],
    swept: Sequence[str],
) -> list[Row]:  # fmt: skip
    """Return the rows of a command line; SettingsError for an unknown word, before anything runs."""
    chosen = [find_algorithm(name) for name in dict.fromkeys(algorithms)]
    searched: list[str | None] = list(dict.fromkeys(datasets))
    if preset is not None and not datasets:
        searched = list(find_preset(preset).datasets(space))
    values = _values(chosen, fixed, swept)
    out = []
    for algorithm, dataset in itertools.product(chosen, searched or [None]):
        own = {p.name: values[p.name] for p in algorithm.parameters if p.name in values}
        parameters = {parameter.name: parameter for parameter in algorithm.parameters}
        read = [[_read(parameters[name], text) for text in texts] for name, texts in own.items()]
        out += [
            Row(algorithm.name, dataset, dict(zip(own, combination, strict=True)))
            for combination in itertools.product(*read)
        ]
    return list({row.label: row for row in out}.values())


def targets(folder: Path | None, planned: list[Row], *, overwrite: bool) -> dict[str, Path]:
    """Return the file of each row by its label, checked so that hours of searching are not lost at the end."""
    if folder is None:
        return {}
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"--save must name a folder, found a file: {folder}")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass  # a folder that cannot be written to is found out now
    files = {
        row.label: folder / (re.sub(r"[^A-Za-z0-9_.=+-]+", "-", row.label) + ".npz") for row in planned
    }  # fmt: skip
    for file in files.values():
        check_target(file, overwrite=overwrite, folder=False)
    return files


def _values(
    chosen: Sequence[Algorithm], fixed: Sequence[str], swept: Sequence[str]
) -> dict[str, list[str]]:
    """{parameter: the texts of its values}"""
    found: dict[str, list[str]] = {}
    for option, given in (("--set", fixed), ("--sweep", swept)):
        for text in given:
            name, equals, value = text.partition("=")
            listed = value.split(",") if option == "--sweep" else [value]
            if not equals or not all(listed):
                form = "NAME=VALUE" if option == "--set" else "NAME=VALUE,VALUE,..."
                raise SettingsError(f"{option} must be {form}, found {shown(text)}")
            if name in found:
                raise SettingsError(f"{option} {shown(text)}: {name} is given twice")
            if not any(name == p.name for algorithm in chosen for p in algorithm.parameters):
                raise SettingsError(
                    f"{option} {shown(text)}: no algorithm here has this parameter; {_known(chosen)}"
                )
            found[name] = listed
    return found


def _known(chosen: Sequence[Algorithm]) -> str:
    return "; ".join(
        f"{algorithm.name} has {', '.join(p.name for p in algorithm.parameters) or 'none'}"
        for algorithm in chosen
    )


def _read(parameter: Parameter, text: str) -> Any:
    """A parameter's value of its text; SettingsError says what it may be."""
    value: Any = text
    if not parameter.choices:
        try:
            value = parse_integer(text) if isinstance(parameter.default, int) else float(text)
        except ValueError:
            value = None
    return parameter.checked(text if value is None else value)
