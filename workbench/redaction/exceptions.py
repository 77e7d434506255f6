"""What an exception of a user's program may say in a store, a report or a log: its words, without its data.

Nobody can tell by its looks whether ``KeyError: 'Zq9x7'`` names a column or a password. Values stand in quotes, in
brackets and behind ``=``, so these go, whatever they hold; what the interpreter and databases quote as names in
code (``'Order' object has no attribute 'total'``, ``column "price"``) stays where the words around it say so.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from workbench.redaction.keys import REDACTED
from workbench.redaction.prose import looks_random
from workbench.redaction.text import redact, settled

__all__ = ["redact_exception"]

_LONGEST = 4_000  # what is stored of a message is far shorter
_QUOTES = "'\"`“‘«"
_CLOSING = {"“": "”", "‘": "’", "«": "»"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_OPENING = re.compile(rf"(?:(?<!\w)[bBrRuUfF]{{1,2}})?[{_QUOTES}]|[(\[{{]|<(?=[A-Za-z_])")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]{0,63}")
_NAMED_BEFORE = re.compile(
    r"\b(?:module|module named|attribute|keyword argument|arguments?:|local variable|import name"
    r"|operand type\(s\) for \S{1,8}|constraint|relation|column|table|index|sequence|schema|property|label"
    r")\s{0,2}$",
    re.IGNORECASE,
)
_NAMED_AFTER = re.compile(r" (?:object\b|codec\b|is not defined\b)")
_HARMLESS = re.compile(
    r"|s|es|redacted|(?:Errno|WinError) -?\d{1,6}|SSL(?:: [A-Z_]{1,64})?"
    r"|-?\d{1,4}(?:\.\d{1,4})?(?:, ?-?\d{1,4}(?:\.\d{1,4})?)*+,?"
    r"|(?:[A-Za-z_]\w{0,63}\.){1,8}[A-Z]\w{0,63}|_ssl\.c:\d{1,6}"
)
_OBJECT = re.compile(r"(?:[A-Za-z_]\w{0,63}\.){0,8}[A-Za-z_]\w{0,63}(?: object at 0x[0-9a-fA-F]{1,16})?")
_ASSIGNED = re.compile(r"(?<=[\w\])])\s?={1,2}\s?(?!\[redacted\]|-?\d{1,6}(?:\.\d{1,6})?(?!\S))[^\s=]\S*+")
_MAIL = re.compile(r"[^\s@'\"<>()\[\]{}]{1,64}@[\w.-]{1,255}")
_DIGITS = re.compile(r"(?<![\w.])\d{9,}+(?!\w)")
_WORD = re.compile(r"[\w+/=~!$%^&*-]{8,}+")
_SINGLE = re.compile(r"[^\s\[\]]{4,}+")


def redact_exception(text: str, keep: Collection[str] = ()) -> str:
    """The message without quoted and bracketed values; ``keep`` are names that may stay in quotes, as a file's.

    Idempotent, in linear time, and at least as strict as :func:`redact`.
    """
    return settled(lambda each: _one_pass(each, frozenset(keep)), text[:_LONGEST])


def _one_pass(text: str, keep: frozenset[str]) -> str:
    cleaned = _without_values(redact(text), keep)
    cleaned = _ASSIGNED.sub(f"={REDACTED}", cleaned)
    cleaned = _MAIL.sub(REDACTED, cleaned)
    cleaned = _DIGITS.sub(REDACTED, cleaned)
    cleaned = _WORD.sub(lambda found: REDACTED if looks_random(found[0]) else found[0], cleaned)
    alone = _SINGLE.fullmatch(cleaned.strip())  # a message of one word with a digit in it is a value
    return REDACTED if alone and any(map(str.isdigit, alone[0])) else cleaned


def _without_values(text: str, keep: frozenset[str]) -> str:
    parts: list[str] = []
    at = 0
    while found := _OPENING.search(text, at):
        start, mark = found.start(), found[0][-1]
        if mark in _QUOTES and start and found[0] == mark and (text[start - 1].isalnum() or text[start - 1] == "_"):
            parts.append(text[at : found.end()])  # an apostrophe
            at = found.end()
            continue
        parts.append(text[at:start])
        at = _end(text, found.end(), mark)
        shown = text[start:at]
        parts.append(shown if _may_stay(text, start, at, mark, keep) else _emptied(shown, found[0]))
    return "".join([*parts, text[at:]])


def _end(text: str, inside: int, mark: str) -> int:
    """Behind the quote's or bracket's end; the text's end where it is never closed."""
    if mark == "<":
        close = text.find(">", inside, inside + 400)
        return inside if close < 0 else close + 1
    if mark in _BRACKETS:
        return _end_of_bracket(text, inside)
    closing = _CLOSING.get(mark, mark)
    if text[inside : inside + 1] in _BRACKETS:  # '['curl', '-u', …]'
        behind = _end_of_bracket(text, inside + 1)
        if text[behind : behind + 1] == closing:
            return behind + 1
    at = text.find(closing, inside)
    while at >= 0 and text[at + 1 : at + 2].isalnum():  # 'it's'
        at = text.find(closing, at + 1)
    return len(text) if at < 0 else at + 1


def _end_of_bracket(text: str, inside: int) -> int:
    depth = 1
    for at in range(inside, len(text)):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if not depth:
                return at + 1
    return len(text)


def _may_stay(text: str, start: int, end: int, mark: str, keep: frozenset[str]) -> bool:
    inside = text[start + 1 : end - 1]
    if mark == "<":
        return end == start + 1 or _OBJECT.fullmatch(inside) is not None
    if mark in _BRACKETS:
        return _HARMLESS.fullmatch(inside) is not None
    if text[start : start + 1] != mark:  # b'…'
        return False
    if inside in keep or inside == REDACTED:
        return True
    if not _IDENTIFIER.fullmatch(inside) and inside not in ("utf-8", "utf-16", "utf-32", "latin-1"):
        return False
    named = _NAMED_BEFORE.search(text, max(0, start - 60), start) or _NAMED_AFTER.match(text, end)
    return named is not None and not looks_random(inside)


def _emptied(shown: str, opening: str) -> str:
    """The quotes or brackets around what was there."""
    mark = opening[-1]
    if mark == "[":
        return REDACTED
    closing = ">" if mark == "<" else _BRACKETS.get(mark) or _CLOSING.get(mark, mark)
    return f"{mark}{REDACTED}{closing}"
