"""Puts the spans of ``http`` under httpx's transports while something is recorded, and takes them off again.

Nothing is patched outside a recording. If httpx isn't imported yet, an import hook waits for it, so that a program
that never uses it doesn't pay for importing it.
"""

from __future__ import annotations

import sys
from typing import Any

from workbench.capture.frames import resumes
from workbench.capture.spans import active_log
from workbench.capture.switch import Switch

__all__ = ["install", "uninstall"]

_sync_base: Any = None  # stay set after the last recording: a thread may be on its way through our layer
_async_base: Any = None
_calls: dict[str, Any] = {}
_theirs = False  # whether the program had instrumented httpx itself when we came


def _patch() -> None:
    global _sync_base, _async_base, _theirs
    import httpx

    from workbench.capture.http import AsyncCall, SyncCall  # now, not in the middle of the first request

    _calls.update(sync=SyncCall, asynchronous=AsyncCall)
    _theirs = _instrumented_by_program()
    _sync_base = httpx.HTTPTransport.handle_request
    _async_base = httpx.AsyncHTTPTransport.handle_async_request
    httpx.HTTPTransport.handle_request = _handle_request  # type: ignore[method-assign]
    httpx.AsyncHTTPTransport.handle_async_request = _handle_async_request  # type: ignore[method-assign]


def _unpatch() -> None:
    import httpx

    undone = _theirs and not _instrumented_by_program()
    _take_off(httpx.HTTPTransport, "handle_request", _handle_request, _sync_base, undone)
    _take_off(httpx.AsyncHTTPTransport, "handle_async_request", _handle_async_request, _async_base, undone)


def _take_off(owner: type, name: str, ours: Any, base: Any, undone: bool) -> None:
    """Take our layer out, also from under one that the program has put on top meanwhile.

    ``undone``: the program took its own instrumentation off meanwhile, and couldn't reach it below ours.
    """
    if undone:
        base = getattr(base, "__wrapped__", base)
    top = getattr(owner, name)
    if top is ours:
        setattr(owner, name, base)
        return
    layer = owner.__dict__.get(name)
    while layer is not None:
        below = getattr(layer, "__wrapped__", None)
        if below is ours:
            layer.__wrapped__ = base
        layer = below


def _instrumented_by_program() -> bool:
    module = sys.modules.get("opentelemetry.instrumentation.httpx")
    return module is not None and bool(module.HTTPXClientInstrumentor().is_instrumented_by_opentelemetry)


@resumes
def _handle_request(self: Any, request: Any) -> Any:
    base = _sync_base
    log = active_log()
    if log is None:
        return base(self, request)
    return _calls["sync"](log, self, request, base).run()


@resumes
async def _handle_async_request(self: Any, request: Any) -> Any:
    base = _async_base
    log = active_log()
    if log is None:
        return await base(self, request)
    return await _calls["asynchronous"](log, self, request, base).run()


_switch = Switch("httpx", _patch, _unpatch)
install = _switch.install
uninstall = _switch.uninstall
