"""The functions behind ``wb.flamegraph``, ``wb.table``, ``wb.runs``, ``wb.sql`` and ``wb.report``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import UsageError
from workbench.model import Comparison, Recording, Run, Session
from workbench.notebook.shown import ComparisonView, FunctionTable, ReportFile, RunList
from workbench.notebook.subject import extras_of, subject
from workbench.store import opened
from workbench.views.flamegraph import functions_table, top_functions
from workbench.views.notes import recording_note, threads_note

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.experiment.block import BlockRun
    from workbench.notebook.measuring import Ladder
    from workbench.notebook.picture import FlameGraph
    from workbench.store import StoreLike, Table

    Named: TypeAlias = str | Run | BlockRun | Recording
    Reportable: TypeAlias = Named | Path | Session | Comparison | ComparisonView | Ladder

__all__ = ["flamegraph", "report", "runs", "sql", "table"]


def _names(what: Any) -> list[str]:
    """How the store knows what a report is of; a notebook stands as its path."""
    if isinstance(what, str | Path):
        return [str(what)]
    if isinstance(what, Recording):
        return [what.run.run_id]
    comparison = what if isinstance(what, Comparison) else getattr(what, "comparison", None)
    if isinstance(comparison, Comparison):
        return [comparison.base, comparison.new]
    name = getattr(what, "run_id", None) or getattr(what, "session_id", None)
    if isinstance(name, str) and name:
        return [name]
    raise UsageError(
        "a report is of runs, sessions, a comparison, a measured ladder or a notebook's path, not of "
        f"{type(what).__name__}"
    )


def flamegraph(what: Named | CallTree, *, store: StoreLike = None) -> FlameGraph:
    """The live flame graph of a run, a recording, a ``wb.profile`` handle or a call tree.

    A saved notebook keeps a small picture and a table of it, which is also all that shows without anywidget. Raises
    ``RunNotFound`` for an unknown run and ``UsageError`` for one without stacks.
    """
    from workbench.experiment.progress import progress_if_long
    from workbench.notebook.fallback import still_html, still_text
    from workbench.notebook.picture import FlameGraph
    from workbench.views.payload import encode

    with progress_if_long("flame graph") as progress:
        progress("reading the run", 0, 3)
        tree, meta = subject(what, lambda: opened(store))
        extras = extras_of(what, tree, lambda: opened(store))
        progress("laying out its stacks", 1, 3)
        payload = encode(tree, meta, extras=extras)
        progress("drawing a still picture", 2, 3)
        return FlameGraph(payload, still=still_html(tree, meta), text=still_text(tree, meta))


def table(what: Named | CallTree, *, n: int = 20, by: str = "self", store: StoreLike = None) -> FunctionTable:
    """The ``n`` functions of a run with most time of their own (or ``by="total"``: callees included).

    Takes what ``flamegraph`` takes and raises the same; times are per round.
    """
    if by not in ("self", "total") or n < 1:
        raise UsageError(f"a table is sorted by 'self' or 'total' and has one row or more, not by={by!r}, n={n}")
    from workbench.experiment.progress import progress_if_long

    with progress_if_long("table") as progress:
        progress("reading the run", 0, 2)
        tree, meta = subject(what, lambda: opened(store))
        progress("adding up its functions", 1, 2)
        every = top_functions(tree, len(tree.frames), by=by)
    chosen = every[:n]
    left = len(every) - len(chosen)
    caption = f"{meta.name or meta.run_id}: functions by {by} time" + (f", {left} more left out" if left else "")
    notes = tuple(filter(None, (meta.told, recording_note(tree), threads_note(tree, meta.sampler))))
    return FunctionTable(tuple(chosen), functions_table(chosen, meta.rounds, caption), notes)


def runs(*, scenario: str | None = None, limit: int | None = 50, store: StoreLike = None) -> RunList:
    """The stored runs, newest first."""
    return RunList(opened(store).runs(scenario=scenario, limit=limit))


def sql(query: str, parameters: Sequence[Any] = (), *, store: StoreLike = None) -> Table:
    """The answer to a read-only query. Raises ``QueryRefused``."""
    return opened(store).query(query, parameters)


def report(
    what: Reportable | Iterable[Reportable],
    path: str | Path,
    *,
    format: str | None = None,
    confidential: bool = False,
    plotly: bool = False,
    force: bool = False,
    store: StoreLike = None,
) -> ReportFile:
    """Write runs, sessions, a comparison, a measured ladder or a notebook as one file; as ``workbench report``.

    ``what``: runs, ids, ``wb.profile`` handles, what ``wb.run`` or ``wb.compare`` returned, or the path of an
    ``.ipynb``. Two runs are compared, the first being the base. ``format`` "html" or "md" (else the file's name
    says); ``confidential`` leaves out source, folders, hosts, users and statements; ``plotly`` draws a ladder's
    chart to zoom and hover, 4.8 MB more. Two runs that can't be compared stand beside each other without a ratio,
    unless ``force``.

    Raises ``OutputError``, ``RunNotFound`` and ``UsageError``.
    """
    from workbench.experiment.progress import progress_if_long
    from workbench.reporting.render import form_of, rendered
    from workbench.reporting.write import prepare_output, write_atomically

    target = Path(path)
    form = form_of(target, format)
    several = isinstance(what, Iterable) and not isinstance(what, str | Path)
    names = [name for each in (what if several else [what]) for name in _names(each)]  # type: ignore[union-attr]
    prepare_output(target)
    with progress_if_long("report") as progress:
        text = rendered(
            opened(store), names, form, confidential=confidential, plotly=plotly, force=force, progress=progress
        )
    write_atomically(target, text)
    return ReportFile(target)
