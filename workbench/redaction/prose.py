"""Secrets told in a sentence or a command line: ``token ghost123 expired``, ``password is hunter2``, ``-u bob:pw``.

Ordinary prose about secrets ("token expired", "password is required", "token endpoint") looks much the same; what
tells a value from a word is a quote around it, a digit, an odd mixture of characters, or the ``is`` before it.
"""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["looks_random", "redact_prose"]

_NAME = re.compile(
    r"(?<![\w/.\\-])[\w-]{0,40}?"
    r"(?:pass(?:word|wd|phrase|code)|pwd|(?<![a-z])(?:pw|otp|sid|pin)|secret|token|credential|jwt|cookie|authorization"
    r"|(?:api|access|account|private|secret|signing|encryption|shared|storage|service|subscription|master|ssh|auth)"
    r"[-_ ]?key|connection[-_]?string|session[-_ ]?id|csrf|xsrf)"
    r"(?![\w/.\\-])"
    r"(?:\s{1,4}(?:for|of)\s{1,4}[^\s\[]{1,64}(?=\s{1,4}(?:is|was)\s))?(?P<stated>\s{1,4}(?:is|was))?:?\s{1,8}",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"(?P<quote>['\"`])(?P<inside>[^'\"`\n]++)")
_BARE = re.compile(r"(?!\w{1,12}://|HTTP/|/[\w.-]*+/)[^\s\"'`<>,;()\[\]{}]++")
_NEXT = r"[\"']\s{0,4},\s{0,4}[\"']"
_GAP = rf"(?:\s{{1,4}}|{_NEXT})"
_ARGUMENTS = rf"[^\n|;&]{{0,200}}?{_GAP}"
_USER_OPTION = re.compile(
    rf"(?P<head>(?<![\w-])(?:-u|-U|--user|--proxy-user)(?:\s{{1,4}}|=|{_NEXT})?[\"']?[\w.@+\\-]{{1,64}}:)"
    r"(?!\d{1,6}(?!\S))[^\s\"'\[]++"  # docker's -u 1000:1000 is no password
)
_CLIENT_OPTION = re.compile(
    # the program, then its option; in a list of arguments a quote, a comma and a quote stand for the space
    rf"(?P<head>\b(?:(?:mysql|mariadb)\w{{0,20}}{_ARGUMENTS}-p(?:{_NEXT})?+"
    rf"|sshpass{_GAP}-p(?:{_NEXT}|\s{{0,4}})"
    rf"|(?:redis|valkey)-cli{_ARGUMENTS}-a{_GAP}"
    rf"|(?:sqlcmd|bcp|isql|unzip|zip){_ARGUMENTS}-P(?:{_GAP})?+"
    rf"|ldap\w{{2,10}}{_ARGUMENTS}-w{_GAP}"
    rf"|(?:login|twine){_ARGUMENTS}-p(?:{_GAP}|=)"
    r"|-pass(?:in|out)[\s\"',]{1,6}pass:))"
    r"(?![\s\[])[\"']?[^\s\"'\[]++"
)
_OPTION = re.compile("-[pPaw]")
_BOT = re.compile(r"(?P<head>/bot\d{3,20}:)[\w-]{3,}+|(?<![\w:])\d{8,12}:[\w-]{30,}+")
_SYMBOLS = frozenset("!@#$%^&*+=~|?")
_CAMEL_CASE = re.compile(
    r"(?:[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z]))(?:[-_.]?(?:[A-Z][a-z]+|[a-z]{2,}|[A-Z]{2,}(?![a-z])))*+"
)
_PROSE_ENDS = ("ed", "ing", "ly", "able", "ible", "ive", "ent", "ant", "ory", "ect", "al", "ic", "id")
_PROSE = re.compile(
    "unknown|longer|shorter|another|neither|either|stored|unset|already|outside|public|private|secret|before|beyond"
    "|compulsory|unavailable|corrupt|malformed|however"
)
_HUMPED = re.compile(r"_{0,2}(?:[A-Z]{2,5}\d{0,2}(?=[A-Z_]))?(?:[A-Z]?[a-z]+\d{0,4}[-_/]?)+_{0,2}")
_HINT = re.compile(
    r"pass|pwd|pw|otp|sid|pin|secret|token|credential|jwt|cookie|auth|key|string|session|[cx]srf", re.I
)


def redact_prose(text: str, redacted: str) -> str:
    """The text with such values replaced by ``redacted``."""
    if ":" in text:
        text = _BOT.sub(lambda m: f"{m['head'] or ''}{redacted}", text)
        text = _USER_OPTION.sub(lambda m: m["head"] + redacted, text)
    if _OPTION.search(text):
        text = _CLIENT_OPTION.sub(lambda m: m["head"] + redacted, text)
    if _HINT.search(text) is None:  # nearly always; the whole pattern takes ten times as long
        return text
    parts: list[str] = []
    at = 0
    for name in _NAME.finditer(text):
        span = _value(text, name.end(), stated=name["stated"] is not None)
        if name.start() >= at and span is not None:
            parts += (text[at : span[0]], redacted)
            at = span[1]
    return "".join([*parts, text[at:]]) if parts else text


def _value(text: str, at: int, *, stated: bool) -> tuple[int, int] | None:
    """Where the secret begins and ends; None if what stands there is none."""
    if quoted := _QUOTED.match(text, at):
        return None if quoted["inside"].startswith("[") else quoted.span("inside")
    bare = _BARE.match(text, at)
    if bare is None:
        return None
    value = bare[0].rstrip(".:!?") or bare[0]
    return (at, at + len(value)) if _is_secret(value, stated=stated) else None


def _is_secret(value: str, *, stated: bool) -> bool:
    if len(value) < 4:
        return False
    if any(map(str.isdigit, value)) or not _SYMBOLS.isdisjoint(value):
        return any(map(str.isalnum, value))
    if len(value) >= 8 and not (value.islower() or value.isupper() or value.istitle()):
        return _CAMEL_CASE.fullmatch(value) is None  # class names stay
    return stated and len(value) >= 6 and not _is_word_of_prose(value.lower())


def _is_word_of_prose(word: str) -> bool:
    return word.endswith(_PROSE_ENDS) or _PROSE.fullmatch(word) is not None


def looks_random(word: str) -> bool:
    """Whether the word mixes cases and digits as names in code don't: ``Zq9SECRETx7``, but not ``Http2Client``."""
    if len(word) < 8 or not any(map(str.isdigit, word)) or not any(map(str.isalpha, word)):
        return False
    changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(word) if a.isalnum() and b.isalnum())
    mixed = any(map(str.isupper, word)) and any(map(str.islower, word))
    return (mixed and _HUMPED.fullmatch(word) is None) or changes > 3
