"""The words and options on a magic's first line."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.suggestions import suggestion

__all__ = ["count", "positive", "told_in_one_line", "words_and_options"]


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Let an error of ours reach the user as a magic's misuse does: in one line, without a traceback."""
    from IPython.core.error import UsageError as MagicError

    try:
        yield
    except WorkbenchError as error:
        raise MagicError(str(error)) from None


def words_and_options(
    magic: str, line: str, known: Mapping[str, Callable[[str], Any]], flags: Collection[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Words, and options ``--name VALUE`` (or ``--name=VALUE``) as ``known`` converts them, or ``UsageError``.

    ``flags`` are options without a value; those given are True.
    """
    try:
        parts = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%%{magic}: {str(error).lower()} in {line!r}") from error
    words: list[str] = []
    options: dict[str, Any] = {}
    rest = iter(parts)
    for part in rest:
        if not part.startswith("-"):
            words.append(part)
            continue
        if part in flags:
            options[_key(part)] = True
            continue
        name, equals, value = part.partition("=")
        if name not in known:
            hint = suggestion(name, [*known, *flags], listed="it has")
            raise UsageError(f"%%{magic} has no option {name}{hint}")
        text = value if equals else next(rest, None)
        if text is None:
            raise UsageError(f"%%{magic}: {name} needs a value")
        try:
            options[_key(name)] = known[name](text)
        except ValueError as error:
            raise UsageError(f"%%{magic}: {name} {error}") from None
    return words, options


def _key(option: str) -> str:
    return option.lstrip("-").replace("-", "_")


def count(text: str) -> int:
    """A whole number from 1 to 10,000."""
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ValueError(f"takes a whole number from 1 to 10,000, not {text!r}")
    return int(text)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ValueError(f"takes a number above 0, not {text!r}")
    return number
