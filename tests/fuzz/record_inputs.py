"""What the fuzzer of records does with its bytes: they say how the states of one cell are changed, to make a record.

What is accepted must come back exactly. Only objects that the pickle machine can make are put in. Nothing here needs
atheris: tests replay the seeds and what once failed.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import tiny_layouts

from nb201store.errors import SourceError
from nb201store.schema import TSS
from nb201store.upstream import cell_record, cell_state
from nb201store.upstream.containers import WEIGHTS
from nb201store.upstream.packed import PackedDict, pack

if TYPE_CHECKING:
    from collections.abc import Callable

INDEX = 11
_NAN = np.frombuffer(b"\x01\x02\x03\x04\x05\x06\xf8\xff", np.float64)[0]


class Choices:
    """Decisions out of bytes, one after another; the first one for ever when they have run out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    @property
    def left(self) -> bool:
        """Whether there are bytes left."""
        return self._place < len(self._data)

    def below(self, bound: int) -> int:
        """A number of 0..bound-1."""
        taken = self._data[self._place : self._place + 2]
        self._place += 2
        return int.from_bytes(taken, "little") % bound

    def of(self, options: Any) -> Any:
        """One of a sequence."""
        return options[self.below(len(options))]


def changed(data: bytes) -> Any:
    """A cell's states, changed as `data` says."""
    choices = Choices(data)
    state: dict[Any, Any] = {"cell": copy.deepcopy(base())}
    while choices.left:
        _change(state, choices)
    return state["cell"]


def read_record(data: bytes) -> None:
    """Change a cell's states as `data` says and make a record; only SourceError is an answer to bad ones."""
    state = changed(data)
    expected = plain(state)
    try:
        record = cell_record(INDEX, state, TSS)
    except SourceError:
        return
    assert plain(cell_state(record, TSS)) == expected


@cache
def base() -> Any:
    """The states that are changed: some dicts as the machine packs them, some as they are."""
    states = tiny_layouts.cell(INDEX, "v1_1")
    for field in ("train_losses", "eval_losses", "train_times"):
        for results in states.values():
            for trial in results["all_results"].values():
                trial[field] = pack(trial[field])
    return states


def plain(value: Any) -> Any:
    """`value` as something to compare: types, orders and bits; weights apart, of which nothing is kept."""
    if isinstance(value, PackedDict):
        made = zip(value.keys, map(float, value.values), strict=True)
        return plain_dict(value.kind, made, value.value_type or "float")
    if isinstance(value, dict):
        kind = "OrderedDict" if isinstance(value, OrderedDict) else "dict"
        return plain_dict(
            kind, ((k, None if k == "net_state_dict" else v) for k, v in value.items())
        )
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(one) for one in value]
    if isinstance(value, float):
        return type(value).__name__, np.float64(value).tobytes()
    return type(value).__name__, value


def plain_dict(kind: str, items: Any, value_type: str | None = None) -> Any:
    """A dict of plain values; `value_type` is that of packed ones."""
    return kind, [
        (plain(key), plain(value) if value_type != "float64" else plain(np.float64(value)))
        for key, value in items
    ]


def _change(state: dict[Any, Any], choices: Choices) -> None:
    """Go down from the state by choices, and change what is there."""
    holder: Any = state
    key: Any = "cell"
    for _ in range(choices.of(DEPTHS)):
        held = holder[key]
        if isinstance(held, dict) and held:
            # Trials are where most can be wrong.
            trials = "all_results" in held and choices.below(4) != 0
            holder, key = held, "all_results" if trials else choices.of(list(held))
        elif isinstance(held, list) and held:
            holder, key = held, choices.below(len(held))
        else:
            break
    CHANGES[choices.below(len(CHANGES))](holder, key, choices)


def _replace(holder: Any, key: Any, choices: Choices) -> None:
    holder[key] = _value(choices)


def _delete(holder: Any, key: Any, choices: Choices) -> None:
    if key != "cell":
        del holder[key]


def _rename(holder: Any, key: Any, choices: Choices) -> None:
    if isinstance(holder, dict) and key != "cell":
        holder[choices.of(KEYS)] = holder.pop(key)


def _insert(holder: Any, key: Any, choices: Choices) -> None:
    held = holder[key]
    if isinstance(held, dict):
        held[choices.of(KEYS)] = _value(choices)
    elif isinstance(held, list):
        held.append(_value(choices))


def _to_end(holder: Any, key: Any, choices: Choices) -> None:
    if isinstance(holder, dict):
        holder[key] = holder.pop(key)


def _other_container(holder: Any, key: Any, choices: Choices) -> None:
    held = holder[key]
    if isinstance(held, dict):
        holder[key] = dict(held) if isinstance(held, OrderedDict) else OrderedDict(held)
    elif isinstance(held, PackedDict):
        holder[key] = held._replace(kind=choices.of(["dict", "OrderedDict"]))


def _repack(holder: Any, key: Any, choices: Choices) -> None:
    """Other keys and values of a dict of numbers, as the machine packs: one type of keys, one of values."""
    count = choices.below(14)
    if choices.below(2):
        start, step = choices.below(14) - 1, choices.below(4) - 1
        keys: Any = [start + step * place for place in range(count)]
    else:
        keys = [
            f"{choices.of(SPLITS)}@{choices.of(('', '0', '-', ' ')) if choices.below(8) == 0 else ''}{place}"
            for place in range(count)
        ]
    keys = tuple(dict.fromkeys(keys))
    values = np.array([choices.of(NUMBERS) for _ in keys], np.float64)
    value_type = choices.of(["float", "float64"]) if keys else "float"
    if keys:
        holder[key] = PackedDict(choices.of(["dict", "OrderedDict"]), keys, value_type, values)
    else:
        holder[key] = {}


def _value(choices: Choices) -> Any:
    """A new object: what is changed later is no part of anything else."""
    kind = choices.below(12)
    made: Any = choices.of(VALUES)
    if kind in (6, 7):
        made = {choices.of(KEYS): choices.of(VALUES) for _ in range(choices.below(4))}
    elif kind == 8:
        made = [choices.of(VALUES) for _ in range(choices.below(4))]
    elif kind == 9:
        made = choices.of(NUMBERS)
    elif kind > 9:
        made = choices.of((base(), pack({0: 1.0})))
    return copy.deepcopy(made)


DEPTHS = (4, 4, 4, 5, 4, 4, 5, 6, 3, 2, 1, 0)
"""How far below the cell: schedules are 1, their fields 2, trials 3, a trial's fields 4, what these hold 5."""
CHANGES: list[Callable[[Any, Any, Choices], None]] = [
    _replace, _delete, _rename, _insert, _to_end, _other_container, _repack, _repack,
]  # fmt: skip
SPLITS = ("x-valid", "x-test", "ori-test", "train", "", "@", "x-valid@1")
NUMBERS = [
    0.0,
    -0.0,
    1.5,
    float("nan"),
    _NAN,
    float("inf"),
    5e-324,
    1e308,
    np.float64(2.5),
    np.float64("nan"),
]
KEYS = [
    0, 1, 11, 12, 199, 200, -1, 1 << 40, 1 << 70, -(1 << 63), "", "less", "full", "12", "200", "x-valid@0",
    "ori-test@11", "x-valid@99999999999", "\udcff".encode("utf-8", "surrogatepass").decode("latin1"),
    ("cifar10", 777), ("cifar10", 1 << 40), ("cifar10", 7, 7), (), ("cifar100", "111"), "arch_str", "arch_index",
    "name", "seed", "epochs", "latency", "eval_names", "net_state_dict", "params", "all_results", "x" * 5000,
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, 12, 200, 777, -1, 1 << 70, 10**40, -(1 << 2000), "", "0777", "777", "cifar10", "cifar100",
    "less", "x" * 5000, "\u2713", "line\nbreak", b"bytes", (), ("cifar10", 777), [], [777, 111], [1.5], ["x-valid"],
    [[]], {}, OrderedDict(), set(), {1, "a"}, WEIGHTS, 1.0, np.float64(0.1), [np.float64(1.0), 1.0], {"arch_str": None},
]  # fmt: skip


def seeds() -> dict[str, bytes]:
    """Small inputs by name: nothing, and every change at a few depths."""
    found = {"nothing": b""}
    for place, depth in enumerate(DEPTHS):
        for change in range(len(CHANGES)):
            steps = [
                place,
                1,
                1,
                0,
                *[2 * place + change] * max(0, depth - 3),
                change,
                depth,
                3,
                1,
                2,
            ]
            found[f"{place}-depth-{depth}-change-{change}"] = b"".join(
                step.to_bytes(2, "little") for step in steps
            )
    return found
