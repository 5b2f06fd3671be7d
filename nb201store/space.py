"""The two search spaces: THE order of operations, edges and widths; strings, official order.

A cell is its *code*: its position in plain product order, first digit most significant. The digits
(*ops*) are the operations on six edges in the topology space `tss`, and the widths at five
positions in the size space `sss`. What can be asked is in product_space.py.
"""

from __future__ import annotations

from itertools import product

from nb201store.arguments import shown
from nb201store.product_space import Space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb201store.errors import ArchError

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""The operations of the topology space, by digit. Part of the file format."""

EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
"""The edges of the cell graph as (target, source), in the order of the digits. File format too."""

WIDTHS = (8, 16, 24, 32, 40, 48, 56, 64)
"""The widths of the size space, by digit. Part of the file format."""

OFFICIAL_SHUFFLE_SEED = 88
"""Upstream shuffles the topology space with CPython's generator and this seed."""

NODES = (1, 2, 3)
"""The nodes with incoming edges; node n has n of them, from 0..n-1. Node 0 is the cell's input."""


def _node_strings(node: int) -> list[str]:
    """All strings of one node, e.g. `|none~0|none~1|`, in product order."""
    edges = [[f"{op}~{source}" for op in OPS] for source in range(node)]
    return ["|" + "|".join(chosen) + "|" for chosen in product(*edges)]


class TopologySpace(Space):
    """15,625 cells: one of five operations on each of six edges (NAS-Bench-201, NATS-Bench tss)."""

    def __init__(self) -> None:
        super().__init__("tss", OPS, len(EDGES))
        self._nodes = tuple([tuple(_node_strings(node)) for node in NODES])
        # A node's string gives its digits' share of the code at once: one look-up a node.
        self._shares = tuple(
            [
                {text: place * self.weights[last] for place, text in enumerate(strings)}
                for last, strings in zip((0, 2, 5), self._nodes, strict=True)
            ]
        )

    def _parse(self, arch_str: str) -> int:
        first, second, third = self._shares
        try:
            one, two, three = arch_str.split("+")
            return first[one] + second[two] + third[three]
        except (KeyError, ValueError):
            raise self._malformed(arch_str) from None

    def _format(self, code: int) -> str:
        first, second, third = self._nodes
        return f"{first[code // 3125]}+{second[code // 125 % 25]}+{third[code % 125]}"

    def _malformed(self, arch_str: str) -> ArchError:
        """The error that says what is wrong with a string that is no cell."""
        wanted = f"arch_str {shown(arch_str)}: expected"
        pieces = arch_str.split("+")
        if len(pieces) != len(NODES):
            return self._error(f"{wanted} {len(NODES)} nodes between '+'", len(pieces))
        for node, piece in zip(NODES, pieces, strict=True):
            edges = piece.split("|")
            if len(edges) != node + 2 or edges[0] or edges[-1]:
                return self._error(f"{wanted} node {node} as {node} edges between '|'", piece)
            for source, edge in enumerate(edges[1:-1]):
                op, _, found = edge.partition("~")
                if op not in OPS:
                    return self._error(
                        f"{wanted} an operation ({', '.join(OPS)}) on edge {node}<-{source}", op
                    )
                if found != str(source):
                    return self._error(f"{wanted} '~{source}' on edge {node}<-{source}", edge)
        raise AssertionError(f"a good string was refused: {arch_str!r}")

    def _make_ints(self, table: str) -> Sequence[int]:
        if table == "representative":
            first: dict[str, int] = {}
            unique = self._str_table("unique_str True")
            return [first.setdefault(text, code) for code, text in enumerate(unique)]
        if table == "official_index":
            places = [0] * len(self)
            for place, code in enumerate(self._int_table("from_official_index")):
                places[code] = place
            return places
        from random import Random

        order = list(range(len(self)))
        Random(OFFICIAL_SHUFFLE_SEED).shuffle(order)
        return order

    def _make_strings(self, table: str) -> list[str]:
        modes = {f"unique_str {mode}": mode for mode in (True, False, None)}
        return _unique_strings(modes[table]) if table in modes else super()._make_strings(table)


def _term(source: str, op: str, consider_zero: bool | None) -> str:
    """What one edge adds to the string of its target; `source` is its source's string."""
    if consider_zero and (op == "none" or source == "#"):
        return "#"
    if consider_zero is not None and op == "skip_connect":
        return source
    return f"({source})@{op}"


def _unique_strings(consider_zero: bool | None) -> list[str]:
    """Upstream's isomorphism strings of all cells, by code: the string of node 3.

    A node's string is its terms, sorted and joined. Going through the cells in product order makes
    each node's string once for all cells that share it.
    """

    def terms(source: str) -> list[str]:
        return [_term(source, op, consider_zero) for op in OPS]

    strings: list[str] = []
    from_0 = terms("0")
    for node_1 in from_0:
        from_1 = terms(node_1)
        for into_2 in product(from_0, from_1):
            from_2 = terms("+".join(sorted(into_2)))
            strings.extend(["+".join(sorted(into_3)) for into_3 in product(from_0, from_1, from_2)])
    return strings


class SizeSpace(Space):
    """32,768 networks: one of eight widths at each of five positions (NATS-Bench sss).

    Upstream does not shuffle this space, and no two of its networks are isomorphic: the tables
    inherited from `Space` are right as they are.
    """

    def __init__(self) -> None:
        super().__init__("sss", WIDTHS, 5)
        self._digits = {str(width): digit for digit, width in enumerate(WIDTHS)}

    def _parse(self, arch_str: str) -> int:
        digits = self._digits
        try:
            a, b, c, d, e = arch_str.split(":")
            return (((digits[a] * 8 + digits[b]) * 8 + digits[c]) * 8 + digits[d]) * 8 + digits[e]
        except (KeyError, ValueError):
            raise self._malformed(arch_str) from None

    def _format(self, code: int) -> str:
        return ":".join([str(WIDTHS[digit]) for digit in self.ops(code)])

    def _malformed(self, arch_str: str) -> ArchError:
        """The error that says what is wrong with a string that is no network of the space."""
        wanted = f"arch_str {shown(arch_str)}: expected"
        widths = arch_str.split(":")
        if len(widths) != self.positions:
            return self._error(f"{wanted} {self.positions} widths between ':'", len(widths))
        for place, width in enumerate(widths):
            if width not in self._digits:
                known = ", ".join(self._digits)
                return self._error(f"{wanted} a width ({known}) in place {place}", width)
        raise AssertionError(f"a good string was refused: {arch_str!r}")


tss = TopologySpace()
sss = SizeSpace()

SPACES: dict[str, Space] = {"tss": tss, "sss": sss}
"""The spaces by name."""
