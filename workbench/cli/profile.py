"""``workbench profile`` and ``workbench attach``: the user's own programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.output import json_text, print_json, store_option, store_words
from workbench.errors import INTERRUPTED, UsageError, WorkbenchError
from workbench.model import Status

if TYPE_CHECKING:
    from workbench.model import Recording, Session
    from workbench.store import Store

__all__ = ["attach_command", "profile_command"]


@click.command("profile", context_settings={"allow_interspersed_args": False})
@store_option
@click.option("--name", default="", help="Name of the run (default: the script's).")
@click.option(
    "--sampler",
    type=click.Choice(["pyinstrument", "py-spy"]),
    default="pyinstrument",
    show_default=True,
    help="pyinstrument: the main thread; py-spy: all threads, from outside.",
)
@click.option("--interval", type=float, help="Seconds between samples (0.001; of py-spy 0.01).")
@click.option("--idle", is_flag=True, help="Waiting threads too (py-spy; pyinstrument always shows waiting).")
@click.option("--subprocesses", is_flag=True, help="Child processes too (py-spy).")
@click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one JSON document on the run; standard output is the program's own.",
)
@click.option("-m", "is_module", is_flag=True, help="Run a module, as `python -m` does.")
@click.argument(
    "command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- SCRIPT [ARGS]… | -- -m MODULE [ARGS]…"
)
def profile_command(
    store_path: Path | None,
    name: str,
    sampler: str,
    interval: float | None,
    idle: bool,
    subprocesses: bool,
    json_path: Path | None,
    is_module: bool,
    command: tuple[str, ...],
) -> int:
    """Run a program under the profiler, as `python SCRIPT ARGS…` or `python -m MODULE ARGS…` would run it.

    \b
    workbench profile -- job.py --day monday
    workbench profile --name nightly -- -m package.module
    workbench profile --sampler py-spy --subprocesses -- serve.py

    Ends with the program's own exit code. Whatever was recorded before an exception or Ctrl-C is kept.

    pyinstrument takes the stacks of the main thread only, waiting included. py-spy takes those of all threads that
    run at the moment, and with --idle of those that wait; with --subprocesses of child processes too.
    """
    from workbench.capture.samplers import SamplerSpec
    from workbench.experiment.script import run_script
    from workbench.reporting.write import prepare_output, write_atomically
    from workbench.store import Store

    if sampler != "py-spy" and (idle or subprocesses):
        raise UsageError("--idle and --subprocesses need --sampler py-spy")
    if command[0] == "-m":
        is_module, command = True, command[1:]
    _check(command, is_module)
    if json_path is not None:
        prepare_output(json_path)
    store = Store(store_path)
    store.prepare()  # an unusable store is told before the program runs
    ran = run_script(
        command[0],
        command[1:],
        module=is_module,
        name=name,
        sampler=SamplerSpec.chosen(sampler, interval, idle=idle, subprocesses=subprocesses),
        store=store,
    )
    if ran.recording is None:
        click.echo("workbench: nothing was recorded, because WORKBENCH_DISABLE is set", err=True)
        if json_path is not None:
            json_path.unlink(missing_ok=True)  # an earlier run's would be taken for this one's
    else:
        _say(ran.recording, store, ran.store_error)
        if json_path is not None:
            write_atomically(json_path, json_text(_document(ran.recording, ran.session, ran.store_error)))
    return ran.exit_code or _code_of(ran.store_error)


def _check(command: tuple[str, ...], is_module: bool) -> None:
    """Tell before anything starts what can't be run. Raises ``UsageError``."""
    if not command:
        raise UsageError("nothing to run: workbench profile -- SCRIPT [ARGS…], or -- -m MODULE [ARGS…]")
    if is_module:
        return
    target = Path(command[0])
    if command[0].startswith("-") and not target.exists():
        mend = "put the code in a file" if command[0] == "-c" else "name a script, or -m MODULE"
        raise UsageError(f"python's option {command[0]} isn't supported here: {mend}")
    if target.is_dir() and not (target / "__main__.py").is_file():
        raise UsageError(f"the folder {target} has no __main__.py to run: name a script, or -m MODULE")


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
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
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
    as_json: bool,
) -> int:
    """Profile the running process PID from outside with py-spy, without touching it.

    \b
    workbench attach 4711 --duration 30
    workbench attach 4711 --idle --subprocesses --name "api under load"

    Exit code: 0, also after Ctrl-C if no --duration was given; 41 py-spy is missing, 42 no permission, 43 no such
    process or not a Python process; 130 interrupted before the duration was over.
    """
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
    _say(attached.recording, store, attached.store_error)
    if as_json:
        print_json(_document(attached.recording, attached.session, attached.store_error))
    if attached.recording.run.status is Status.INTERRUPTED:
        return INTERRUPTED
    return _code_of(attached.store_error)


def _document(recording: Recording, session: Session | None, store_error: Exception | None) -> dict[str, Any]:
    """The run as ``runs --json`` has it, with what was recorded and whether it was stored."""
    from workbench.analysis.names import commit_of
    from workbench.cli.runs import run_json

    commit, dirty = commit_of(recording.run, session) if session is not None else ("", False)
    return _redacted(run_json(recording.run, commit, dirty=dirty)) | {
        "samples": len(recording.tree.samples) if recording.tree is not None else 0,
        "spans": len(recording.spans),
        "stored": store_error is None,
    }


def _redacted(document: dict[str, Any]) -> dict[str, Any]:
    """As the store keeps it: the name of a run may hold anything."""
    from workbench.redaction import redact

    return {key: redact(value) if isinstance(value, str) else value for key, value in document.items()}


def _say(recording: Recording, store: Store, store_error: Exception | None) -> None:
    """Say what was recorded and how to look at it; why it was not stored has been logged already."""
    from workbench.views.notes import sampling_notes
    from workbench.views.numbers import format_number_of

    run = recording.run
    samples = len(recording.tree.samples) if recording.tree is not None else 0
    words = store_words()
    look = f"workbench show {run.run_id}{words}, workbench report {run.run_id} -o report.html{words}"
    if entry := store.waiting(run.session_id):
        look = f"it waits in {entry}, as the store is in use, and the next command that finds it free takes it in"
    counts = f"{format_number_of(samples, 'sample')}, {format_number_of(len(recording.spans), 'span')}"
    recorded = f"{run.status}, {counts}"
    told = "" if store_error else f"; {look}"
    click.echo(f"workbench: run {run.run_id} ({recorded}){told}", err=True)
    for note in sampling_notes(run, recording.tree) if recording.tree is not None else ():
        click.echo(f"workbench: {note}", err=True)


def _code_of(error: Exception | None) -> int:
    """Exit code of a run that was recorded but not stored."""
    if error is None:
        return 0
    return error.exit_code if isinstance(error, WorkbenchError) else WorkbenchError.exit_code
