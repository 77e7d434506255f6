"""A flame graph for pages where no script runs: a still picture and the top functions, some 30 KB."""

from __future__ import annotations

import base64

from workbench.calltree import CallTree
from workbench.notebook.shown import table_html
from workbench.views.flamegraph import functions_table, top_functions
from workbench.views.payload import FlameMeta
from workbench.views.svg import flamegraph_svg
from workbench.views.tables import html_text

__all__ = ["still_html", "still_text"]

_BOXES = 200
_FUNCTIONS = 10
_NOTE = "A still picture; run the cell for the live flame graph."


def still_html(tree: CallTree, meta: FlameMeta, note: str = _NOTE) -> str:
    """The picture as an image (inert, and allowed where inline SVG is not) over the table and a note."""
    svg = flamegraph_svg(tree, width=960, max_boxes=_BOXES, rounds=meta.rounds, each=meta.each)
    picture = base64.b64encode(svg.encode("utf-8", "replace")).decode()
    alt = html_text(f"Flame graph of {meta.name or meta.run_id or 'a call tree'}")
    image = f'<img src="data:image/svg+xml;base64,{picture}" alt="{alt}" width="960">' if svg else ""
    table = functions_table(top_functions(tree, _FUNCTIONS), meta.rounds, "Functions with most self time")
    of = f' data-wb-run="{html_text(meta.run_id)}"' if meta.run_id else ""  # a report draws it live again by this
    title = f"<p{of}><strong>{html_text(meta.name or meta.run_id)}</strong></p>"
    return f"{title}{_told(meta)}{image}{table_html(table)}<p><small>{html_text(note)}</small></p>"


def still_text(tree: CallTree, meta: FlameMeta) -> str:
    """The table alone, for a terminal."""
    table = functions_table(
        top_functions(tree, _FUNCTIONS), meta.rounds, f"{meta.name or meta.run_id}: most self time"
    )
    return "\n".join(filter(None, (table.to_text(), meta.told)))


def _told(meta: FlameMeta) -> str:
    return f"<p><small>{html_text(meta.told)}</small></p>" if meta.told else ""
