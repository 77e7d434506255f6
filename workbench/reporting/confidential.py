"""A report for people outside: what it is about stays, what tells of the code base and its machines goes.

Function names, file names without their folders, times, counts and the names that the user gave stay: without
them a profile says nothing. Whoever must hide these too can't share a profile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from workbench.analysis.ladder import Row
from workbench.analysis.scaling import CHOSEN_SIZES, LIMITS
from workbench.calltree import CallTree
from workbench.model import Comparison, Environment, Frame, FunctionChange, Round, Run, Scalar, Session, Span
from workbench.reporting.model import ReportData, RunReport

__all__ = ["confidential", "without_paths"]

_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[^\s\"'`(),;|<>=/\\]*[/\\])+([^\s\"'`(),;|<>=/\\]*)")
_HOST = re.compile(
    r"\b(?:[\w-]+\.)+(?!py[wxi]?:)\w{2,}:\d+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\b\S+@\S+\b|\blocalhost(?::\d+)?"
)
_HOME = re.compile(r"(?:[A-Za-z]:)?[/\\](?:home|Users)[/\\][^\s\"'`(),;|<>=/\\]+")
_PSEUDO = re.compile(r"<[\w .-]+>\Z")
_ISSUED = re.compile(r"`[^`]*` (\S+ → \S+×)(?:, issued at .*)?", re.DOTALL)
_TOLD = frozenset({"scale", "link", "dataset_digest", "order", "sampler"})
"""Parameters whose texts are words of the workbench, not of the user; of all others only numbers stay."""
_TOLD_OF_SESSIONS = _TOLD | {"clock", LIMITS, CHOSEN_SIZES}  # a run may have the user's own by these names


def confidential(report: ReportData) -> ReportData:
    """The report without paths, source, hosts, users, statements, command lines and texts of errors."""
    runs = tuple(_run_report(each) for each in report.runs)
    return replace(
        report,
        title=without_paths(report.title),
        runs=runs,
        rows=tuple(_row(row) for row in report.rows),
        comparisons=tuple(map(_comparison, report.comparisons)),
        comparison=_comparison(report.comparison) if report.comparison is not None else None,
        confidential=True,
        parts=tuple(map(confidential, report.parts)),
    )


def without_paths(text: str) -> str:
    """The text with paths cut to their last part, and hosts, addresses and mail addresses taken out."""
    without_home = _HOME.sub("…", text)
    return _HOST.sub("…", _PATH.sub(lambda found: found[1] or "…", without_home))


def _file(name: str) -> str:
    """A frame's file without its folders; a library keeps its name, so that its colour still tells it apart."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if len(parts) < 2:
        return name if not name.startswith("<") or _PSEUDO.match(name) else "<unknown>"
    if parts[0] == "<site>":
        return "/".join(dict.fromkeys((*parts[:2], parts[-1])))
    if parts[0] in ("<stdlib>", "workbench"):
        return f"{parts[0]}/{parts[-1]}"
    return parts[-1]


def _frame(frame: Frame) -> Frame:
    return replace(frame, file=_file(frame.file))


def _tree(tree: CallTree) -> CallTree:
    """Threads and tasks are numbered: their names are the code's, and often hold data."""
    return replace(
        tree,
        frames=tuple(map(_frame, tree.frames)),
        threads=_numbered("thread", tree.threads),
        tasks=_numbered("task", tree.tasks),
    )


def _numbered(what: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name if name == "MainThread" else f"{what} {number}" for number, name in enumerate(names, 1))


def _spans(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Operations are told apart by number: their names hold hosts, paths and statements."""
    numbers: dict[tuple[str, str], str] = {}
    made = []
    for span in spans:
        key = (span.kind, span.name)
        if key not in numbers:
            numbers[key] = f"{_verb(span)} {len(numbers) + 1}"
        file, _, line = span.site.rpartition(":")
        site = f"{_file(file)}:{line}" if file else ""
        made.append(replace(span, name=numbers[key], site=site, trace_id="", otel_span_id="", attributes={}))
    return tuple(made)


def _verb(span: Span) -> str:
    """GET, SELECT, MERGE …: the first word where it is such a word."""
    first = span.name.split(maxsplit=1)[0] if span.name.split() else ""
    return first if re.fullmatch(r"[A-Z]{2,10}", first) else span.kind


def _run_report(report: RunReport) -> RunReport:
    return replace(
        report,
        run=_run(report.run),
        session=_session(report.session),
        tree=_tree(report.tree) if report.tree is not None else None,
        spans=_spans(report.spans),
        plans=(),
        sources=(),
    )


def _run(run: Run) -> Run:
    return replace(
        run,
        name=without_paths(run.name),
        variant=without_paths(run.variant),
        error=_error_type(run.error),
        parameters=_parameters(run.parameters),
        tags=tuple(map(without_paths, run.tags)),
        rounds=tuple(map(_round, run.rounds)),
    )


def _round(one: Round) -> Round:
    return replace(one, error=_error_type(one.error))


def _error_type(error: str) -> str:
    """The exception's type; its message may say anything."""
    name = error.partition(":")[0]
    return name if re.fullmatch(r"[A-Za-z_][\w.]*", name) else ("an error" if error else "")


def _parameters(parameters: Mapping[str, Scalar], told: frozenset[str] = _TOLD) -> dict[str, Scalar]:
    return {
        key: value
        for key, value in parameters.items()
        if key in told or (isinstance(value, int | float) and re.fullmatch(r"[\w.-]+", key) and key != "pid")
    }


def _session(session: Session) -> Session:
    return replace(
        session,
        parameters=_parameters(session.parameters, _TOLD_OF_SESSIONS),
        environment=_environment(session.environment),
    )


def _environment(environment: Environment) -> Environment:
    """The machine's kind stays; which machine, branch and packages it was goes."""
    return replace(environment, branch="", machine="", packages={})


def _row(row: Row) -> Row:
    return replace(row, name=without_paths(row.name), variant=without_paths(row.variant))


def _comparison(comparison: Comparison) -> Comparison:
    return replace(
        comparison,
        differences=tuple(map(_difference, comparison.differences)),
        functions=tuple(map(_change, comparison.functions)),
        sentence=without_paths(comparison.sentence),
    )


def _difference(text: str) -> str:
    """What differs between two environments; not how, where that names machines or packages."""
    if issued := _ISSUED.fullmatch(text):  # a statement or an address, and the place it came from
        return f"an operation {issued[1]}"
    what = text.partition(":")[0]
    return f"{what}: they differ" if what in ("packages", "machine", "server", "faults") else without_paths(text)


def _change(change: FunctionChange) -> FunctionChange:
    return replace(change, frame=_frame(change.frame))
