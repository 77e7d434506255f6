"""``workbench profile`` and ``workbench attach``: the user's own programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import store_option
from workbench.errors import UsageError, WorkbenchError

if TYPE_CHECKING:
    from workbench.model import Recording

__all__ = ["attach_command", "profile_command"]


@click.command("profile", context_settings={"allow_interspersed_args": False})
@store_option
@click.option("--name", default="", help="Name of the run (default: the script's).")
@click.option("--sampler", type=click.Choice(["pyinstrument", "py-spy"]), default="pyinstrument", show_default=True)
@click.option("--interval", type=float, default=0.001, show_default=True, help="Seconds between samples.")
@click.option("-m", "is_module", is_flag=True, help="Run a module, as `python -m` does.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def profile_command(
    store_path: Path | None, name: str, sampler: str, interval: float, is_module: bool, command: tuple[str, ...]
) -> int:
    """Run a program under the profiler: `workbench profile -- SCRIPT ARGS…` or `-- -m MODULE ARGS…`.

    Ends with the program's own exit code. Whatever was recorded before an exception or Ctrl-C is kept.
    """
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.script import run_script
    from workbench.store import Store

    if command[0] == "-m":
        is_module, command = True, command[1:]
    if not command:
        raise UsageError("nothing to run: workbench profile -- SCRIPT [ARGS…], or -- -m MODULE [ARGS…]")
    store = Store(store_path)
    store.prepare()  # an unusable store is told before the program runs
    ran = run_script(
        command[0],
        command[1:],
        module=is_module,
        name=name,
        sampler=SamplerSpec(name=sampler, interval_s=interval),
        store=store,
    )
    if ran.recording is not None:
        _say(ran.recording, ran.store_error)
    return ran.exit_code or _code_of(ran.store_error)


@click.command("attach")
@store_option
@click.argument("pid", type=int)
@click.option("--duration", type=float, help="Seconds (default: until it ends or Ctrl-C).")
@click.option("--rate", type=int, default=100, show_default=True, help="Samples a second.")
@click.option("--native", is_flag=True, help="Stacks of C and C++ extensions too.")
@click.option("--gil", is_flag=True, help="Only the thread that holds the GIL.")
@click.option("--idle", is_flag=True, help="Waiting threads too.")
@click.option("--subprocesses", is_flag=True, help="The process's children too.")
@click.option("--name", default="", help="Name of the run (default: process PID).")
def attach_command(
    store_path: Path | None,
    pid: int,
    duration: float | None,
    rate: int,
    native: bool,
    gil: bool,
    idle: bool,
    subprocesses: bool,
    name: str,
) -> int:
    """Profile the running process PID from outside with py-spy."""
    from workbench.experiment.attach import attach
    from workbench.store import Store

    store = Store(store_path)
    store.prepare()
    attached = attach(
        pid,
        duration=duration,
        rate=rate,
        native=native,
        gil=gil,
        idle=idle,
        subprocesses=subprocesses,
        name=name,
        store=store,
    )
    _say(attached.recording, attached.store_error)
    return _code_of(attached.store_error)


def _say(recording: Recording, store_error: Exception | None) -> None:
    """Say what was recorded and how to look at it; why it was not stored has been logged already."""
    run = recording.run
    samples = len(recording.tree.samples) if recording.tree is not None else 0
    look = "" if store_error else f"; workbench show {run.run_id}, workbench report {run.run_id} -o report.html"
    recorded = f"{run.status}, {samples} samples, {len(recording.spans)} spans"
    click.echo(f"workbench: run {run.run_id} ({recorded}){look}", err=True)


def _code_of(error: Exception | None) -> int:
    """Exit code of a run that was recorded but not stored."""
    if error is None:
        return 0
    return error.exit_code if isinstance(error, WorkbenchError) else WorkbenchError.exit_code
