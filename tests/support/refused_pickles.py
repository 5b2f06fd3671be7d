"""Hostile pickles, each with the reason that the core's pickle machine must give for refusing it."""

from __future__ import annotations

import pickle

import hostile_pickles as hostile

NO_PROTOCOL = "not a pickle of protocol 2 to 5"
NO_DTYPE = r"it asks for numpy\.dtype "
NO_ENCODE = "calls _codecs.encode with something else than a text and 'latin1'"
TOO_DEEP = "objects nested more than 64 deep, or in themselves"
NO_KEY = "a key that is neither a str, an int nor a tuple"

# By the order of hostile.CALLS.
CALL_REASONS = [
    NO_DTYPE + "O",
    NO_DTYPE + "V9999999999",
    NO_DTYPE + "i8",
    NO_DTYPE + "of another object",
    NO_DTYPE + "of another object",
    "a numpy scalar that is not a float64 of 8 bytes",
    NO_ENCODE,
    NO_ENCODE,
    NO_ENCODE,
    NO_ENCODE,
    "calls collections.OrderedDict with arguments",
    "calls set with something else than one list",
    "calls set with something else than one list",
    NO_KEY,
]

# By the order of hostile.NONSENSE.
NONSENSE_REASONS = [
    NO_PROTOCOL, NO_PROTOCOL, "found 255", NO_PROTOCOL, NO_PROTOCOL, "memo entry 5 is read but was never written",
    NO_PROTOCOL, NO_PROTOCOL, NO_PROTOCOL, NO_PROTOCOL, "the stack is too short", "opcode NEXT_BUFFER,",
]  # fmt: skip

# By the order of hostile.ABSURD_SIZES.
SIZE_REASONS = [
    "a text or bytes of more than 64 MiB",
    "a text or bytes of more than 64 MiB",
    "opcode BYTEARRAY8,",
    "a frame of more than 65 MiB",
    "a text or bytes of more than 64 MiB",
    "a memo index beyond the next, 0",
    "an int of more than 255 bytes",
]

_SYSTEM = b"cos\nsystem\n"
_NAMED_SYSTEM = r"the pickle names os\.system,"
_ORDERED = b"ccollections\nOrderedDict\n"

# Every opcode that imports, calls, sets a state or reaches outside, on operands with which `pickle` would do it; those
# that official files have too are given what these never have.
OPCODES = [
    ("GLOBAL", _SYSTEM + b".", _NAMED_SYSTEM),
    ("STACK_GLOBAL", b"\x8c\x02os\x8c\x06system\x93.", _NAMED_SYSTEM),
    ("STACK_GLOBAL of a text from the memo", b"\x8c\x02os\x940\x8c\x06systemh\x00\x93.", "opcode POP,"),
    ("STACK_GLOBAL of a number", b"\x8c\x02osK\x01\x93.", "by other than two texts"),
    ("REDUCE of a name", _SYSTEM + b"X\x02\0\0\0id\x85R.", _NAMED_SYSTEM),
    ("REDUCE of data", b"]\x85)R.", "it calls something that is not a function"),
    ("REDUCE of weights", b"ctorch\nFloatStorage\n)R.", "it calls something that is not a function"),
    ("REDUCE without a tuple", _ORDERED + b"]R.", "arguments that are no tuple"),
    ("NEWOBJ", _ORDERED + b")\x81.", "opcode NEWOBJ,"),
    ("NEWOBJ_EX", _ORDERED + b")}\x92.", "opcode NEWOBJ_EX,"),
    ("INST", b"(X\x02\0\0\0idios\nsystem\n.", "opcode INST,"),
    ("OBJ", b"(" + _ORDERED + b"o.", "opcode OBJ,"),
    ("OBJ of a forbidden name", b"(" + _SYSTEM + b"o.", _NAMED_SYSTEM),
    ("BUILD on data", b"]}b.", "sets the state of an object that has none"),
    ("BUILD on a name", _ORDERED + b"}b.", "sets the state of a function"),
    ("BUILD of another dtype", b"cnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R}b.", "little-endian float64"),
    ("EXT1", b"\x82\x01.", "opcode EXT1,"),
    ("EXT2", b"\x83\x01\x00.", "opcode EXT2,"),
    ("EXT4", b"\x84\x01\x00\x00\x00.", "opcode EXT4,"),
    ("PERSID", b"Pstorage\n.", "opcode PERSID,"),
    ("BINPERSID of a number", b"K\x01Q.", "an outside object that is not a torch storage"),
    ("BINPERSID of another tuple", b"X\x04\0\0\0fileX\x01\0\0\0x\x86Q.", "that is not a torch storage"),
    ("BYTEARRAY8", b"\x96" + bytes(8) + b".", "opcode BYTEARRAY8,"),
    ("NEXT_BUFFER", b"\x97.", "opcode NEXT_BUFFER,"),
    ("READONLY_BUFFER", b"]\x98.", "opcode READONLY_BUFFER,"),
    ("FROZENSET", b"(\x91.", "opcode FROZENSET,"),
    ("POP", b"N0.", "opcode POP,"),
    ("POP_MARK", b"(N1.", "opcode POP_MARK,"),
    ("DUP", b"N2\x86.", "opcode DUP,"),
    ("PROTO of another protocol later", b"\x80\x01N.", "found 1"),
]  # fmt: skip

# Dicts within a list: of the outermost dict a reader hands out the entries, and stores none.
SELF_REFERENCES = [
    ("a list in itself", b"]\x94h\x00a.", TOO_DEEP),
    ("a list in itself, in a batch", b"]\x94(h\x00h\x00e.", TOO_DEEP),
    ("a dict as its own value", b"]}\x94X\x01\0\0\0kh\x00sa.", TOO_DEEP),
    ("a dict as its own key", b"}\x94h\x00Ns.", NO_KEY),
    ("an OrderedDict as its own value", b"]" + _ORDERED + b")R\x94X\x01\0\0\0kh\x00sa.", TOO_DEEP),
    ("a set in itself", b"\x8f\x94(h\x00\x90.", NO_KEY),
    ("a tuple in its list", b"]\x94h\x00\x85\x94ah\x01.", "it ends with other than one object"),
    ("a tuple in itself, by a list", b"]\x94h\x00h\x00\x85a.", "it ends with other than one object"),
    ("a tuple that holds the list that holds it", b"]\x94h\x00\x85\x94h\x00h\x01a\x87.", TOO_DEEP),
    ("two lists in each other", b"]\x94]\x94h\x00ah\x00h\x01a0.", "opcode POP,"),
    ("two dicts in each other", b"]}\x94X\x01\0\0\0k}\x94X\x01\0\0\0kh\x00ssa.", TOO_DEEP),
]  # fmt: skip


NESTED = [
    ("lists 65 deep", b"]" * 65 + b"a" * 64 + b".", TOO_DEEP),
    ("tuples 65 deep", b")" + b"\x85" * 64 + b".", TOO_DEEP),
    ("dicts 65 deep", b"]}" + b"X\x01\0\0\0k}" * 64 + b"s" * 64 + b"a.", TOO_DEEP),
    ("lists 100,000 deep", b"]" * 100_000 + b"a" * 99_999 + b".", TOO_DEEP),
    ("tuples 100,000 deep", b")" + b"\x85" * 100_000 + b".", TOO_DEEP),
    ("marks 257 deep", b"(" * 257, "collections nested more than 256 deep"),
    ("a set in a set", b"\x8f(\x8f\x90.", NO_KEY),
    ("sets 100 deep", b"\x8f(" * 100 + b"\x8f" + b"\x90" * 100 + b".", NO_KEY),
    ("a set in a tuple in a set", b"\x8f(\x8f\x85\x90.", "a key that is a tuple of something else"),
    ("a set of protocol 2 in a set", b"c__builtin__\nset\n]" + b"c__builtin__\nset\n]\x85Ra\x85R.", NO_KEY),
    ("a tuple in a tuple as a key", b"}N\x85\x85Ns.", "a key that is a tuple of something else"),
]  # fmt: skip

BOMBS = [
    ("memo entries without end", b"]" + b"\x94" * ((1 << 24) + 1), "more than 16 million memo entries"),
    ("numbers in the memo", b"(" + b"K\x01\x94" * ((1 << 20) + 1), "more than a million objects"),
    ("a stack without end", b"(" + b"N" * ((1 << 20) + 1), "more than a million objects"),
    ("a memo index far ahead", b"Nr\xff\xff\xff\x7f.", "a memo index beyond the next, 0"),
    ("a decimal memo index far ahead", b"Np9999999999\n.", "a memo index beyond the next, 0"),
    ("a memo index without end", b"Np" + b"9" * 300 + b"\n.", "a line of more than 256 bytes"),
    ("a name without end", b"c" + b"x" * 300, "a line of more than 256 bytes"),
    ("members without end", b"]" + (b"(" + b")" * 1_000_000 + b"e") * 17, "of more than 256 MiB"),
    ("a long text again and again", b"X\0\0\0\x03" + bytes(3 << 24), "truncated file"),
    ("an int of 256 bytes", b"\x8b\0\x01\0\0" + b"\xff" * 256 + b".", "an int of more than 255 bytes"),
]  # fmt: skip


def in_groups() -> list[tuple[str, bytes, str]]:
    """(name, pickle, regular expression of the reason) of those that `hostile_pickles` has."""
    made = []
    for number, (attack, named) in enumerate(hostile.ATTACKS):
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            name = named.replace("builtins", "__builtin__") if protocol < 3 else named
            reason = NO_PROTOCOL if protocol < 2 else f"the pickle names {name}"
            made.append((f"attack-{number}-{protocol}", pickle.dumps(attack, protocol), reason))
    for module in ("os", "posix", "nt"):
        old, new = hostile.system(module)
        made += [
            (f"old-{module}", old, NO_PROTOCOL),
            (f"{module}.system", new, f"names {module}.system,"),
        ]
    made += [
        (name, hostile.attribute(name), f"names collections.{name},") for name in hostile.NAMES
    ]
    for protocol in (2, 4):
        for number, (call, why) in enumerate(zip(hostile.CALLS, CALL_REASONS, strict=True)):
            made.append(
                (f"call-{number}-{protocol}", b"\x80" + bytes([protocol]) + call + b".", why)
            )
    for data, why in (
        *zip(hostile.CALLED_PLACEHOLDERS, ["not a function", "opcode NEWOBJ,"], strict=True),
        *zip(hostile.OUTSIDE_OBJECTS, [NO_PROTOCOL, *["not a torch storage"] * 3], strict=True),
        *zip(hostile.OLD_CLASSES, [NO_PROTOCOL, NO_PROTOCOL, _NAMED_SYSTEM], strict=True),
        *((data, "sets the state of an object that has none") for data in hostile.BUILDS_ON_DATA),
        *zip(hostile.NONSENSE, NONSENSE_REASONS, strict=True),
        *zip(hostile.ABSURD_SIZES, SIZE_REASONS, strict=True),
        *((data, r"names posix\.system,") for data in hostile.nested_calls()),
        *((data, "sets the state of a function") for data in hostile.builds_on_names()),
        *zip(hostile.OTHERS, ["by other than two texts", "opcode EXT1,"], strict=True),
    ):
        made.append((str(len(made)), data, why))
    return made


def everything() -> list[tuple[str, bytes, str]]:
    """(name, pickle, regular expression of the reason) of all of them."""
    own = [*OPCODES, *SELF_REFERENCES, *NESTED, *BOMBS]
    return in_groups() + [(name, b"\x80\x04" + data, why) for name, data, why in own]
