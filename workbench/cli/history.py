"""``workbench history``: change points over commits, and the commits that may be to blame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import print_json, print_table, store_option

if TYPE_CHECKING:
    from workbench.views.tables import TextTable

__all__ = ["history_command"]


@click.command("history")
@store_option
@click.argument("name")
@click.option(
    "--measure", "measures", multiple=True, metavar="NAME", help="Only this: wall, cpu, statements, … Repeatable."
)
@click.option("--dirty", is_flag=True, help="Take in runs that were measured with uncommitted changes.")
@click.option("--significance", type=float, default=0.01, show_default=True, help="Of the permutation test.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write one page with the charts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def history_command(
    store_path: Path | None,
    name: str,
    measures: tuple[str, ...],
    dirty: bool,
    significance: float,
    html: Path | None,
    as_json: bool,
) -> None:
    """Show where the measures of NAME changed over the commits of this repository, and who may be to blame.

    \b
    workbench history perf.py:first_page --html history.html
    workbench history jamf:optimized --measure wall --measure requests

    NAME is SCENARIO, SCENARIO:VARIANT, or what a run is called, such as FILE.py:FUNCTION. Only runs that can be
    compared stand in one series: another machine or Python begins one of its own.
    """
    from workbench.analysis.history import MEASURES
    from workbench.experiment.history import history
    from workbench.reporting.history import changes_table, history_json, quiet_lines, series_table, write_history
    from workbench.reporting.write import prepare_output
    from workbench.store import Store

    if html is not None:
        prepare_output(html)
    found = history(
        name, store=Store(store_path), measures=measures or MEASURES, dirty=dirty, significance=significance
    )
    if html is not None:
        write_history(found, html)
    if as_json:
        print_json(history_json(found))
        return
    if found.series:
        _print(series_table(found), f"History of {name}")
    changes = changes_table(found)
    if changes.rows:
        _print(changes, "Change points")
    elif not found.series:
        click.echo("nothing to show: a series takes two commits at least")
    for note in (*quiet_lines(found), *found.notes):
        click.echo(note)
    if html is not None:
        click.echo(f"wrote {html}")


def _print(table: TextTable, title: str) -> None:
    right = "".join("r" if index in table.numbers else "l" for index in range(len(table.columns)))
    title = f"{title} ({table.caption})" if table.caption else title
    print_table(table.columns, table.rows, title=title, right=right)
