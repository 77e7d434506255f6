"""How true the link is: added delay against the nominal one, and what the relay costs.

An echo server runs in a process of its own. Round trips through the relay alternate with direct ones in the same
run, so that what client, server and machine add stands on both sides. ``python benchmarks/link.py`` prints
tables and writes ``benchmarks/results/link.json``. Requirement: within 1 ms or 5 % at the median for 5-100 ms.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.capture.environment import environment
from workbench.services.link import RunningLink, parse_link, start_link

RESULTS = Path(__file__).parent / "results" / "link.json"
DELAYS = ("lan", "rtt=5ms", "rtt=10ms", "cloud", "rtt=50ms", "wan", "rtt=100ms")
RATES = ("wan", "rtt=20ms,bandwidth=200mbit", "cloud")
MESSAGE = b"x" * 400
SECONDS = 6.0  # a profile's share of the run


def main() -> int:
    """Measure, print, write; 1 if a median is outside the requirement."""
    with echo_server() as port:
        delays = [measure_delay(text, port) for text in DELAYS]
        busy = [measure_busy(text, port) for text in ("cloud", "wan")]
        rates = [measure_rate(text, port) for text in RATES]
    result = {"delay": delays, "busy": busy, "rate": rates, "environment": asdict(environment())}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2, default=dict) + "\n")
    show(delays, busy, rates)
    return 0 if all(row["within"] for row in delays) else 1


@contextmanager
def echo_server() -> Iterator[int]:
    """A process that sends back what it gets; yields its port."""
    with subprocess.Popen(
        [sys.executable, __file__, "--echo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def serve_echo() -> None:
    """The echo server's process; it ends with the one that started it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(serve())


def round_trip(connection: socket.socket) -> float:
    """Milliseconds until the whole message is back."""
    start = time.perf_counter()
    connection.sendall(MESSAGE)
    missing = len(MESSAGE)
    while missing:
        missing -= len(connection.recv(missing))
    return (time.perf_counter() - start) * 1e3


def connect(host: str, port: int) -> socket.socket:
    connection = socket.create_connection((host, port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def measure_delay(text: str, port: int) -> dict[str, Any]:
    """One connection, idle between round trips: the hardest case, as every wake-up comes from a sleep."""
    profile = parse_link(text)
    nominal = profile.rtt_s * 1e3
    with start_link(profile, "127.0.0.1", port) as link:
        opening = [first_answer(link) for _ in range(10)]
        direct, linked = connect("127.0.0.1", port), connect(link.host, link.port)
        for _ in range(20):  # the relay learns its own lateness
            round_trip(linked)
        before = link.stats()["cpu_s"]
        pairs = [
            (round_trip(direct), round_trip(linked)) for _ in range(max(40, int(SECONDS / profile.rtt_s / 20)))
        ]
        cpu = (link.stats()["cpu_s"] - before) / len(pairs)
        direct.close()
        linked.close()
    without = statistics.median(a for a, _ in pairs)
    errors = sorted(b - without - nominal for _, b in pairs)
    error = statistics.median(errors)
    return {
        "link": profile.name,
        "nominal_ms": nominal,
        "round_trips": len(pairs),
        "direct_p50_ms": without,
        "error_p50_ms": error,
        "error_p50_percent": 100 * error / nominal,
        "error_p05_ms": errors[len(errors) // 20],
        "error_p95_ms": errors[len(errors) * 19 // 20],
        "connect_and_answer_p50_ms": statistics.median(opening),
        "relay_cpu_us_per_round_trip": cpu * 1e6,
        "within": abs(error) <= max(1.0, nominal * 0.05),
    }


def first_answer(link: RunningLink) -> float:
    """Milliseconds from connect to the first answer: nominally two round trips."""
    start = time.perf_counter()
    with connect(link.host, link.port) as connection:
        round_trip(connection)
    return (time.perf_counter() - start) * 1e3


def measure_busy(text: str, port: int, connections: int = 50) -> dict[str, Any]:
    """Many connections at once, as a pooled client has: the relay's cost when it hardly sleeps."""
    profile = parse_link(text)
    rounds = int(3 / profile.rtt_s)

    async def client(link: RunningLink, times: list[float]) -> None:
        reader, writer = await asyncio.open_connection(link.host, link.port)
        for _ in range(rounds):
            start = time.perf_counter()
            writer.write(MESSAGE)
            await reader.readexactly(len(MESSAGE))
            times.append((time.perf_counter() - start) * 1e3)
        writer.close()

    async def clients(link: RunningLink, times: list[float]) -> None:
        await asyncio.gather(*(client(link, times) for _ in range(connections)))

    times: list[float] = []
    with start_link(profile, "127.0.0.1", port) as link:
        before = link.stats()["cpu_s"]
        start = time.perf_counter()
        asyncio.run(clients(link, times))
        elapsed = time.perf_counter() - start
        cpu = link.stats()["cpu_s"] - before
    return {
        "link": profile.name,
        "connections": connections,
        "round_trips_per_s": len(times) / elapsed,
        "error_p50_ms": statistics.median(times) - profile.rtt_s * 1e3,
        "relay_cpu_us_per_round_trip": cpu / len(times) * 1e6,
        "relay_cpu_percent_of_a_core": 100 * cpu / elapsed,
    }


def measure_rate(text: str, port: int) -> dict[str, Any]:
    """Megabits a second of a large body up and back down, both directions at once."""
    profile = parse_link(text)
    size = int(profile.bandwidth_bps / 8 * 1.0)
    with start_link(profile, "127.0.0.1", port) as link:
        connection = connect(link.host, link.port)
        round_trip(connection)
        before = link.stats()["cpu_s"]
        sender = threading.Thread(target=connection.sendall, args=(bytes(size),))
        start = time.perf_counter()
        sender.start()
        missing = size
        while missing:
            missing -= len(connection.recv(1 << 16))
        elapsed = time.perf_counter() - start - profile.rtt_s
        sender.join()
        connection.close()
        cpu = link.stats()["cpu_s"] - before
    return {
        "link": profile.name,
        "nominal_mbit_s": profile.bandwidth_bps / 1e6,
        "measured_mbit_s": size * 8 / elapsed / 1e6,
        "relay_cpu_ms_per_megabyte": cpu * 1e3 / (2 * size / 1e6),
    }


def show(delays: list[dict[str, Any]], busy: list[dict[str, Any]], rates: list[dict[str, Any]]) -> None:
    """The three tables."""
    print("link        nominal  direct p50  error p50        error p05..p95   connect+answer  relay CPU    within")
    for row in delays:
        print(
            f"{row['link']:11s} {row['nominal_ms']:5.1f} ms  {row['direct_p50_ms']:7.3f} ms"
            f" {row['error_p50_ms']:+7.3f} ms {row['error_p50_percent']:+5.1f} %"
            f"  {row['error_p05_ms']:+6.2f}..{row['error_p95_ms']:+6.2f} ms"
            f"  {row['connect_and_answer_p50_ms']:8.2f} ms  {row['relay_cpu_us_per_round_trip']:5.0f} us/trip"
            f"  {'yes' if row['within'] else 'NO'}"
        )
    for row in busy:
        print(
            f"{row['link']}, {row['connections']} connections: {row['round_trips_per_s']:.0f} round trips/s,"
            f" error p50 {row['error_p50_ms']:+.2f} ms, relay {row['relay_cpu_us_per_round_trip']:.0f} us/trip,"
            f" {row['relay_cpu_percent_of_a_core']:.0f} % of a core"
        )
    for row in rates:
        print(
            f"{row['link']}: {row['measured_mbit_s']:.1f} of {row['nominal_mbit_s']:g} Mbit/s each way,"
            f" relay {row['relay_cpu_ms_per_megabyte']:.1f} ms/MB"
        )


if __name__ == "__main__":
    if "--echo" in sys.argv:
        serve_echo()
    else:
        sys.exit(main())
