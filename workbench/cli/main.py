"""The command group: loads a command's module only when it is used, and turns errors into one line and a code."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import NoReturn

import click

from workbench.errors import INTERRUPTED, StoreFull, WorkbenchError
from workbench.experiment.terminable import terminable
from workbench.redaction import redact

__all__ = ["cli", "main"]

_COMMANDS = {
    "attach": "profile",
    "claims": "claims",
    "compare": "compare",
    "dataset": "dataset",
    "delete": "runs",
    "demo": "demo",
    "gate": "gate",
    "history": "history",
    "profile": "profile",
    "rename": "runs",
    "report": "report",
    "run": "scenario",
    "runs": "runs",
    "scaling": "scaling",
    "scenarios": "scenario",
    "show": "runs",
    "sql": "sql",
    "store": "store",
    "tag": "runs",
}
"""Command → module of this package that defines it."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = getattr(importlib.import_module(f"workbench.cli.{module}"), f"{cmd_name}_command")
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workbench")
def cli() -> None:
    """Profile Python backends: record, keep, show, judge and explain.

    The store is --store, else WORKBENCH_STORE, else data/workbench.duckdb in the project, else the user's data
    folder.
    Exit codes: 2 usage; `compare`: 0 PASS or IMPROVEMENT, 1 REGRESSION, 3 INCONCLUSIVE or advisory, 4 refused;
    every other failure has its own code (docs/exit-codes.md).
    """


def main() -> NoReturn:
    """Entry point of the shell command; always exits."""
    debug = bool(os.environ.get("WORKBENCH_DEBUG"))
    try:
        with terminable():
            code = cli.main(standalone_mode=False)
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
        # The reader (`| head`) has what it wanted; keep the interpreter from flushing into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
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


def _fail(message: str, code: int) -> NoReturn:
    click.echo("workbench: " + " ".join(message.split()), err=True)
    sys.exit(code)
