"""The flame graph as HTML and the table of top functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.analysis.awaiting import awaiting_of_functions
from workbench.analysis.functions import NOBODYS
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
    """Nanoseconds a function took over all sampled rounds, and their shares of the sampled time.

    What it awaited (``analysis.awaiting``) is in the total and not in its self time.
    """

    frame: Frame
    self_ns: int
    total_ns: int
    self_share: float
    total_share: float
    awaiting_ns: int = 0
    awaiting_share: float = 0.0


def top_functions(tree: CallTree, n: int = 20, *, by: str = "self") -> list[FunctionTime]:
    """The n functions with most time of their own, run or awaited, heaviest first; ``by="total"``: with callees.

    Recursion counts once in the total. Neither awaiting nor the cost of recording is a function of its own.
    """
    layout = lay_out(tree)
    totals, whole = function_totals(tree, layout), max(layout.whole_ns, 1)
    awaiting = awaiting_of_functions(tree)
    real = np.array([frame not in NOBODYS for frame in tree.frames], dtype=np.bool_)
    own = np.where(real, totals.self_ns, 0)
    total = np.where(real, totals.total_ns, awaiting)
    weights = own + awaiting if by == "self" else total
    order = [i for i in np.argsort(-weights, kind="stable")[:n].tolist() if weights[i] > 0]
    times = [(tree.frames[i], int(own[i]), int(total[i]), int(awaiting[i])) for i in order]
    return [FunctionTime(f, s, t, s / whole, t / whole, a, a / whole) for f, s, t, a in times]


def functions_table(functions: Sequence[FunctionTime], rounds: int = 1, caption: str = "") -> TextTable:
    """The same as a table, in time per round; what was awaited has columns where there is any."""
    awaited = any(f.awaiting_ns for f in functions)
    rows = tuple(
        (
            f.frame.function,
            f"{f.frame.file}:{f.frame.line}" if f.frame.line else f.frame.file,
            *_time(f.self_ns, f.self_share, rounds),
            *(_time(f.awaiting_ns, f.awaiting_share, rounds) if awaited else ()),
            *_time(f.total_ns, f.total_share, rounds),
        )
        for f in functions
    )
    kinds = ["Self", *(["Awaiting"] if awaited else []), "Total"]
    columns = ("Function", "File", *(heading for kind in kinds for heading in (kind, f"{kind} %")))
    return TextTable(columns, rows, caption, numbers=range(2, len(columns)))


def _time(ns: int, share: float, rounds: int) -> tuple[str, str]:
    return format_seconds(ns / 1e9 / rounds), format_share(share, 1)


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
