"""The flame graph as HTML and the table of top functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.calltree import CallTree
from workbench.model import Frame
from workbench.views.extras import Extras
from workbench.views.layout import function_totals, lay_out
from workbench.views.numbers import format_seconds, format_share
from workbench.views.packages import Package
from workbench.views.payload import FlameMeta, as_base64, encode
from workbench.views.tables import TextTable, html_text

__all__ = ["FunctionTime", "flamegraph_html", "functions_table", "top_functions"]


@dataclass(frozen=True, slots=True)
class FunctionTime:
    """Nanoseconds a function took over all sampled rounds, and their shares of the sampled time."""

    frame: Frame
    self_ns: int
    total_ns: int
    self_share: float
    total_share: float


def top_functions(tree: CallTree, n: int = 20) -> list[FunctionTime]:
    """The n functions with most self time, heaviest first; recursion counts once in the total."""
    layout = lay_out(tree)
    totals, whole = function_totals(tree, layout), max(layout.whole_ns, 1)
    order = np.argsort(-totals.self_ns, kind="stable")[:n]
    times = [(tree.frames[i], int(totals.self_ns[i]), int(totals.total_ns[i])) for i in order.tolist()]
    return [FunctionTime(f, s, t, s / whole, t / whole) for f, s, t in times if s > 0]


def functions_table(functions: Sequence[FunctionTime], rounds: int = 1, caption: str = "") -> TextTable:
    """The same as a table, in time per round."""
    rows = tuple(
        (
            f.frame.function,
            f"{f.frame.file}:{f.frame.line}" if f.frame.line else f.frame.file,
            format_seconds(f.self_ns / 1e9 / rounds),
            format_share(f.self_share, 1),
            format_seconds(f.total_ns / 1e9 / rounds),
            format_share(f.total_share, 1),
        )
        for f in functions
    )
    return TextTable(("Function", "File", "Self", "Self %", "Total", "Total %"), rows, caption, numbers=range(2, 6))


def flamegraph_html(
    tree: CallTree,
    meta: FlameMeta,
    colours: Mapping[Package, str] | None = None,
    extras: Extras | None = None,
    view: str = "",
) -> str:
    """A fragment that the page's script (``assets.module``) turns into the live view.

    ``colours`` are those of ``packages.colours_of`` where several pictures stand together; ``extras`` are spans,
    tasks and source, where there are any. ``view`` is shown first ("time": the flame chart).

    The payload is base64, which can't end its element whatever the names inside are.
    """
    payload = as_base64(encode(tree, meta, colours, extras))
    shown = f' data-wb-view="{html_text(view)}"' if view else ""
    return (
        f'<div class="wb-flamegraph" data-wb-flamegraph{shown} aria-label="Flame graph of {html_text(meta.name)}">'
        f'<script type="application/octet-stream">{payload}</script></div>'
    )
