"""``workbench demo``: the main job, end to end on real parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import store_option
from workbench.errors import INTERRUPTED, WorkbenchError

if TYPE_CHECKING:
    from workbench.experiment.session import MeasuredSession
    from workbench.store import Store

__all__ = ["demo_command"]


@dataclass(frozen=True, slots=True)
class _Part:
    """A case study of the demo. ``resources`` None: the scale's own number; no ``variants``: all."""

    scenario: str
    resources: int | None
    rounds: int = 3
    variants: tuple[str, ...] = ()


# All over the cloud link in at most five minutes on two cores, the first of them in at most three: small data
# rather than a kind link. The naive Azure scan takes a minute, so that it has one timing round and not three, and
# the rungs beside it are those that tell its story.
_PARTS: Mapping[str, _Part] = {
    part.scenario: part
    for part in (
        _Part("jamf", 5),
        _Part("azure", 100, rounds=1, variants=("naive", "concurrent", "optimized", "incremental")),
        _Part("workflows", None),
    )
}


@click.command("demo")
@click.argument("scenarios", nargs=-1, type=click.Choice(list(_PARTS)), metavar="[SCENARIO]…")
@store_option
@click.option("--resources", type=int, help="Root resources of the Jamf estate, resources of the Azure tenant.")
@click.option("--rounds", type=int, help="Timing rounds of each variant (default: 3, of azure 1).")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("reports/demo.html"),
    show_default=True,
    help="The first page; the others stand beside it.",
)
def demo_command(
    scenarios: Sequence[str], store_path: Path | None, resources: int | None, rounds: int | None, output: Path
) -> int:
    """Profile the case studies, naive against optimized: build, measure, store, compare and report.

    \b
    workbench demo
    workbench demo jamf --resources 10 -o jamf.html

    SCENARIO: jamf, azure, workflows (default: all three). One that fails doesn't stop the others, but is the exit
    code; Ctrl-C ends the demo and reports what was measured.
    """
    from workbench.reporting import load_report, prepare_output, write_report
    from workbench.store import Store

    store = Store(store_path)
    folder_is_new = not output.parent.exists()
    prepare_output(output)
    sessions: list[MeasuredSession] = []
    failed: list[WorkbenchError] = []
    interrupted = False
    for name in scenarios or _PARTS:
        try:
            sessions.append(_measure(_PARTS[name], resources, rounds, store))
        except WorkbenchError as error:
            click.echo(f"demo: {name}: {error}", err=True)
            failed.append(error)
        except KeyboardInterrupt:  # before a first round was over; what other case studies measured is reported
            interrupted = True
        interrupted = interrupted or bool(sessions and sessions[-1].interrupted)
        if interrupted:
            break
    pages = {each.session.session_id: _page(output, number, each) for number, each in enumerate(sessions)}
    for session_id, page in pages.items():
        write_report(load_report(store, (session_id,)), page)
    if pages:
        _tell(pages, store)
    elif folder_is_new:
        with suppress(OSError):  # somebody else's by now
            output.parent.rmdir()
    if interrupted:
        return INTERRUPTED
    return failed[0].exit_code if failed else 0


def _measure(part: _Part, resources: int | None, rounds: int | None, store: Store) -> MeasuredSession:
    """Measure one case study and print its ladder."""
    from workbench.cli.ladder import print_session
    from workbench.experiment.progress import progress_bar
    from workbench.experiment.session import Plan, measure
    from workbench.scenarios import registry
    from workbench.scenarios.base import Settings

    scenario = registry.get(part.scenario)
    count = part.resources if resources is None or part.resources is None else resources
    with progress_bar(f"demo {part.scenario}") as progress:
        measured = measure(
            scenario,
            Settings(resources=count, link="cloud"),
            variants=part.variants or scenario.demo,
            plan=Plan(rounds=part.rounds if rounds is None else rounds),
            store=store,
            progress=progress,
        )
    print_session(scenario, measured)
    click.echo()
    return measured


def _page(output: Path, number: int, measured: MeasuredSession) -> Path:
    """The first case study's report has the name that was asked for; the others' have theirs added to it."""
    return output if number == 0 else output.with_stem(f"{output.stem}-{measured.session.scenario}")


def _tell(pages: Mapping[str, Path], store: Store) -> None:
    for session_id, page in pages.items():
        click.echo(f"report  {page.resolve()}  (session {session_id})")
    click.echo(
        f"store   {store.path}\n"
        "next    workbench runs; workbench show latest; workbench compare jamf:naive jamf:optimized --resources 4"
    )
