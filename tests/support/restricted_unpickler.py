"""An unpickler of Python that builds data and runs nothing: the oracle of the core's pickle machine.

A pickle is a program. This one may name only what the official files name (`ALLOWED`), and even
then it gets an object of this module, never the real thing: the objects have no attributes to set,
restore no state, and check their arguments, so that no chain of calls leads anywhere but to plain
data. Network weights become one placeholder.

What is not bounded is memory and nesting: a hostile pickle can still ask for a lot of memory, and
can end the process by a key nested a million deep (CPython hashes it recursively), as any can.
"""

from __future__ import annotations

import copyreg
import pickle
import struct
import zipfile
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from nb201store.errors import SourceError

if TYPE_CHECKING:
    from typing import BinaryIO


class _RefusedError(pickle.UnpicklingError):
    """The pickle asks for something it must not."""


class Weights:
    """Stands for network weights, of which nothing is kept."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Keep no state."""


WEIGHTS = Weights()


class _Ordered(OrderedDict[Any, Any]):
    """An OrderedDict that drops pickled attributes (torch's `_metadata`): they hide methods."""

    def __setstate__(self, state: object) -> None:
        """Keep no attributes."""


class _Float64:
    """Stands for numpy.dtype('<f8')."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        if state != (3, "<", None, None, None, -1, -1, 0):
            raise _RefusedError(
                "its numpy.dtype has a state that is not that of little-endian float64"
            )


class _Callable:
    """Base of what a pickle may call by name."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise _RefusedError(f"it sets the state of a function ({type(self).__name__})")


class _MakeOrderedDict(_Callable):
    __slots__ = ()

    def __call__(self, *args: object) -> _Ordered:
        if args:
            raise _RefusedError("it calls collections.OrderedDict with arguments")
        return _Ordered()


class _MakeSet(_Callable):
    __slots__ = ()

    def __call__(self, *args: object) -> set[Any]:
        if len(args) == 1 and type(args[0]) is list:
            return set(args[0])
        raise _RefusedError("it calls set with something else than one list")


class _MakeDtype(_Callable):
    __slots__ = ()

    def __call__(self, *args: object) -> _Float64:
        if len(args) == 3 and type(args[0]) is str and args[0] in ("f8", "<f8"):
            return _Float64()
        name = _plain(args[0]) if args and type(args[0]) is str else "of another object"
        raise _RefusedError(f"it asks for numpy.dtype {name}; official files hold 'f8' only")


class _MakeScalar(_Callable):
    __slots__ = ()

    def __call__(self, *args: Any) -> np.float64:
        if [type(arg) for arg in args] == [_Float64, bytes]:
            (data,) = args[1:]
            if len(data) == 8:
                return np.float64(struct.unpack("<d", data)[0])
        raise _RefusedError("it makes a numpy scalar that is not a float64 of 8 bytes")


class _MakeBytes(_Callable):
    """`_codecs.encode(text, 'latin1')`, how protocol 2 spells bytes."""

    __slots__ = ()

    def __call__(self, *args: object) -> bytes:
        if len(args) == 2 and type(args[0]) is str and args[1] == "latin1":
            return args[0].encode("latin-1")
        raise _RefusedError("it calls _codecs.encode with something else than a text and 'latin1'")


class _MakeWeights(_Callable):
    __slots__ = ()

    def __call__(self, *_: object) -> Weights:
        return WEIGHTS


_STORAGES = (
    "BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short",
)  # fmt: skip

ALLOWED: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): _MakeOrderedDict(),
    ("builtins", "set"): _MakeSet(),
    ("__builtin__", "set"): _MakeSet(),
    ("numpy", "dtype"): _MakeDtype(),
    ("numpy.core.multiarray", "scalar"): _MakeScalar(),
    ("numpy._core.multiarray", "scalar"): _MakeScalar(),
    ("_codecs", "encode"): _MakeBytes(),
    ("torch._utils", "_rebuild_tensor_v2"): _MakeWeights(),
    ("torch._utils", "_rebuild_parameter"): _MakeWeights(),
    ("torch.storage", "_load_from_bytes"): _MakeWeights(),
    **{("torch", f"{kind}Storage"): WEIGHTS for kind in _STORAGES},
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Any:
        """Return the harmless stand-in of an allowed name; refuse others, importing nothing."""
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise _RefusedError(
                f"the pickle names {_plain(f'{module}.{name}')}, which no official file does; "
                "nothing of it was run"
            ) from None

    def persistent_load(self, pid: Any, /) -> Weights:
        """Return the placeholder of weights for a torch storage."""
        if type(pid) is tuple and pid and pid[0] == "storage":
            return WEIGHTS
        raise _RefusedError("the pickle refers to an outside object that is not a torch storage")


class _Unbuffered:
    """A stream without `peek`: the unpickler takes no byte too early, and `tell` is exact."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read
        self.readline = stream.readline


# What pickle, bz2 and zipfile raise on bytes that are not theirs.
_FAILURES = (
    pickle.UnpicklingError, zipfile.BadZipFile, ArithmeticError, AttributeError, EOFError,
    LookupError, MemoryError, OSError, RecursionError, TypeError, ValueError,
)  # fmt: skip


def read_pickle(stream: BinaryIO, what: str) -> Any:
    """Return the object of the pickle at the stream's position, and stop right behind it.

    Parameters
    ----------
    stream : seekable binary file; with a `peek` method it is read several times faster
    what : str, how messages call the stream (its path)

    Raises
    ------
    SourceError   the pickle names something that is not allowed (before anything runs), is cut off
                  or is not a pickle; the message says at which byte
    OSError       reading failed
    """
    start = stream.tell()
    # Opcodes EXT1..EXT4 look in this cache before they ask `find_class`.
    copyreg.clear_extension_cache()
    try:
        return _Unpickler(stream).load()
    except _FAILURES as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        reason = _reason(error)
        in_memory = not isinstance(error, MemoryError)
    raise SourceError(f"{what}: {reason} (byte {_offset(stream, start, again=in_memory)})")


def _offset(stream: BinaryIO, start: int, *, again: bool) -> int:
    """Return how far the unpickler came before it failed, by failing `again` byte by byte."""
    if again:
        stream.seek(start)
        with suppress(*_FAILURES):
            _Unpickler(_Unbuffered(stream)).load()
    return stream.tell()


def _reason(error: BaseException) -> str:
    """One line on why a pickle could not be read."""
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not a sound pickle: it asks for more memory than there is"
    text = _plain(str(error))
    if isinstance(error, EOFError) or "truncated" in text:
        return "the data end in the middle of a pickle: truncated file"
    return f"not a sound pickle ({type(error).__name__}: {text})"


def _plain(text: str) -> str:
    """`text`, which a file wrote, fit for a line of a message."""
    short = text if len(text) <= 160 else text[:160] + "..."
    return short if short.isprintable() else ascii(short)
