"""What recording costs: wb.profile next to pyinstrument alone, one span next to OpenTelemetry's, and switched off.

Everything is measured side by side in the same run, in mirrored pairs, and judged as a ratio with its 95 % interval
(Hodges-Lehmann, signed rank). ``python benchmarks/capture_overhead.py`` prints tables and writes
``benchmarks/results/capture_overhead.json``. Requirement: at about 200 spans a second at most 5 % over pyinstrument
alone; imported but not used, nothing measurable.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workbench.capture.environment import environment
from workbench.capture.rounds import RunRecorder
from workbench.capture.samplers import SamplerSpec
from workbench.capture.spans import record_span
from workbench.model import RoundKind
from workbench.statistics import paired_ratio

RESULTS = Path(__file__).parent / "results" / "capture_overhead.json"
PAIRS = 120
REQUESTS = 20  # a body: short, so that what else the machine does meets both sides of a pair alike
SPANS_PER_SECOND = 200
OFF_PAIRS = 16
SPAN_LOOPS = 2_000
STACK_DEPTH = 30
FRAMES_ABOVE = 40  # as in a notebook
MOST_OVER_PYINSTRUMENT = 1.05


def main() -> int:
    """Measure, print, write; 1 if wb.profile is outside the requirement."""
    with loopback_server() as url:
        work = calibrate(url)
        profiled = compare_profilers(url, work)
        requests = compare_requests(url)
        off = compare_imported(url)
    spans = cost_of_a_span()
    result = {"profile": profiled, "request": requests, "span_us": spans, "off": off}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**result, "environment": asdict(environment())}, indent=2, default=dict) + "\n")
    show(result)
    return 0 if profiled["ratio"] <= MOST_OVER_PYINSTRUMENT else 1


class Handler(BaseHTTPRequestHandler):
    """Answers everything with 2 KB on a connection that is kept."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = b"x" * 2048

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def loopback_server() -> Iterator[str]:
    """A server in a process of its own, so that only the client is measured."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()  # until whoever started it is gone


def body(url: str, work: int) -> float:
    """Requests with ``work`` small function calls before each, as a backend would; CPU seconds of this process.

    CPU time and not wall: it is what recording adds to, the wait for the server would only dilute it, and what else
    runs on the machine disturbs it least.
    """
    import httpx

    with httpx.Client(trust_env=False) as client:
        client.get(url)  # the connection is there
        began = time.process_time()
        for number in range(REQUESTS):
            total = 0
            for item in range(work):
                total += transform(item)
            client.get(f"{url}/JSSResource/policies/id/{number}")
        return time.process_time() - began


def transform(item: int) -> int:
    return len(f"resource {item}".split())


def calibrate(url: str) -> int:
    """How much work makes a request come about every 5 ms, or somewhat sooner, under pyinstrument."""

    def seconds(work: int) -> float:
        return statistics.median(with_pyinstrument(url, work) for _ in range(9))

    work, most = 1000, 1 / SPANS_PER_SECOND
    while (took := seconds(work) / REQUESTS) > most or took < 0.9 * most:
        work = max(int(work * (0.95 * most / took)), 1)
    return work


def with_pyinstrument(url: str, work: int) -> float:
    from pyinstrument import Profiler

    with Profiler(interval=0.001):
        return body(url, work)


def with_workbench(url: str, work: int) -> float:
    with RunRecorder(SamplerSpec(), collector_off=False).round(RoundKind.SAMPLED):
        return body(url, work)


def compare_profilers(url: str, work: int) -> dict[str, Any]:
    ours, theirs = pairs(PAIRS, lambda: with_workbench(url, work), lambda: with_pyinstrument(url, work))
    return {
        **estimate(ours, theirs),
        "spans_per_second": REQUESTS / statistics.median(theirs),
        "limit": MOST_OVER_PYINSTRUMENT,
    }


def compare_requests(url: str) -> dict[str, Any]:
    """A request with spans and without, no sampler in either; the difference is the cost of its span."""

    def recorded(spans: bool) -> float:
        recorder = RunRecorder(SamplerSpec("none"), spans=spans, collector_off=False)
        with recorder.round(RoundKind.TIMING):
            return body(url, 0)

    ours, theirs = pairs(PAIRS, lambda: recorded(True), lambda: recorded(False))
    differences = [(a - b) / REQUESTS * 1e6 for a, b in zip(ours, theirs, strict=True)]
    return {**estimate(ours, theirs), "span_us": statistics.median(differences)}


def compare_imported(url: str) -> dict[str, Any]:
    """Fresh interpreters that run the body with the workbench imported, and without."""

    def run(preamble: str) -> float:
        code = f"import sys; sys.argv = ['', {url!r}]\n{preamble}\n{PLAIN_BODY}"
        answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        return float(answer.stdout)

    preamble = "import workbench\nfrom workbench import profile"
    return estimate(*pairs(OFF_PAIRS, lambda: run(preamble), lambda: run("")))


PLAIN_BODY = """
import sys, time, httpx
client = httpx.Client(trust_env=False)
client.get(sys.argv[1])
began = time.process_time()
for number in range(150):
    sum(len(f"resource {item}".split()) for item in range(1500))
    client.get(f"{sys.argv[1]}/{number}")
print(time.process_time() - began)
"""


def cost_of_a_span() -> dict[str, float]:
    """Microseconds a span, 30 frames deep: OpenTelemetry's SDK, ours by the general hook, and ours switched off."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    provider = TracerProvider()
    bare = provider.get_tracer("bare")
    exporting = TracerProvider()
    exporter = InMemorySpanExporter()
    exporting.add_span_processor(SimpleSpanProcessor(exporter))
    exported = exporting.get_tracer("exported")

    def ours() -> float:
        with RunRecorder(SamplerSpec("none"), collector_off=False).round(RoundKind.TIMING):
            return deep(STACK_DEPTH, lambda: per_span(lambda: record_span("sql", "SELECT", status="ok")))

    def theirs(tracer: Any) -> float:
        exporter.clear()
        return deep(
            STACK_DEPTH,
            lambda: per_span(
                lambda: tracer.start_as_current_span("SELECT", attributes={"db.system": "postgresql"})
            ),
        )

    kinds: dict[str, Callable[[], float]] = {
        "workbench record_span": ours,
        f"workbench record_span, {FRAMES_ABOVE} frames above the recording": lambda: deep(FRAMES_ABOVE, ours),
        "opentelemetry sdk, no processor": lambda: theirs(bare),
        "opentelemetry sdk, in-memory exporter": lambda: theirs(exported),
        "workbench record_span, nothing recorded": lambda: deep(
            STACK_DEPTH, lambda: per_span(lambda: record_span("sql", "SELECT"))
        ),
    }
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(7):
        for name, measure in kinds.items():
            found[name].append(measure())
    return {name: statistics.median(values) for name, values in found.items()}


def deep(levels: int, then: Callable[[], float]) -> float:
    return deep(levels - 1, then) if levels else then()


def per_span(span: Callable[[], Any]) -> float:
    began = time.perf_counter()
    for _ in range(SPAN_LOOPS):
        with span():
            pass
    return (time.perf_counter() - began) / SPAN_LOOPS * 1e6


def pairs(count: int, new: Callable[[], float], base: Callable[[], float]) -> tuple[list[float], list[float]]:
    """Both measured in turn, which is first drawn anew for every pair; one pair before that warms up."""
    order = random.Random(1)
    news: list[float] = []
    bases: list[float] = []
    new(), base()
    for _ in range(count):
        steps = [(news, new), (bases, base)]
        order.shuffle(steps)
        for values, measure in steps:
            values.append(measure())
    return news, bases


def estimate(new: list[float], base: list[float]) -> dict[str, Any]:
    found = paired_ratio(base, new)
    return {
        "ratio": found.ratio,
        "ci": [found.low, found.high],
        "pairs": len(new),
        "new_seconds": statistics.median(new),
        "base_seconds": statistics.median(base),
    }


def show(result: dict[str, Any]) -> None:
    rows = [
        (
            f"wb.profile / pyinstrument alone, {result['profile']['spans_per_second']:.0f} spans/s",
            result["profile"],
        ),
        ("requests with spans / without, back to back", result["request"]),
        ("workbench imported / not imported", result["off"]),
    ]
    for name, row in rows:
        print(f"{name:58} {row['ratio']:.3f}  [{row['ci'][0]:.3f}, {row['ci'][1]:.3f}]  {row['pairs']} pairs")
    print(f"{'an HTTP span, everything included':58} {result['request']['span_us']:.0f} µs")
    for name, cost in result["span_us"].items():
        print(f"{'a bare span: ' + name:58} {cost:.1f} µs")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        raise SystemExit(main())
