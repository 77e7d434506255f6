"""What a picture is drawn from: whatever names or holds a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.calltree import CallTree
from workbench.errors import UsageError
from workbench.model import Recording, Run
from workbench.views.extras import Extras
from workbench.views.payload import FlameMeta, meta_of
from workbench.views.run_extras import run_extras

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["extras_of", "live_meta", "subject"]


def live_meta(run: Run) -> FlameMeta:
    """The metadata for a live picture, whose boxes open in the reader's own editor.

    ``WORKBENCH_SOURCE_LINK`` is the address, such as ``vscode://file/home/me/shop/{file}:{line}``. Saved pictures
    and reports are for other people to read: they have no such links.
    """
    return replace(meta_of(run), link=os.environ.get("WORKBENCH_SOURCE_LINK", ""))


def subject(what: Any, store: Callable[[], Store]) -> tuple[CallTree, FlameMeta]:
    """The call tree and the metadata of a run; the store is opened only if it is needed.

    Raises ``UsageError`` for a run without stacks, one that isn't over, or what is no run at all.
    """
    if isinstance(what, CallTree):
        return what, FlameMeta()
    recording = what if isinstance(what, Recording) else getattr(what, "recording", None)
    if isinstance(recording, Recording):
        return _required(recording.tree, recording.run), live_meta(recording.run)
    if getattr(what, "status", "") is None:
        raise UsageError(f"run {what.run_id} isn't over: draw it after its block")
    if isinstance(what, str | Run):
        known = store()
        run = what if isinstance(what, Run) else known.run(known.resolve(what))
        return _required(known.tree(run.run_id), run), live_meta(run)
    raise UsageError(
        f"a flame graph is drawn of a run, its id, a recording or a call tree, not of {type(what).__name__}"
    )


def extras_of(what: Any, tree: CallTree, store: Callable[[], Store]) -> Extras:
    """Spans, tasks and source beside the call tree that ``subject`` found."""
    recording = what if isinstance(what, Recording) else getattr(what, "recording", None)
    if isinstance(recording, Recording):
        return run_extras(tree, spans=recording.spans, sources=recording.sources)
    if not isinstance(what, str | Run):
        return run_extras(tree)
    known = store()
    run_id = what.run_id if isinstance(what, Run) else known.resolve(what)
    return run_extras(tree, spans=known.spans(run_id), sources=known.sources(run_id))


def _required(tree: CallTree | None, run: Run) -> CallTree:
    if tree is None or not len(tree.samples):
        raise UsageError(
            f"run {run.run_id} has no stacks (sampler: {run.sampler.name}), so there is nothing to draw"
        )
    return tree
