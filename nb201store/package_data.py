"""Where the installed package keeps its C++ headers and CMake configuration, for programs that embed the core."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def get_include() -> Path:
    """Return the folder to add to the include path: `#include <nb201store/nb201store.hpp>` works from there."""
    installed = _PACKAGE / "include"
    return installed if installed.is_dir() else _PACKAGE.parent / "src"


def get_cmake_dir() -> Path:
    """Return the folder of `nb201storeConfig.cmake`: pass it as -Dnb201store_DIR=... to CMake."""
    return _PACKAGE / "share" / "cmake" / "nb201store"
