"""One run as text and as a JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from workbench.analysis.names import commit_of, display_name
from workbench.cli.output import print_table
from workbench.model import UNITS, RoundKind, Scalar

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.model import Comparison, Plan, Run, Session, Span

__all__ = ["print_run", "print_tree", "run_document"]

_SHOWN = (
    *("wall", "cpu", "peak_rss", "requests", "statements", "cypher_statements", "connects", "tls_handshakes"),
    "bytes_received",
)


def run_document(
    run: Run,
    session: Session,
    tree: CallTree,
    spans: Sequence[Span],
    plans: Sequence[Plan],
    top: int,
    comparisons: Sequence[Comparison] = (),
) -> dict[str, Any]:
    """Everything `show --json` prints, in plain values."""
    from workbench.experiment.compare import comparison_json
    from workbench.views.flamegraph import top_functions

    env = session.environment
    commit, changed = commit_of(run, session)
    return {
        "run_id": run.run_id,
        "session_id": run.session_id,
        "scenario": run.scenario,
        "variant": run.variant,
        "name": run.name,
        "status": run.status,
        "error": run.error,
        "started_at": run.started_at,
        "commit": commit,
        "dirty": changed,
        "sampler": {"name": run.sampler.name, "interval_ns": run.sampler.interval_ns, "clock": run.sampler.clock},
        "parameters": {**session.parameters, **run.parameters},
        "environment": {
            "python": env.python,
            "os": env.os,
            "cpu": env.cpu,
            "cores": env.cores,
            "dirty": commit_of(run, session)[1],
            "power": env.power,
        },
        "tags": list(run.tags),
        "rounds": [
            {
                "index": r.index,
                "kind": r.kind,
                "position": r.position,
                "status": r.status,
                "measures": dict(r.measures),
            }
            for r in run.rounds
        ],
        "functions": [
            {
                "function": f.frame.function,
                "file": f.frame.file,
                "self_seconds": f.self_ns / 1e9,
                "total_seconds": f.total_ns / 1e9,
            }
            for f in top_functions(tree, top)
        ],
        "samples": len(tree.samples),
        "spans": dict(Counter(span.kind for span in spans)),
        "plans": [_plan_document(plan) for plan in plans],
        "comparisons": [comparison_json(comparison) for comparison in comparisons],
    }


def _plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "statement": plan.statement,
        "engine": plan.engine,
        "measures": dict(plan.measures),
        "operators": [
            {"depth": o.depth, "operator": o.name, "detail": o.detail, "measures": dict(o.measures)}
            for o in plan.operators
        ],
    }


def print_run(
    run: Run,
    session: Session,
    tree: CallTree,
    spans: Sequence[Span],
    plans: Sequence[Plan],
    top: int,
    comparisons: Sequence[Comparison] = (),
) -> None:
    """Print the run for a reader."""
    env = session.environment
    commit, changed = commit_of(run, session)
    click.echo(f"{run.run_id}  {display_name(run)}  {run.status}{': ' + run.error if run.error else ''}")
    click.echo(f"started {run.started_at:%Y-%m-%d %H:%M:%S} UTC, session {run.session_id}")
    dirty = " (dirty: measured with uncommitted changes)" if changed else ""
    machine = f"{env.implementation} {env.python} on {env.os}, {env.cpu} × {env.cores}"
    click.echo(f"{machine}, power {env.power or 'unknown'}, commit {commit[:10] or 'none'}{dirty}")
    parameters = {**session.parameters, **run.parameters}
    if parameters:
        click.echo("  ".join(f"{k}={_short(v)}" for k, v in parameters.items() if not k.endswith(".formula")))
    _print_rounds(run)
    _print_spans(spans)
    _print_plans(plans)
    _print_functions(tree, top)
    _print_comparisons(run, comparisons, top)
    if note := _sampling_note(run, tree):
        click.echo(note)
    if len(tree.samples):
        click.echo(f"the call tree: workbench show {run.run_id} --tree")


def print_tree(run: Run, tree: CallTree, everything: bool) -> None:
    """Print the run's call tree; colours go where a terminal shows them."""
    from workbench.views.calltree_text import call_tree_text
    from workbench.views.numbers import format_number_of

    samples = format_number_of(len(tree.samples), "sample")
    sampled = format_number_of(sum(r.kind is RoundKind.SAMPLED for r in run.rounds), "sampled round")
    click.echo(f"{run.run_id}  {display_name(run)}  {samples} in {sampled}")
    if note := _sampling_note(run, tree):
        click.echo(note)

    def own(name: str) -> str:
        return click.style(name, fg="cyan", bold=True)

    def soft(text: str) -> str:
        return click.style(text, dim=True)

    text = call_tree_text(tree, everything=everything, highlight=own, soft=soft)
    click.echo(text or f"no stacks were taken (sampler: {run.sampler.name or 'none'})")


def _sampling_note(run: Run, tree: CallTree) -> str:
    """py-spy without --idle skips waiting threads, so its samples cover less than the wall time: say so."""
    from workbench.views.numbers import format_seconds

    wall = sum(r.measures.get("wall", 0.0) for r in run.rounds if r.kind is RoundKind.SAMPLED)
    if run.sampler.name != "py-spy" or "idle" in run.sampler.mode.split(",") or not wall:
        return ""
    sampled = int(tree.samples.weight_ns.sum()) / 1e9
    seen = f"{format_seconds(sampled)} sampled of {format_seconds(wall)} wall"
    return f"py-spy samples running threads only: {seen} (--idle for waiting ones)"


def _short(value: Scalar) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:60]


def _print_comparisons(run: Run, comparisons: Sequence[Comparison], top: int) -> None:
    """What the run was compared with, and which functions changed."""
    from workbench.cli.compare import print_functions

    for comparison in comparisons:
        other, side = (
            (comparison.base, "against") if comparison.new == run.run_id else (comparison.new, "as base of")
        )
        click.echo(f"{side} {other}: {comparison.verdict}: {comparison.sentence}")
        print_functions(comparison, top)


def _print_rounds(run: Run) -> None:
    from workbench.analysis.pairs import LOOPS
    from workbench.views.numbers import format_measure

    # A round of a short body holds many calls of it; `runs` and a comparison tell the time of one.
    looped = [LOOPS] if any(r.measures.get(LOOPS, 1) > 1 for r in run.rounds) else []
    shown = looped + [m for m in _SHOWN if any(r.measures.get(m) for r in run.rounds)]
    rows = [
        (r.index, r.kind, r.status, *(format_measure(r.measures.get(m), UNITS.get(m, "count")) for m in shown))
        for r in run.rounds
    ]
    print_table(("round", "kind", "status", *shown), rows, right="rll" + "r" * len(shown))


def _print_spans(spans: Sequence[Span]) -> None:
    from workbench.views.numbers import format_seconds

    if not spans:
        return
    count: Counter[tuple[str, str, str]] = Counter()
    seconds: Counter[tuple[str, str, str]] = Counter()
    errors: Counter[tuple[str, str, str]] = Counter()
    for span in spans:
        key = (span.kind, span.name, span.site)
        count[key] += 1
        seconds[key] += span.duration_ns
        errors[key] += span.status == "error"
    rows = [(*key, count[key], errors[key] or "", format_seconds(ns / 1e9)) for key, ns in seconds.most_common(10)]
    print_table(("I/O", "operation", "issued at", "count", "errors", "total"), rows, right="lllrrr")


def _print_plans(plans: Sequence[Plan]) -> None:
    from workbench.views.plans import plan_table

    for plan in plans:
        table = plan_table(plan)
        right = "".join("r" if index in table.numbers else "l" for index in range(len(table.columns)))
        print_table(table.columns, table.rows, title=f"plan of {table.caption}", right=right)


def _print_functions(tree: CallTree, top: int) -> None:
    from workbench.views.flamegraph import top_functions
    from workbench.views.numbers import format_seconds

    whole = sum(tree.samples.weight_ns.tolist()) or 1
    rows = [
        (
            format_seconds(f.self_ns / 1e9),
            f"{100 * f.self_ns / whole:.1f} %",
            format_seconds(f.total_ns / 1e9),
            f.frame.function,
            f.frame.file,
        )
        for f in top_functions(tree, top)
    ]
    if rows:
        print_table(("self", "self %", "total", "function", "file"), rows, right="rrrll")
