"""Spans of real httpx requests against a real local server, with and without TLS."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import trustme

from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import Recording, RoundKind, Span

pytestmark = pytest.mark.usefixtures("settled_heap")

PAGE = gzip.compress(b"x" * 100_000)


class Handler(BaseHTTPRequestHandler):
    """Answers by path: /status/N, /gzip, /redirect, /echo (POST), anything else 200 with five bytes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers.items()))
        if self.path.startswith("/status/"):
            self.answer(b"", status=int(self.path.split("/")[2].partition("?")[0]))
        elif self.path == "/gzip":
            self.answer(PAGE, **{"Content-Encoding": "gzip"})
        elif self.path == "/truncated":
            self.answer(b"half", announced=8)
            self.close_connection = True
        elif self.path == "/stalled":
            self.answer(b"half", announced=8)
            self.server.released.wait(10)
        elif self.path == "/redirect":
            self.answer(b"", status=302, Location="/landing")
        else:
            self.answer(b"hello")

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"")

    def answer(self, body: bytes, status: int = 200, announced: int = 0, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(announced or len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, str]] = []
        self.released = threading.Event()  # lets go of /stalled
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://localhost:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        pass


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server()) as running:
        yield running


@pytest.fixture
def tls() -> Iterator[tuple[Server, ssl.SSLContext]]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with serving(Server(context)) as running:
        yield running, trusting


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """A client that was made before anything was recorded."""
    with httpx.Client(trust_env=False) as made_before:
        yield made_before


def record(work: Callable[[], Any], kind: RoundKind = RoundKind.TIMING) -> Recording:
    recorder = RunRecorder(SamplerSpec())
    recorder.call(kind, work)
    return recorder.finish(run_id="r", session_id="s", name="n")


def of_kind(recording: Recording, kind: str) -> list[Span]:
    return [span for span in recording.spans if span.kind == kind]


def measures(recording: Recording) -> dict[str, float]:
    return dict(recording.run.rounds[0].measures)


def test_requests_and_connects_are_counted_and_named(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        for number in range(3):
            client.get(f"{server.url}/JSSResource/policies/id/{number}")

    recording = record(work)
    counted = measures(recording)
    assert (counted["requests"], counted["connects"], counted["tls_handshakes"], counted["errors"]) == (3, 1, 0, 0)
    first, *_ = of_kind(recording, "http")
    assert first.name == "GET /JSSResource/policies/id/{id}"
    assert first.attributes["method"] == "GET"
    assert first.attributes["status"] == 200
    assert first.attributes["host"] == "localhost"
    (connect,) = of_kind(recording, "connect")
    assert connect.parent == first.number
    assert connect.trace_id == first.trace_id
    assert first.start_ns <= connect.start_ns
    assert connect.start_ns + connect.duration_ns <= first.start_ns + first.duration_ns


def test_handshakes_are_spans_of_their_own(tls: tuple[Server, ssl.SSLContext]) -> None:
    server, trusting = tls

    def a_client_per_call() -> None:
        for _ in range(2):
            with httpx.Client(verify=trusting, trust_env=False) as client:
                client.get(f"{server.url}/a")

    async def one_client() -> None:
        async with httpx.AsyncClient(verify=trusting, trust_env=False) as client:
            await client.get(f"{server.url}/a")
            await client.get(f"{server.url}/b")

    counted = measures(record(a_client_per_call))
    assert (counted["requests"], counted["connects"], counted["tls_handshakes"]) == (2, 2, 2)
    recording = record(one_client)
    counted = measures(recording)
    assert (counted["requests"], counted["connects"], counted["tls_handshakes"]) == (2, 1, 1)
    assert of_kind(recording, "tls")[0].parent == of_kind(recording, "http")[0].number


def test_a_refused_handshake_is_an_error(tls: tuple[Server, ssl.SSLContext]) -> None:
    server, _ = tls

    def work() -> None:
        with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
            client.get(f"{server.url}/a")

    recording = record(work)
    assert {(s.kind, s.status) for s in recording.spans} == {("http", "error"), ("connect", "ok"), ("tls", "error")}
    assert of_kind(recording, "http")[0].attributes["error"] == "ConnectError"


def test_bytes_are_those_of_the_messages_as_transferred(server: Server, client: httpx.Client) -> None:
    heads = []

    def work() -> None:
        response = client.get(f"{server.url}/gzip")
        assert len(response.content) == 100_000
        heads.append(sum(len(k) + len(v) + 4 for k, v in response.headers.raw) + len("HTTP/1.1 200 OK\r\n\r\n"))

    (span,) = of_kind(record(work), "http")
    assert span.bytes_received == heads[0] + len(PAGE)
    assert span.bytes_sent > len(f"GET /gzip HTTP/1.1\r\nHost: localhost:{server.server_port}\r\n\r\n")


def test_bytes_of_streamed_bodies_are_counted(server: Server, client: httpx.Client) -> None:
    def upload() -> Iterator[bytes]:
        for _ in range(3):
            yield b"y" * 1000

    def work() -> None:
        with client.stream("GET", f"{server.url}/gzip") as response:
            assert sum(len(part) for part in response.iter_raw(1000)) == len(PAGE)
        client.post(f"{server.url}/echo", content=upload())
        client.post(f"{server.url}/echo", content=b"z" * 500)

    get, chunked, sized = of_kind(record(work), "http")
    assert get.bytes_received > len(PAGE)
    assert 3000 < chunked.bytes_sent < 3500
    assert 500 < sized.bytes_sent < 1000


def test_a_request_lasts_until_its_body_is_read(server: Server, client: httpx.Client) -> None:
    def read() -> None:
        with client.stream("GET", f"{server.url}/gzip") as response:
            response.read()

    (span,) = of_kind(record(read), "http")
    headers_ns = span.attributes["headers_ns"]
    assert isinstance(headers_ns, int)
    assert span.duration_ns > headers_ns > 0
    assert "unfinished" not in span.attributes


def test_throttling_errors_and_retries_are_told_apart(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        for path in ("/status/429?k=1", "/status/429?k=1", "/status/429?k=2", "/status/500", "/status/404", "/ok"):
            client.get(server.url + path)

    recording = record(work)
    counted = measures(recording)
    assert (counted["throttled"], counted["errors"], counted["retries"]) == (3, 5, 1)
    assert [s.attributes.get("retry") for s in of_kind(recording, "http")] == [None, 1, None, None, None, None]


def test_a_server_that_is_not_there_is_an_error(client: httpx.Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        def work() -> None:
            with pytest.raises(httpx.ConnectError):
                client.get(f"http://127.0.0.1:{port}/x")

        recording = record(work)
    assert [(s.kind, s.status) for s in recording.spans] == [("http", "error"), ("connect", "error")]
    assert measures(recording)["connects"] == 1


def test_a_cancelled_request_is_kept_as_an_error() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.setblocking(False)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"

        async def work() -> None:
            async with httpx.AsyncClient(trust_env=False) as client:
                request = asyncio.create_task(client.get(url))
                met, _ = await asyncio.get_running_loop().sock_accept(silent)  # it is surely under way
                request.cancel()
                with met, pytest.raises(asyncio.CancelledError):
                    await request

        (span,) = of_kind(record(work), "http")
    assert (span.status, span.attributes["error"]) == ("error", "CancelledError")


def test_nothing_of_the_query_string_or_headers_is_kept(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        client.get(
            f"{server.url}/x?token=CANARY-query",
            headers={"Authorization": "Bearer CANARY-header", "Cookie": "CANARY-cookie"},
        )
        client.get(f"http://user:CANARY-password@localhost:{server.server_port}/name/CANARY%20name")

    recording = record(work)
    assert len(of_kind(recording, "http")) == 2
    assert "CANARY" not in repr(recording)


def test_the_site_and_the_stack_are_the_callers(server: Server, client: httpx.Client) -> None:
    def fetch() -> None:
        client.get(f"{server.url}/x")

    recording = record(lambda: fetch(), RoundKind.SAMPLED)
    (span,) = of_kind(recording, "http")
    assert span.site == f"tests/integration/test_capture_http_spans.py:{fetch.__code__.co_firstlineno + 1}"
    assert recording.tree is not None
    names = [frame.function for frame in recording.tree.stack(span.node)]
    assert names[1].endswith("fetch")
    assert names[-1] == "Client._send_single_request"
    assert not any(frame.file.startswith(("workbench/", "<site>/opentelemetry")) for frame in recording.tree.frames)
    (connect,) = of_kind(recording, "connect")
    assert (connect.node, connect.site) == (span.node, span.site)


def test_requests_of_worker_threads_belong_to_the_recording(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        thread = threading.Thread(target=client.get, args=(f"{server.url}/x",), name="fetcher")
        thread.start()
        thread.join()

    recording = record(work)
    (span,) = of_kind(recording, "http")
    assert recording.tree is not None
    assert recording.tree.threads[span.thread] == "fetcher"


def test_two_recordings_at_once_keep_to_themselves(server: Server) -> None:
    barrier = threading.Barrier(2)
    recordings: dict[int, Recording] = {}

    def job(count: int) -> None:
        def work() -> None:
            with httpx.Client(trust_env=False) as client:
                barrier.wait()
                for _ in range(count):
                    client.get(f"{server.url}/x")
                barrier.wait()

        recordings[count] = record(work)

    threads = [threading.Thread(target=job, args=(count,)) for count in (2, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {count: measures(r)["requests"] for count, r in recordings.items()} == {2: 2, 5: 5}


def test_the_programs_own_trace_hook_still_works(server: Server, client: httpx.Client) -> None:
    events: list[str] = []

    def work() -> None:
        client.get(f"{server.url}/x", extensions={"trace": lambda name, info: events.append(name)})

    assert len(of_kind(record(work), "connect")) == 1
    assert "connection.connect_tcp.complete" in events


def test_answers_that_other_tools_put_in_the_transports_place(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer_async(self: object, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"canned")

    monkeypatch.setattr(
        httpx.HTTPTransport, "handle_request", lambda self, r: httpx.Response(200, content=b"canned")
    )
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer_async)

    async def work() -> None:
        async with httpx.AsyncClient(trust_env=False) as asynchronous:
            assert (await asynchronous.get("http://x.example/a")).text == "canned"
        assert client.get("http://x.example/b").text == "canned"  # noqa: ASYNC212 - both kinds are meant

    assert [span.name for span in of_kind(record(work), "http")] == ["GET /a", "GET /b"]


def test_redirects_are_requests_of_their_own(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        assert client.get(f"{server.url}/redirect", follow_redirects=True).text == "hello"

    spans = of_kind(record(work), "http")
    assert [span.name for span in spans] == ["GET /redirect", "GET /landing"]
    sent = [headers["traceparent"] for headers in server.seen]
    assert sent == [f"00-{span.trace_id}-{span.otel_span_id}-01" for span in spans]


def test_traceparent_joins_the_servers_span_and_can_be_switched_off(
    server: Server, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[httpx.Request] = []

    def work() -> None:
        requests.append(client.get(f"{server.url}/x").request)

    (span,) = of_kind(record(work), "http")
    assert server.seen[-1]["traceparent"] == f"00-{span.trace_id}-{span.otel_span_id}-01"
    assert "traceparent" not in requests[0].headers  # the program's own request is as it was
    monkeypatch.setenv("WORKBENCH_TRACEPARENT", "off")
    record(work)
    assert "traceparent" not in server.seen[-1]


@pytest.mark.parametrize("theirs", ["not-a-trace-parent", "", "00-zz-zz-01"])
def test_a_traceparent_of_the_programs_own_goes_out_as_it_is(
    server: Server, client: httpx.Client, theirs: str
) -> None:
    (span,) = of_kind(record(lambda: client.get(f"{server.url}/x", headers={"traceparent": theirs})), "http")
    assert server.seen[-1]["traceparent"] == theirs
    assert len(span.trace_id) == 32


def test_strangers_get_no_traceparent_unless_asked() -> None:
    from workbench.capture.http import _traceparent_wanted

    assert not _traceparent_wanted("loopback", "api.example.org")
    assert _traceparent_wanted("loopback", "127.0.0.1")
    assert _traceparent_wanted("all", "api.example.org")
    assert not _traceparent_wanted("off", "localhost")


def test_only_this_test_process_was_asked_to_trace(server: Server, client: httpx.Client) -> None:
    client.get(f"{server.url}/x")
    assert "traceparent" not in server.seen[-1]


OWN_TELEMETRY = """
import sys, httpx
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import RoundKind

url, order = sys.argv[1:]
original = httpx.HTTPTransport.handle_request
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
instrumentor = HTTPXClientInstrumentor()
if order != "during":
    instrumentor.instrument()
recorder = RunRecorder(SamplerSpec("none"))
with httpx.Client(trust_env=False) as client:
    with recorder.round(RoundKind.TIMING):
        if order == "during":
            instrumentor.instrument()
        with trace.get_tracer("theirs").start_as_current_span("their job") as job:
            client.get(url + "/joined")
        if order == "removed during":
            instrumentor.uninstrument()
    ours = [span for span in recorder.finish(run_id="r", session_id="s", name="n").spans if span.kind == "http"]
    theirs = {span.name: span for span in exporter.get_finished_spans()}
    assert len(ours) == 1 and set(theirs) == {"GET", "their job"}, (ours, theirs)
    assert theirs["GET"].parent.span_id == job.get_span_context().span_id, "our span came between"
    assert ours[0].trace_id == f"{theirs['GET'].context.trace_id:032x}"
    if order != "removed during":
        client.get(url + "/after")
        assert len(exporter.get_finished_spans()) == 3, "their instrumentation was lost"
        instrumentor.uninstrument()
    client.get(url + "/end")
    assert len(exporter.get_finished_spans()) == (2 if order == "removed during" else 3)
    assert trace.get_tracer_provider() is provider
assert httpx.HTTPTransport.handle_request is original
"""


@pytest.mark.parametrize("order", ["before", "during", "removed during"])
def test_the_programs_own_telemetry_keeps_working(server: Server, order: str) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "-c", OWN_TELEMETRY, server.url, order], check=True)
    assert "traceparent" in server.seen[0]


LATE_IMPORT = """
import importlib.util, sys
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.model import RoundKind
recorder = RunRecorder(SamplerSpec("none"))
with recorder.round(RoundKind.TIMING):
    assert importlib.util.find_spec("httpx") is not None
    assert "httpx" not in sys.modules
    import httpx
    waiting = [f for f in sys.meta_path if type(f).__module__.startswith("workbench")]
    assert "httpx" not in [f.module for f in waiting]  # other libraries may still come
    httpx.get(sys.argv[1] + "/late", trust_env=False)
(span,) = [s for s in recorder.finish(run_id="r", session_id="s", name="n").spans if s.kind == "http"]
assert span.name == "GET /late"
assert type(httpx.__loader__).__name__ == "SourceFileLoader" and httpx.__spec__.loader is httpx.__loader__
assert httpx.HTTPTransport.handle_request.__module__ == "httpx._transports.default"
assert not [f for f in sys.meta_path if type(f).__module__.startswith("workbench")]
"""


def test_httpx_imported_during_the_recording_is_covered(server: Server) -> None:
    command = [sys.executable, "-W", "ignore", "-c", LATE_IMPORT, server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert ["traceparent" in headers for headers in server.seen] == [True]


def test_what_succeeded_meanwhile_is_no_retry(server: Server, client: httpx.Client) -> None:
    answers = iter((503, 200, 200, 200))

    class Recovering(Handler):
        def do_GET(self) -> None:
            self.answer(b"", status=next(answers))

    server.RequestHandlerClass = Recovering
    recording = record(lambda: [client.get(f"{server.url}/x") for _ in range(4)])
    assert [s.attributes.get("retry") for s in of_kind(recording, "http")] == [None, 1, None, None]
    assert measures(recording)["retries"] == 1


@pytest.mark.parametrize(("path", "error"), [("/truncated", "RemoteProtocolError"), ("/stalled", "ReadTimeout")])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_body_that_breaks_fails_its_request(server: Server, path: str, error: str, asynchronous: bool) -> None:
    def hurry(answer: httpx.Response) -> None:
        """Once the head of an answer is here, its body has 50 ms; until then a slow machine has its time."""
        if path == "/stalled":
            answer.request.extensions["timeout"]["read"] = 0.05

    async def hurry_async(answer: httpx.Response) -> None:
        hurry(answer)

    def work() -> None:
        hooks: dict[str, Any] = {"response": [hurry]}
        with (
            httpx.Client(trust_env=False, timeout=60, event_hooks=hooks) as client,
            pytest.raises(httpx.TransportError),
        ):
            client.get(server.url + path)

    async def work_async() -> None:
        hooks: dict[str, Any] = {"response": [hurry_async]}
        async with httpx.AsyncClient(trust_env=False, timeout=60, event_hooks=hooks) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(server.url + path)

    try:
        recording = record(work_async if asynchronous else work)
    finally:
        server.released.set()
    (span,) = of_kind(recording, "http")
    assert (span.status, span.attributes["error"], span.attributes["status"]) == ("error", error, 200)
    assert measures(recording)["errors"] == 1


def test_a_body_whose_reading_is_cancelled_fails_its_request(server: Server) -> None:
    async def work() -> None:
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", f"{server.url}/stalled") as answer,
        ):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(answer.aread(), 0.05)

    try:
        (span,) = of_kind(record(work), "http")
    finally:
        server.released.set()
    assert (span.status, span.attributes["error"]) == ("error", "CancelledError")


def test_a_body_that_is_not_read_to_its_end_is_no_error(server: Server, client: httpx.Client) -> None:
    def work() -> None:
        with client.stream("GET", f"{server.url}/gzip") as answer:
            next(answer.iter_raw(10))

    (span,) = of_kind(record(work), "http")
    assert span.status == "ok"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost.evil.com", False),
        ("127.example.com", False),
        ("::1.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_only_this_machine_gets_our_traceparent(host: str, ours: bool) -> None:
    from workbench.capture.http import _traceparent_wanted

    assert _traceparent_wanted("loopback", host) is ours
    assert _traceparent_wanted("all", host)
