"""Whether repeated code has used up what it works on or has a fault of its own: both end in ``StopIteration``."""

from __future__ import annotations

import dis
from traceback import walk_tb

from workbench.experiment.callables import CallableWorkload

__all__ = ["used_up"]

_RAISE = dis.opmap["RAISE_VARARGS"]
_REPEATING = {CallableWorkload._call.__code__, CallableWorkload._call_async.__code__}
_AT_ITS_END = {"__next__", "__anext__"}  # an iterator of the user's own says by ``raise`` that it is at its end


def used_up(error: BaseException) -> BaseException | None:
    """The end of an iterator that earlier calls took from, where that is what ``error`` is or came of; else None.

    The first call has nothing used up before it, so that its ``StopIteration`` is the code's own fault, such as
    ``next`` of what nothing matched; and so is one that is raised by name, or by code whose set-up makes anew what
    every call works on.
    """
    stop = _stop(error)
    repeating = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code in _REPEATING]
    if stop is None or not repeating or repeating[0].f_locals["self"].has_setup:
        return None
    return None if _is_raised_by_name(stop) else stop


def _stop(error: BaseException) -> BaseException | None:
    """The end of an iterator that left the code, also where a generator or coroutine turned it into an error."""
    if isinstance(error, StopIteration | StopAsyncIteration):
        return error
    turned = type(error) is RuntimeError and str(error).endswith(
        ("raised StopIteration", "raised StopAsyncIteration")
    )
    cause = error.__cause__ if turned else None
    return cause if isinstance(cause, StopIteration | StopAsyncIteration) else None


def _is_raised_by_name(error: BaseException) -> bool:
    last = error.__traceback__
    if last is None:
        return True
    at_its_end = False
    while last.tb_next is not None:
        at_its_end |= last.tb_frame.f_code.co_name in _AT_ITS_END
        last = last.tb_next
    code = last.tb_frame.f_code
    return not (at_its_end or code.co_name in _AT_ITS_END) and code.co_code[last.tb_lasti] == _RAISE
