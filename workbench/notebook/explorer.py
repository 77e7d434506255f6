"""``wb.explorer()``: a panel to browse, filter, tag, untag, rename, compare and delete the runs in a store.

The page asks every two seconds whether the store's files have changed, which costs a few calls of ``stat``; only
then a connection is opened, for as long as reading takes, so that other kernels and shells can write meanwhile.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import NotComparable, UsageError, WorkbenchError
from workbench.model import Run
from workbench.notebook.live import Answer, announce, live_html
from workbench.notebook.shown import ComparisonView, RunList, middle_seconds
from workbench.paths import shorten_text
from workbench.store import Store, StoreLike, opened
from workbench.views.numbers import format_seconds
from workbench.views.tables import html_text

__all__ = ["Explorer", "explorer"]

_STILL_ROWS = 20
_WAIT_S = 1.0
"""A page asks again soon; the kernel shouldn't stand still for as long as another process writes."""


def explorer(*, store: StoreLike = None, limit: int = 1000) -> Explorer:
    """A live panel over the newest ``limit`` runs of the store; a saved notebook keeps a table of the newest."""
    if limit < 1:
        raise UsageError(f"the explorer shows at least one run, not {limit}")
    return Explorer(opened(store), limit)


class Explorer:
    """The kernel's side of the panel: answers what the page asks."""

    def __init__(self, store: Store, limit: int) -> None:
        self.live_id = f"explorer-{secrets.token_hex(8)}"
        self.limit = limit
        self._store = store
        self._quick = Store(store.path, timeout_s=min(store.timeout_s, _WAIT_S))

    def opened(self) -> Answer:
        try:
            return {"kind": "explorer", **self._listing()}, []
        except Exception as error:  # the panel is there all the same, says why, and asks again
            return {"kind": "explorer", "runs": [], "stamp": "", "error": str(error)}, []

    def asked(self, question: Mapping[str, Any]) -> Answer | None:
        """``do``: poll, delete, tag, untag, rename, compare or graph.

        What changes the store answers with the new list.
        """
        runs = [str(run_id) for run_id in question.get("runs", ())]
        match question.get("do"):
            case "poll":
                return self._poll(str(question.get("stamp", "")))
            case "delete":
                self._store.delete(runs)
            case "tag":
                self._tag(runs, str(question.get("text", "")))
            case "untag":
                self._untag(runs, str(question.get("tag", "")))
            case "rename":
                self._rename(runs, str(question.get("text", "")))
            case "compare":
                return self._compare(runs, force=bool(question.get("force")))
            case "graph":
                return self._graph(runs)
            case unknown:
                raise UsageError(f"the explorer can't {unknown!r}")
        return {"do": "list", "of": question["do"], **self._listing()}, []

    def _poll(self, stamp: str) -> Answer:
        if stamp and stamp == self._stamp():
            return {"do": "same", "of": "poll"}, []
        return {"do": "list", "of": "poll", **self._listing()}, []

    def _listing(self) -> dict[str, Any]:
        stamp = self._stamp()  # before reading: what is written meanwhile is seen the next time
        runs = self._quick.runs(limit=self.limit + 1) if self._exists() else []
        return {
            "stamp": stamp,
            "store": shorten_text(str(self._store.path)),
            "runs": [_row(run) for run in runs[: self.limit]],
            "more": len(runs) > self.limit,
        }

    def _exists(self) -> bool:
        return self._store.path.exists() or self._store.spool.exists()

    def _stamp(self) -> str:
        """Changes whenever the store's file, its log or its spool does."""
        path = self._store.path
        states = [_state(file) for file in (path, path.with_name(f"{path.name}.wal"), self._store.spool)]
        return ";".join(states)

    def _tag(self, runs: Sequence[str], text: str) -> None:
        tags = text.split()
        if not tags:
            raise UsageError("a tag is a word")
        for run_id in runs:
            for tag in tags:
                self._store.tag(run_id, tag)

    def _untag(self, runs: Sequence[str], tag: str) -> None:
        """Off every run that has it; several may be chosen of which only some do."""
        had = [self._store.untag(run_id, tag) for run_id in runs]
        if not any(had):
            raise UsageError(f"no run that was chosen has the tag {shorten_text(tag)!r}")

    def _rename(self, runs: Sequence[str], text: str) -> None:
        if len(runs) != 1 or not text.strip():
            raise UsageError("one run is renamed at a time, to a name that isn't empty")
        self._store.rename(runs[0], text.strip())

    def _compare(self, runs: Sequence[str], *, force: bool) -> Answer:
        from workbench.experiment.compare import compare_runs
        from workbench.notebook.sights import diff_flamegraph

        if len(runs) != 2:
            raise UsageError("a comparison takes two runs")
        try:
            comparison = compare_runs(self._store, *runs, force=force)
        except NotComparable as refused:
            return {"do": "refused", "of": "compare", "runs": runs, "error": _without_option(str(refused))}, []
        names = [self._store.run(run_id).name for run_id in runs]
        html = ComparisonView(comparison)._repr_html_()
        told = {"do": "compared", "of": "compare", "runs": runs, "names": names, "html": html}
        try:
            return told, [diff_flamegraph(*runs, store=self._store).payload]
        except UsageError:  # neither has stacks
            return told, []

    def _graph(self, runs: Sequence[str]) -> Answer:
        from workbench.notebook.functions import flamegraph

        if len(runs) != 1:
            raise UsageError("a flame graph is drawn of one run")
        payload = flamegraph(runs[0], store=self._store).payload
        return {"do": "graph", "of": "graph", "runs": runs}, [payload]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        announce(self)
        try:
            runs = RunList(self._store.runs(limit=_STILL_ROWS)) if self._exists() else RunList()
        except WorkbenchError as error:
            told = f"<p>{html_text(str(error))}</p>"
            return {"text/plain": str(error), "text/html": live_html(self.live_id, told)}
        note = "<p><small>The newest runs as a still table; run the cell for the live explorer.</small></p>"
        return {"text/plain": repr(runs), "text/html": live_html(self.live_id, runs._repr_html_() + note)}


def _state(file: Path) -> str:
    try:
        state = file.stat()
    except OSError:
        return ""
    return f"{state.st_mtime_ns:x}-{state.st_size:x}-{state.st_ino:x}"


def _row(run: Run) -> dict[str, Any]:
    seconds = middle_seconds(run)
    return {
        "id": run.run_id,
        "session": run.session_id,
        "name": run.name,
        "at": run.started_at.timestamp(),  # to sort by: both sides of a comparison begin within a second
        "started": f"{run.started_at:%Y-%m-%d %H:%M:%S}",
        "status": str(run.status),
        "rounds": len(run.rounds),
        "seconds": seconds,
        "time": "–" if seconds is None else format_seconds(seconds),
        "sampler": run.sampler.name,
        "tags": list(run.tags),
    }


def _without_option(text: str) -> str:
    return text.removesuffix("; --force compares them all the same")
