"""``workbench profile`` and ``workbench attach``: the user's own programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import store_option
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.model import Recording

__all__ = ["attach_command", "profile_command"]


@click.command("profile", context_settings={"ignore_unknown_options": False})
@store_option
@click.option("--name", help="Name of the run (default: the script's).")
@click.option("--sampler", type=click.Choice(["pyinstrument", "py-spy"]), default="pyinstrument", show_default=True)
@click.option("--interval", type=float, default=0.001, show_default=True, help="Seconds between samples.")
@click.option("-m", "is_module", is_flag=True, help="Run a module, as `python -m` does.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def profile_command(
    store_path: Path | None, name: str | None, sampler: str, interval: float, is_module: bool, command: tuple[str, ...]
) -> int:
    """Run a program under the profiler: `workbench profile -- SCRIPT ARGS…` or `-- -m MODULE ARGS…`.

    Ends with the program's own exit code. Whatever was recorded before an exception or Ctrl-C is kept.
    """
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.script import profile_script
    from workbench.store import Store

    if command[0] == "-m":
        is_module, command = True, command[1:]
    if not command:
        raise UsageError("nothing to run: workbench profile -- SCRIPT [ARGS…], or -- -m MODULE [ARGS…]")
    result = profile_script(
        command[0],
        list(command[1:]),
        module=is_module,
        name=name,
        sampler=SamplerSpec(name=sampler, interval_s=interval),
        store=Store(store_path),
    )
    _say(result.recording)
    return result.exit_code


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
) -> None:
    """Profile the running process PID from outside with py-spy."""
    from workbench.experiment.attach import attach
    from workbench.store import Store

    attached = attach(
        pid,
        duration=duration,
        rate=rate,
        native=native,
        gil=gil,
        idle=idle,
        subprocesses=subprocesses,
        name=name,
        store=Store(store_path),
    )
    _say(attached.recording)
    if attached.store_error is not None:
        raise attached.store_error


def _say(recording: Recording) -> None:
    run = recording.run
    samples = len(recording.tree.samples) if recording.tree is not None else 0
    click.echo(
        f"workbench: run {run.run_id} ({run.status}, {samples} samples, {len(recording.spans)} spans); "
        f"workbench show {run.run_id}, workbench report {run.run_id} -o report.html",
        err=True,
    )
