"""The report in a paragraph, for those who paste it into a ticket."""

from __future__ import annotations

import numpy as np

from workbench.analysis.awaiting import awaiting_of_functions, without_recording
from workbench.analysis.calls import calls_made
from workbench.analysis.functions import NOBODYS
from workbench.analysis.ladder import Row
from workbench.analysis.names import run_names
from workbench.analysis.own import own_times, without_imports
from workbench.analysis.pairs import each_of, seconds
from workbench.analysis.summary import function_text, headline
from workbench.calltree import CallTree
from workbench.model import Comparison, Frame, RoundKind, Status
from workbench.paths import is_user_code
from workbench.reporting.growth import growth_of, growth_verdict, growths_of
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.spans import operation_rows
from workbench.statistics import median
from workbench.views.notes import import_note
from workbench.views.scaling import exponent_text
from workbench.views.tables import format_count, format_seconds, format_share, format_times, printable

__all__ = ["speedup_bounds", "summary"]

_NAME = 80
_NAMED = 3
_AWAITING_NOTICED = 0.001


def summary(report: ReportData) -> str:
    """What was measured and what came out, in two to four sentences of plain text."""
    if report.comparison is not None:
        sentences = _comparison_sentences(report, report.comparison)
    elif fits := growth_of(report):
        judged = {growth.name: growth for growth in growths_of(report)}
        grown = ", ".join(exponent_text(fit, judged.get(name)) for name, fit in fits.items())
        sizes = ", ".join(f"{size:g}" for size in next(iter(fits.values())).sizes)
        verdict = growth_verdict(report)
        said = f"{verdict}." if verdict else ""
        sentences = [said, f"Measured at the sizes {sizes}; costs grow with the size n: {grown}."]
    elif report.rows:
        sentences = _ladder_sentences(report)
    elif report.parts:
        sentences = _sessions_sentences(report)
    else:
        sentences = [sentence for run in report.runs[:1] for sentence in _run_sentences(run)]
    return " ".join(sentence for sentence in sentences if sentence)


def _sessions_sentences(report: ReportData) -> list[str]:
    """What came out of each session; never a ratio between them."""
    alone = len(report.runs) - sum(len(part.runs) for part in report.parts)
    ladders = f"{len(report.parts)} of {len(report.sessions)}" if alone else f"All {len(report.sessions)}"
    return [
        f"{ladders} sessions have a ladder; runs of different sessions were not measured in turns, so no ratio is "
        "taken between them.",
        *(
            f"{_name(part.title)} ({part.runs[0].session.session_id}): {' '.join(_ladder_sentences(part)[:2])}"
            for part in report.parts
        ),
    ]


def _comparison_sentences(report: ReportData, comparison: Comparison) -> list[str]:
    base, new = map(_name, run_names([each.run for each in report.runs]))
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
    each = each_of(r.run for r in report.runs)
    slow, fast = _name(base.variant or base.name), _name(fastest.variant or fastest.name)
    sentences = [
        f"{len(report.rows)} variants were measured interleaved in one session: "
        f"{slow} takes {format_seconds(base.median)} a {each} (median of {base.rounds}), "
        f"{fast} {format_seconds(fastest.median)}.",
        f"That is {format_times(fastest.ratio.ratio)}"
        + (f" ({speedup_bounds(fastest)}, {fastest.ratio.label})." if fastest.ratio.pairs else "."),
        _requests_sentence(base, fastest, each),
    ]
    if report.bound is not None and report.bound.seconds > 0:
        nearness = fastest.median / report.bound.seconds
        sentences.append(
            f"It stands at {nearness:.2f} times the bound of {format_seconds(report.bound.seconds)}, "
            "which no correct implementation can beat."
        )
    return sentences


def _requests_sentence(base: Row, fastest: Row, each: str) -> str:
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
    return f"I/O a {each}: {', '.join(parts)}."


def _stack_sentences(tree: CallTree) -> list[str]:
    """Imports, where they are much; the functions with most self time, and those of own code that it belongs to."""
    self_ns, rest_ns = tree.self_ns(), without_imports(tree)
    whole = int(self_ns.sum())
    if not whole:
        return []
    imports = import_note(tree)
    noticed = bool(imports)
    counted = rest_ns if noticed else self_ns
    by_frame = np.bincount(tree.node_frame, weights=counted, minlength=len(tree.frames))
    by_frame[[index for index, frame in enumerate(tree.frames) if frame in NOBODYS]] = 0
    awaited = awaiting_of_functions(tree, counted)
    by_frame += awaited
    order = [i for i in np.argsort(-by_frame, kind="stable")[:_NAMED].tolist() if by_frame[i] > 0]
    top = [_share_text(tree.frames[i], by_frame[i] / whole, awaited[i] / whole) for i in order]
    sentences = [imports] if noticed else []
    if top:
        what = "Most self time" + (", awaiting included" if awaited[order].any() else "")
        sentences.append(f"{what}{', imports aside' if noticed else ''}: {', '.join(top)}.")
    if any(not is_user_code(tree.frames[i].file) for i in order):
        own = own_times(tree, without_recording(tree, rest_ns))[:_NAMED]
        named = [f"{_name(_called(each.frame))} {format_share(each.weight_ns / whole, 1)}" for each in own]
        whose = "each with the libraries it calls but without other own code"
        aside = ", imports left out" if noticed else ""
        sentences += [f"By own code, {whose}{aside}: {', '.join(named)}."] if named else []
    return sentences


def _share_text(frame: Frame, share: float, awaited: float) -> str:
    """``fetch_item 79.3 % (79.0 % awaiting)``: a function's own time, and how much of it went by in an await."""
    waits = f" ({format_share(awaited, 1)} awaiting)" if awaited >= _AWAITING_NOTICED else ""
    return f"{_name(_called(frame))} {format_share(share, 1)}{waits}"


def _called(frame: Frame) -> str:
    """The function; a module's top level goes by its file."""
    return frame.file if frame.function == "<module>" else function_text(frame)


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
    if report.tree is not None and len(report.tree.samples):
        sentences += _stack_sentences(report.tree)
    operations = operation_rows(run, report.spans)
    if operations:
        count = sum(row.count for row in operations)
        noun = "operation" if count == 1 else "operations"
        sentences.append(f"It issued {format_count(count)} I/O {noun}, most time in {_name(operations[0].name)}.")
    return sentences
