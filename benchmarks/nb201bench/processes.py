"""Whole processes: from start to answer, and the memory they take."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

_MEMORY = """
def private():
    kb = {"Private_Clean": 0, "Private_Dirty": 0, "Rss": 0}
    with open("/proc/self/smaps_rollup") as rollup:
        for line in rollup:
            name, _, rest = line.partition(":")
            if name in kb:
                kb[name] = int(rest.split()[0])
    return kb["Private_Clean"] + kb["Private_Dirty"], kb["Private_Dirty"], kb["Rss"]
"""


def answer_of(command: Sequence[str]) -> str:
    """Run a program and return what it printed.

    Spawned directly (vfork and exec inside) and waited for: `subprocess` itself takes about a millisecond.
    """
    reader, writer = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)]
    child = os.posix_spawnp(command[0], list(command), os.environ, file_actions=actions)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        printed = pipe.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        raise RuntimeError(f"{command[0]} ended with {code}: {printed}")
    return printed


class Ended(NamedTuple):
    """What a program printed, and the most bytes that it (or the largest of those that it started) had resident."""

    printed: str
    peak: float


# A process begins with the `ru_maxrss` of the one that starts it: a small one stands between, as /usr/bin/time does.
_WAIT = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(f"\\n{used.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run(command: Sequence[str]) -> Ended:
    """Run a program to its end, with the peak memory that `/usr/bin/time -v` would tell."""
    printed = answer_of([sys.executable, "-ISc", _WAIT, *command])
    printed, _, peak = printed.removesuffix("\n").rpartition("\n")
    return Ended(printed, float(peak) * 1024)


def memory_growth(setup: str, action: str, arguments: Sequence[str] = ()) -> dict[str, float]:
    """Bytes by which `action` grows a fresh interpreter that has run `setup`, from /proc/self/smaps_rollup.

    private : pages that only this process has, those of a mapped file among them (the page cache's, given back under
        pressure) as long as no other process maps it; dirty : of these what it wrote; resident : all pages it touches
    """
    script = (
        f"{_MEMORY}\nimport sys\n{setup}\nbefore = private()\n{action}\nafter = private()\n"
        "print(*((b - a) * 1024 for a, b in zip(before, after)))"
    )
    printed = answer_of([sys.executable, "-c", script, *arguments]).split()
    return dict(zip(("private", "dirty", "resident"), map(float, printed), strict=True))


def peak_memory(script: str, arguments: Sequence[str] = ()) -> float:
    """The most bytes that a fresh interpreter had resident while it ran `script`.

    Not `ru_maxrss`, which a process inherits from the one that started it.
    """
    ask = (
        '\nwith open("/proc/self/status") as status:\n'
        '    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))'
    )
    return float(answer_of([sys.executable, "-c", script + ask, *arguments])) * 1024


class Waiting:
    """A Python that is running already, and answers once when it is told to: what only its first answer shows.

    prepare, ask : statements before and after the wait; `ask` prints its answer on one line
    """

    def __init__(
        self, python: Sequence[str], prepare: str, ask: str, arguments: Sequence[str]
    ) -> None:
        script = f"import sys\n{prepare}\nprint('ready', flush=True)\nsys.stdin.readline()\n{ask}"
        self._command = [*python, "-c", script, *arguments]
        self._child: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start one, once the last has ended."""
        self.close()
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, text=True)
        if self._child.stdout.readline() != "ready\n":
            raise RuntimeError(
                f"{self._command[0]} did not start: it ended with {self._child.wait()}"
            )

    def answer(self) -> str:
        """Its answer."""
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        return self._child.stdout.readline()

    def close(self) -> None:
        """End the last one."""
        if self._child is not None:
            self._child.communicate()
            self._child = None
