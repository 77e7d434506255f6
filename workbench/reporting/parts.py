"""What all sections are made of."""

from __future__ import annotations

from workbench.views.tables import TextTable, html_text

__all__ = ["folded", "note", "scrolling", "section"]


def section(title: str, body: str, css_class: str = "") -> str:
    """A section of the page; ``body`` is HTML."""
    return f'<section class="{css_class}"><h2>{html_text(title)}</h2>{body}</section>'


def note(text: str) -> str:
    return f'<p class="note">{html_text(text)}</p>'


def folded(summary: str, body: str) -> str:
    """Something that opens on demand; paper shows it open."""
    return f"<details><summary>{html_text(summary)}</summary>{body}</details>"


def scrolling(table: TextTable, css_class: str = "") -> str:
    """A wide table scrolls by itself, not with the page."""
    label = html_text(table.caption)
    shown = table.to_html(f"wb-table {css_class}".strip())
    return f'<div class="scroll" tabindex="0" role="group" aria-label="{label}">{shown}</div>'
