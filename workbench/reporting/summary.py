"""The report in a paragraph, for those who paste it into a ticket."""

from __future__ import annotations

from workbench.analysis.calls import calls_made
from workbench.analysis.ladder import Row
from workbench.analysis.pairs import seconds
from workbench.analysis.summary import headline
from workbench.model import Comparison, RoundKind, Status
from workbench.reporting.model import ReportData, RunReport, called
from workbench.reporting.spans import operation_rows
from workbench.statistics import median
from workbench.views.flamegraph import top_functions
from workbench.views.tables import format_count, format_seconds, format_share, format_times, printable

__all__ = ["speedup_bounds", "summary"]

_NAME = 80


def summary(report: ReportData) -> str:
    """What was measured and what came out, in two to four sentences of plain text."""
    if report.comparison is not None:
        sentences = _comparison_sentences(report, report.comparison)
    elif report.rows:
        sentences = _ladder_sentences(report)
    else:
        sentences = [sentence for run in report.runs[:1] for sentence in _run_sentences(run)]
    return " ".join(sentence for sentence in sentences if sentence)


def _comparison_sentences(report: ReportData, comparison: Comparison) -> list[str]:
    base, new = map(_name, called([each.run for each in report.runs]))
    verdict, _, said = printable(headline(comparison)).partition(": ")
    return [f"{base} against {new}: {verdict}.", said[:1].upper() + said[1:]]


def _name(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _NAME else f"{shown[:_NAME]}…"


def speedup_bounds(row: Row) -> str:
    """Bounds of a speed-up: "8.5–9.1×"; "" where there is no pair."""
    low, high = row.speedup_range
    return f"{low:.3g}–{high:.3g}×" if row.ratio.pairs else ""


def _ladder_sentences(report: ReportData) -> list[str]:
    base, fastest = report.baseline, report.fastest
    if base is None or not base.rounds or fastest is None or fastest is base:
        return [f"{len(report.rows)} variants were measured in one session."]
    slow, fast = _name(base.variant or base.name), _name(fastest.variant or fastest.name)
    sentences = [
        f"{len(report.rows)} variants were measured interleaved in one session: "
        f"{slow} takes {format_seconds(base.median)} a round (median of {base.rounds}), "
        f"{fast} {format_seconds(fastest.median)}.",
        f"That is {format_times(fastest.ratio.ratio)}"
        + (f" ({speedup_bounds(fastest)}, {fastest.ratio.label})." if fastest.ratio.pairs else "."),
        _requests_sentence(base, fastest),
    ]
    if report.bound is not None and report.bound.seconds > 0:
        nearness = fastest.median / report.bound.seconds
        sentences.append(
            f"It stands at {nearness:.2f} times the bound of {format_seconds(report.bound.seconds)}, "
            "which no correct implementation can beat."
        )
    return sentences


def _requests_sentence(base: Row, fastest: Row) -> str:
    """Counts are nearly free of noise, so they are worth a sentence."""
    calls = calls_made([base])
    if not any(base.measures.get(key) for key in calls):
        return ""
    counted = {**calls, "connects": "connects", "tls_handshakes": "TLS handshakes"}
    parts = [
        f"{format_count(base.measures[key])} → {format_count(fastest.measures[key])} {label}"
        for key, label in counted.items()
        if key in fastest.measures and (base.measures.get(key) or fastest.measures[key])
    ]
    return f"I/O a round: {', '.join(parts)}."


def _run_sentences(report: RunReport) -> list[str]:
    run = report.run
    kind, values = seconds(run)
    name = _name(run.name or run.run_id)
    sampled = " (sampled, so the sampler's cost is in it)" if kind is RoundKind.SAMPLED else ""
    sentences = [
        f"{name} took {format_seconds(median(values))}{sampled}." if values else f"{name} has no finished round."
    ]
    if run.status is not Status.OK:
        sentences.append(f"It ended as {run.status}{': ' + _name(run.error) if run.error else ''}.")
    if report.tree is not None:
        shares = [
            f"{_name(f.frame.function)} {format_share(f.self_share, 1)}" for f in top_functions(report.tree, 3)
        ]
        if shares:
            sentences.append(f"Most self time: {', '.join(shares)}.")
    operations = operation_rows(run, report.spans)
    if operations:
        count = sum(row.count for row in operations)
        noun = "operation" if count == 1 else "operations"
        sentences.append(f"It issued {format_count(count)} I/O {noun}, most time in {_name(operations[0].name)}.")
    return sentences
