"""NAS-Bench-201 and NATS-Bench as one memory-mapped file.

>>> import nb201store as nb
>>> bench = nb.open("nats-tss.nb201")
>>> bench.accuracy(code, "cifar10", "ori-test", schedule=200, seed="mean")

Nothing heavy is imported here: names are resolved when first used, and numpy only by vectorised questions.
"""

__version__ = "0.1.0"

__all__ = [
    "ArchError", "ChecksumError", "FormatError", "MissingDataError", "Nb201Error", "SettingsError", "SourceError",
    "Store", "VerifyError", "VersionError", "__version__", "get_cmake_dir", "get_include", "open", "sss", "tss",
]  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nb201store.errors import (
        ArchError,
        ChecksumError,
        FormatError,
        MissingDataError,
        Nb201Error,
        SettingsError,
        SourceError,
        VerifyError,
        VersionError,
    )
    from nb201store.package_data import get_cmake_dir, get_include
    from nb201store.space import sss, tss
    from nb201store.store import Store
    from nb201store.store import open_store as open

# Where each public name lives; `open` is the one whose name differs there.
_HOME = {
    "Store": ("store", "Store"),
    "open": ("store", "open_store"),
    "tss": ("space", "tss"),
    "sss": ("space", "sss"),
    "get_include": ("package_data", "get_include"),
    "get_cmake_dir": ("package_data", "get_cmake_dir"),
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOME.get(name, ("errors", name))
    try:
        value: object = getattr(import_module(f"{__name__}.{module}"), attribute)
    except ModuleNotFoundError as problem:
        if problem.name == f"{__name__}._core":
            problem.add_note(
                "The compiled part is missing: a source tree shadows the installed package, or was never built. "
                "Run from another folder, or `pip install -e . --no-build-isolation` here."
            )
        raise
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
