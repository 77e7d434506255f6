"""How a round ended, told by the exception that left it."""

from __future__ import annotations

import asyncio
from traceback import walk_tb

from workbench.model import Status
from workbench.paths import is_user_code, normalise, shorten_text

__all__ = ["outcome_of", "raised_at"]

LONGEST_MESSAGE = 300
_LONGEST_READ = 10_000


def outcome_of(error: BaseException | None) -> tuple[Status, str]:
    """Status and a redacted one-liner. Ctrl-C and cancellation interrupt; ``sys.exit(0)`` is a regular end."""
    if error is None:
        return Status.OK, ""
    if isinstance(error, SystemExit):
        code = error.code
        return (Status.OK, "") if code in (None, 0) else (Status.FAILED, f"SystemExit: {_line(str(code))}")
    text = f"{type(error).__qualname__}: {_line(_message(error))}".removesuffix(": ")
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)):
        return Status.INTERRUPTED, text
    return Status.FAILED, text


def raised_at(error: BaseException) -> str:
    """`` at app.py:12``: the innermost line of the user's own code that the exception came through; "" of none."""
    places = [
        f"{file}:{line}"
        for frame, line in walk_tb(error.__traceback__)
        if is_user_code(file := normalise(frame.f_code.co_filename))
    ]
    return f" at {places[-1]}" if places else ""


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its message can't be had: its __str__ raises)"


def _line(message: str) -> str:
    """The first line, without control characters and halves of surrogate pairs: terminals and files refuse them."""
    from workbench.redaction import redact

    first = message.strip().partition("\n")[0][:_LONGEST_READ]
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in first)
    return shorten_text(redact(shown))[:LONGEST_MESSAGE]
