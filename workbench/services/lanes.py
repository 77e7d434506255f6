"""What a link does to bytes, without sockets: when a chunk that was read now may be handed on.

The model, per direction, is that of a router's queue before a long wire (as tc-netem(8) with a rate):

- *serialisation*: a chunk of n bytes occupies the wire for 8·n / bandwidth seconds, one after another, over all
  connections of that direction;
- *propagation*: half the round trip, plus a jitter drawn uniformly from ± half the jitter. A burst (chunks that
  follow while others are still under way) shares one draw, and a chunk never overtakes another of its connection;
- *connection*: a loopback connect is free, so the relay reads nothing from the client until SYN and SYN/ACK would
  have crossed, one round trip after the accept; and nothing from the server until the client's ACK would have
  reached it, half a round trip later.

Not modelled: loss, TCP slow start, MTU.
"""

from __future__ import annotations

import random
from collections import deque

from workbench.services.link import LinkProfile

__all__ = ["EOF", "RESET", "Lane", "Wire", "chunk_size", "queue_limit"]

EOF = b""
"""Queued like data: the sender closed its half."""
RESET = None
"""Queued like data: the sender's connection is gone."""


class Wire:
    """One direction of the link, shared by all its connections."""

    def __init__(self, profile: LinkProfile) -> None:
        self.seconds_per_byte = 8 / profile.bandwidth_bps if profile.bandwidth_bps else 0.0
        self.propagation_s = profile.rtt_s / 2
        self.half_jitter_s = profile.jitter_s / 2
        self.free_at = 0.0
        self.bytes = 0

    def sent(self, size: int, now: float) -> float:
        """When the last of ``size`` bytes has left the sender's end."""
        self.bytes += size
        if not self.seconds_per_byte:
            return now
        self.free_at = max(self.free_at, now) + size * self.seconds_per_byte
        return self.free_at


class Lane:
    """One direction of one connection: a queue of (release time, chunk) in order."""

    def __init__(self, wire: Wire, rng: random.Random) -> None:
        self.wire = wire
        self.queue: deque[tuple[float, bytes | None]] = deque()
        self.queued = 0
        self._rng = rng
        self._last = 0.0
        self._jitter = 0.0

    def put(self, chunk: bytes | None, now: float) -> float:
        """Queue what was read at ``now``; returns when it arrives at the other end."""
        wire = self.wire
        if not self.queue and wire.half_jitter_s:
            self._jitter = self._rng.uniform(-wire.half_jitter_s, wire.half_jitter_s)
        size = len(chunk) if chunk else 0
        arrival = (wire.sent(size, now) if size else now) + wire.propagation_s + self._jitter
        self._last = arrival = max(arrival, self._last)
        self.queue.append((arrival, chunk))
        self.queued += size
        return arrival

    def due(self, now: float) -> bool:
        """Whether the first chunk has arrived."""
        return bool(self.queue) and self.queue[0][0] <= now

    def take(self) -> bytes | None:
        """The first chunk, EOF or RESET."""
        chunk = self.queue.popleft()[1]
        self.queued -= len(chunk) if chunk else 0
        return chunk


def chunk_size(profile: LinkProfile) -> int:
    """How much to read at once: about a millisecond of the wire, so that a body trickles as on a slow link."""
    if not profile.bandwidth_bps:
        return 65_536
    return int(min(65_536, max(4_096, profile.bandwidth_bps / 8 * 0.001)))


def queue_limit(profile: LinkProfile) -> int:
    """Bytes a lane may hold before it stops reading: as TCP windows, twice what is on the wire, at least 1 MiB."""
    return int(max(1 << 20, 2 * profile.bandwidth_bps / 8 * (profile.rtt_s + profile.jitter_s)))
