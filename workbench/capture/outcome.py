"""How a round ended, told by the exception that left it."""

from __future__ import annotations

import asyncio

from workbench.model import Status
from workbench.paths import shorten_text

__all__ = ["outcome_of"]

LONGEST_MESSAGE = 300


def outcome_of(error: BaseException | None) -> tuple[Status, str]:
    """Status and a redacted one-liner. Ctrl-C and cancellation interrupt; ``sys.exit(0)`` is a regular end."""
    if error is None:
        return Status.OK, ""
    if isinstance(error, SystemExit):
        code = error.code
        return (Status.OK, "") if code in (None, 0) else (Status.FAILED, f"SystemExit: {_line(str(code))}")
    text = f"{type(error).__qualname__}: {_line(str(error))}".removesuffix(": ")
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)):
        return Status.INTERRUPTED, text
    return Status.FAILED, text


def _line(message: str) -> str:
    from workbench.redaction import redact

    first = message.strip().partition("\n")[0]
    return shorten_text(redact(first))[:LONGEST_MESSAGE]
