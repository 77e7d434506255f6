"""Tables as plain text and as HTML. Every cell is text; HTML is escaped here and nowhere else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from workbench.views.numbers import (
    format_bytes,
    format_count,
    format_interval,
    format_measure,
    format_range,
    format_ratio,
    format_seconds,
    format_share,
    format_times,
)

__all__ = [
    "TextTable",
    "format_bytes",
    "format_count",
    "format_interval",
    "format_measure",
    "format_range",
    "format_ratio",
    "format_seconds",
    "format_share",
    "format_times",
    "html_text",
    "marked_html",
    "printable",
]

_LONGEST = 400
_MARKED = re.compile("`([^`]+)`")


def printable(text: str) -> str:
    """The text with control characters and lone surrogates made visible, at most 400 characters long."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return "".join(_visible(c) for c in cut)


def _visible(char: str) -> str:
    if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\u{ord(char):04x}"
    return char


def html_text(text: str) -> str:
    """The text, made printable and escaped for element content and quoted attributes."""
    return escape(printable(text), quote=True)


def marked_html(text: str) -> str:
    """Text of our own making whose `code` stands in backticks, as HTML; all of it is escaped, whatever it holds."""
    pieces = _MARKED.split(printable(text))
    return "".join(
        f"<code>{escape(piece, quote=True)}</code>" if index % 2 else escape(piece, quote=True)
        for index, piece in enumerate(pieces)
    )


@dataclass(frozen=True, slots=True)
class TextTable:
    """Column headings and rows of cells; the columns in ``numbers`` are aligned to the right.

    In the columns in ``marked`` backticks mean code; in all others they are what a statement or a name holds.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numbers: Collection[int] = ()
    marked: Collection[int] = ()

    def to_text(self) -> str:
        """Plain text with aligned columns, the caption above."""
        cells = [tuple(printable(c) for c in row) for row in (self.columns, *self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = ["  ".join(self._align(i, c, widths[i]) for i, c in enumerate(row)).rstrip() for row in cells]
        lines.insert(1, "  ".join("─" * width for width in widths))
        return "\n".join([self.caption, *lines] if self.caption else lines)

    def _align(self, column: int, cell: str, width: int) -> str:
        return cell.rjust(width) if column in self.numbers else cell.ljust(width)

    def to_html(self, css_class: str = "wb-table") -> str:
        """A ``<table>`` with a caption, a head and a body."""
        caption = f"<caption>{html_text(self.caption)}</caption>" if self.caption else ""
        head = "".join(f'<th scope="col"{self._class(i)}>{html_text(c)}</th>' for i, c in enumerate(self.columns))
        body = "".join(f"<tr>{self._cells(row)}</tr>" for row in self.rows)
        return (
            f'<table class="{html_text(css_class)}">{caption}'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def _cells(self, row: Sequence[str]) -> str:
        shown = (marked_html(cell) if i in self.marked else html_text(cell) for i, cell in enumerate(row))
        return "".join(f"<td{self._class(i)}>{cell}</td>" for i, cell in enumerate(shown))

    def _class(self, column: int) -> str:
        return ' class="number"' if column in self.numbers else ""

    def _repr_html_(self) -> str:
        return self.to_html()

    def __str__(self) -> str:
        return self.to_text()
