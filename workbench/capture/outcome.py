"""How a round ended, told by the exception that left it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from traceback import walk_tb

from workbench.errors import WorkbenchError
from workbench.model import Status
from workbench.paths import is_user_code, normalise, shorten_text

__all__ = ["last_words", "outcome_of", "raised_at", "told"]

LONGEST_MESSAGE = 300
_LONGEST_READ = 10_000
_NO_MESSAGE = "(its message can't be had: its __str__ raises)"
_EXCEPTION = re.compile(r"(?:\w+\.)+\w+|_{0,2}[A-Z]\w*[a-z]\w*")  # ValueError, zlib.error, json.JSONDecodeError


def outcome_of(error: BaseException | None) -> tuple[Status, str]:
    """Status and one line for store, report and log. Ctrl-C and cancellation interrupt; ``sys.exit(0)`` is OK.

    The workbench's own errors say what they say; of a program's exceptions the type and the words of the message
    are kept, not what it quotes of data.
    """
    return _outcome(error, _line)


def told(error: BaseException) -> str:
    """The same line for the terminal of whoever runs the program: with its values, but for known secrets."""
    return _outcome(error, _readable)[1]


def _outcome(error: BaseException | None, line: Callable[[BaseException, str], str]) -> tuple[Status, str]:
    if error is None:
        return Status.OK, ""
    if isinstance(error, SystemExit):
        code = error.code
        if code in (None, 0):
            return Status.OK, ""
        return Status.FAILED, f"SystemExit: {code if isinstance(code, int) else line(error, str(code))}"
    text = f"{type(error).__qualname__}: {line(error, _message(error))}".removesuffix(": ")
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)):
        return Status.INTERRUPTED, text
    return Status.FAILED, text


def last_words(line: str) -> str:
    """The last line that a program wrote before it failed, for a message or a log: its words, as of an exception.

    It may be a later line of an exception's message, or what ``sys.exit`` was given, as well as its first.
    """
    from workbench.redaction import redact_exception

    name, colon, message = line.partition(":")
    if colon and _EXCEPTION.fullmatch(name):
        return f"{name}: {redact_exception(message.strip())}".removesuffix(": ")
    return redact_exception(line)


def raised_at(error: BaseException) -> str:
    """`` at app.py:12``: the innermost line of the user's own code that the exception came through; "" of none.

    A syntax error's is the line that can't be read.
    """
    passed = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    passed += filter(None, [_own_place(error)])
    places = [f"{file}:{line}" for name, line in passed if is_user_code(file := normalise(name))]
    return f" at {places[-1]}" if places else ""


def _own_place(error: BaseException) -> tuple[str, int] | None:
    """File and line of a syntax error in the user's own code; a program may raise one with anything in it."""
    if not isinstance(error, SyntaxError) or type(error).__str__ is not SyntaxError.__str__:
        return None
    file, line = error.filename, error.lineno
    known = isinstance(file, str) and isinstance(line, int) and is_user_code(normalise(file))
    return (file, line) if known else None  # type: ignore[return-value]


def _message(error: BaseException) -> str:
    if _own_place(error):
        return str(getattr(error, "msg", ""))  # its place, which str adds, is told by ``raised_at``
    try:
        return str(error)
    except Exception:
        return _NO_MESSAGE


def _line(error: BaseException, message: str) -> str:
    from workbench.redaction import redact, redact_exception

    first = _first(message)
    if isinstance(error, WorkbenchError):
        return shorten_text(redact(first))[:LONGEST_MESSAGE]
    if message == _NO_MESSAGE:
        return message
    files = [name for name in _files(error) if name]
    return shorten_text(redact_exception(first, files))[:LONGEST_MESSAGE]


def _files(error: BaseException) -> tuple[str, ...]:
    """Names of files that didn't open: what one needs to mend it, and no data of the program."""
    names = (error.filename, error.filename2) if isinstance(error, OSError) else ()
    return tuple(name for name in names if isinstance(name, str))


def _readable(error: BaseException, message: str) -> str:
    from workbench.redaction import redact

    return shorten_text(redact(_first(message)))[:LONGEST_MESSAGE]


def _first(message: str) -> str:
    """The first line, without control characters and halves of surrogate pairs: terminals and files refuse them."""
    first = message.strip().partition("\n")[0][:_LONGEST_READ]
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in first)
