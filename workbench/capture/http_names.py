"""Names of HTTP spans: the method and a template of the path, never a literal of the user's data."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["path_template"]

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+")
HEXADECIMAL = re.compile(r"(?=.*\d)[0-9a-f]{8,}", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z0-9._~$()-]+")  # anything else is percent-encoded, an address, a key=value, ...
DATA_AFTER = frozenset({"name", "serialnumber", "macaddress", "username", "email", "udid", "udids", "match"})
LONGEST = 40
MANY_DIGITS = 5


def path_template(path: str) -> str:
    """``/JSSResource/policies/id/7`` → ``/JSSResource/policies/id/{id}``; query and fragment are dropped.

    A segment becomes ``{id}`` if it is a number, UUID or hexadecimal digest, and ``{value}`` if it is long, holds
    many digits or characters that plain resource names don't, or follows a segment such as ``name``.
    """
    segments = path.partition("?")[0].partition("#")[0].split("/")
    template = []
    after = ""
    for segment in segments:
        template.append("{id}" if segment.isdecimal() else _template(segment, after))
        after = segment
    return "/".join(template)


@lru_cache(maxsize=4096)
def _template(segment: str, after: str) -> str:
    if not segment:
        return ""
    if NUMBER.fullmatch(segment) or UUID.fullmatch(segment) or HEXADECIMAL.fullmatch(segment):
        return "{id}"
    if after.lower() in DATA_AFTER or len(segment) > LONGEST or not PLAIN.fullmatch(segment):
        return "{value}"
    return "{value}" if sum(map(str.isdigit, segment)) >= MANY_DIGITS else segment
