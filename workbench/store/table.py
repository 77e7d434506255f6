"""The answer to a query."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from html import escape
from typing import Any

__all__ = ["Table", "is_numeric", "shown"]

_HTML_ROWS = 200
_HTML_CELL = 500
_TEXT_ROWS = 50
_TEXT_CELL = 60


@dataclass(frozen=True, slots=True)
class Table:
    """Column names and rows; shows itself as a table, in a notebook and as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.rows)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def to_json(self) -> dict[str, Any]:
        """``{"columns": […], "rows": [[…], …]}`` of JSON's own types: times as ISO 8601, NaN as null."""
        return {"columns": list(self.columns), "rows": [[_plain(value) for value in row] for row in self.rows]}

    def __repr__(self) -> str:
        columns = [_text_column(name, self._values(i)) for i, name in enumerate(self.columns)]
        lines = ["  ".join(cells).rstrip() for cells in zip(*columns, strict=True)]
        more = len(self.rows) - _TEXT_ROWS
        return "\n".join([*lines, f"… {more} more rows"] if more > 0 else lines)

    def _values(self, column: int) -> list[Any]:
        return [row[column] for row in self.rows[:_TEXT_ROWS]]

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>"
            for row in self.rows[:_HTML_ROWS]
        )
        more = len(self.rows) - _HTML_ROWS
        note = f"<p>{more} more rows</p>" if more > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


def _text_column(name: str, values: list[Any]) -> list[str]:
    """Heading, rule and cells of one width; numbers are set flush right."""
    cells = [_printable(text) for text in (name, *(_shown(value, _TEXT_CELL) for value in values))]
    width = max(map(len, cells))
    numeric = is_numeric(values)
    head, *body = [cell.rjust(width) if numeric else cell.ljust(width) for cell in cells]
    return [head, "─" * width, *body]


def _printable(text: str) -> str:
    """Without what would move the cursor, switch the text's direction or can't be encoded."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def _shown(value: Any, longest: int = _HTML_CELL) -> str:
    text = shown(value)
    return text if len(text) <= longest else text[:longest] + "…"


def shown(value: Any) -> str:
    """A value as people read it: NULL as nothing, other than whole numbers with six digits that matter."""
    if isinstance(value, float) and math.isfinite(value):
        whole = abs(value) < 1e15 and (abs(value) >= 1e6 or value.is_integer())
        return f"{value:.0f}" if whole else f"{value:.6g}"
    return "" if value is None else str(value)


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether a column holds nothing but numbers."""
    return all(isinstance(value, int | float | Decimal | None) for value in values)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else str(value)
