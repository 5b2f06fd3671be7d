"""Pickles that no official file holds: attacks, other spellings, absurd sizes, nonsense. Nothing here is ever loaded
by `pickle` itself. refused_pickles.py has the reasons for which the core refuses them, and more.
"""

from __future__ import annotations

import os
import pickle

import numpy as np

FLOAT64_STATE = (3, "<", None, None, None, -1, -1, 0)


class Reduce:
    """Pickles as a call of `function(*args)`, followed by the other parts of a reduction."""

    def __init__(self, function, *args, state=None):
        self.parts = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.parts


# Objects, and the name that a refusal must say.
ATTACKS = [
    (Reduce(eval, "__import__('os').system('id')"), "builtins.eval"),
    (Reduce(exec, "import os"), "builtins.exec"),
    (Reduce(getattr, "x", "upper"), "builtins.getattr"),
    (Reduce(os.getcwd), f"{os.getcwd.__module__}.getcwd"),
    (Reduce(np.load, "x"), "numpy.load"),
    (np.arange(3), "numpy"),
    ([{"deep": (Reduce(eval, "1"),)}], "builtins.eval"),
]

# Names that look allowed.
NAMES = ("OrderedDict.fromkeys", "OrderedDict.__init__.__globals__", "abc.Mapping", "dict")

# Calls of allowed names with arguments that no official file has; behind PROTO, before STOP.
CALLS = [
    b"cnumpy\ndtype\n(X\x01\0\0\0OK\0K\x01tR",
    b"cnumpy\ndtype\n(X\x0b\0\0\0V9999999999K\0K\x01tR",
    b"cnumpy\ndtype\n(X\x02\0\0\0i8K\0K\x01tR",
    b"cnumpy\ndtype\n(]K\0K\x01tR",
    b"cnumpy\ndtype\n)R",
    b"cnumpy.core.multiarray\nscalar\n(NX\x01\0\0\0xtR",
    b"c_codecs\nencode\n(X\x01\0\0\0xX\x0a\0\0\0idna_codectR",
    b"c_codecs\nencode\n(X\x01\0\0\0xX\x05\0\0\0utf-8tR",
    b"c_codecs\nencode\n(X\x01\0\0\0xtR",
    b"c_codecs\nencode\n(K\x01X\x06\0\0\0latin1tR",
    b"ccollections\nOrderedDict\n(]tR",
    b"c__builtin__\nset\n)R",
    b"c__builtin__\nset\n(K\x05tR",
    b"c__builtin__\nset\n(]]atR",
]

# Placeholders that are called.
CALLED_PLACEHOLDERS = [
    b"\x80\x02ctorch\nFloatStorage\n)R.",
    b"\x80\x02ctorch\nFloatStorage\n)\x81.",
]

OUTSIDE_OBJECTS = [b"P0\n.", b"\x80\x02K\x01Q.", b"\x80\x02)Q.", b"\x80\x02K\x01\x85Q."]

OLD_CLASSES = [
    b"(S'id'\nios\nsystem\n.",
    b"(cos\nsystem\nS'id'\no.",
    b"\x80\x02cos\nsystem\n)\x81.",
]

BUILDS_ON_DATA = [
    b"\x80\x04" + start + b"}X\x01\0\0\0aK\x01sb."
    for start in (b"}", b"]", b"K\x01", b"X\x01\0\0\0x", b"\x8f")
]

NONSENSE = [
    b"<html>", b"\0" * 40, b"\x80\xff.", b".", b"0.", b"\x80\x02h\x05.", b"g7\n.", b"Ix\n.",
    b"S'\\xff'\n.", b"V\\ud800\nX\x01\0\0\0\xff.", b"\x80\x02a.", b"\x80\x05\x97.",
]  # fmt: skip

ABSURD_SIZES = [
    b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b"x.",  # BINBYTES8
    b"\x80\x04\x8d" + (1 << 40).to_bytes(8, "little") + b"x.",  # BINUNICODE8
    b"\x80\x05\x96" + (1 << 40).to_bytes(8, "little") + b"x.",  # BYTEARRAY8
    b"\x80\x04\x95" + (1 << 62).to_bytes(8, "little") + b"N.",  # FRAME
    b"\x80\x02B" + b"\xff" * 4 + b".",  # BINBYTES
    b"\x80\x02Nr" + b"\xff" * 4 + b".",  # LONG_BINPUT
    b"\x80\x02\x8b\xff\xff\xff\x7f.",  # LONG4
]


def system(module: str) -> list[bytes]:
    """`module.system("id")` in the old and in the new spelling."""
    parts = (module, "system")
    new = b"".join(b"\x8c" + bytes([len(part)]) + part.encode() for part in parts)
    return [
        f"c{module}\nsystem\n(S'id'\ntR.".encode(),
        b"\x80\x04" + new + b"\x93\x8c\x02id\x85R.",
    ]


def attribute(name: str) -> bytes:
    """`collections.<name>`, by STACK_GLOBAL."""
    return b"\x80\x04\x8c\x0bcollections\x8c" + bytes([len(name)]) + name.encode() + b"\x93."


def nested_calls() -> list[bytes]:
    """A call that is not allowed as the argument of one that is."""
    inner = b"cposix\nsystem\n(X\x02\0\0\0idtR"
    names = (b"c_codecs\nencode\n", b"cnumpy\ndtype\n", b"c__builtin__\nset\n")
    return [b"\x80\x02" + outer + b"(" + inner + b"tR." for outer in names]


def builds_on_names() -> list[bytes]:
    """States set on what stands for an allowed name."""
    names = (b"ccollections\nOrderedDict\n", b"cnumpy\ndtype\n", b"c_codecs\nencode\n")
    states = ({"__call__": 1}, (None, {"__call__": 1}), (None, {"__class__": 1}))
    return [
        b"\x80\x02" + name + pickle.dumps(state, 2)[2:-1] + b"b."
        for name in names
        for state in states
    ]


OTHERS = [b"\x80\x04\x8c\x05o\x1b[2J\x8c\x01\n\x93.", b"\x80\x02\x82\x7b."]
