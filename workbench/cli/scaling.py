"""``workbench scaling``: how the costs of a target grow with its size, and whether faster than allowed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.output import print_json, print_table, store_option, store_words
from workbench.cli.ranges import above_zero, limits
from workbench.cli.scenario import require_scenario, scenario_options, settings_of
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.experiment.scaling import ScalingResult

__all__ = ["scaling_command"]


@click.command("scaling")
@store_option
@click.argument("target")
@click.option(
    "--sizes",
    help="At least three, such as 100,200,400,800. [default: 8,16,32,64 of a case study; a function's grow from 8 "
    "on until a call takes a millisecond]",
)
@click.option("--baseline", help="Another target, measured now too, or a stored scaling session's id.")
@click.option(
    "--max-exponent",
    default="",
    callback=limits,
    help="Greatest exponent: 1.2 (of the time), or time=1.2,requests=1.",
)
@click.option("--rounds", type=int, default=5, show_default=True, help="Timing rounds at each size.")
@click.option(
    "--max-seconds",
    type=float,
    default=120.0,
    show_default=True,
    callback=above_zero,
    help="Budget of timing, all sizes.",
)
@click.option(
    "--timeout",
    type=float,
    default=600.0,
    show_default=True,
    callback=above_zero,
    help="Longest a round may take, seconds.",
)
@click.option("--memory/--no-memory", default=True, help="Trace what Python allocates, in rounds of its own.")
@click.option("--clock", default="wall", show_default=True, help="Of the time: wall or cpu; both are kept.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write the chart as an HTML page.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@scenario_options
def scaling_command(
    store_path: Path | None,
    target: str,
    sizes: str | None,
    baseline: str | None,
    max_exponent: str,
    rounds: int,
    max_seconds: float,
    timeout: float,
    memory: bool,
    clock: str,
    plot: Path | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Measure TARGET at several sizes and fit the exponents of time, counts, bytes and memory.

    \b
    workbench scaling app.py:load --sizes 100,200,400,800 --max-exponent 1.2
    workbench scaling jamf:optimized --sizes 4,8,16 --baseline jamf:naive

    TARGET is SCENARIO:VARIANT, whose size is its resources, or FILE.py:FUNCTION, which is called with the size.
    Limits may be declared in pyproject.toml: [tool.workbench.scaling."TARGET"], max-exponent = {requests = 1.0}.
    Exit code: 0 nothing grew, 1 an exponent grew, 3 inconclusive.
    """
    from workbench.experiment.contained import ending_children, silenced
    from workbench.experiment.limits import declared_limits, parse_limits
    from workbench.experiment.progress import progress_bar
    from workbench.experiment.scaling import ScalingSettings, measure_scaling, scaling_json
    from workbench.store import Store

    if chosen["resources"] is not None:
        raise UsageError("--resources is what --sizes varies: name the sizes only")
    require_scenario(target, baseline or "")
    settings = ScalingSettings(
        scenario=settings_of(**chosen),
        rounds=rounds,
        max_seconds=max_seconds,
        memory=memory,
        timeout_s=timeout,
        limits=parse_limits(max_exponent) or declared_limits(target),
        clock=clock,
    )
    with progress_bar("scaling") as progress, ending_children(), silenced():
        result = measure_scaling(
            target,
            None if sizes is None else _sizes(sizes),
            settings=settings,
            baseline=baseline,
            store=Store(store_path),
            progress=progress,
        )
    if plot is not None:
        _write_plot(result, plot)
    if as_json:
        print_json(scaling_json(result))
    else:
        _print(result, plot)
    return result.exit_code


def _sizes(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"--sizes takes whole numbers, such as 8,16,32,64, not {text!r}") from None


def _print(result: ScalingResult, plot: Path | None) -> None:
    from workbench.views.scaling import exponents_table

    table = exponents_table(result.exponents, result.growths)
    if result.interrupted:
        click.echo("interrupted" + ("" if result.store_error else ": the sizes so far are kept"))
    elif result.verdict:
        worst = [growth.text for growth in result.growths if growth.verdict is result.verdict]
        click.echo(f"{result.verdict}: {'; '.join(worst)}")
    for note in result.notes:
        click.echo(f"  {note}")
    if table.rows:
        right = "".join("r" if index in table.numbers else "l" for index in range(len(table.columns)))
        print_table([c.lower() for c in table.columns], table.rows, title=table.caption, right=right)
    session = result.sessions[-1].session_id
    if result.exponents and result.store_error is None:
        click.echo(f"as a later baseline: workbench scaling {result.target} --baseline {session}{store_words()}")
    if plot is not None:
        click.echo(f"the chart: {plot}")


def _write_plot(result: ScalingResult, path: Path) -> None:
    """A page of its own: target, date and verdict, the chart and its numbers."""
    from workbench.reporting.page import page_html
    from workbench.reporting.write import prepare_output, write_atomically
    from workbench.views.scaling import exponents_table
    from workbench.views.scaling_svg import scaling_svg
    from workbench.views.tables import html_text

    prepare_output(path)
    session = result.sessions[-1]
    worst = [growth.text for growth in result.growths if growth.verdict is result.verdict]
    verdict = f"{result.verdict}: {'; '.join(worst)}" if result.verdict else "Not judged: no baseline, no limit"
    title = f"Scaling of {result.target}"
    header = (
        f"<h1>{html_text(title)}</h1><p><strong>{html_text(verdict)}</strong></p>"
        f"<p>{session.started_at:%Y-%m-%d %H:%M} UTC, session {html_text(session.session_id)}</p>"
    )
    notes = "".join(f"<p>{html_text(note)}</p>" for note in result.notes)
    table = exponents_table(result.exponents, result.growths).to_html()
    main = f"<section>{scaling_svg(result.exponents, result.growths)}{notes}{table}</section>"
    write_atomically(path, page_html(title, header=header, main=main, footer=""))
