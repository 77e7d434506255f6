"""``workbench gate``: the work tree against a revision, both measured now; for a pull request's checks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.output import print_json, print_table, store_option, store_words
from workbench.cli.ranges import above_zero, percentage
from workbench.cli.scenario import require_scenario, scenario_options, settings_of
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.experiment.gate import GateResult, GateSettings, TargetResult
    from workbench.experiment.gate.config import GateConfig
    from workbench.scenarios.base import Settings

__all__ = ["gate_command"]

_FUNCTIONS = 5


@click.command("gate")
@store_option
@click.argument("targets", nargs=-1)
@click.option(
    "--baseline", required=True, metavar="REV", help="The revision to judge against, such as origin/main."
)
@click.option(
    "--max-seconds",
    type=float,
    callback=above_zero,
    help="Budget of timing a target (the project's own, else 60).",
)
@click.option(
    "--max-regression",
    callback=percentage,
    help="Margin: REGRESSION if the interval is wholly above a third of it, PASS if below it (project's, else 3%).",
)
@click.option(
    "--timeout",
    type=float,
    default=300.0,
    show_default=True,
    callback=above_zero,
    help="Longest a round may take, seconds.",
)
@click.option("--ignore-count", multiple=True, metavar="NAME", help="A count that may rise, such as connects.")
@click.option("--clock", default="wall", show_default=True, help="What is judged: wall or cpu; both are kept.")
@click.option("--counts-only", is_flag=True, help="Compare counts and results, no times.")
@click.option("--different-results", is_flag=True, help="Accept that both sides return different results.")
@click.option(
    "--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Write a summary for a pull request."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@scenario_options
def gate_command(
    store_path: Path | None,
    targets: tuple[str, ...],
    baseline: str,
    max_seconds: float | None,
    max_regression: str | None,
    timeout: float,
    ignore_count: tuple[str, ...],
    clock: str,
    counts_only: bool,
    different_results: bool,
    markdown: Path | None,
    junit: Path | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Judge the work tree against revision REV: REV's code is checked out and measured beside it, interleaved.

    TARGETS are FILE.py:FUNCTION, FILE.py or SCENARIO:VARIANT; without any, those that [tool.workbench.gate] in
    pyproject.toml lists. A summary goes to GITHUB_STEP_SUMMARY where that is set.
    Exit code: 0 PASS or IMPROVEMENT, 1 REGRESSION, 3 INCONCLUSIVE, 4 refused; 70 the new code fails, 71 it returns
    other results.
    """
    from workbench.experiment.gate import judge_against
    from workbench.experiment.gate.config import read_config
    from workbench.experiment.gate.repository import Repository
    from workbench.experiment.progress import progress_bar
    from workbench.experiment.project import require_count
    from workbench.reporting.write import prepare_output
    from workbench.store import Store

    if markdown is not None and junit is not None and markdown.resolve() == junit.resolve():
        raise UsageError(f"--markdown and --junit both name {markdown}: give each a file of its own")
    for path in filter(None, (markdown, junit)):
        prepare_output(path)
    here = Path.cwd()
    config = read_config(here, Repository(here).root)
    settings = _settings(
        config,
        settings_of(**chosen),
        max_regression,
        max_seconds=max_seconds,
        timeout_s=timeout,
        ignore_counts=frozenset(map(require_count, ignore_count)),
        timing=not counts_only,
        clock=clock,
        same_results=not different_results,
    )
    if config is not None and not targets:  # what is listed is named as from the folder of its pyproject.toml
        targets, here = config.targets, config.folder
    require_scenario(*targets)
    store = Store(store_path)
    with progress_bar("gate") as progress:
        result = judge_against(baseline, targets, folder=here, settings=settings, store=store, progress=progress)
    _write(result, str(store.path), markdown, junit)
    if as_json:
        from workbench.reporting.gate import gate_json

        print_json(gate_json(result, store=str(store.path)))
    else:
        _print(result)
    return result.exit_code


def _settings(
    config: GateConfig | None, scenario: Settings, max_regression: str | None, **chosen: Any
) -> GateSettings:
    """The command's options with the project's own words."""
    from workbench.analysis.verdict import parse_percent
    from workbench.experiment.gate import GateSettings

    return GateSettings(
        scenario=scenario,
        max_regression=parse_percent(max_regression) if max_regression else None,
        setup=config.setup if config else "",
        wheels=config.wheels if config else (),
        **chosen,
    )


def _write(result: GateResult, store: str, markdown: Path | None, junit: Path | None) -> None:
    from workbench.reporting.gate import append_summary, gate_junit, gate_markdown, write_text

    summary = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if markdown is not None or summary:
        text = gate_markdown(result, store=store)
        if markdown is not None:
            write_text(markdown, text)
        if summary:
            try:
                append_summary(Path(summary), text)
            except OSError as error:  # the verdict stands without it
                click.echo(f"workbench: no summary in {summary}: {error.strerror or error}", err=True)
    if junit is not None:
        write_text(junit, gate_junit(result))


def _print(result: GateResult) -> None:
    click.echo(f"{': '.join(result.headline)} against {result.baseline}")
    for target in result.targets:
        click.echo(f"{target.outcome}  {target.target}" + (f": {target.sentence}" if target.sentence else ""))
        for note in filter(None, (*target.notes, target.unsaved)):
            click.echo(f"  {note}")
        _print_changes(target)
    click.echo(result.ran_in)
    for note in result.notes:
        click.echo(note)


def _print_changes(target: TargetResult) -> None:
    """Counts and functions of a target that did not pass."""
    from workbench.analysis.counts import told
    from workbench.analysis.explanation import told_functions, unexplained
    from workbench.analysis.points import clock_points
    from workbench.experiment.gate import GateOutcome
    from workbench.views.changes import changes_table

    comparison = target.comparison
    if comparison is None or target.outcome is not GateOutcome.REGRESSION:
        return
    counts = [(name, f"{a:,g}", f"{b:,g}") for name, (a, b) in told(comparison.counts).items() if a != b]
    if counts:
        print_table(("count a call", "base", "new"), counts, right="lrr")
    table = changes_table(told_functions(comparison), _FUNCTIONS, points=clock_points(comparison))
    if table.rows:
        click.echo(table.to_text())
    if why := unexplained(comparison):
        click.echo(f"  {why}")
    if not target.session_id:
        return
    store = store_words()
    click.echo(f"  base against new: workbench report {target.session_id} -o difference.html{store}")
    if comparison.functions:  # else nothing was sampled
        click.echo(f"  stacks of the new: workbench show {comparison.new} --tree{store}")
