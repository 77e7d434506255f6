"""Text of others made safe to show: nothing invisible, nothing that turns the reading order, no terminal codes."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["markdown_title", "shortened", "terminal_text", "visible"]

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_ANSI = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\-_])")
_HEADING = re.compile(r"^\s{0,3}#\s+(.+?)\s*#*\s*$", re.MULTILINE)


def visible(text: str) -> str:
    """The text with control characters, bidirectional overrides and lone surrogates written out; lines stay."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\r\n", "\n"))


def terminal_text(text: str) -> str:
    """What a terminal would show: colours gone, and of a line written over itself the last version."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return visible("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def shortened(text: str, most: int = 20_000) -> str:
    """At most that many characters, from both ends; what is left out is counted."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters are left out …\n{text[-half:]}"


def markdown_title(source: str) -> str:
    """The text of the first heading of the first level; "" without one."""
    found = _HEADING.search(source)
    return unicodedata.normalize("NFC", found[1].replace("`", "").replace("*", "")) if found else ""
