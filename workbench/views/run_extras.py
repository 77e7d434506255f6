"""What the picture of one run carries besides its call tree: tasks, spans and source."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.calltree import CallTree
from workbench.model import FunctionSource, Span
from workbench.views.extras import Extras, Grouping
from workbench.views.source import source_texts

__all__ = ["run_extras", "task_grouping"]


def run_extras(
    tree: CallTree,
    *,
    spans: Sequence[Span] = (),
    sources: Sequence[FunctionSource] = (),
    confidential: bool = False,
) -> Extras:
    """For ``payload.encode``: everything there is to show of a run. Confidential pictures have no source."""
    return Extras(
        tasks=task_grouping(tree),
        spans=spans,
        source={} if confidential else source_texts(tree, sources),
    )


def task_grouping(tree: CallTree) -> Grouping | None:
    """Self time by task; None where no sample knows one."""
    samples = tree.samples
    known = (samples.task >= 0) & (samples.task < len(tree.tasks))
    if not known.any():
        return None
    return Grouping(tree.tasks, samples.node[known], samples.task[known], samples.weight_ns[known])
