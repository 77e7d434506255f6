"""Literals out of SQL and Cypher text; identifiers, parameters and keywords stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.redaction.keys import private_keys

__all__ = ["redact_cypher", "redact_sql"]

_PLACEHOLDER = "?"

# In this order: what may contain anything else comes first. Every alternative consumes what it has read.
_WORD = r"(?P<word>[^\W\d][\w$]*+(?!['])|\$\d++|\?|%\(\w{1,64}\)s)"
_NUMBER = r"(?P<number>(?:0[xX][0-9a-fA-F_]++|(?:\d[\d_]*+(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?)\w*+)"
_QUOTED = r"(?P<string>(?:[eE]|[nN]|[bB]|[xX]|[uU]&|_\w{1,16})?'(?:[^']|'')*+'?)"
_QUOTED_BACKSLASH = r"(?P<string>(?:[eE]|[nN]|[bB]|[xX]|[uU]&|_\w{1,16})?'(?:[^'\\]|\\.|''|\\\Z)*+'?)"
_ESCAPED = r"(?P<escaped>[eE]'(?:[^'\\]|\\.|''|\\\Z)*+'?)"
_COMMENT = r"(?P<line>--[^\n]*+)|(?P<block>/\*)"
_DOLLAR = r"(?P<dollar>\$(?:[^\W\d]\w*+)?\$)"
_IDENTIFIER = r"(?P<identifier>\"(?:[^\"]|\"\")*+\"?|`[^`]*+`?)"


def _scanner(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.DOTALL)


_STANDARD = _scanner(_COMMENT, _DOLLAR, _ESCAPED, _QUOTED, _IDENTIFIER, _WORD, _NUMBER)
_BACKSLASH = _scanner(_COMMENT, _DOLLAR, _QUOTED_BACKSLASH, _IDENTIFIER, _WORD, _NUMBER)
_CYPHER = _scanner(
    r"(?P<line>//[^\n]*+)|(?P<block>/\*)",
    r"(?P<string>'(?:[^'\\]|\\.|\\\Z)*+'?|\"(?:[^\"\\]|\\.|\\\Z)*+\"?)",
    r"(?P<identifier>`(?:[^`]|``)*+`?|\$\w++)",
    _WORD,
    _NUMBER,
)
_BLOCK_MARK = re.compile(r"/\*|\*/")

Piece = tuple[int, int, str]  # start, end, replacement


def redact_sql(sql: str) -> str:
    """The statement with ``?`` for every string, number and dollar-quoted text; comments dropped.

    Whether a backslash escapes a quote depends on the dialect and on ``standard_conforming_strings``. Where it
    matters, what either reading holds to be a literal goes.
    """
    sql = private_keys(sql)  # their dashes would be taken for comments
    pieces = list(_pieces(_STANDARD, sql))
    if "\\'" in sql:
        pieces = _united(pieces, list(_pieces(_BACKSLASH, sql)))
    return _replaced(sql, pieces)


def redact_cypher(statement: str) -> str:
    """As :func:`redact_sql` for Cypher, where double quotes hold strings and ``//`` starts a comment."""
    statement = private_keys(statement)
    return _replaced(statement, list(_pieces(_CYPHER, statement)))


def _pieces(scanner: re.Pattern[str], text: str) -> Iterator[Piece]:
    at = 0
    while match := scanner.search(text, at):
        start, at = match.span()
        kind = match.lastgroup
        if kind == "block":
            at = _end_of_block(text, start)
        elif kind == "dollar":
            close = text.find(match[0], at)
            at = len(text) if close < 0 else close + len(match[0])
        if kind in {"line", "block"}:
            yield start, at, " "
        elif kind not in {"word", "identifier"}:
            yield start, at, _PLACEHOLDER


def _end_of_block(text: str, start: int) -> int:
    """Block comments nest in PostgreSQL; an unclosed one runs to the end."""
    depth = 0
    for mark in _BLOCK_MARK.finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def _united(first: list[Piece], second: list[Piece]) -> list[Piece]:
    """Overlapping pieces joined into one."""
    joined: list[Piece] = []
    for start, end, replacement in sorted(first + second):
        if joined and start < joined[-1][1]:
            before = joined[-1]
            joined[-1] = (before[0], max(end, before[1]), _PLACEHOLDER)
        else:
            joined.append((start, end, replacement))
    return joined


def _replaced(text: str, pieces: list[Piece]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, replacement in pieces:
        parts += (text[at:start], replacement)
        at = end
    return "".join([*parts, text[at:]])
