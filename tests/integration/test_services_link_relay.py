"""The relay between real sockets: delays, shaping, and bytes that arrive unharmed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from workbench.services.link import LinkProfile, RunningLink, parse_link, start_link

pytestmark = pytest.mark.service

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(handler: Handler) -> Iterator[int]:
    """A server on loopback that gives every connection to the handler in a thread of its own; yields its port."""
    threads = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threads.append(threading.Thread(target=handle, args=(connection,), daemon=True))
                    threads[-1].start()

        def handle(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                handler(connection)

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        acceptor.join()
    for thread in threads:
        thread.join(10)


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65_536):
        connection.sendall(data)


def connect(link: RunningLink) -> socket.socket:
    connection = socket.create_connection((link.host, link.port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while data := connection.recv(65_536):
        parts.append(data)
    return b"".join(parts)


def round_trip(connection: socket.socket) -> float:
    start = time.perf_counter()
    connection.sendall(b"ping")
    assert connection.recv(4) == b"ping"
    return time.perf_counter() - start


@pytest.mark.parametrize("text", ["lan", "rtt=10ms", "cloud"])
def test_a_round_trip_takes_the_nominal_time_and_the_first_one_a_connection_more(text: str) -> None:
    profile = parse_link(text)
    with serving(echo) as port, start_link(profile, "127.0.0.1", port) as link:
        start = time.perf_counter()
        with connect(link) as connection:
            round_trip(connection)
            first = time.perf_counter() - start
            later = [round_trip(connection) for _ in range(30)]
            while min(later) > profile.rtt_s + profile.jitter_s + 0.020 and len(later) < 500:
                later.append(round_trip(connection))  # a busy machine is late, but not every time
    low = profile.rtt_s - profile.jitter_s
    assert first >= 2 * low - 0.001, "SYN and its answer cost a round trip, although the connect returned at once"
    assert min(later) >= low - 0.001
    assert min(later) < profile.rtt_s + profile.jitter_s + 0.020
    assert sorted(later)[len(later) // 2] >= profile.rtt_s - profile.jitter_s / 2 - 0.001


def test_the_relay_is_faster_than_the_grain_of_epoll() -> None:
    with (
        serving(echo) as port,
        start_link(parse_link("lan"), "127.0.0.1", port) as link,
        connect(link) as connection,
    ):
        quick = any(round_trip(connection) < 0.002 for _ in range(5000))
    assert quick, "two waits of 1 ms each would be 2 ms, every time"


def test_connections_are_delayed_side_by_side_not_one_after_another() -> None:
    with serving(echo) as port, start_link(LinkProfile("x", rtt_s=0.1), "127.0.0.1", port) as link:
        connections = [connect(link) for _ in range(300)]
        start = time.perf_counter()
        for connection in connections:
            connection.sendall(b"ping")
        for connection in connections:
            assert connection.recv(4) == b"ping"
        assert time.perf_counter() - start < 300 * 0.1 / 2
        for connection in connections:
            connection.close()
        stats = link.stats()
    assert (stats["connections"], stats["max_open"]) == (300, 300)
    assert (stats["bytes_up"], stats["bytes_down"]) == (1200, 1200)


@pytest.mark.parametrize("text", ["lan", "rtt=4ms,jitter=4ms", "rtt=4ms,jitter=4ms,bandwidth=500mbit"])
def test_megabytes_arrive_byte_for_byte_in_both_directions_at_once(text: str) -> None:
    body = os.urandom(4_000_000)

    def send(connection: socket.socket) -> None:
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)

    received: list[bytes] = []
    got_it = threading.Event()

    def swap(connection: socket.socket) -> None:
        sender = threading.Thread(target=send, args=(connection,))
        sender.start()
        received.append(read_all(connection))
        sender.join()
        got_it.set()

    with (
        serving(swap) as port,
        start_link(parse_link(text), "127.0.0.1", port) as link,
        connect(link) as connection,
    ):
        sender = threading.Thread(target=send, args=(connection,))
        sender.start()
        back = read_all(connection)
        sender.join()
        assert got_it.wait(30)
    assert hashlib.sha256(back).digest() == hashlib.sha256(body).digest()
    assert hashlib.sha256(received[0]).digest() == hashlib.sha256(body).digest()


def test_after_a_half_close_the_answer_still_comes() -> None:
    def digest(connection: socket.socket) -> None:
        connection.sendall(hashlib.sha256(read_all(connection)).digest())

    with serving(digest) as port, start_link(parse_link("rtt=5ms"), "127.0.0.1", port) as link:
        with connect(link) as connection:
            connection.sendall(b"question")
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == hashlib.sha256(b"question").digest()
        settle(link)


def settle(link: RunningLink) -> None:
    """Wait until the relay has no connection open (its own clock moves on; the timeout is for a failure only)."""
    deadline = time.monotonic() + 60
    while link.stats()["open"]:
        assert time.monotonic() < deadline, "the relay keeps a connection that is over"


def test_a_server_that_speaks_first_is_heard_after_two_round_trips() -> None:
    profile = LinkProfile("x", rtt_s=0.05)
    with (
        serving(lambda connection: connection.sendall(b"hello")) as port,
        start_link(profile, "127.0.0.1", port) as link,
    ):
        start = time.perf_counter()
        with connect(link) as connection:
            assert read_all(connection) == b"hello"
            assert time.perf_counter() - start >= 2 * 0.05 - 0.001


def test_the_first_bytes_reach_the_server_after_one_and_a_half_round_trips() -> None:
    received: list[float] = []
    over = threading.Event()

    def note(connection: socket.socket) -> None:
        connection.recv(4)
        received.append(time.perf_counter())
        over.set()

    with serving(note) as port, start_link(LinkProfile("x", rtt_s=0.05), "127.0.0.1", port) as link:
        start = time.perf_counter()
        with connect(link) as connection:
            connected = time.perf_counter()
            connection.sendall(b"ping")
            assert over.wait(10)
    assert received[0] - start >= 1.5 * 0.05 - 0.001
    assert connected < received[0], "the kernel's own connect is over first"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_a_reset_by_the_server_reaches_the_client() -> None:
    def read_and_reset(connection: socket.socket) -> None:
        connection.recv(4)
        reset(connection)

    with serving(read_and_reset) as port, start_link(parse_link("rtt=5ms"), "127.0.0.1", port) as link:
        with connect(link) as connection:
            connection.sendall(b"ping")
            with pytest.raises(ConnectionResetError):
                connection.recv(4)
        settle(link)


def test_a_reset_by_the_client_reaches_the_server() -> None:
    seen: list[str] = []
    over = threading.Event()

    def watch(connection: socket.socket) -> None:
        try:
            while connection.recv(65_536):
                pass
            seen.append("end")
        except ConnectionResetError:
            seen.append("reset")
        over.set()

    with serving(watch) as port, start_link(parse_link("rtt=5ms"), "127.0.0.1", port) as link:
        connection = connect(link)
        connection.sendall(b"ping")
        reset(connection)
        assert over.wait(10)
        settle(link)
    assert seen == ["reset"]


def test_a_client_that_goes_before_the_connection_stands_is_forgotten() -> None:
    with serving(echo) as port, start_link(LinkProfile("x", rtt_s=0.05), "127.0.0.1", port) as link:
        for _ in range(20):
            connect(link).close()
        for _ in range(20):
            reset(connect(link))
        settle(link)
        with connect(link) as connection:
            round_trip(connection)
        settle(link)
        stats = link.stats()
    assert stats["open"] == 0
    assert (stats["bytes_up"], stats["bytes_down"]) == (4, 4), "the relay serves on, and the forty sent nothing"


def test_a_server_that_answers_and_goes_while_the_client_still_sends() -> None:
    """Such as an early 413: nobody hangs, and the relay keeps nothing."""

    size = 30_000_000

    def refuse(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(b"no")

    with serving(refuse) as port, start_link(parse_link("rtt=5ms"), "127.0.0.1", port) as link:
        with connect(link) as connection, pytest.raises(ConnectionError):
            connection.sendall(bytes(size))
        settle(link)
        stats = link.stats()
    assert (stats["connections"], stats["open"]) == (1, 0)
    assert stats["bytes_up"] < size


def test_a_slow_reader_holds_the_sender_back() -> None:
    go = threading.Event()
    total = 64_000_000
    counted: list[int] = []

    def sleepy(connection: socket.socket) -> None:
        go.wait(60)
        counted.append(len(read_all(connection)))
        connection.sendall(b"done")

    with (
        serving(sleepy) as port,
        start_link(parse_link("lan"), "127.0.0.1", port) as link,
        connect(link) as connection,
    ):
        connection.settimeout(1.0)
        sent = 0
        block = bytes(1 << 20)
        with contextlib.suppress(TimeoutError):
            while sent < total:
                sent += connection.send(block)
        assert sent < total, "the relay took everything without anyone reading"
        assert link.process is not None
        assert psutil.Process(link.process.pid).memory_info().rss < 200e6
        idle = link.stats()["cpu_s"]
        go.set()
        connection.settimeout(60)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4) == b"done"
        assert counted == [sent]
        assert idle < 2.0, "waiting for a slow reader must not spin"


def test_bandwidth_is_a_ceiling_shared_by_all_connections() -> None:
    profile = parse_link("rtt=1ms,bandwidth=80mbit")  # 10 MB/s
    size = 1_000_000
    with serving(echo) as port, start_link(profile, "127.0.0.1", port) as link:
        connections = [connect(link) for _ in range(4)]
        start = time.perf_counter()
        senders = [threading.Thread(target=each.sendall, args=(bytes(size),)) for each in connections]
        for sender in senders:
            sender.start()
        for each in connections:
            missing = size
            while missing:
                missing -= len(each.recv(65_536))
        elapsed = time.perf_counter() - start
        for sender, each in zip(senders, connections, strict=True):
            sender.join()
            each.close()
    assert 4 * size / elapsed <= 10e6 * 1.01


def test_an_idle_link_uses_no_processor() -> None:
    with (
        serving(echo) as port,
        start_link(parse_link("cloud"), "127.0.0.1", port) as link,
        connect(link) as connection,
    ):
        round_trip(connection)
        before = link.stats()["cpu_s"]
        assert connection.fileno() >= 0
        threading.Event().wait(0.5)
        assert link.stats()["cpu_s"] - before < 0.05


def test_after_the_link_stops_its_port_is_closed() -> None:
    with serving(echo) as port:
        with start_link(parse_link("lan"), "127.0.0.1", port) as link:
            connection = connect(link)
            round_trip(connection)
        with connection, pytest.raises(ConnectionError):
            connection.sendall(b"x")
            if not connection.recv(1):
                raise ConnectionResetError
        with pytest.raises(ConnectionRefusedError):
            connect(link)
