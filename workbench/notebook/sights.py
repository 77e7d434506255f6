"""The functions behind ``wb.diff_flamegraph`` and ``wb.timeline``."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.errors import UsageError
from workbench.experiment.progress import progress_if_long
from workbench.model import Recording, RoundKind, Run, Session, Span, utc_now
from workbench.notebook.fallback import still_html, still_text
from workbench.notebook.live import Answer
from workbench.notebook.picture import FlameGraph
from workbench.notebook.shown import aligned, table_html
from workbench.notebook.subject import live_meta
from workbench.views.diff import DiffSide, diff_of, diff_payload, diff_still, diff_table, diff_warnings
from workbench.views.notes import slowed_note
from workbench.views.payload import encode, meta_of
from workbench.views.run_extras import run_extras
from workbench.views.tables import html_text
from workbench.views.timeline import spans_svg, spans_table

if TYPE_CHECKING:
    from workbench.notebook.functions import Named
    from workbench.store import StoreLike

__all__ = ["Timeline", "diff_flamegraph", "timeline"]

_STILL = "A still picture; run the cell for the live {}."


class Timeline(FlameGraph):
    """The flame chart in time order with the spans under it; what ``wb.timeline`` returns."""

    @property
    def live_id(self) -> str:
        return f"timeline-{super().live_id}"

    def opened(self) -> Answer:
        document, data = super().opened()
        return {**document, "options": {**document["options"], "state": {"view": "time"}}}, data


def diff_flamegraph(base: Named | CallTree, new: Named | CallTree, *, store: StoreLike = None) -> FlameGraph:
    """The differential flame graph of two runs (or ids, recordings, ``wb.profile`` handles, call trees).

    Time is per execution of the body, not by samples. What makes the two incomparable stands on the picture. Raises
    ``RunNotFound`` for an unknown run and ``UsageError`` where neither side has stacks.
    """
    with progress_if_long("difference") as progress:
        progress("reading the runs", 0, 3)
        before, after = _side(base, store), _side(new, store)
        if not any(side.tree is not None and len(side.tree.samples) for side in (before, after)):
            raise UsageError("neither run has stacks, so there is no difference to draw")
        progress("comparing their stacks", 1, 3)
        table = diff_table(diff_of(before, after))
        text = "\n".join([*diff_warnings(before, after), table.to_text()])
        payload = diff_payload(before, after)
        progress("drawing a still picture", 2, 3)
        still = f"<div{_of(before.run, after.run)}>{aligned(diff_still(before, after))}</div>"
        return FlameGraph(payload, still=still, text=text)


def timeline(what: Named, *, store: StoreLike = None) -> Timeline:
    """When a run's stacks and I/O happened: the flame chart with the spans under it, on one axis of time.

    Raises ``RunNotFound`` for an unknown run and ``UsageError`` for one with neither stacks nor spans.
    """
    with progress_if_long("timeline") as progress:
        progress("reading the run", 0, 2)
        run, tree, spans, sources, _ = _loaded(what, store)
        if not len(tree.samples) and not spans:
            raise UsageError(f"run {run.run_id} has neither stacks nor spans, so there is nothing to draw")
        progress("laying out its stacks", 1, 2)
        payload = encode(tree, live_meta(run), extras=run_extras(tree, spans=spans, sources=sources))
    if not spans:
        told = "The run issued no I/O, so there are no spans to draw. " + _STILL.format("flame chart in time order")
        html = f'<div data-wb-view="time">{still_html(tree, meta_of(run), told)}</div>'
        return Timeline(payload, still=html, text=still_text(tree, meta_of(run)))
    shown = _one_round(run, spans)
    svg = base64.b64encode(spans_svg(shown).encode("utf-8", "replace")).decode()
    table = spans_table(shown, tree)
    title = html_text(run.name or run.run_id)
    image = f'<img src="data:image/svg+xml;base64,{svg}" alt="Timeline of {title}" width="960">' if shown else ""
    notes = filter(None, (slowed_note(run), _STILL.format("timeline")))
    note = "".join(f"<p><small>{html_text(each)}</small></p>" for each in notes)
    of = f'{_of(run)} data-wb-view="time"'  # a report shows the run so
    still = f"<p{of}><strong>{title}</strong></p>{image}{table_html(table)}{note}"
    return Timeline(payload, still=still, text=table.to_text())


def _of(*runs: Run) -> str:
    """The attribute by which a report of the notebook draws the runs live again; "" where one has no id."""
    ids = [run.run_id for run in runs]
    return f' data-wb-run="{html_text(" ".join(ids))}"' if all(ids) else ""


def _one_round(run: Run, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans of the first sampled round, else of the first that has any."""
    rounds = [r.index for r in run.rounds if r.kind is RoundKind.SAMPLED] + [span.round for span in spans]
    first = next((number for number in rounds if any(span.round == number for span in spans)), None)
    return tuple(span for span in spans if span.round == first)


def _side(what: Any, store: StoreLike) -> DiffSide:
    run, tree, _, _, session = _loaded(what, store)
    return DiffSide(run, tree) if session is None else DiffSide(run, tree, session)


def _loaded(what: Any, store: StoreLike) -> tuple[Run, CallTree, tuple[Span, ...], tuple[Any, ...], Session | None]:
    """Run, call tree, spans, sources and session; the store is opened only if it is needed."""
    if isinstance(what, CallTree):
        return Run("", "", "call tree", utc_now()), what, (), (), None
    recording = what if isinstance(what, Recording) else getattr(what, "recording", None)
    if isinstance(recording, Recording):
        tree = recording.tree if recording.tree is not None else CallTreeBuilder().build()
        return recording.run, tree, recording.spans, recording.sources, getattr(what, "session", None)
    if getattr(what, "status", "") is None:
        raise UsageError(f"run {what.run_id} isn't over: draw it after its block")
    if not isinstance(what, str | Run):
        raise UsageError(f"this takes a run, its id, a recording or a call tree, not {type(what).__name__}")
    from workbench.store import opened

    known = opened(store)
    run = what if isinstance(what, Run) else known.run(known.resolve(what))
    run_id = run.run_id
    spans, sources = tuple(known.spans(run_id)), tuple(known.sources(run_id))
    return run, known.tree(run_id), spans, sources, known.session(run.session_id)
