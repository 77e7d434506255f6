"""What the Jamf Pro simulator costs: requests a second and processor time a request, with no latency of its own.

It shares the machine with the code that is measured, so its share must be known. Clients are bare TLS connections
kept alive, cheap enough not to be the limit. ``python benchmarks/jamf_simulator.py`` writes
``benchmarks/results/jamf_simulator.json``.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from workbench.capture.environment import environment
from workbench.dataset.jamf import build_estate, write_estate
from workbench.services.jamf import JamfOptions, RunningJamf, start_jamf
from workbench.services.jamf.latency import latency_s

RESULTS = Path(__file__).parent / "results" / "jamf_simulator.json"
CONNECTIONS = 16
REQUESTS = 300  # per connection
PATHS = ("/JSSResource/policies/id/1", "/JSSResource/scripts/id/1", "/api/v1/scripts/1")


def main() -> int:
    """Measure, print, write."""
    with tempfile.TemporaryDirectory() as folder:
        write_estate(build_estate(scale="small", seed=1), Path(folder))
        with start_jamf(Path(folder), options=JamfOptions(latency_scale=0)) as jamf:
            rows = [measure_throughput(jamf, path) for path in PATHS]
        with start_jamf(Path(folder), options=JamfOptions(latency_scale=0.5)) as jamf:
            lateness = measure_lateness(jamf)
    result = {"throughput": rows, "latency": lateness, "environment": asdict(environment())}
    RESULTS.write_text(json.dumps(result, indent=2, default=dict) + "\n")
    for row in rows:
        print(
            f"{row['path']:30s} {row['requests_per_s']:6.0f} requests/s, {row['cpu_us_per_request']:4.0f} us of"
            f" the simulator's processor time a request, {row['body_bytes']} bytes each"
        )
    print(f"answers later than drawn: p50 {lateness['p50_ms']:.2f} ms, p95 {lateness['p95_ms']:.2f} ms")
    return 0


def token(jamf: RunningJamf, context: ssl.SSLContext) -> str:
    reply = httpx.post(
        f"{jamf.base_url}/api/v1/auth/token", auth=(jamf.username, jamf.password), verify=context, trust_env=False
    )
    text: str = reply.raise_for_status().json()["token"]
    return text


def measure_throughput(jamf: RunningJamf, path: str) -> dict[str, Any]:
    """All connections at once, each with one request after another."""
    context = ssl.create_default_context(cafile=str(jamf.ca_file))
    head = (
        f"GET {path} HTTP/1.1\r\nHost: {jamf.host}\r\nAccept: application/json\r\nUser-Agent: benchmark\r\n"
        f"Authorization: Bearer {token(jamf, context)}\r\n\r\n"
    ).encode()
    sizes: list[int] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(jamf.host, jamf.port, ssl=context)
        for _ in range(REQUESTS):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            sizes.append(length)
        writer.close()

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(CONNECTIONS)))

    asyncio.run(clients())
    sizes.clear()
    before = jamf.stats()["cpu_s"]
    start = time.perf_counter()
    asyncio.run(clients())
    elapsed = time.perf_counter() - start
    cpu = jamf.stats()["cpu_s"] - before
    return {
        "path": path,
        "connections": CONNECTIONS,
        "requests_per_s": len(sizes) / elapsed,
        "cpu_us_per_request": cpu / len(sizes) * 1e6,
        "body_bytes": sizes[0],
    }


def measure_lateness(jamf: RunningJamf, requests: int = 60) -> dict[str, float]:
    """How much later than its draw an answer is, one request after another on one connection."""
    context = ssl.create_default_context(cafile=str(jamf.ca_file))
    headers = {"Authorization": f"Bearer {token(jamf, context)}"}
    late = []
    with httpx.Client(base_url=jamf.base_url, verify=context, headers=headers, trust_env=False) as session:
        session.get("/api/v1/jamf-pro-version")
        for nth in range(1, requests + 1):
            start = time.perf_counter()
            session.get("/JSSResource/policies/id/1").raise_for_status()
            took = time.perf_counter() - start
            late.append((took - latency_s(1, "policies/item", "policies/1", nth, 0.5)) * 1e3)
    late.sort()
    return {"p50_ms": statistics.median(late), "p95_ms": late[len(late) * 19 // 20], "requests": requests}


if __name__ == "__main__":
    sys.exit(main())
