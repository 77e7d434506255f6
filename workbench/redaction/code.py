"""Secrets in source code and in what it printed, where a value may run over several lines.

Keys and statements stand in triple-quoted strings or in several strings beside each other, so strings are found
first and each is taken whole; the lines are then redacted one by one. The number of lines never changes: source is
shown beside the times of its lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from workbench.redaction.keys import REDACTED, private_keys
from workbench.redaction.sql import redact_cypher, redact_sql
from workbench.redaction.text import SECRET_NAME, cypher_in, redact, redact_words, sql_in, statement_in

__all__ = ["redact_code", "redact_markdown", "redact_output"]

_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*+)"
    r"|(?P<triple>\"\"\"|''')(?P<long>(?:\\.|(?!(?P=triple)).)*+)(?:(?P=triple)|\Z)"
    r"|(?P<quote>[\"'])(?P<short>(?:\\.|(?!(?P=quote))[^\n\\])*+)(?P=quote)?",
    re.DOTALL,
)
_BETWEEN = re.compile(r"[\s\\()+]*[bBrRuUfFtT]{0,2}")  # between strings that make one text
_ASSIGNED = re.compile(
    rf"{SECRET_NAME}[\"']?\]?(?:\s{{0,4}}:[\w\s.\[\]|]{{1,60}})?\s{{0,4}}[:=]\s{{0,4}}\(?[\s\\]{{0,40}}[bBrRuUfFtT]{{0,2}}\Z",
    re.IGNORECASE,
)
_MAGIC = re.compile(
    r"\s*%%(?!(?:time|timeit|profile|compare|capture|prun|workbench)\b)\w"
)  # another language's cell
_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'|\b\d{4,}\b|[\"'].*")
_BLANK = re.compile(r"(\n[ \t]*\n)")

Literal = tuple[int, int]  # where a string's content begins and ends


def redact_code(code: str) -> str:
    """The code with secrets in its strings, comments and lines redacted, and as many lines as before."""
    if _MAGIC.match(code):
        return _padded(code, redact(code))
    pieces = sorted(
        (span, shown) for group in _groups(code) for span, shown in zip(group, _cleaned(code, group), strict=True)
    )
    parts: list[str] = []
    at = 0
    for (start, end), shown in pieces:
        parts += (code[at:start], shown)
        at = end
    text = "".join([*parts, code[at:]])
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    """A line whose strings have been seen to; what a notebook's magics and shells are given is no Python."""
    if line.lstrip().startswith(("!", "%")):
        return redact(line)
    # what isn't a literal is a name or a call, as in session_id=run.session_id
    literals = _LITERAL.findall(line)
    if not literals:
        return line
    cleaned = redact_words(line)
    return line if literals == _LITERAL.findall(cleaned) else cleaned


def redact_output(text: str) -> str:
    """Printed text: keys over many lines go whole, all else paragraph by paragraph; as many lines as before."""
    return _by_paragraph(text, redact)


def redact_markdown(text: str) -> str:
    """As :func:`redact_output` for what people wrote to be read, where only "SELECT … FROM" is a statement."""
    return _by_paragraph(text, lambda piece: redact(piece) if statement_in(piece) else redact_words(piece))


def _by_paragraph(text: str, clean: Callable[[str], str]) -> str:
    pieces = _BLANK.split(_padded(text, private_keys(text)))
    return "".join(piece if index % 2 else _padded(piece, clean(piece)) for index, piece in enumerate(pieces))


def _groups(code: str) -> list[list[Literal]]:
    """Comments and strings of the code by place, strings that make one text together."""
    groups: list[list[Literal]] = []
    comments: list[list[Literal]] = []
    last = -1
    for token in _TOKEN.finditer(code):
        if token["comment"] is not None:
            span = token.start() + 1, token.end()
            if comments and not code[comments[-1][-1][1] : token.start()].strip():
                comments[-1].append(span)
            else:
                comments.append([span])
            if groups and last >= 0 and _BETWEEN.fullmatch(code, last, token.start()):
                last = token.end()
            continue
        span = token.span("long" if token["triple"] else "short")
        if groups and last >= 0 and _BETWEEN.fullmatch(code, last, token.start()):
            groups[-1].append(span)
        else:
            groups.append([span])
        last = token.end()
    return [*groups, *comments]


def _cleaned(code: str, group: Sequence[Literal]) -> list[str]:
    """What is shown for each string of a group."""
    texts = [code[start:end] for start, end in group]
    first = group[0][0]
    quote = first - (3 if code[first - 3 : first] in ('"""', "'''") else 1)
    if code[first - 1] != "#" and _ASSIGNED.search(code, max(0, quote - 200), quote):
        return [_padded(text, REDACTED) if text.strip() else text for text in texts]
    whole = " ".join(texts)
    if len(texts) > 1 and private_keys(whole) != whole:
        return [_padded(text, REDACTED) if text.strip() else text for text in texts]
    literals = [clean for clean, holds in ((redact_cypher, cypher_in), (redact_sql, sql_in)) if holds(whole)]
    if len(texts) > 1:
        for clean in literals:
            texts = [_padded(text, clean(text)) for text in texts]
    return [_padded(text, redact(text)) for text in texts]


def _padded(text: str, cleaned: str) -> str:
    """The cleaned text with the line ends it has lost, behind the part that differs."""
    lost = text.count("\n") - cleaned.count("\n")
    if lost <= 0:
        return cleaned
    same = 0
    for a, b in zip(reversed(text), reversed(cleaned), strict=False):
        if a != b:
            break
        same += 1
    at = len(cleaned) - same
    return cleaned[:at] + "\n" * lost + cleaned[at:]
