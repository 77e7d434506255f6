"""The functions behind ``wb.flamegraph``, ``wb.runs``, ``wb.sql`` and ``wb.report``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from workbench.errors import MissingExtra
from workbench.model import Recording, Run
from workbench.notebook.shown import ReportFile, RunList
from workbench.notebook.subject import subject

if TYPE_CHECKING:
    from workbench.calltree import CallTree
    from workbench.experiment.block import BlockRun
    from workbench.notebook.widget import FlameGraph
    from workbench.store import Store, Table

    Named: TypeAlias = str | Run | BlockRun | Recording

__all__ = ["flamegraph", "report", "runs", "sql"]


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

    A saved notebook keeps a small picture and a table of it. Raises ``MissingExtra`` without anywidget and
    ``RunNotFound`` for an unknown run.
    """
    tree, meta = subject(what, lambda: _store(store))
    try:
        from workbench.notebook.widget import FlameGraph
    except ImportError as error:
        raise MissingExtra("anywidget", "notebook") from error
    return FlameGraph(tree, meta)


def runs(*, scenario: str | None = None, limit: int | None = 50, store: Store | None = None) -> RunList:
    """The stored runs, newest first."""
    return RunList(_store(store).runs(scenario=scenario, limit=limit))


def sql(query: str, parameters: Sequence[Any] = (), *, store: Store | None = None) -> Table:
    """The answer to a read-only query. Raises ``QueryRefused``."""
    return _store(store).query(query, parameters)


def report(what: Named | Iterable[Named], path: str | Path, *, store: Store | None = None) -> ReportFile:
    """Write runs or a session as one self-contained HTML file. Raises ``OutputError``, ``RunNotFound``."""
    from workbench.reporting import load_report, write_report

    named = what if isinstance(what, Iterable) and not isinstance(what, str) else [what]
    target = Path(path)
    write_report(load_report(_store(store), [_name(each) for each in named]), target)
    return ReportFile(target)
