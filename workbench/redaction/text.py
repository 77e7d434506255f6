"""Secrets in free text: headers, pairs, URLs, well-known key formats, and SQL quoted in messages.

A redacted text is the original with some spans replaced by ``[redacted]`` (``?`` for SQL literals, as the
OpenTelemetry semantic conventions for ``db.query.text`` have it); nothing else is added and the order is kept. When
in doubt a value goes: losing the end of a message is cheaper than keeping a password. Quantifiers are possessive or
bounded, so that no input makes a pattern backtrack over what it has read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from workbench.model import Scalar
from workbench.redaction.keys import REDACTED, private_keys
from workbench.redaction.prose import redact_prose
from workbench.redaction.sql import redact_cypher, redact_sql

__all__ = [
    "REDACTED",
    "SECRET_NAME",
    "cypher_in",
    "is_secret_name",
    "redact",
    "redact_url",
    "redact_value",
    "redact_words",
    "settled",
    "sql_in",
    "statement_in",
]

_MAX_PASSES = 5

_SECRET_WORDS = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|signature|assertion|jwt|cookie|authorization"
    r"|(?:api|access|account|private|secret|signing|encryption|shared|storage|service|subscription|master|ssh|auth)"
    r"[-_ ]?key|connection[-_]?string|session[-_]?id|sess(?:ion)?id|csrf|xsrf"
)
_SHORT_WORDS = r"(?<![A-Za-z])(?:sig|pass|pw|auth|sid|otp|sas|bearer)(?![A-Za-z])"
# A lifetime or a count of something secret is no secret: token_lifetime_s, max_tokens_count, password_length; nor
# is what stands beside the name of a thing that keeps them: "signing-key-cache", "cached-urls".
_HARMLESS_END = (
    r"(?![\w-]{0,40}?(?:lifetime|ttl|expir\w{0,8}|count|limit|length|size|timeout|type|-cache|_seconds|_s)"
    r"(?![\w-]))"
)
_NAME = rf"(?:{_SECRET_WORDS}|{_SHORT_WORDS}){_HARMLESS_END}[\w-]{{0,40}}+(?:\[[\w-]{{0,40}}+\])?"
SECRET_NAME: Final = _NAME
"""A pattern, to be compiled with IGNORECASE: what a field, variable or option that holds a secret is called."""
_VALUE = (
    r"(?!'{3}|\"{3})"
    r"(?:b?(?P<open>\\{1,7}[\"'])(?P<escaped>(?:(?!(?P=open)).)*+)"  # a quote inside a quoted text: \"…\"
    r"|b?\"(?P<double>(?:[^\"\\]|\\.)*+)|b?'(?P<single>(?:[^'\\]|\\.|'')*+)"
    r"|(?P<bare>\[[^\]]*+\]?|\{[^}]*+\}?|\([^)]*+\)?|[^\s&;\"'<>]++))"
)

_HEADER = re.compile(
    r"(?P<head>\b(?:proxy-authorization|authorization|set-cookie2?|cookie|x-api-key|x-auth-token|x-csrf-token"
    r"|x-amz-security-token|ocp-apim-subscription-key)\b)(?P<sep>\\{0,7}[\"']?[ \t]{0,8}[:=][ \t]{0,8})"
    r"(?![\s\"'\\])(?!b[\"'])[^\r\n]++",
    re.IGNORECASE,
)
_PAIR = re.compile(
    # key=value, key: value, "key": "value"; then ("key", "value"); then --key value
    rf"(?P<head>{_NAME}(?:\\{{0,7}}[\"']\]?)?\s{{0,8}}(?:=>|:=|==|[:=])\s{{0,8}}"
    rf"|{_NAME}\\{{0,7}}[\"']\s{{0,8}},\s{{0,8}}(?=b?\\{{0,7}}[\"'])"
    rf"|(?<![\w-])--?[\w-]{{0,40}}?{_NAME}\s{{1,8}}(?!--))"
    rf"{_VALUE}",
    re.IGNORECASE | re.DOTALL,
)
_BEARER = re.compile(
    r"\b(?P<head>(?:bearer|digest|negotiate)\s{1,8})"
    r"(?!(?:tokens?|auth\w{0,12}|scheme|is|was|and|or|in|for|failed)\b(?![-._~+/=]))[\w.~+/=:-]++",
    re.IGNORECASE,
)
_BASIC = re.compile(
    r"\b(?P<head>basic\s{1,8})(?=[a-z+/]{0,400}+[A-Z0-9=]|[a-z+/]{24})[A-Za-z0-9+/=_:-]{4,}+", re.IGNORECASE
)
_BASIC_HEAD = re.compile(r"basic\s", re.IGNORECASE)
_KEYS = re.compile(
    r"eyJ[\w-]{12,}+(?:\.[\w-]*+)*+|eyJ[\w-]{2,12}\.[\w-]{2,}+(?:\.[\w-]*+)*+"  # JWT, JWE
    r"|(?<![A-Z0-9])(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{12,}+"  # AWS
    r"|gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{16,}+|glpat-[\w-]{16,}+"  # GitHub, GitLab
    r"|xox[a-z]-[\w-]{8,}+|xapp-[\w-]{8,}+|hooks\.slack\.com/services/[^\s\"'<>]++"  # Slack
    r"|(?:sk|rk|pk)_(?:live|test)_\w{8,}+|whsec_\w{8,}+"  # Stripe
    r"|AIza[\w-]{30,}+|ya29\.[\w-]{8,}+|sk-[\w-]{20,}+|SG\.[\w-]{10,}+\.[\w-]++"
    r"|npm_[A-Za-z0-9]{30,}+|pypi-[\w-]{20,}+|hf_[A-Za-z0-9]{20,}+|dapi[0-9a-f]{32}|hvs\.[\w-]{16,}+"
    r"|(?<!\w)\w{3}8Q~[\w.~-]{16,}+"  # Entra ID client secret
)
_URL = re.compile(r"://[^\s\"'<>]++")
_RELATIVE_QUERY = re.compile(r"\?(?P<query>[\w.%\[\]-]{1,64}=[^\s\"'<>#]*+)")
_USER_AT_HOST = re.compile(r"(?<![\w.+:/@-])(?P<user>[\w.+-]{1,64}):[^\s@/\"'<>:]{1,128}@(?=[\w.-])")
_PG_DETAIL = re.compile(r"(?P<head>\)=\()[^\n]*\)")
_SQLA_PARAMETERS = re.compile(r"(?P<head>\[parameters: ).++", re.DOTALL)
_SQL_VERB = re.compile(  # also behind a line's end that was written as \n
    r"(?:\b|(?<=\\[nrt]))(?:select\b|insert\s{1,8}into\b|update\b|delete\s{1,8}from\b|merge\s{1,8}into\b|values\s{0,8}\()",
    re.IGNORECASE,
)
_SQL_REST = re.compile(r"(?:\b|(?<=\\[nrt]))(?:from|into|set|values|where)\b", re.IGNORECASE)
_SHOUTED_VERB = re.compile(r"\b(?:SELECT|INSERT\s{1,8}INTO|UPDATE|DELETE\s{1,8}FROM|MERGE\s{1,8}INTO)\b")
_SHOUTED_REST = re.compile(r"\b(?:FROM|INTO|SET|VALUES|WHERE)\b")
_SQL_MARK = re.compile(r"\[SQL: |\bCALL\s{1,8}[\w.`\"]{1,128}\s{0,4}\(")
_CYPHER = re.compile(
    r"\b(?:(?:MERGE|MATCH|CREATE)\s{1,8}\([\w\s`:|&]{0,200}[{)]"
    r"|(?i:merge|match|create)\s{1,8}\([\w\s`]{0,64}(?::[\w\s`|&]{1,128})?\{)"
)
_DB_VALUE = re.compile(
    # what databases quote of the data in their messages
    r"(?P<head>\b(?:duplicate entry|invalid input (?:syntax|value) for [\w ]{1,60}:"
    r"|(?:truncated )?incorrect [\w ]{1,30} value:|property [`'\"]?[\w.]{1,64}[`'\"]? ?=)\s{0,4}[\"'])"
    r"(?!\[redacted\])[^\"'\n]++",
    re.IGNORECASE,
)
_TRIPLE_PAIR = re.compile(
    rf"(?P<head>{_NAME}(?:[\"']\]?)?(?:\s{{0,4}}:\s{{0,4}}[\w.\[\] |]{{1,60}})?\s{{0,4}}[:=]\s{{0,4}}"
    r"[bBrRuUfF]{0,2}(?P<quotes>\"{3}|'{3}))(?!\[redacted\])(?:(?!(?P=quotes)).)++",
    re.IGNORECASE | re.DOTALL,
)
_ANNOTATED_PAIR = re.compile(
    rf"(?P<head>{_NAME}\s{{0,4}}:\s{{0,4}}[A-Za-z_][\w.\[\] |]{{0,60}}=\s{{0,4}}[bBrRuUfF]{{0,2}}(?P<quote>[\"']))"
    r"(?!\[redacted\]|[\"'])(?:(?!(?P=quote))[^\n])++",
    re.IGNORECASE,
)
_NAME_IN_KEY = re.compile(_NAME, re.IGNORECASE)
_SQL_KEYS = re.compile(r"(?:^|[._])(?:statement|query[._]text|sql|cypher)$", re.IGNORECASE)
_URL_KEYS = re.compile(r"(?:^|[._])(?:url|uri|href|target|endpoint)(?:[._](?:full|original))?$", re.IGNORECASE)


def redact(text: str) -> str:
    """The text without tokens, authorization values, passwords, signatures, keys, query values and SQL literals."""
    return settled(_one_pass, text)


def redact_words(text: str) -> str:
    """As :func:`redact` for what people wrote to be read, where "select … from" is no statement."""
    return settled(lambda each: _one_pass(each, statements=False), text)


def settled(clean: Callable[[str], str], text: str) -> str:
    """What one pass uncovers the next one takes; nearly always the first changes nothing."""
    for _ in range(_MAX_PASSES):
        cleaned = clean(text)
        if cleaned == text:
            return text
        text = cleaned
    return text


def _one_pass(text: str, *, statements: bool = True) -> str:
    text = private_keys(text)
    if "(" in text:
        text = _PG_DETAIL.sub(_after_head(")"), text)
        text = _SQLA_PARAMETERS.sub(_after_head(), text)
    text = _redact_statements(text) if statements else text
    if "'" in text or '"' in text:
        text = _DB_VALUE.sub(_after_head(), text)
        text = _ANNOTATED_PAIR.sub(_after_head(), text) if ":" in text and "=" in text else text
        text = _TRIPLE_PAIR.sub(_after_head(), text) if "'''" in text or '"""' in text else text
    text = _HEADER.sub(lambda m: f"{m['head']}{m['sep']}{REDACTED}", text)
    text = _BEARER.sub(_after_head(), text)
    text = _BASIC.sub(_after_head(), text) if _BASIC_HEAD.search(text) else text
    if "://" in text:
        text = _URL.sub(lambda m: "://".join(map(_clean_location, m[0].split("://"))), text)
    if "?" in text:
        text = _RELATIVE_QUERY.sub(lambda m: "?" + _clean_query(m["query"]), text)
    text = redact_prose(_PAIR.sub(_clean_pair, text), REDACTED)
    if "@" in text:
        text = _USER_AT_HOST.sub(lambda m: f"{m['user']}:{REDACTED}@", text)
    return _KEYS.sub(REDACTED, text)


def redact_url(url: str) -> str:
    """The URL without user information and without values in query and fragment; parameter names stay."""
    return settled(_one_url_pass, url)


def _one_url_pass(url: str) -> str:
    return _one_pass("://".join(map(_clean_location, url.split("://"))))


def redact_value(key: str, value: Scalar) -> Scalar:
    """The value as it may be stored under that name: gone if the name says secret, else its text redacted.

    Booleans and ``None`` stay, numbers too unless the name says secret; SQL and URLs are treated as such by name.
    """
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(key):
        return REDACTED if value != "" else value
    if not isinstance(value, str):
        return value
    if _SQL_KEYS.search(key):
        return redact(redact_sql(value))
    return redact_url(value) if _URL_KEYS.search(key) else redact(value)


def is_secret_name(key: str) -> bool:
    """Whether a field, header, option or variable of that name holds a secret."""
    return _NAME_IN_KEY.search(key) is not None


def _after_head(tail: str = "") -> Callable[[re.Match[str]], str]:
    return lambda match: f"{match['head']}{REDACTED}{tail}"


def _clean_pair(match: re.Match[str]) -> str:
    """Keep the quotes around the value, so that JSON stays JSON."""
    kinds = match.groupdict()
    for kind in ("escaped", "double", "single", "bare"):
        if kinds[kind] is not None:
            inside = match.start(kind) - match.start()
            keep = kinds[kind] == "" or (kind == "bare" and kinds[kind] in {"None", "null", "?", "\\"})
            return match[0] if keep else match[0][:inside] + REDACTED
    return match[0]


def _clean_location(part: str) -> str:
    """One URL after its scheme: authority/path?query#fragment."""
    rest, hash_mark, fragment = part.partition("#")
    rest, question, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        authority = authority.rpartition("@")[2]
    elif "@" in rest and ":" in authority and not authority.rpartition(":")[2].isdigit():
        authority, slash, path = rest.rpartition("@")[2], "", ""  # a password with an unescaped slash
    if "@" in query and ":" in authority and not authority.rpartition(":")[2].isdigit():
        authority, slash, path, query = query.rpartition("@")[2], "", "", ""
        question = ""
    fragment = _clean_query(fragment) if "=" in fragment else fragment
    return f"{authority}{slash}{path}{question}{_clean_query(query)}{hash_mark}{fragment}"


def _clean_query(query: str) -> str:
    return "&".join(_clean_parameter(part) for part in query.split("&")) if query else query


def _clean_parameter(part: str) -> str:
    name, equals, value = part.partition("=")
    if not equals:
        return REDACTED if part else part
    return f"{name}={REDACTED}" if value else part


def sql_in(text: str) -> bool:
    """Whether the text holds what reads as an SQL statement."""
    verb = _SQL_VERB.search(text)
    return (verb is not None and _SQL_REST.search(text, verb.start()) is not None) or bool(_SQL_MARK.search(text))


def statement_in(text: str) -> bool:
    """Whether the text holds a statement that is set as one: SQL in capitals, or Cypher."""
    verb = _SHOUTED_VERB.search(text)
    shouted = verb is not None and _SHOUTED_REST.search(text, verb.start()) is not None
    return shouted or _SQL_MARK.search(text) is not None or cypher_in(text)


def cypher_in(text: str) -> bool:
    """Whether the text holds what reads as a Cypher pattern."""
    return _CYPHER.search(text) is not None


def _redact_statements(text: str) -> str:
    """Literals of a statement quoted in a message, such as a driver's error: from where it begins to the end."""
    verb = _SQL_VERB.search(text)
    if verb is not None and not _SQL_REST.search(text, verb.start()):
        verb = None
    starts = [found.start() for found in (verb, _SQL_MARK.search(text)) if found is not None]
    if starts:
        text = text[: min(starts)] + redact_sql(text[min(starts) :])
    pattern = _CYPHER.search(text) if "(" in text else None
    return text[: pattern.start()] + redact_cypher(text[pattern.start() :]) if pattern is not None else text
