"""The link's process: ``python -m workbench.services.relay``, started by ``services.link``.

One thread and non-blocking sockets. ``services.lanes`` decides when bytes arrive, ``services.loop`` keeps the time;
this module moves them, with back-pressure, half-closes and resets passed on in order.
"""

from __future__ import annotations

import contextlib
import errno
import random
import selectors
import socket
import struct
import time
from typing import Any

from workbench.services.child import Channel, raise_file_limit, run_child
from workbench.services.lanes import EOF, RESET, Lane, Wire, chunk_size, queue_limit
from workbench.services.link import LinkProfile
from workbench.services.loop import Loop
from workbench.services.precise import tighten_timer_slack

__all__ = ["Relay", "main"]

_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends a reset
_RETRY = (BlockingIOError, InterruptedError)


class _Flow:
    """One direction of a connection: read from ``source``, hold in a lane, write to ``sink``."""

    def __init__(self, connection: _Connection, source: socket.socket, sink: socket.socket, lane: Lane) -> None:
        self.connection = connection
        self.source = source
        self.sink = sink
        self.lane = lane
        self.open = False  # whether the source is to be read at all
        self.paused = False  # whether reading waits for the sink
        self.rest: bytes | memoryview = b""  # arrived, but the sink is full
        self.scheduled = False
        self.finished = False

    def start(self, _now: float) -> None:
        if not self.finished:
            self.open = True
            self.connection.update(self.source)

    def read(self, now: float) -> None:
        relay = self.connection.relay
        try:
            chunk: bytes | None = self.source.recv(relay.chunk_size)
        except _RETRY:
            return
        except OSError:
            chunk = RESET
        self.put(chunk, now)
        self.paused = self.lane.queued > relay.queue_limit
        if not chunk or self.paused:
            self.connection.update(self.source)

    def put(self, chunk: bytes | None, now: float) -> None:
        if not chunk:
            self.open = False
        arrival = self.lane.put(chunk, now)
        if not self.scheduled and not self.rest:
            self._schedule(arrival)

    def _schedule(self, when: float) -> None:
        self.scheduled = True
        self.connection.relay.loop.at(when, self.deliver)

    def deliver(self, now: float) -> None:
        """Hand on everything that has arrived by now, as far as the sink takes it."""
        self.scheduled = False
        if self.finished:
            return
        while not self.rest and self.lane.due(now):
            if not self._hand_on(self.lane.take()):
                return
        if self.paused and self.lane.queued <= self.connection.relay.queue_limit // 2:
            self.paused = False
            self.connection.update(self.source)
        if self.rest:
            self.connection.update(self.sink)
        elif self.lane.queue:
            self._schedule(self.lane.queue[0][0])

    def _hand_on(self, chunk: bytes | None) -> bool:
        if chunk is RESET:
            self.connection.abort()
            return False
        if chunk == EOF:
            with contextlib.suppress(OSError):
                self.sink.shutdown(socket.SHUT_WR)
            self.finish()
            return False
        return self._send(chunk)

    def _send(self, data: bytes | memoryview) -> bool:
        try:
            sent = self.sink.send(data)
        except _RETRY:
            sent = 0
        except OSError:
            # Nothing more can be delivered. What the sink said before it went still travels the other way, and then
            # its reset, or its end, which closes the connection as both directions are finished.
            self.finish()
            return False
        self.rest = memoryview(data)[sent:] if sent < len(data) else b""
        return True

    def writable(self, now: float) -> None:
        if self._send(self.rest) and not self.rest:
            self.connection.update(self.sink)
            self.deliver(now)

    def finish(self) -> None:
        self.open = False
        self.finished = True
        self.rest = b""
        self.connection.update(self.source)
        self.connection.update(self.sink)
        self.connection.close_if_finished()


class _Connection:
    """A client's socket, the service's, and the flows between them."""

    def __init__(self, relay: Relay, client: socket.socket, number: int, now: float) -> None:
        self.relay = relay
        self.client = client
        self.accepted_at = now
        self.closed = False
        self.service = socket.socket()
        self.service.setblocking(False)
        # One generator a direction: the draws of a connection don't depend on the traffic of others.
        up, down = (
            Lane(wire, random.Random(f"{relay.profile.seed}/{number}/{i}")) for i, wire in enumerate(relay.wires)
        )
        self.up = _Flow(self, self.client, self.service, up)
        self.down = _Flow(self, self.service, self.client, down)
        relay.loop.at(now + relay.profile.connect_cost_s, self.connect)

    def connect(self, now: float) -> None:
        """The client's SYN has crossed and been answered: join the service."""
        try:
            self.service.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self.service.connect_ex(self.relay.upstream)
        except OSError:
            code = errno.ECONNREFUSED
        if code not in (0, errno.EINPROGRESS):
            self._refused()
        elif code:
            self.relay.loop.watch(self.service, selectors.EVENT_WRITE, self._connected)
        else:
            self._start()

    def _connected(self, _events: int, _now: float) -> None:
        self.relay.loop.watch(self.service, 0, self._connected)
        if self.service.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._refused()
        else:
            self._start()

    def _refused(self) -> None:
        self.relay.counts["refused"] += 1
        self.abort()

    def _start(self) -> None:
        self.up.start(0.0)
        self.relay.loop.at(self.accepted_at + 1.5 * self.relay.profile.connect_cost_s, self.down.start)

    def opposite(self, flow: _Flow) -> _Flow:
        return self.down if flow is self.up else self.up

    def update(self, sock: socket.socket) -> None:
        """Watch the socket for what its two flows wait for."""
        if self.closed:
            return
        out, back = (self.up, self.down) if sock is self.client else (self.down, self.up)
        reads = selectors.EVENT_READ if out.open and not out.paused else 0
        writes = selectors.EVENT_WRITE if back.rest else 0
        self.relay.loop.watch(sock, reads | writes, self._on_client if sock is self.client else self._on_service)

    def _on_client(self, events: int, now: float) -> None:
        self._event(events, now, self.up, self.down)

    def _on_service(self, events: int, now: float) -> None:
        self._event(events, now, self.down, self.up)

    def _event(self, events: int, now: float, reads: _Flow, writes: _Flow) -> None:
        if events & selectors.EVENT_WRITE and writes.rest:
            writes.writable(now)
        if events & selectors.EVENT_READ and reads.open and not reads.paused and not self.closed:
            reads.read(now)

    def close_if_finished(self) -> None:
        if self.up.finished and self.down.finished:
            self.close()

    def abort(self) -> None:
        """Pass a reset on to both sides."""
        for sock in (self.client, self.service):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        self.close()

    def close(self) -> None:
        if self.closed:
            return
        for sock in (self.client, self.service):
            self.relay.loop.watch(sock, 0, self._connected)
        self.closed = self.up.finished = self.down.finished = True
        self.client.close()
        self.service.close()
        self.relay.closed()


class Relay:
    """Listens on loopback and passes every connection on to ``upstream`` over the modelled link."""

    def __init__(self, profile: LinkProfile, upstream: tuple[str, int]) -> None:
        self.profile = profile
        self.upstream = upstream
        self.loop = Loop()
        self.wires = (Wire(profile), Wire(profile))
        self.chunk_size = chunk_size(profile)
        self.queue_limit = queue_limit(profile)
        self.counts = {"connections": 0, "refused": 0, "open": 0, "max_open": 0}
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listener.setblocking(False)
        self.loop.watch(self.listener, selectors.EVENT_READ, self._accept)

    def _accept(self, _events: int, now: float) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except _RETRY:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):  # the backlog holds them until one closes
                    self.loop.watch(self.listener, 0, self._accept)
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.counts["connections"] += 1
            self.counts["open"] += 1
            self.counts["max_open"] = max(self.counts["max_open"], self.counts["open"])
            _Connection(self, client, self.counts["connections"], now)

    def closed(self) -> None:
        """A connection is over; its descriptors are free again."""
        self.counts["open"] -= 1
        self.loop.watch(self.listener, selectors.EVENT_READ, self._accept)

    def stats(self) -> dict[str, Any]:
        up, down = self.wires
        return {**self.counts, "bytes_up": up.bytes, "bytes_down": down.bytes, "cpu_s": time.process_time()}


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: the fields of a LinkProfile, and the service's host and port."""
    upstream = (config.pop("host"), config.pop("port"))
    raise_file_limit()
    tighten_timer_slack()
    relay = Relay(LinkProfile(**config), upstream)
    channel.operations["stats"] = relay.stats
    host, port = relay.listener.getsockname()
    channel.ready({"host": host, "port": port})
    relay.loop.run()


if __name__ == "__main__":
    run_child(main)
