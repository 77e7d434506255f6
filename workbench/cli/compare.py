"""``workbench compare``: base against new, with a verdict and its exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.output import print_json, print_table, store_option
from workbench.cli.ranges import above_zero, percentage, probability
from workbench.cli.scenario import require_scenario, scenario_options, settings_of
from workbench.model import Verdict

if TYPE_CHECKING:
    from workbench.experiment.compare import CompareResult
    from workbench.model import Comparison

__all__ = ["compare_command", "print_functions"]

_MAX_SECONDS = 120.0


@click.command("compare")
@store_option
@click.argument("base")
@click.argument("new")
@click.option(
    "--max-seconds", type=float, callback=above_zero, help="Budget of timing (the project's own, else 120)."
)
@click.option(
    "--max-regression",
    default="",
    callback=percentage,
    help="Margin: REGRESSION if the interval is wholly above a third of it, PASS if below it (project's, else 3%).",
)
@click.option(
    "--alpha",
    type=float,
    callback=probability,
    help="Error of the whole comparison (the project's own, else 0.01).",
)
@click.option("--clock", default="wall", show_default=True, help="What is compared: wall or cpu; both are kept.")
@click.option("--isolate", is_flag=True, help="Each round of a function in a fresh interpreter.")
@click.option("--collector", default="between", show_default=True, help="Garbage: collected between rounds, or on.")
@click.option(
    "--timeout",
    type=float,
    callback=above_zero,
    help="Longest a round may take, in seconds (600; of a variant 3600).",
)
@click.option("--different-results", is_flag=True, help="Accept that both sides return different results.")
@click.option("--force", is_flag=True, help="Compare stored runs that are not comparable all the same.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@scenario_options
def compare_command(
    store_path: Path | None,
    base: str,
    new: str,
    max_seconds: float | None,
    max_regression: str,
    alpha: float | None,
    clock: str,
    isolate: bool,
    collector: str,
    timeout: float | None,
    different_results: bool,
    force: bool,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Compare BASE with NEW; each is SCENARIO:VARIANT, FILE.py, FILE.py:FUNCTION, or a stored run.

    All but stored runs are measured now, interleaved, until there is a verdict or the budget is spent.
    Exit code: 0 PASS or IMPROVEMENT, 1 REGRESSION, 3 INCONCLUSIVE or advisory, 4 refused.
    """
    from workbench.experiment.compare import CompareSettings, compare, comparison_json, exit_code
    from workbench.experiment.contained import ending_children, silenced
    from workbench.experiment.margins import margin_for
    from workbench.experiment.progress import progress_bar
    from workbench.store import Store

    require_scenario(base, new)
    margin = margin_for(new, max_regression=max_regression, alpha=alpha)
    said = bool(max_regression) or alpha is not None
    with progress_bar("compare") as progress, ending_children(), silenced():
        comparison, live = compare(
            base,
            new,
            store=Store(store_path),
            settings=CompareSettings(
                scenario=settings_of(**chosen),
                same_results=not different_results,
                clock=clock,
                isolate=isolate,
                collector=collector,
                timeout_s=timeout,
            ),
            rule=margin.rule if said else None,
            max_seconds=(margin.max_seconds or _MAX_SECONDS) if max_seconds is None else max_seconds,
            force=force,
            progress=progress,
        )
    if as_json:
        print_json(comparison_json(comparison))
    else:
        _print(comparison, live)
    return live.exit_code if live else exit_code(comparison)


def _print(comparison: Comparison, live: CompareResult | None) -> None:
    from workbench.analysis.counts import told
    from workbench.analysis.summary import headline

    if live is not None and live.interrupted:
        click.echo("interrupted" + ("" if live.store_error else ": the pairs so far are kept"))
    click.echo(headline(comparison))
    if comparison.advisory:
        click.echo("  advisory: a verdict takes both sides measured in one sitting, under the same conditions")
    for line in comparison.differences:
        click.echo(f"  {line}")
    if comparison.verdict is Verdict.INCONCLUSIVE and live is not None and not live.interrupted:
        click.echo(f"  {_what_next(comparison)}")
    counts = [(name, f"{a:,g}", f"{b:,g}") for name, (a, b) in told(comparison.counts).items() if a != b]
    if counts:
        print_table(("count a call", "base", "new"), counts, right="lrr")
    print_functions(comparison)


def _what_next(comparison: Comparison) -> str:
    """Why there is no verdict, and what would give one."""
    from workbench.statistics import LOOKS

    if comparison.pairs >= LOOKS[-1]:
        return (
            f"no verdict after all {comparison.pairs} pairs: the noise is larger than what is asked; accept more "
            "with --max-regression, or measure on a quieter machine"
        )
    pairs = f"{comparison.pairs} pair{'' if comparison.pairs == 1 else 's'}"
    return f"no verdict within the time for {pairs}: allow more with --max-seconds"


def print_functions(comparison: Comparison, limit: int = 10) -> None:
    """Functions told to have changed, or a line; points are percents of base's time, as in the sentence above."""
    from workbench.analysis.explanation import told_functions, unexplained
    from workbench.analysis.points import clock_points
    from workbench.views.changes import changes_table

    table = changes_table(told_functions(comparison), limit, points=clock_points(comparison))
    if table.rows:
        right = "".join("r" if index in table.numbers else "l" for index in range(len(table.columns)))
        print_table([column.lower() for column in table.columns], table.rows, title=table.caption, right=right)
    if why := unexplained(comparison):
        click.echo(f"  {why}")
