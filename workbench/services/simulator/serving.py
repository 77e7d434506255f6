"""Serve an application from a child process: HTTP/1.1 with keep-alive over TLS, by Uvicorn.

The certificate is issued at every start by an authority that lives as long as the start takes; its own certificate
is written to a private folder that goes with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import trustme
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbench.services.child import Channel, raise_file_limit
from workbench.services.precise import PreciseSelector, tighten_timer_slack
from workbench.services.simulator.app import SimulatorApp
from workbench.services.simulator.transport import OneWriteTransport

__all__ = ["serve_until_the_end"]

_KEEP_ALIVE_S = 75  # as nginx and AWS's balancers: an idle pooled connection outlives a pause of the client


class _Server(uvicorn.Server):
    """Signals belong to ``services.child``, and the parent is told when requests are served."""

    def __init__(self, config: uvicorn.Config, channel: Channel, facts: dict[str, Any]) -> None:
        super().__init__(config)
        self._channel = channel
        self._facts = facts

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._channel.ready(self._facts)


def serve_until_the_end(app: SimulatorApp, channel: Channel, name: str, facts: Mapping[str, Any]) -> None:
    """Serve until the parent goes. The parent is told host, port, the folder of ``ca.pem`` and the ``facts``."""
    raise_file_limit()
    tighten_timer_slack()
    channel.operations |= {"stats": app.stats, "reset": app.reset}
    folder = Path(tempfile.mkdtemp(prefix=f"workbench-{name}-"))
    channel.cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    listener = _listen()
    host, port = listener.getsockname()
    reported = {"host": host, "port": port, "folder": str(folder), **facts}
    server = _Server(_uvicorn(app, _tls(folder)), channel, reported)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(PreciseSelector())) as runner:
        runner.run(server.serve(sockets=[listener]))


def _listen() -> socket.socket:
    # The protocol is named because asyncio switches Nagle's algorithm off only on sockets that name it; otherwise
    # every answer of two writes would wait 40 ms for a delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _tls(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def _uvicorn(app: SimulatorApp, tls: ssl.SSLContext) -> uvicorn.Config:
    config = uvicorn.Config(
        cast("Any", app),
        http=_protocol(app),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    config.load()
    config.ssl = tls
    return config


def _protocol(app: SimulatorApp) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol, keeping the application's list of open connections."""

    class Protocol(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            joined = cast("asyncio.Transport", OneWriteTransport(transport, asyncio.get_running_loop()))
            super().connection_made(joined)
            if self.client:
                app.transports[self.client] = joined
                app.counts["connections"] += 1

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client:
                app.transports.pop(self.client, None)
            super().connection_lost(exc)

    return Protocol
