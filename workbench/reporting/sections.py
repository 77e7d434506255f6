"""The parts of a report as HTML. Text is escaped where it enters: by ``TextTable`` or ``html_text``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from workbench.analysis.ladder import Row
from workbench.analysis.pairs import each_of
from workbench.model import UNITS, Environment, RoundKind, Scalar, Session
from workbench.reporting.model import CONFIDENTIAL, ReportData, RunReport
from workbench.reporting.parts import folded, note, scrolling, section
from workbench.reporting.spans import concurrency_note, operation_table
from workbench.reporting.summary import summary
from workbench.views.extras import Extras
from workbench.views.flamegraph import flamegraph_html, functions_table, top_functions
from workbench.views.notes import sampling_notes
from workbench.views.packages import Package
from workbench.views.payload import meta_of
from workbench.views.plans import plan_table
from workbench.views.run_extras import run_extras
from workbench.views.tables import (
    TextTable,
    format_bytes,
    format_count,
    format_interval,
    format_measure,
    format_range,
    format_ratio,
    format_seconds,
    html_text,
)

__all__ = [
    "bound_section",
    "comparisons_section",
    "environment_section",
    "header",
    "ladder_section",
    "parameters_section",
    "pasteable",
    "run_section",
    "stacks",
]

_TOP = 30
_UNIT, _TOGETHER = re.compile(r"(?<=\d) (?=(?:min|s|ms|µs)\b)"), "\u00a0"  # keeps a number and its unit together
_LADDER_HEAD = ("Variant", "What changed", "Median", "Range", "Ratio", "Speed-up")
_LADDER = (
    ("requests", "Requests"),
    ("statements", "Statements"),
    ("cypher_statements", "Statements"),
    ("connects", "Connects"),
    ("tls_handshakes", "Handshakes"),
    ("bytes_received", "Received"),
    ("peak_rss", "Peak RSS"),
    ("cpu", "CPU"),
)
_LOAD = "load_average"  # of the machine, not chosen: it stands with the environment
_ROUND = (
    *("wall", "cpu", "run_delay", "peak_rss", "requests", "statements", "cypher_statements", "connects"),
    *("tls_handshakes", "bytes_received"),
)


def header(report: ReportData, markdown: str) -> str:
    """Title, where and when, the summary, and the report as text to paste into a ticket."""
    sessions = report.sessions
    session = sessions[0] if len(sessions) == 1 else None
    if sessions and session is None:
        dates = [f"{each.started_at:%Y-%m-%d %H:%M}" for each in (sessions[0], sessions[-1])]
        facts = [f"{len(sessions)} sessions, measured {' to '.join(sorted(set(dates)))} UTC"]
    else:
        facts = [f"measured {session.started_at:%Y-%m-%d %H:%M} UTC"] if session else []
    if session:
        wanted = ("scale", "resources", "link", "seed")
        facts += [f"{key} {session.parameters[key]}" for key in wanted if session.parameters.get(key) is not None]
        facts.append(f"session {session.session_id}")
    # A comparison's verdict comes next, in a box of its own.
    told = "" if report.comparison is not None else _UNIT.sub(_TOGETHER, escape(summary(report)))
    said = f'<p class="summary">{told}</p>' if told else ""
    shown = "".join(f"<li>{html_text(fact)}</li>" for fact in facts)
    secret = f'<p class="warning">{html_text(CONFIDENTIAL)}</p>' if report.confidential else ""
    return (
        f'<p class="brand">workbench</p><h1>{html_text(report.title)}</h1>'
        f'<ul class="facts">{shown}</ul>{said}{secret}{pasteable(markdown)}'
    )


def pasteable(markdown: str) -> str:
    """Markdown to copy; the button is the page's script's."""
    return (
        '<details class="paste"><summary>As text, for a ticket or a pull request</summary>'
        f'<pre tabindex="0" aria-label="The report as Markdown">{escape(markdown)}</pre></details>'
    )


def ladder_section(report: ReportData, chart: str, of: str = "") -> str:
    """The table of rungs and the chart."""
    changes = {r.run.run_id: r.change for r in report.runs}
    measured = tuple((key, label) for key, label in _LADDER if any(row.measures.get(key) for row in report.rows))
    rows = tuple(_rung(row, changes.get(row.run_id, ""), measured) for row in report.rows)
    columns = (*_LADDER_HEAD, *(label for _, label in measured))
    told = any(changes.values())  # a scenario's variants say what they change, a user's functions don't
    if not told:
        columns, rows = _without_changes(columns), tuple(map(_without_changes, rows))
    caption = f"The ladder, per {each_of(r.run for r in report.runs)}"
    table = TextTable(columns, rows, caption, numbers=range(2 if told else 1, len(columns)))
    labels = sorted({row.ratio.label for row in report.rows if not row.is_baseline and row.ratio.pairs})
    verdict = "" if report.shown_comparisons else "A measurement, not a verdict. "
    base = report.baseline
    ratios = f"Ratios are each variant / {base.variant or base.name}, paired by sweep; " if base else ""
    text = f"{verdict}{ratios}in brackets: {'; '.join(labels)}. Other columns are medians of the timing rounds."
    return section(
        _titled("Ladder", report, of), note(text) + scrolling(table, "ladder" if told else "ladder bare") + chart
    )


def _without_changes(cells: tuple[str, ...]) -> tuple[str, ...]:
    return (cells[0], *cells[2:])


def _rung(row: Row, change: str, measured: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    spread = f"{format_range((row.low, row.high))} ({row.rounds})" if row.rounds else "–"
    return (
        row.variant or row.name,
        change,
        format_seconds(row.median),
        spread,
        *_against_baseline(row),
        *(format_measure(row.measures.get(key), UNITS[key]) for key, _ in measured),
    )


def _against_baseline(row: Row) -> tuple[str, str]:
    """Ratio with its bounds, and speed-up."""
    if not row.rounds:
        return "–", "not measured"
    if row.is_baseline:
        return "1", "baseline"
    if not row.ratio.pairs:
        return "–", "–"
    ratio = row.ratio
    return f"{format_ratio(ratio.ratio)} {format_interval(ratio.low, ratio.high)}", f"{row.speedup:.3g}×"


def _titled(what: str, report: ReportData, of: str) -> str:
    """The heading; where there are several sessions, with the one it is about."""
    return f"{what}: {report.title} ({of})" if of else what


def bound_section(report: ReportData, of: str = "") -> str:
    """The terms of the bound and how close the fastest comes; "" without a bound."""
    if report.bound is None:
        return ""
    rows = [(t.name, format_seconds(t.seconds), t.formula) for t in report.bound.terms]
    if report.bound.floor_seconds:
        rows.append(
            ("CPU floor", format_seconds(report.bound.floor_seconds), "measured: no link, no service latency")
        )
    table = TextTable(
        ("Term", "Least time", "How it is found"), tuple(rows), "The bound is the largest of its terms", (1,)
    )
    text = f"No correct implementation can take less than {format_seconds(report.bound.seconds)} here."
    fastest = report.fastest
    if fastest is not None and report.bound.seconds > 0:
        nearness = fastest.median / report.bound.seconds
        name = fastest.variant or fastest.name
        text += f" {name} takes {format_seconds(fastest.median)}, {nearness:.2f} times the bound."
    return section(_titled("Bound", report, of), note(text) + scrolling(table))


def comparisons_section(report: ReportData, of: str = "") -> str:
    """The stored verdicts; "" without any."""
    if not report.comparisons or report.comparison is not None:
        return ""
    names = {r.run.run_id: r.run.variant or r.run.name for r in report.runs}
    rows = tuple(
        (
            f"{names.get(c.base, c.base)} → {names.get(c.new, c.new)}",
            f"{c.verdict}{' (advisory)' if c.advisory else ''}",
            format_ratio(c.ratio),
            format_interval(*c.ci),
            format_count(c.pairs),
            c.sentence or "; ".join(c.differences),
        )
        for c in report.comparisons
    )
    columns = ("Comparison", "Verdict", "Ratio", "Interval", "Pairs", "In words")
    table = TextTable(columns, rows, "Comparisons", numbers=(2, 3, 4), marked=(5,))
    return section(_titled("Verdicts", report, of), scrolling(table))


def run_section(report: RunReport, number: int, colours: Mapping[Package, str], name: str = "") -> str:
    """One run: its flame graph in the report's colours of packages, operations, top functions and rounds."""
    run = report.run
    name = name or run.variant or run.name or run.run_id
    facts = [run.run_id, *run.tags]
    if run.status != "ok":
        facts.append(f"{run.status}{': ' + run.error if run.error else ''}")
    parts = [f'<p class="facts-line">{html_text(" · ".join(facts))}</p>', stacks(report, colours)]
    if report.spans:
        parts.append(scrolling(operation_table(run, report.spans, report.tree)))
        if told := concurrency_note(run, report.spans):
            parts.append(note(told))
    if report.plans:
        parts.append(_plans(report))
    parts.append(_rounds(report))
    return (
        f'<section class="run" id="run-{number}" data-name="{html_text(name)}"><h3>{html_text(name)}</h3>'
        f"{''.join(parts)}</section>"
    )


def stacks(report: RunReport, colours: Mapping[Package, str], view: str = "") -> str:
    """The flame graph of a run with its top functions; a note without stacks. ``view``: the one shown first."""
    if report.tree is None or not len(report.tree.samples):
        return note("No stacks were taken in this run (sampler: " + (report.run.sampler.name or "none") + ").")
    meta = meta_of(report.run)
    top = functions_table(top_functions(report.tree, _TOP), meta.rounds, "Functions with most self time")
    return (
        "".join(map(note, filter(None, (meta.told, *sampling_notes(report.run, report.tree)))))
        + flamegraph_html(report.tree, replace(meta, told=""), colours, _extras(report), view)
        + folded(top.caption, scrolling(top, "top"))
    )


def _extras(report: RunReport) -> Extras:
    """Tasks and spans, and source where the run knows where its code was (a confidential copy doesn't)."""
    assert report.tree is not None
    return run_extras(report.tree, spans=report.spans, sources=report.sources, confidential=not report.sources)


def _plans(report: RunReport) -> str:
    tables = "".join(scrolling(plan_table(plan)) for plan in report.plans)
    caption = f"Plans of {len(report.plans)} statement{'s' if len(report.plans) > 1 else ''}"
    return folded(caption, note("As the server carried them out, taken outside the clock.") + tables)


def _rounds(report: RunReport) -> str:
    shown = [m for m in _ROUND if any(r.measures.get(m) for r in report.run.rounds)]
    own = sorted({m for r in report.run.rounds for m in r.measures} - set(UNITS))
    rows = tuple(
        (
            str(r.index),
            str(r.kind),
            f"{r.status}{': ' + r.error if r.error else ''}",
            *(format_measure(r.measures.get(m), UNITS[m]) for m in shown),
            *(_own(m, r.measures.get(m)) for m in own),
        )
        for r in report.run.rounds
    )
    if not rows:
        return ""
    labels = {m: m.replace("_", " ") for m in (*shown, *own)}
    columns = ("Round", "Kind", "Status", *(labels[m] for m in shown), *(labels[m] for m in own))
    timing = sum(r.kind is RoundKind.TIMING for r in report.run.rounds)
    whole = "; each holds as many calls as it has loops" if each_of([report.run]) == "call" else ""
    caption = f"Rounds ({timing} timing, {len(rows)} in all{whole})"
    table = TextTable(columns, rows, caption, range(3, len(columns)))
    return folded(caption, scrolling(table, "rounds"))


def _own(measure: str, value: float | None) -> str:
    """A measure of the scenario's own: bytes by its name, counts whole, anything else to four digits."""
    if measure.startswith("bytes_"):
        return format_measure(value, "bytes")
    if value is None or not math.isfinite(value):
        return "–"
    return format_measure(value, "count") if float(value).is_integer() else f"{value:.4g}"


def _pairs_table(values: Mapping[str, Scalar], caption: str) -> str:
    rows = tuple((key, "–" if value is None or value == "" else str(value)) for key, value in values.items())
    return TextTable(("Name", "Value"), rows, caption).to_html("wb-table pairs")


def environment_section(report: ReportData) -> str:
    """Where each session was measured; sessions measured in one environment share its table."""
    alike: list[tuple[Environment, list[str]]] = []
    for session in report.sessions:
        named = next((names for env, names in alike if env == session.environment), None)
        if named is None:
            alike.append((session.environment, named := []))
        named.append(_loaded(session))
    return section("Environment", "".join(_environment(env, names) for env, names in alike))


def _loaded(session: Session) -> str:
    load = session.parameters.get(_LOAD)
    return session.session_id if load is None else f"{session.session_id} (load average {load} at its start)"


def _environment(env: Environment, sessions: Sequence[str]) -> str:
    values: dict[str, Scalar] = {
        "Python": f"{env.implementation} {env.python}".strip(),
        "System": env.os,
        "CPU": f"{env.cpu} × {env.cores}" if env.cores else env.cpu,
        "Memory": format_bytes(env.memory_bytes) if env.memory_bytes else "",
        "Power": "" if env.power == "unknown" else env.power,
        "Commit": f"{env.commit}{' (with uncommitted changes)' if env.dirty else ''}",
        "Branch": env.branch,
        "Machine": env.machine,
        "workbench": env.workbench,
    }
    caption = f"Session{'s' if len(sessions) > 1 else ''} {', '.join(sessions)}"
    table = _pairs_table({k: v for k, v in values.items() if v}, caption)
    if not env.packages:
        return table
    packages = _pairs_table(dict(sorted(env.packages.items())), "Packages")
    return table + folded(f"Packages ({len(env.packages)})", packages)


def parameters_section(report: ReportData) -> str:
    """What was chosen for the sessions and for single runs; the bound has its own section."""
    tables = [
        _pairs_table(shown, f"Session {session.session_id}")
        for session in report.sessions
        if (shown := {k: v for k, v in session.parameters.items() if not k.startswith("bound") and k != _LOAD})
    ]
    tables += [_pairs_table(r.run.parameters, f"Run {r.run.run_id}") for r in report.runs if r.run.parameters]
    return section("Parameters", "".join(tables)) if tables else ""
