"""NAS-Bench-201 and NATS-Bench as one memory-mapped file.

>>> import nb201store as nb
>>> bench = nb.open("nats-tss.nb201")
>>> bench.accuracy(code, "cifar10", "ori-test", schedule=200, seed="mean")

Nothing heavy is imported here: names are resolved when first used, and numpy only by vectorised questions.
"""

__version__ = "0.1.0"

__all__ = [
    "ArchError", "ChecksumError", "FormatError", "MissingDataError", "Nb201Error", "SettingsError", "SourceError",
    "Store", "VerifyError", "VersionError", "__version__", "attach", "detach", "get_cmake_dir", "get_include", "open",
    "sss", "tss",
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
    from nb201store.user_columns import attach, detach

# Where each public name lives; `open` is the one whose name differs there.
_HOME = {
    "Store": ("store", "Store"),
    "open": ("store", "open_store"),
    "tss": ("space", "tss"),
    "sss": ("space", "sss"),
    "attach": ("user_columns", "attach"),
    "detach": ("user_columns", "detach"),
    "get_include": ("package_data", "get_include"),
    "get_cmake_dir": ("package_data", "get_cmake_dir"),
}


def __getattr__(name: str) -> object:
    if name == "_core":  # `from nb201store import _core` asks here before it looks for the module
        return _compiled()
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOME.get(name, ("errors", name))
    value: object = getattr(_imported(f"{__name__}.{module}"), attribute)
    globals()[name] = value
    return value


def _imported(module: str) -> object:
    """As importlib.import_module, without the half millisecond that importing importlib takes."""
    return __import__(module, fromlist=["_"])


def _compiled() -> object:
    """The C++ core; ModuleNotFoundError says what to do where a source tree shadows the installed package."""
    missing = f"{__name__}._core"
    try:
        return _imported(missing)
    except ModuleNotFoundError as problem:
        if problem.name != missing:
            raise
    raise ModuleNotFoundError(
        f"{__file__} has no compiled {missing} beside it: a source tree shadows the installed package, or was never "
        "built for this Python; run from another folder, or build it: pip install -e . --no-build-isolation",
        name=missing,
    )


def __dir__() -> list[str]:
    return __all__
