"""The command group: loads a command's module only when it is used, and turns errors into one line and a code."""

from __future__ import annotations

import atexit
import contextlib
import errno
import faulthandler
import importlib
import os
import sys
import threading
import time
from typing import Any, NoReturn

import click

from workbench.cli.groups import SuggestingGroup
from workbench.errors import INTERRUPTED, OutputError, StoreFull, WorkbenchError
from workbench.experiment.terminable import terminable
from workbench.redaction import redact

__all__ = ["cli", "main"]

READER_GONE = 128 + 13
"""Exit code where the reader of a pipe closed it, by the shell's convention 128 + SIGPIPE."""

_THREADS_S = 2.0

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)

_SECTIONS = {
    "Profile your own code": {
        "profile": ("profile", "Run a script or module under the profiler"),
        "attach": ("profile", "Profile a running process from outside"),
    },
    "Look at what was recorded": {
        "runs": ("runs", "List the runs, newest first"),
        "show": ("runs", "Print a run: rounds, I/O, functions, call tree"),
        "report": ("report", "Write runs, a session or a notebook as one HTML file"),
        "sql": ("sql", "Ask the store in SQL"),
        "tag": ("runs", "Attach words to a run to find it by"),
        "untag": ("runs", "Take words off a run again"),
        "rename": ("runs", "Give a run another name"),
        "delete": ("runs", "Delete runs and what only they used"),
        "store": ("store", "Inspect, check or upgrade the store"),
    },
    "Judge a change": {
        "compare": ("compare", "Measure two sides in turns until there is a verdict"),
        "gate": ("gate", "Judge the work tree against a revision, as CI does"),
        "scaling": ("scaling", "Fit how time, counts and memory grow with size"),
        "history": ("history", "Find the commits at which measures changed"),
    },
    "Case studies": {
        "demo": ("demo", "Measure three of them and write reports/demo.html"),
        "scenarios": ("scenario", "List them and their variants"),
        "run": ("scenario", "Measure the variants of one and keep everything"),
        "dataset": ("dataset", "Build or describe their synthetic data"),
        "claims": ("claims", "Hold stated figures against what was measured"),
    },
}
"""What `workbench --help` lists: command → module of this package that defines it, and what it is for."""

_COMMANDS = {name: module for section in _SECTIONS.values() for name, (module, _) in section.items()}


class _LazyGroup(SuggestingGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"workbench.cli.{module}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By purpose, and without loading the modules of all commands."""
        width = max(map(len, _COMMANDS))
        for section, commands in _SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), summary) for name, (_, summary) in commands.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workbench")
def cli() -> None:
    """Profile Python backends: record, keep, show, judge and explain.

    \b
    workbench profile -- job.py --day monday    record a program
    workbench show latest --tree                where its time went
    workbench compare old.py new.py             measured now, until there is a verdict
    workbench COMMAND --help                    options and examples of a command

    The store is the one that a command is given by --store, else WORKBENCH_STORE, else data/workbench.duckdb in a
    project with a [tool.workbench] table in its pyproject.toml, else one in the user's data folder.

    Exit codes: 0 done, PASS or IMPROVEMENT; 1 REGRESSION; 2 usage; 3 INCONCLUSIVE or advisory; 4 not comparable;
    5 no such run; 130 interrupted; every other failure has its own (docs/exit-codes.md). `profile` ends with the
    program's.
    """


def main() -> NoReturn:
    """Entry point of the shell command; always exits."""
    # Measured code may crash the interpreter, which nothing in the process outlives: at least its line is told.
    with contextlib.suppress(OSError, ValueError, RuntimeError, AttributeError):  # no standard error to tell it on
        faulthandler.enable(all_threads=False)
    try:
        _run()
    except SystemExit as ending:
        _leave_threads(ending.code)
        raise


def _leave_threads(code: object) -> None:
    """Where measured code left threads that run on: end without them, or the command would never come back."""
    pools: Any = sys.modules.get("concurrent.futures.thread")
    if (
        pools is not None
    ):  # as the interpreter does at its end: idle workers go home, if they see that it is the end
        with pools._global_shutdown_lock:
            pools._shutdown = True
        for jobs in list(pools._threads_queues.values()):
            jobs.put(None)
    patience = time.monotonic() + _THREADS_S
    others = [t for t in threading.enumerate() if t is not threading.current_thread() and not t.daemon]
    for thread in others:
        thread.join(max(0.0, patience - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        atexit._run_exitfuncs()
        os._exit(code if isinstance(code, int) else int(bool(code)))


def _run() -> NoReturn:
    debug = bool(os.environ.get("WORKBENCH_DEBUG"))
    try:
        with terminable():
            code = cli.main(standalone_mode=False)
        sys.stdout.flush()  # a reader that is gone is met here, and not while the interpreter ends
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        _fail("interrupted", INTERRUPTED)
    except KeyboardInterrupt:
        _fail("interrupted; what was recorded is kept", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except WorkbenchError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except BrokenPipeError:
        _reader_gone()
    except SystemExit:
        if type(sys.stdout).__name__.endswith("PacifyFlushWrapper"):  # click makes a closed pipe 1: a REGRESSION
            _reader_gone()
        raise
    except OSError as error:
        if debug:
            raise
        if error.filename is None and error.errno in _UNWRITABLE:  # a file of ours has a name
            _output_gone(error)
        full = error.errno == errno.ENOSPC
        _fail(
            f"{error.strerror or error}: {error.filename or ''}".rstrip(": "),
            StoreFull.exit_code if full else WorkbenchError.exit_code,
        )
    except Exception as error:
        if debug:
            raise
        _fail(
            f"internal error, please report it: {type(error).__name__}: {redact(str(error))} "
            "(WORKBENCH_DEBUG=1 shows the traceback)",
            WorkbenchError.exit_code,
        )


def _reader_gone() -> NoReturn:
    """The reader (`| head`) has what it wanted: quiet, with no verdict's code, as SIGPIPE ends others."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed into nothing
    sys.exit(READER_GONE)


def _output_gone(error: OSError) -> NoReturn:
    """What is printed goes to a file on a disk that is full, or gone: no verdict's code, and no store's either."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _fail(f"the output can't be written: {error.strerror}", OutputError.exit_code)


def _fail(message: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError, ValueError):  # measured code may have closed it; the code stands nevertheless
        click.echo("workbench: " + " ".join(message.split()), err=True)
    sys.exit(code)
