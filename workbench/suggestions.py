"""What a mistyped name may have meant: one way of saying so, wherever a name is looked up."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = ["near_file", "nearest", "suggestion"]

_MOST = 10


def nearest(text: str, known: Iterable[str]) -> str | None:
    """The known name that is most like the text, whatever its case; None if none is like it."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(text.lower(), by_lower, n=1)
    return by_lower[close[0]] if close else None


def suggestion(text: str, known: Iterable[str], *, listed: str = "known") -> str:
    """The end of a message about a name that isn't there: the name that may be meant, and the names there are.

    ``"; did you mean 'naive'? known: naive, pooled"``, ``"; known: naive, pooled"``, or ``""`` of none.
    ``listed`` is the word before the list, which names ten at most; "" leaves the list out.
    """
    names = list(known)
    meant = nearest(text, names)
    hint = f"; did you mean {meant!r}?" if meant is not None else ""
    if not (listed and names):
        return hint
    more = ", …" if len(names) > _MOST else ""
    return f"{hint or ';'} {listed}: {', '.join(names[:_MOST])}{more}"


def near_file(path: Path) -> str:
    """The same of a Python file that isn't there: one beside it that may be meant, or that its folder isn't."""
    folder = path.parent
    if not folder.is_dir():
        return f": there is no folder {folder}"
    meant = nearest(path.name, (p.name for p in folder.glob("*.py")))
    return f"; did you mean {folder / meant}?" if meant is not None else ""
