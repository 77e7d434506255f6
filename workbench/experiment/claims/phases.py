"""How long parts of a round took, read from its spans."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.model import Span

__all__ = ["handshake_seconds", "last_requests_seconds"]


def handshake_seconds(spans: Sequence[Span]) -> float:
    """Seconds spent on opening connections, TCP and TLS, summed over all of them."""
    return sum(span.duration_ns for span in spans if span.kind in ("connect", "tls")) / 1e9


def last_requests_seconds(spans: Sequence[Span], count: int) -> float:
    """Seconds from the start of the first to the end of the last of the ``count`` requests that started last.

    That is a phase of its own where a program asks for them only after it has everything else.
    """
    requests = sorted((span for span in spans if span.kind == "http"), key=lambda span: span.start_ns)
    last = requests[-count:] if count > 0 else []
    if not last:
        return 0.0
    return (max(span.start_ns + span.duration_ns for span in last) - last[0].start_ns) / 1e9
