"""``workbench demo``: the main job, end to end on real parts."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.output import store_option

__all__ = ["demo_command"]

# Every rung over the cloud link in at most three minutes on two cores: a small estate rather than a kind link.
_RESOURCES = 8
_ROUNDS = 3


@click.command("demo")
@store_option
@click.option("--resources", type=int, default=_RESOURCES, show_default=True, help="Root resources of the estate.")
@click.option("--rounds", type=int, default=_ROUNDS, show_default=True, help="Timing rounds of each variant.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("reports/demo.html"), show_default=True
)
def demo_command(store_path: Path | None, resources: int, rounds: int, output: Path) -> int:
    """Profile the Jamf export, naive against optimized: build, measure, store, compare and report."""
    from workbench.cli.ladder import print_session
    from workbench.errors import INTERRUPTED
    from workbench.experiment.progress import progress_bar
    from workbench.experiment.session import Plan, measure
    from workbench.reporting import load_report, prepare_output, write_report
    from workbench.scenarios import registry
    from workbench.scenarios.base import Settings
    from workbench.store import Store

    scenario = registry.get("jamf")
    store = Store(store_path)
    prepare_output(output)
    with progress_bar("demo") as progress:
        measured = measure(
            scenario,
            Settings(resources=resources, link="cloud"),
            variants=scenario.demo,
            plan=Plan(rounds=rounds),
            store=store,
            progress=progress,
        )
    print_session(scenario, measured)
    write_report(load_report(store, (measured.session.session_id,)), output)
    session_id = measured.session.session_id
    click.echo(
        f"\nreport   {output.resolve()}\nstore    {store.path}\nsession  {session_id}\n"
        f"next     workbench runs; workbench show latest; workbench compare jamf:naive jamf:optimized --resources 4"
    )
    return INTERRUPTED if measured.interrupted else 0
