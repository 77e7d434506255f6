"""The command group: loads a command's module only when it is used, and turns errors into one line and a code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import NoReturn

import click

from workbench.cli.groups import SuggestingGroup
from workbench.errors import INTERRUPTED, StoreFull, WorkbenchError
from workbench.experiment.terminable import terminable
from workbench.redaction import redact

__all__ = ["cli", "main"]

READER_GONE = 128 + 13
"""Exit code where the reader of a pipe closed it, by the shell's convention 128 + SIGPIPE."""

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

    The store is --store, else WORKBENCH_STORE, else data/workbench.duckdb in a project with a [tool.workbench]
    table in its pyproject.toml, else one in the user's data folder.

    Exit codes: 0 done, PASS or IMPROVEMENT; 1 REGRESSION; 2 usage; 3 INCONCLUSIVE or advisory; 4 not comparable;
    5 no such run; 130 interrupted; every other failure has its own (docs/exit-codes.md). `profile` ends with the
    program's.
    """


def main() -> NoReturn:
    """Entry point of the shell command; always exits."""
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


def _fail(message: str, code: int) -> NoReturn:
    click.echo("workbench: " + " ".join(message.split()), err=True)
    sys.exit(code)
