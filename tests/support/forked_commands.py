"""`nb201` commands in processes of their own, forked from one that has imported everything: no start-up, real signals.

Run as a program, this file is that one: it reads an order a line and forks a process for each. Such a process can be
given a moment to stop at that does not depend on time: its n-th event of the file system, as CPython audits them.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass
from typing import Any, Self

EVENTS = frozenset({
    "open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate",
    "fcntl.flock", "shutil.rmtree", "ctypes.dlsym",
})  # fmt: skip
"""Before each of them a process may be stopped. ctypes.dlsym: the renames with flags are called by ctypes."""

LONGEST_S = 120
"""A process that is still there then is ended by SIGALRM."""


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    `code`: its exit code, or -n where signal n ended it; then the rest says nothing. `events`: how many of `EVENTS`
    came. `seconds`: how long it took.
    """

    code: int
    out: str = ""
    err: str = ""
    events: int = 0
    seconds: float = 0.0


class Commands:
    """Runs commands; a context manager."""

    def __enter__(self) -> Self:
        self._parent = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.communicate()

    def run(
        self,
        *arguments: object,
        stop_at: int | None = None,
        stop_after_s: float | None = None,
        number: signal.Signals = signal.SIGKILL,
        largest_file: int | None = None,
    ) -> Ended:
        """Run `nb201 ARGUMENTS` to its end.

        Parameters
        ----------
        stop_at, stop_after_s : send it the signal `number` before its event of this number, or after these seconds
        largest_file : bytes; a file that grows beyond is refused by the kernel, as on a full disk
        """
        pid = self._ask(
            {
                "arguments": list(map(str, arguments)),
                "stop_at": stop_at,
                "number": int(number),
                "largest_file": largest_file,
            }
        )
        if stop_after_s is not None:
            time.sleep(stop_after_s)
            os.kill(pid, number)  # it is there, though perhaps ended: nobody has waited for it
        return Ended(**self._ask("wait"))

    def _ask(self, order: Any) -> Any:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return json.loads(self._parent.stdout.readline())


def serve() -> None:
    """Fork a process for each order."""
    import zarr  # noqa: F401  # what every command of these imports, once for all

    from nb201store import conversion, restoration, verify  # noqa: F401
    from nb201store.cli import convert, main, pack, restore  # noqa: F401

    for line in sys.stdin:
        from_child, to_parent = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.close(from_child)
                report = run_here(json.loads(line))
                os.write(to_parent, json.dumps(report).encode())
            finally:
                os._exit(0)
        os.close(to_parent)
        answer(pid)
        sys.stdin.readline()
        with os.fdopen(from_child) as pipe:
            report = json.loads(pipe.read() or "{}")
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        answer(report or {"code": status})


def answer(found: Any) -> None:
    """Send an answer, a line."""
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def run_here(order: dict[str, Any]) -> dict[str, Any]:
    """Run one order in this process."""
    from nb201store.cli.main import main

    signal.alarm(LONGEST_S)
    started, counted = time.perf_counter(), itertools.count(1)

    def watch(event: str, _: object) -> None:
        if event in EVENTS and next(counted) == order["stop_at"]:
            os.kill(os.getpid(), order["number"])

    sys.addaudithook(watch)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    if order["largest_file"] is not None:
        # Python ignores SIGXFSZ: the write itself fails.
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["largest_file"], unlimited[1]))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(order["arguments"])
        except SystemExit as end:
            code = end.code
        except BaseException:  # what a user would see
            traceback.print_exc()
            code = 1
    return {
        "code": int(code or 0),
        "out": out.getvalue(),
        "err": err.getvalue(),
        "events": next(counted) - 1,
        "seconds": time.perf_counter() - started,
    }


if __name__ == "__main__":
    serve()
