"""Spans of Cypher statements, by our own patch of the neo4j driver: OpenTelemetry has no instrumentation for it.

A statement's span lasts until the driver's ``run`` returns: in an explicit transaction one round trip, in which the
transaction's begin travels too. Commits are spans of a kind of their own. Nothing is patched outside a recording,
and the driver isn't imported for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from workbench.capture.frames import resumes
from workbench.capture.spans import OpenSpan, active_log, record_span
from workbench.capture.switch import Switch
from workbench.redaction import redact_cypher

__all__ = ["install", "uninstall"]

COMMIT = "COMMIT"
_LONGEST = 400

_originals: list[tuple[type, str, Callable[..., Any]]] = []


def _patch() -> None:
    from neo4j import AsyncSession, Session
    from neo4j._async.work.transaction import AsyncTransactionBase
    from neo4j._sync.work.transaction import TransactionBase

    for owner, name, wrap in (
        (Session, "run", _statement),
        (TransactionBase, "run", _statement),
        (TransactionBase, "_commit", _commit),
        (AsyncSession, "run", _async_statement),
        (AsyncTransactionBase, "run", _async_statement),
        (AsyncTransactionBase, "_commit", _async_commit),
    ):
        original = owner.__dict__[name]
        wrapper: Any = wrap(original)
        wrapper.__wrapped__ = original
        setattr(owner, name, wrapper)
        _originals.append((owner, name, original))


def _unpatch() -> None:
    """Restore the driver as it was found, unless the program has patched it over us."""
    for owner, name, original in _originals:
        if getattr(owner.__dict__.get(name), "__wrapped__", None) is original:
            setattr(owner, name, original)
    _originals.clear()


def _statement(original: Callable[..., Any]) -> Callable[..., Any]:
    @resumes
    def run(self: Any, query: Any, *arguments: Any, **parameters: Any) -> Any:
        if active_log() is None:
            return original(self, query, *arguments, **parameters)
        with record_span("cypher", _name(query)) as span:
            _describe(span, self, arguments, parameters)
            return original(self, query, *arguments, **parameters)

    return run


def _async_statement(original: Callable[..., Any]) -> Callable[..., Any]:
    @resumes
    async def run(self: Any, query: Any, *arguments: Any, **parameters: Any) -> Any:
        if active_log() is None:
            return await original(self, query, *arguments, **parameters)
        with record_span("cypher", _name(query)) as span:
            _describe(span, self, arguments, parameters)
            return await original(self, query, *arguments, **parameters)

    return run


def _commit(original: Callable[..., Any]) -> Callable[..., Any]:
    @resumes
    def commit(self: Any) -> Any:
        with record_span("cypher-commit", COMMIT):
            return original(self)

    return commit


def _async_commit(original: Callable[..., Any]) -> Callable[..., Any]:
    @resumes
    async def commit(self: Any) -> Any:
        with record_span("cypher-commit", COMMIT):
            return await original(self)

    return commit


def _name(query: Any) -> str:
    """The statement without its literals; ``Query`` objects carry theirs as ``text``."""
    return _redacted(str(getattr(query, "text", query)))


@lru_cache(maxsize=512)
def _redacted(text: str) -> str:
    return " ".join(redact_cypher(text).split())[:_LONGEST]


def _describe(span: OpenSpan | None, owner: Any, arguments: tuple[Any, ...], parameters: dict[str, Any]) -> None:
    """How many rows an UNWIND brings, and whether the statement is in a transaction; never a parameter's value."""
    if span is None:
        return
    given = dict(arguments[0] or {}) if arguments else {}
    given.update(parameters)
    span.attributes["parameters"] = len(given)
    batches = [len(value) for value in given.values() if isinstance(value, list | tuple)]
    if batches:
        span.attributes["rows"] = max(batches)
    span.attributes["transaction"] = not hasattr(owner, "begin_transaction")


_switch = Switch("neo4j", _patch, _unpatch)
install = _switch.install
uninstall = _switch.uninstall
