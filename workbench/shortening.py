"""Statements and names too long for a line: one length and one way of cutting them, wherever they are told."""

from __future__ import annotations

__all__ = ["LONGEST", "shortened"]

LONGEST = 100
"""Characters of a statement or name: it is to be recognised, not read."""


def shortened(text: str) -> str:
    """The text, with ``…`` for its middle if it is long: a statement is known by how it begins and by its WHERE."""
    if len(text) <= LONGEST:
        return text
    begin = LONGEST // 2
    return f"{text[:begin]}…{text[len(text) - (LONGEST - begin - 1) :]}"
