"""A transport that sends what is written in one turn of the event loop at once."""

from __future__ import annotations

import asyncio

__all__ = ["OneWriteTransport"]


class OneWriteTransport:
    """Stands for the transport it wraps.

    Uvicorn writes an answer's head and body apart, and each write is a TLS record, a system call and a wake-up of
    the link and the client. Servers such as Tomcat send a small answer in one piece.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pending: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._pending:
            self._loop.call_soon(self._flush)
        self._pending.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._pending.clear()
        self._transport.abort()

    def _flush(self) -> None:
        if self._pending:
            self._transport.write(b"".join(self._pending))
            self._pending.clear()

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)
