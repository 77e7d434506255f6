"""Secrets told in a sentence or a command line: ``token ghost123 expired``, ``password is hunter2``, ``-u bob:pw``.

Ordinary prose about secrets ("token expired", "password is required", "token endpoint") looks much the same; what
tells a value from a word is a quote around it, a digit, an odd mixture of characters, or the ``is`` before it.
"""

from __future__ import annotations

import re

__all__ = ["redact_prose"]

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
_USER_OPTION = re.compile(
    r"(?P<head>(?<![\w-])(?:-u|-U|--user|--proxy-user)(?:\s{1,4}|=)?[\"']?[\w.@+\\-]{1,64}:)"
    r"(?!\d{1,6}(?!\S))[^\s\"'\[]++"  # docker's -u 1000:1000 is no password
)
_CLIENT_OPTION = re.compile(
    r"(?P<head>\b(?:(?:mysql|mariadb)\w{0,20}[^\n|;&]{0,200}?\s-p|sshpass\s{1,4}-p\s{0,4}|redis-cli[^\n|;&]{0,200}?\s-a\s{1,4}))"
    r"(?![\s\[])[\"']?[^\s\"'\[]++"
)
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
_HINT = re.compile(
    r"pass|pwd|pw|otp|sid|pin|secret|token|credential|jwt|cookie|auth|key|string|session|[cx]srf", re.I
)


def redact_prose(text: str, redacted: str) -> str:
    """The text with such values replaced by ``redacted``."""
    if ":" in text:
        text = _BOT.sub(lambda m: f"{m['head'] or ''}{redacted}", text)
        text = _USER_OPTION.sub(lambda m: m["head"] + redacted, text)
    if "-p" in text or "-a" in text:
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
