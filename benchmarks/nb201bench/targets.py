"""What is to be reached, by workload: docs/benchmarks.md compares these with what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Floor(NamedTuple):
    """A contender of some case that does less than the work: what the machine takes at least."""

    workload: str
    case: str
    language: str
    contender: str


@dataclass(frozen=True)
class Target:
    """One row: the median of ours in that case, or a measure of it, is to be at most `limit` (seconds or bytes).

    `per_minute`: shown as a rate, of which `limit` is the seconds of one. `over`: the median of ours is to be at most
    `limit` times that of this other contender of the case.
    """

    says: str
    workload: str
    case: str
    limit: float
    language: str = "Python"
    contender: str | None = None  # of several that are ours
    measure: str | None = None  # a measure of the case instead of a time
    per_minute: bool = False
    over: str | None = None
    floor: Floor | None = None
    bound: str = ""  # what keeps it from the target where it is missed


BYTES = "the bytes alone, addresses known"
PAGES = (
    "Reading the bytes alone, at addresses known before, takes what the floor says: a file is mapped in pages of 4 kB, "
    "and nearly every random read also misses the processor's cache of page addresses. What is above the floor is "
    "looking up code, seed and epoch, the row of the trial, and the division that makes the published double. In a "
    "profile (`perf record bench_image IMAGE --only batch_random`, same machine) 55 % of a batch's samples fall on "
    "looking up rows and prefetching what they lead to, 20 % on resolving codes, epochs and seeds, 9 % on making "
    "percentages of hits."
)
MISSES = (
    "A random cell is a cache miss for its row number and one for its hits (and one for those of the last batch); a "
    "dict of floats in the same loop, in the table below, misses as well."
)


def _start(case: str, contender: str, language: str = "Python") -> Floor:
    return Floor("first_answer", case, language, contender)


def _batch(says: str, case: str, limit: float) -> Target:
    floor = Floor("batch_random", case, "C++", BYTES)
    return Target(says, "batch_random", case, limit, contender="gather", floor=floor, bound=PAGES)


def _handle(says: str, case: str) -> Target:
    floor = Floor("point_handle", case, "Python", "empty loop")
    return Target(says, "point_handle", case, 120e-9, floor=floor, bound=MISSES)


SEARCH = "preset nas-bench-201"
OVER_TIME = "search.run, best cells over time"
STEPS = (
    "The evaluations of a search are a chain: a random word, the draw, the table's row, the sum of costs, the check of "
    "the budget. Two cores of their own take half of the `CPU` below."
)
ADAM = (
    "A cell costs thirty exponentials, and thirty steps of Adam with a square root and a division each. Two cores of "
    "their own take half of the `CPU` below."
)
SETTING_UP = (
    "Most of it is numba setting itself up when the first compiled function of a process is loaded (its registries: "
    "two thirds of the time in a profile, `python -m cProfile`). Where scipy is installed numba imports scipy.linalg "
    "for that, half of all; nb201store does not need scipy. The next kernel loads in 4 ms, a second search takes 12 ms."
)


def _search(says: str, workload: str, millions: float, bound: str = STEPS) -> Target:
    """So many million searches a minute, at least."""
    return Target(
        f"{says}, searches a minute", workload, SEARCH, 60e-6 / millions, contender="search.run", per_minute=True,
        bound=bound,
    )  # fmt: skip


def _over_time(says: str, workload: str) -> Target:
    return Target(
        f"{says}: with best cells over time, against without", workload, SEARCH, 2.0,
        contender=OVER_TIME, over="search.run",
    )  # fmt: skip


def _peak(more: str) -> Target:
    name = f"peak bytes of 10,000,000 searches{more}"
    return Target(
        f"peak memory of ten million REA searches{more}", "search_rea", SEARCH, 500e6, measure=name
    )


STATIC, SHARED = "C++, linked statically", "C++, shared libstdc++"
TARGETS = (
    Target("open an image, warm", "open_warm", "open", 300e-6),
    Target(
        "private memory after opening", "open_warm", "open and one answer", 5e6,
        measure="private bytes after open",
    ),
    Target(
        "process start to first answer, Python", "first_answer", "Python", 15e-3,
        floor=_start("Python", "bare interpreter"),
        bound="The floor is the same interpreter with nothing to do.",
    ),
    Target(
        "process start to first answer, C++, static", "first_answer", STATIC, 1e-3,
        floor=_start(STATIC, "empty process"),
        bound="The floor is a program that does nothing, linked alike.",
    ),
    Target(
        "process start to first answer, C++, shared", "first_answer", SHARED, 1e-3,
        floor=_start(SHARED, "empty process"),
        bound="The floor is a program that does nothing: most of it is loading a shared libstdc++.",
    ),
    Target("one accuracy, full keyword call", "point", "200 epochs", 600e-9, contender="value"),
    _handle("one accuracy, column handle, random cells", "random cells"),
    _handle("one accuracy, column handle, few cells", "the same few cells"),
    _batch("batch gather, one u16 metric, one core", "one u16 metric", 3.5e-9),
    _batch("batch gather over the whole store, one core", "whole store", 8e-9),
    _batch("the same without folded times", "whole store without times", 8e-9),
    _search("REA, mean over trials", "search_rea_mean", 160),
    _search("REA, a random trial", "search_rea", 140),
    _search("random search", "search_random", 600),
    _search("local search", "search_local", 400),
    _search("REINFORCE", "search_reinforce", 10, ADAM),
    _search("BOHB", "search_bohb", 0.4, ""),
    _over_time("REA", "search_rea"),
    _over_time("random search", "search_random"),
    _over_time("local search", "search_local"),
    Target("a published search in a running Python, kernel loaded from numba's cache", "search_start", "running Python",
           0.1, contender="search.run", bound=SETTING_UP),
    Target("`nb201 search rea` from start to end", "search_start", "command line", 1.0, contender="nb201 search rea"),
    _peak(""),
    _peak(", with best cells over time"),
)  # fmt: skip


TO_ARCHIVE, TO_IMAGE, VERIFY = (
    "nb201 convert X.zarr",
    "nb201 convert X.nb201",
    "nb201 verify X.zarr",
)
FILE_201 = ("convert_201", "NAS-Bench-201 .pth")
FOLDER = ("convert_nats", "NATS-Bench -simple folder")


def _of_file(says: str, contender: str) -> tuple[Target, Target]:
    """Seconds and peak memory."""
    return (
        Target(says, *FILE_201, 40.0, contender=contender, floor=Floor(*FILE_201, "Python", "cat")),
        _most_memory(says, FILE_201, contender),
    )


UNPACKING = (
    "Decompression takes most of both cores all the time; parsing, records, encoding and writing add about a quarter "
    "of its processor time, and a little of two cores is lost where threads wait for one another."
)


def _of_folder(says: str, contender: str) -> tuple[Target, Target]:
    over = "decompression alone"
    return (
        Target(
            f"{says}, against {over}",
            *FOLDER,
            1.25,
            contender=contender,
            over=over,
            bound=UNPACKING,
        ),
        _most_memory(says, FOLDER, contender),
    )


def _most_memory(says: str, case: tuple[str, str], contender: str) -> Target:
    return Target(f"peak memory, {says}", *case, 1e9, measure=f"peak bytes of {contender}")


def _most_bytes(says: str, case: tuple[str, str], of: str, limit: float) -> Target:
    return Target(f"size, {says}", *case, limit, measure=f"bytes of {of}")


def _verifying(says: str, case: tuple[str, str]) -> Target:
    against = f"verifying {says}, against converting it"
    return Target(against, *case, 1.0, contender=VERIFY, over=TO_ARCHIVE)


CONVERTING_TARGETS = (
    *_of_file("v1_1 `.pth` to an archive", TO_ARCHIVE),
    *_of_file("v1_1 `.pth` to an image", TO_IMAGE),
    *_of_folder("-simple folder to an archive", TO_ARCHIVE),
    *_of_folder("-simple folder to an image", TO_IMAGE),
    _verifying("the archive of v1_1", FILE_201),
    _verifying("the archive of the folder", FOLDER),
    _most_bytes("archive of v1_1", FILE_201, "X.zarr", 300e6),
    _most_bytes("image of v1_1", FILE_201, "X.nb201", 425e6),
    _most_bytes(
        "image of v1_1, 12-epoch curves and last epochs", FILE_201, "X.nb201, last epochs", 27e6
    ),
    _most_bytes("image of NATS-Bench tss", FOLDER, "X.nb201", 450e6),
)
