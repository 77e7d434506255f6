"""The functions behind ``wb.flamegraph``, ``wb.table``, ``wb.runs``, ``wb.sql`` and ``wb.report``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from workbench.errors import UsageError
from workbench.model import Recording, Run
from workbench.notebook.shown import FunctionTable, ReportFile, RunList
from workbench.notebook.subject import extras_of, subject
from workbench.views.flamegraph import FunctionTime, functions_table
from workbench.views.layout import function_totals, lay_out

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.experiment.block import BlockRun
    from workbench.notebook.picture import FlameGraph
    from workbench.store import Store, Table

    Named: TypeAlias = str | Run | BlockRun | Recording

__all__ = ["flamegraph", "report", "runs", "sql", "table"]


def _store(store: Store | None) -> Store:
    from workbench.store import Store

    return store if store is not None else Store()


def _name(what: Named) -> str:
    """How the store knows a run."""
    if isinstance(what, str):
        return what
    return what.run.run_id if isinstance(what, Recording) else what.run_id


def flamegraph(what: Named | CallTree, *, store: Store | None = None) -> FlameGraph:
    """The live flame graph of a run, a recording, a ``wb.profile`` handle or a call tree.

    A saved notebook keeps a small picture and a table of it, which is also all that shows without anywidget. Raises
    ``RunNotFound`` for an unknown run and ``UsageError`` for one without stacks.
    """
    from workbench.notebook.fallback import still_html, still_text
    from workbench.notebook.picture import FlameGraph
    from workbench.views.payload import encode

    tree, meta = subject(what, lambda: _store(store))
    extras = extras_of(what, tree, lambda: _store(store))
    return FlameGraph(encode(tree, meta, extras=extras), still=still_html(tree, meta), text=still_text(tree, meta))


def table(what: Named | CallTree, *, n: int = 20, by: str = "self", store: Store | None = None) -> FunctionTable:
    """The ``n`` functions of a run with most time of their own (or ``by="total"``: callees included).

    Takes what ``flamegraph`` takes and raises the same; times are per round.
    """
    if by not in ("self", "total") or n < 1:
        raise UsageError(f"a table is sorted by 'self' or 'total' and has one row or more, not by={by!r}, n={n}")
    tree, meta = subject(what, lambda: _store(store))
    layout = lay_out(tree)
    totals, whole = function_totals(tree, layout), max(layout.whole_ns, 1)
    weights = totals.self_ns if by == "self" else totals.total_ns
    order = np.argsort(-weights, kind="stable")[: min(n, int(np.count_nonzero(weights)))]
    times = [(tree.frames[i], int(totals.self_ns[i]), int(totals.total_ns[i])) for i in order.tolist()]
    chosen = [FunctionTime(f, own, total, own / whole, total / whole) for f, own, total in times]
    left = int(np.count_nonzero(weights)) - len(chosen)
    caption = f"{meta.name or meta.run_id}: functions by {by} time" + (f", {left} more left out" if left else "")
    return FunctionTable(tuple(chosen), functions_table(chosen, meta.rounds, caption))


def runs(*, scenario: str | None = None, limit: int | None = 50, store: Store | None = None) -> RunList:
    """The stored runs, newest first."""
    return RunList(_store(store).runs(scenario=scenario, limit=limit))


def sql(query: str, parameters: Sequence[Any] = (), *, store: Store | None = None) -> Table:
    """The answer to a read-only query. Raises ``QueryRefused``."""
    return _store(store).query(query, parameters)


def report(
    what: Named | Iterable[Named], path: str | Path, *, store: Store | None = None, force: bool = False
) -> ReportFile:
    """Write runs or a session as one self-contained HTML file. Raises ``OutputError``, ``RunNotFound``.

    Two runs that can't be compared stand beside each other without a ratio, unless ``force``.
    """
    from workbench.reporting import load_report, write_report

    named = what if isinstance(what, Iterable) and not isinstance(what, str) else [what]
    target = Path(path)
    write_report(load_report(_store(store), [_name(each) for each in named], force=force), target)
    return ReportFile(target)
