"""Recordings for the store's tests: small ones with every field set, large ones, and processes that save them."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from workbench.calltree import CallTree, CallTreeBuilder, Samples
from workbench.model import (
    Environment,
    Frame,
    Recording,
    Round,
    RoundKind,
    Run,
    Sampler,
    Session,
    Span,
    Status,
)

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
WEIGHTS = (1_000_000, 1_250_000, 990_000, 1_000_001)
MAIN = Frame("workbench/app.py", "main")
LOAD = Frame("workbench/app.py", "Loader.load")
PARSE = Frame("<stdlib>/json/decoder.py", "decode", 332)
READ = Frame("<site>/httpx/_client.py", "Client.get")


def make_tree(extra: int = 0) -> CallTree:
    """Two threads, two sampled rounds, recursion, line weights and a pause between samples."""
    builder = CallTreeBuilder()
    main, worker = builder.thread("MainThread"), builder.thread("worker-1")
    stacks = [(MAIN, LOAD, PARSE), (MAIN, LOAD, LOAD, READ), (MAIN,), (LOAD, READ)]
    stacks += [(MAIN, Frame("workbench/app.py", f"step_{i}")) for i in range(extra)]
    for number in (1, 3):
        now = {main: 0, worker: 500}
        for turn, stack in enumerate(stacks * 3):
            thread = worker if turn % 3 == 2 else main
            weight = WEIGHTS[turn % 4]
            now[thread] += weight + (7_000 if turn % 5 == 4 else 0)
            node = builder.node(stack)
            builder.sample(
                time_ns=now[thread], weight_ns=weight, node=node, thread=thread, round=number, line=10 + turn % 3
            )
    return builder.build()


def make_spans(count: int = 3) -> tuple[Span, ...]:
    return tuple(
        Span(
            number=n,
            parent=n - 1,
            round=1,
            kind="http" if n % 2 == 0 else "connect",
            name="GET /JSSResource/policies/id/{id}",
            start_ns=1000 * n,
            duration_ns=500 + n,
            status="error" if n == 2 else "ok",
            thread=n % 2,
            node=n % 3 - 1,
            site="workbench/app.py:12",
            bytes_sent=n,
            bytes_received=1 << 33,
            trace_id="0af7651916cd43dd8448eb211c80319c",
            otel_span_id=f"{n:016x}",
            attributes={
                "http.status_code": 200 + n,
                "retry": False,
                "peer": "localhost",
                "share": 0.5,
                "none": None,
            },
        )
        for n in range(count)
    )


def make_session(number: int = 0, **changes: object) -> Session:
    values: dict[str, object] = {
        "session_id": f"260301-1200{number % 60:02d}-{number:08x}",
        "kind": "scenario",
        "started_at": START + timedelta(seconds=number),
        "scenario": "jamf",
        "parameters": {"link": "cloud", "scale": "small", "seed": 1, "ratio": 0.1, "fast": True, "resources": None},
        "environment": Environment(
            commit="dfeab8c",
            dirty=True,
            branch="main",
            python="3.11.7",
            implementation="CPython",
            packages={"httpx": "0.28.1", "numpy": "2.1"},
            os="Linux 6.8",
            cpu="a processor",
            cores=2,
            memory_bytes=8 << 30,
            machine="0123abcd",
            power="performance",
            workbench="0.1.0",
        ),
    }
    return Session(**(values | changes))  # type: ignore[arg-type]


def make_run(session: Session, variant: str = "naive", **changes: object) -> Run:
    kinds = (RoundKind.WARMUP, RoundKind.SAMPLED, RoundKind.TIMING, RoundKind.SAMPLED)
    rounds = tuple(
        Round(
            index=index,
            kind=kind,
            position=2 * index,
            started_at=session.started_at + timedelta(seconds=index),
            measures={"wall": 1.5 + index, "cpu": 0.25, "requests": 12.0, "own": float(index)},
            status=Status.FAILED if index == 3 else Status.OK,
            error="ValueError: no" if index == 3 else "",
        )
        for index, kind in enumerate(kinds)
    )
    values: dict[str, object] = {
        "run_id": f"{session.session_id}-{variant}",
        "session_id": session.session_id,
        "name": f"jamf {variant}",
        "started_at": session.started_at,
        "duration_s": 12.5,
        "scenario": "jamf",
        "variant": variant,
        "sampler": Sampler("pyinstrument", "5.1.1", 1_000_000, "wall", "async"),
        "parameters": {"pool": 50, "note": "plain"},
        "tags": ("best", "kept"),
        "rounds": rounds,
    }
    return Run(**(values | changes))  # type: ignore[arg-type]


def make_recording(session: Session, variant: str = "naive", extra: int = 0, **changes: object) -> Recording:
    return Recording(make_run(session, variant, **changes), make_tree(extra), make_spans())


def big_tree(samples: int, nodes: int = 5000, seed: int = 0) -> CallTree:
    """Many samples of one thread end to end, at about 1 ms."""
    random = np.random.default_rng(seed)
    parent = np.array([-1] + [int(random.integers(max(0, n - 40), n)) for n in range(1, nodes)], dtype=np.int32)
    frames = tuple(Frame("workbench/big.py", f"function_{n}") for n in range(500))
    weight = np.full(samples, 1_000_000, dtype=np.int64)
    node = np.repeat(random.zipf(1.3, samples) % nodes, random.integers(1, 6, samples))[:samples]
    zero = np.zeros(samples, dtype=np.int32)
    return CallTree(
        frames=frames,
        node_parent=parent,
        node_frame=(np.arange(nodes) % 500).astype(np.int32),
        threads=("MainThread",),
        samples=Samples(np.cumsum(weight), weight, node.astype(np.int32), zero, zero),
    )


def same_tree(a: CallTree, b: CallTree) -> bool:
    """Equal in every column, node and frame numbers included."""
    pairs = [(a.node_parent, b.node_parent), (a.node_frame, b.node_frame)]
    pairs += [
        (getattr(a.samples, n), getattr(b.samples, n)) for n in ("time_ns", "weight_ns", "node", "thread", "round")
    ]
    pairs += [(getattr(a.lines, n), getattr(b.lines, n)) for n in ("node", "line", "weight_ns")]
    equal = all(x.dtype == y.dtype and np.array_equal(x, y) for x, y in pairs)
    return equal and a.frames == b.frames and a.threads == b.threads


def python(code: str, *args: object) -> subprocess.Popen[str]:
    """A process that runs the code with this folder importable; stdin and stdout are pipes."""
    here = str(Path(__file__).parent)
    program = f"import sys; sys.path.insert(0, {here!r})\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


HOLDER = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
connection.close()
print("released", flush=True)
"""
