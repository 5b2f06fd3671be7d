"""The group of commands, and the one place that turns an error into a line and an exit code."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from nb201store import __version__
from nb201store.errors import Nb201Error, VerifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Name -> help line. Modules are imported only when their command runs: `nb201 --help` stays fast.
COMMANDS = {
    "convert": "Convert an official file into an archive (X.zarr) or an image (X.nb201).",
    "pack": "Pack an archive into an image.",
    "info": "Say what a file holds; --sources lists the known official files.",
    "restore": "Write an archive or image back in an official layout.",
    "verify": "Check a file, or compare it with its source value by value.",
    "diff": "Show what two archives or images differ in.",
    "query": "Print what is recorded of one cell.",
    "top": "List the best cells.",
    "compare": "Show a few cells side by side.",
    "attach": "Attach columns of a table to an image, or take them off.",
    "export": "Write a table, one row a cell, as CSV or Parquet.",
    "search": "Run search algorithms many times on the benchmark's table.",
    "demo": "Convert, pack and ask a small synthetic file that comes with the package.",
}

USER_MISTAKE = 2
DIFFERENT = 1
INTERRUPTED = 130
TERMINATED = 143


class LazyGroup(click.Group):
    """Commands by name, each in the module of that name, as the attribute `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"nb201store.cli.{cmd_name}").command
        command.help = command.help or COMMANDS[cmd_name]
        return command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="nb201")
def group() -> None:
    """NAS-Bench-201 and NATS-Bench as one memory-mapped file.

    Three commands lead from an official file to an answer:

    \b
      nb201 convert NATS-tss-v1_0-3ffb9-simple nats-tss.nb201
      nb201 info nats-tss.nb201
      nb201 query nats-tss.nb201 CELL --dataset cifar10 --schedule 200
    """


def main(args: list[str] | None = None) -> Any:
    """Run the command line; exit 0, 1 (verify found differences), 2 (the user's mistake), 130 or 143 (stopped)."""
    try:
        with _terminable():
            group.main(args=args, prog_name="nb201", standalone_mode=False)
    except VerifyError as problem:
        _fail(_one_line(problem), DIFFERENT)
    except (Nb201Error, OSError) as problem:
        _fail(_one_line(problem), USER_MISTAKE)
    except ModuleNotFoundError as problem:
        if problem.name != "nb201store._core":
            raise
        _fail(str(problem), USER_MISTAKE)
    except click.ClickException as problem:
        if (
            type(problem).__name__ == "NoArgsIsHelpError"
        ):  # click 8.2 and later: the help is the message
            problem.show()
            sys.exit(USER_MISTAKE)
        _fail(" ".join(problem.format_message().split()) + _help_hint(problem), USER_MISTAKE)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted; nothing half-written was left", INTERRUPTED)
    except _Terminated:
        _fail("terminated; nothing half-written was left", TERMINATED)
    return 0


class _Terminated(BaseException):
    """SIGTERM came. As KeyboardInterrupt, no Exception: nothing on the way up takes it for an error."""


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM, which batch systems send, clear up as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():  # signals are not its business
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _help_hint(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    return f" (see `{context.command_path} --help`)" if context is not None else ""


def _one_line(problem: BaseException) -> str:
    if isinstance(problem, OSError) and problem.strerror and problem.filename:
        return " ".join(f"{problem.filename}: {problem.strerror}".split())
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    return " ".join(str(problem).split())


def _fail(text: str, code: int) -> None:
    click.echo(f"nb201: {text}", err=True)
    sys.exit(code)
