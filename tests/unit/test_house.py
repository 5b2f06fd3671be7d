"""The rules that hold the project together, checked on its own tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "nb201store"

# Who may import whom: each module uses only what is listed for it (docs/design.md, DESIGN "dependency direction").
BASE = {
    "errors",
    "_core",
    "arguments",
    "product_space",
    "space",
    "schema",
    "hits",
    "cost",
    "records",
    "laid_out",
    "trial_rows",
    "trial_weights",
    "replacing",
    "threads",
    "memory",
}
ALLOWED = {
    "errors": set(),
    "arguments": {"errors"},
    "product_space": {"errors", "arguments"},
    "space": {"errors", "arguments", "product_space", "isomorphism"},
    "isomorphism": {"errors", "arguments", "product_space", "space"},
    "schema": {"errors"},
    "hits": {"errors", "_core"},
    "cost": {"errors", "arguments", "_core", "space"},
    "records": {"errors"},
    "laid_out": {"records"},
    "trial_rows": set(),
    "trial_weights": set(),
    "replacing": {"errors"},
    "threads": set(),
    "memory": set(),
    "package_data": set(),
    "user_about": {"errors", "_core"},
    "upstream": BASE,
    "weights": BASE,
    "archive": BASE | {"weights"},
    "image": BASE | {"archive", "user_about"},
    "user_columns": BASE | {"image"},
    "verify": BASE | {"upstream", "archive", "image", "difference", "weights"},
    "merging": BASE | {"upstream", "archive", "weights"},
    "difference": BASE | {"archive", "image"},
    "conversion": BASE | {"upstream", "archive", "image", "merging", "weights"},
    "restoration": BASE | {"upstream", "archive", "image"},
    "answers": set(),
    "gaps": {"errors"},
    "measured_cost": {"errors", "_core", "answers"},
    "ranking": {"errors", "arguments", "_core", "answers"},
    "column": {"_core", "gaps", "store"},  # store: for its type only
    "batch": {"errors", "_core", "gaps"},
    "tables": BASE | {"user_about"},
    "views": {"_core"},
    "kernels": {"errors", "arguments", "space", "views"},
    "search": BASE | {"kernels", "store"},
    "store": {
        "answers",
        "errors",
        "arguments",
        "_core",
        "space",
        "column",
        "batch",
        "gaps",
        "measured_cost",
        "ranking",
        "tables",
        "user_about",
        "views",
        "weights",
    },
}


def sources(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_outgrows_its_subject() -> None:
    files = sources("*.py", "*.pyi", "*.hpp", "*.cpp", "*.h", "Makefile", "CMakeLists.txt")
    assert len(files) > 30
    too_long = {
        str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text().splitlines())) > 500
    }
    assert not too_long


def test_no_catch_all_modules() -> None:
    names = {path.stem for path in sources("*.py", "*.hpp", "*.cpp")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_cpp_is_ascii() -> None:
    files = sources("*.hpp", "*.cpp", "*.h")
    assert files
    assert [str(f) for f in files if not f.read_bytes().isascii()] == []


def imported(path: Path) -> set[str]:
    """First-level names of our own modules that a file imports, type-only imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            parts = (node.module or "").split(".")
            if parts[0] == "nb201store":
                found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                if parts[0] == "nb201store" and len(parts) > 1:
                    found.add(parts[1])
    return {
        name
        for name in found
        if (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir() or name == "_core"
    }


def modules() -> list[Path]:
    return [path for path in sources("nb201store/*.py") if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_dependencies_run_one_way(path: Path) -> None:
    owner = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if owner in ("cli", "__main__"):  # may use everything
        return
    assert owner in ALLOWED, f"say in this test what {owner} may use"
    assert imported(path) - ALLOWED[owner] - {owner} == set()


HEAVY = (
    "numpy",
    "zarr",
    "numba",
    "torch",
    "safetensors",
    "matplotlib",
    "xarray",
    "pandas",
    "pyarrow",
    "rich",
)


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import nb201store",
        "import nb201store; nb201store.open; nb201store.tss.arch_str(0)",
        "import nb201store.cli.main",
    ],
)
def test_importing_loads_nothing_heavy(code: str) -> None:
    assert modules_after(code) & set(HEAVY) == set()


def test_a_first_answer_needs_no_typing_machinery() -> None:
    loaded = modules_after(
        "import nb201store; nb201store.open; nb201store.tss.code('|none~0|+|none~0|none~1|+|none~0|none~1|none~2|')"
    )
    assert loaded & {"typing", "dataclasses", "inspect", "numpy"} == set()


def test_public_names_resolve() -> None:
    import nb201store

    for name in nb201store.__all__:
        assert getattr(nb201store, name) is not None
    assert set(dir(nb201store)) == set(nb201store.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = nb201store.nothing
