"""What a gate found, for people and for machines: Markdown for a pull request, JUnit XML, JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from workbench.analysis.counts import told
from workbench.analysis.explanation import told_functions, unexplained
from workbench.analysis.points import clock_points
from workbench.experiment.compare import comparison_json
from workbench.experiment.gate import GateOutcome, GateResult, TargetResult
from workbench.redaction import redact
from workbench.reporting.markdown import code, marked
from workbench.reporting.write import write_atomically
from workbench.views.changes import changes_table
from workbench.views.numbers import format_count, format_seconds
from workbench.views.tables import TextTable, html_text, printable

__all__ = ["append_summary", "gate_json", "gate_junit", "gate_markdown", "write_text"]

_MARKS = {
    GateOutcome.PASS: "✅",
    GateOutcome.IMPROVEMENT: "✅",
    GateOutcome.ADDED: "🆕",
    GateOutcome.REGRESSION: "❌",
    GateOutcome.FAILED: "❌",
    GateOutcome.REFUSED: "⚠️",
    GateOutcome.INCONCLUSIVE: "⚠️",
    GateOutcome.INTERRUPTED: "⚠️",
}
_ERRORS = (GateOutcome.FAILED, GateOutcome.INTERRUPTED)
_FUNCTIONS = 5
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gate_markdown(result: GateResult, *, store: str = "") -> str:
    """A summary for a pull request, in GitHub's Markdown; ``store`` names where the runs are."""
    verdict, judged = result.headline
    title = f"## {_MARKS[result.outcome]} Performance: {verdict}"
    lines = [title, "", f"{judged} against {_text(str(result.baseline))}."]
    lines += ["", "| | target | verdict | what was measured |", "|---|---|---|---|"]
    for target in result.targets:
        row = (_MARKS[target.outcome], code(_named(target)), str(target.outcome), _text(target.sentence))
        lines.append(f"| {' | '.join(row)} |")
    for target in result.targets:
        lines += _details(target)
    lines += ["", *(f"- {_text(line)}" for line in _footnotes(result, store))]
    return "\n".join(lines) + "\n"


def _details(target: TargetResult) -> list[str]:
    """Counts and functions that are told to have changed, folded away; nothing for a target that passed."""
    comparison = target.comparison
    if comparison is None or target.outcome not in (GateOutcome.REGRESSION, GateOutcome.INCONCLUSIVE):
        return []
    lines = ["", f"<details><summary><code>{html_text(_named(target))}</code></summary>", ""]
    counts = [(name, pair) for name, pair in told(comparison.counts).items() if pair[0] != pair[1]]
    if counts:
        lines += ["| count a call | baseline | new |", "|---|---:|---:|"]
        lines += [
            f"| {_text(n.replace('_', ' '))} | {format_count(a)} | {format_count(b)} |" for n, (a, b) in counts
        ]
        lines.append("")
    functions = changes_table(told_functions(comparison), _FUNCTIONS, points=clock_points(comparison))
    if functions.rows:
        lines += [*_table(functions), "", _text(f"{functions.caption}."), ""]
    if why := unexplained(comparison):
        lines += [_text(f"{why[0].upper()}{why[1:]}."), ""]
    if target.session_id:
        lines += [
            f"Base against new: `workbench report {target.session_id} -o difference.html`; stacks of the new: "
            f"`workbench show {comparison.new} --tree`, with the store of this gate.",
            "",
        ]
    lines += [f"- {_text(note)}" for note in target.notes]
    return [*lines, "", "</details>"]


def _table(table: TextTable) -> list[str]:
    rule = ["---:" if index in table.numbers else "---" for index in range(len(table.columns))]
    cells = [tuple(map(_text, table.columns)), *(tuple(map(_text, row)) for row in table.rows)]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [lines[0], f"|{'|'.join(rule)}|", *lines[1:]]


def _footnotes(result: GateResult, store: str) -> Iterator[str]:
    yield f"New: {result.new}. Baseline: {result.baseline}{_subject(result.baseline.subject)}."
    yield f"{result.ran_in[0].upper()}{result.ran_in[1:]}."
    yield from (f"{note[0].upper()}{note[1:]}." for note in result.notes)
    yield from (f"{_named(target)}: {target.unsaved}." for target in result.targets if target.unsaved)
    if store and any(target.session_id for target in result.targets):
        yield f"Runs and stacks of both sides are in the store {store}."


def _subject(subject: str) -> str:
    return f" (“{_line(subject)}”)" if subject else ""


def gate_junit(result: GateResult) -> str:
    """JUnit XML: a target a case. A regression is a failure, broken code an error, no verdict a skipped case.

    So is an interrupted gate an error: who reads only this file must not take it for one that passed.
    """
    cases = "".join(map(_case, result.targets))
    outcomes = [target.outcome for target in result.targets]
    failures = outcomes.count(GateOutcome.REGRESSION)
    errors = sum(outcome in _ERRORS for outcome in outcomes)
    counted = (GateOutcome.PASS, GateOutcome.IMPROVEMENT, GateOutcome.REGRESSION, *_ERRORS)
    skipped = sum(outcome not in counted for outcome in outcomes)
    counts = f'tests="{len(outcomes)}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites {counts} time="{result.seconds:.3f}">'
        f'<testsuite name="workbench gate" {counts} time="{result.seconds:.3f}">{cases}</testsuite></testsuites>\n'
    )


def _case(target: TargetResult) -> str:
    head = f'<testcase classname="workbench.gate" name={_attribute(_named(target))} time="{target.seconds:.3f}"'
    message = _attribute(f"{target.outcome}: {target.sentence}" if target.sentence else str(target.outcome))
    match target.outcome:
        case GateOutcome.PASS | GateOutcome.IMPROVEMENT:
            said = f"<system-out>{_xml(target.sentence)}</system-out>"
        case GateOutcome.REGRESSION:
            said = f'<failure type="REGRESSION" message={message}>{_xml(_explanation(target))}</failure>'
        case outcome if outcome in _ERRORS:
            said = f'<error type="{outcome}" message={message}/>'
        case _:
            said = f"<skipped message={message}/>"
    return f"{head}>{said}</testcase>"


def _explanation(target: TargetResult) -> str:
    if target.comparison is None:
        return ""
    points = clock_points(target.comparison)
    lines = [
        f"{' '.join(filter(None, (c.frame.function, f'({c.frame.file})', c.change)))}: "
        f"{points.of(c.new_seconds - c.base_seconds):+.1f} points "
        f"(sampled {format_seconds(c.base_seconds)} → {format_seconds(c.new_seconds)} a call)"
        for c in told_functions(target.comparison)[:_FUNCTIONS]
    ]
    return "\n".join(filter(None, (*target.notes, *lines, unexplained(target.comparison))))


def gate_json(result: GateResult, *, store: str = "") -> dict[str, Any]:
    """The document of ``workbench gate --json``; a target has what ``compare --json`` says, and its outcome."""
    return {
        "verdict": str(result.outcome),
        "exit_code": result.exit_code,
        "baseline": {"name": result.baseline.name, "commit": result.baseline.commit},
        "new": {"commit": result.new.commit, "dirty": result.new.dirty},
        "environment": result.environment,
        "seconds": result.seconds,
        "notes": list(result.notes),
        "store": store,
        "targets": [
            {
                **(comparison_json(target.comparison) if target.comparison is not None else {}),
                "target": _named(target),
                "verdict": str(target.outcome),
                "reason": target.reason,
                "sentence": target.sentence,
                "session_id": target.session_id or None,
                "risen_counts": list(target.counts),
                "notes": [*target.notes, *filter(None, [target.unsaved])],
            }
            for target in result.targets
        ],
    }


def write_text(path: Path, text: str) -> None:
    """Write a report of the gate, whole or not at all. Raises ``OutputError``."""
    write_atomically(path, text)


def append_summary(path: Path, text: str) -> None:
    """Add to a summary that other steps write to as well, such as ``GITHUB_STEP_SUMMARY``. Raises ``OSError``."""
    with path.open("a", encoding="utf-8", errors="replace", newline="\n") as out:
        out.write(text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _named(target: TargetResult) -> str:
    """The target's name; what pytest puts in brackets are values of parameters, which may be secret."""
    name, bracket, values = _line(target.target).partition("[")
    return f"{name}{bracket}{redact(values)}"


def _text(text: str) -> str:
    """One line that shows as it is, in a table's cell, too; `code` in backticks stays code."""
    return marked(_line(text))


def _xml(text: str) -> str:
    return escape(_NOT_XML.sub("?", "\n".join(map(_shown, text.split("\n")))))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("?", _shown(_line(text))))


def _shown(text: str) -> str:
    """The text with what is invisible or turns the reading order written out, however long it is."""
    return "".join(printable(text[at : at + 400]) for at in range(0, len(text), 400))
