"""What a scenario's variants ask of their services, in the field's own words: requests, statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from workbench.analysis.ladder import Row

__all__ = ["CALLS", "calls_made"]

CALLS: Mapping[str, str] = MappingProxyType(
    {"requests": "requests", "statements": "statements", "cypher_statements": "Cypher statements"}
)
"""Measures that count calls, with what a reader calls them."""


def calls_made(rows: Iterable[Row]) -> dict[str, str]:
    """Those of ``CALLS`` that any row made; requests if none made any."""
    listed = list(rows)
    made = {name: label for name, label in CALLS.items() if any(row.measures.get(name) for row in listed)}
    return made or {"requests": CALLS["requests"]}
