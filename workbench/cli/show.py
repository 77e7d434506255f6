"""One run as text and as a JSON document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from workbench.analysis.names import commit_of, display_name
from workbench.cli.output import print_table
from workbench.model import UNITS, RoundKind, Scalar

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.model import Comparison, Plan, Round, Run, Session, Span
    from workbench.views.flamegraph import FunctionTime
    from workbench.views.tables import TextTable

__all__ = ["print_run", "print_tree", "run_document"]

_SHOWN = (
    *("wall", "cpu", "run_delay", "peak_rss", "requests", "statements", "cypher_statements", "connects"),
    *("tls_handshakes", "bytes_received"),
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
    from workbench.analysis.awaiting import recording_ns
    from workbench.experiment.compare import comparison_json
    from workbench.reporting.spans import concurrency, operation_rows
    from workbench.views.flamegraph import top_functions
    from workbench.views.notes import import_note, sampling_notes

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
            "dirty": changed,
            "power": env.power,
        },
        "tags": list(run.tags),
        "rounds": [_round_document(round_) for round_ in run.rounds],
        "functions": [_function_document(function) for function in top_functions(tree, top)],
        "samples": len(tree.samples),
        "recording_seconds": recording_ns(tree) / 1e9,
        "notes": [note for note in (import_note(tree), *sampling_notes(run, tree)) if note],
        "spans": dict(Counter(span.kind for span in spans)),
        "operations": [asdict(row) for row in operation_rows(run, spans, tree)],
        "concurrency": asdict(concurrency(run, spans)),
        "plans": [_plan_document(plan) for plan in plans],
        "comparisons": [comparison_json(comparison) for comparison in comparisons],
    }


def _round_document(round_: Round) -> dict[str, Any]:
    return {
        "index": round_.index,
        "kind": round_.kind,
        "position": round_.position,
        "status": round_.status,
        "measures": dict(round_.measures),
    }


def _function_document(function: FunctionTime) -> dict[str, Any]:
    return {
        "function": function.frame.function,
        "file": function.frame.file,
        "self_seconds": function.self_ns / 1e9,
        "total_seconds": function.total_ns / 1e9,
        "awaiting_seconds": function.awaiting_ns / 1e9,
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
    *,
    every_round: bool = False,
) -> None:
    """Print the run for a reader; rounds by their kind, unless each is asked for."""
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
    (_print_rounds if every_round else _print_kinds)(run)
    _print_spans(run, spans, tree)
    _print_plans(plans)
    _print_functions(run, tree, top)
    _print_comparisons(run, comparisons, top)
    _print_notes(run, tree)
    if len(tree.samples):
        click.echo(f"the call tree: workbench show {run.run_id} --tree")


def print_tree(run: Run, tree: CallTree, everything: bool) -> None:
    """Print the run's call tree; colours go where a terminal shows them."""
    from workbench.views.calltree_text import call_tree_text
    from workbench.views.numbers import format_number_of

    samples = format_number_of(len(tree.samples), "sample")
    sampled = format_number_of(sum(r.kind is RoundKind.SAMPLED for r in run.rounds), "sampled round")
    click.echo(f"{run.run_id}  {display_name(run)}  {samples} in {sampled}")
    _print_notes(run, tree)

    def own(name: str) -> str:
        return click.style(name, fg="cyan", bold=True)

    def soft(text: str) -> str:
        return click.style(text, dim=True)

    text = call_tree_text(tree, everything=everything, highlight=own, soft=soft)
    click.echo(text or f"no stacks were taken (sampler: {run.sampler.name or 'none'})")


def _print_notes(run: Run, tree: CallTree) -> None:
    from workbench.views.notes import import_note, sampling_notes

    for note in filter(None, (import_note(tree), *sampling_notes(run, tree))):
        click.echo(note)


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


def _print_kinds(run: Run) -> None:
    """The rounds by what they are for: how many, and the middle and range of what was measured."""
    from workbench.views.rounds import rounds_table

    table = rounds_table(run, _SHOWN)
    if table.rows:
        _print_text_table(table)


def _print_spans(run: Run, spans: Sequence[Span], tree: CallTree) -> None:
    from workbench.reporting.spans import concurrency_note, operation_table

    if not spans:
        return
    _print_text_table(operation_table(run, spans, tree))
    if note := concurrency_note(run, spans):
        click.echo(note)


def _print_text_table(table: TextTable) -> None:
    right = "".join("r" if index in table.numbers else "l" for index in range(len(table.columns)))
    print_table(table.columns, table.rows, title=table.caption, right=right)


def _print_plans(plans: Sequence[Plan]) -> None:
    from workbench.views.plans import plan_table

    for plan in plans:
        table = plan_table(plan)
        _print_text_table(replace(table, caption=f"plan of {table.caption}"))


def _print_functions(run: Run, tree: CallTree, top: int) -> None:
    """Times are per sampled round, as in a report; names last, where they may be as long as they are."""
    from workbench.views.flamegraph import functions_table, top_functions
    from workbench.views.payload import meta_of

    rounds = meta_of(run).rounds
    caption = "functions" if rounds == 1 else f"functions, mean of {rounds} sampled rounds"
    table = functions_table(top_functions(tree, top), rounds, caption)
    if not table.rows:
        return
    columns = (*table.columns[2:], *table.columns[:2])
    rows = [(*row[2:], *row[:2]) for row in table.rows]
    print_table(columns, rows, title=caption, right="r" * (len(columns) - 2) + "ll")
