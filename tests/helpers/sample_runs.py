"""Runs, trees and reports made up for the tests of views, report and notebook; shaped like the Jamf export."""

from __future__ import annotations

import random
import zlib
from datetime import UTC, datetime
from functools import cache

from workbench.analysis.bound import Bound
from workbench.analysis.ladder import ladder
from workbench.calltree import CallTree, CallTreeBuilder, tree_from_stacks
from workbench.model import Environment, Frame, Round, RoundKind, Run, Sampler, Session, Span
from workbench.reporting.model import ReportData, RunReport
from workbench.scenarios.base import BoundTerm

STARTED = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MS = 1_000_000

EVIL = (
    "</script><script>window.__pwned = 1</script>",
    '<img src=x onerror="window.__pwned = 2">',
    "{{constructor.constructor('window.__pwned = 3')()}}",
    "${window.__pwned = 4}",
    '" onmouseover="window.__pwned = 5" x="',
    "' onfocus='window.__pwned = 6' autofocus='",
    "<!--<script>",
    "]]><svg onload=window.__pwned=7>",
    "javascript:window.__pwned=8",
    "line\u2028separator\u2029and\x00nul",
    "\u202egnp.exe",
    "lone \ud800 surrogate",
    "n" * 10_000,
)
"""Names that would do harm where one is taken for markup, script, template or style."""

_APP = "workbench/scenarios/jamf/naive.py"
_HTTPX, _CORE, _SSL = "<site>/httpx/_client.py", "<site>/httpcore/_sync/connection_pool.py", "<stdlib>/ssl.py"
_PATHS = (
    (("Client.send", _HTTPX), ("ConnectionPool.handle_request", _CORE), ("SSLSocket.read", _SSL)),
    (("Client.send", _HTTPX), ("HTTPConnection._connect", "<site>/httpcore/_sync/connection.py"),
     ("SSLSocket.do_handshake", _SSL)),
    (("Client.__init__", _HTTPX), ("create_ssl_context", "<site>/httpx/_config.py"), ("SSLContext.load", _SSL)),
    (("Response.json", "<site>/httpx/_models.py"), ("loads", "<stdlib>/json/__init__.py"),
     ("JSONDecoder.raw_decode", "<stdlib>/json/decoder.py")),
    (("render_block", "workbench/scenarios/jamf/hcl.py"), ("quote", "workbench/scenarios/jamf/hcl.py")),
    (("write_support_file", "workbench/scenarios/jamf/files.py"), ("Path.write_text", "<stdlib>/pathlib.py"),
     ("open", "<built-in>")),
)  # fmt: skip
_OUTER = (
    Frame("<stdlib>/asyncio/runners.py", "Runner.run"),
    Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_until_complete"),
    Frame(_APP, "export"),
)


@cache  # nothing in it can be changed
def jamf_tree(seed: int = 1, samples: int = 3000) -> CallTree:
    """A tree with the shape of an HTTP-bound export, with recursion and lines; the same for the same seed."""
    chance = random.Random(seed)
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    now = 0
    steps = [
        Frame(_APP, f"export_{kind}") for kind in ("policy", "script", "profile", "package", "group", "category")
    ]
    walk = Frame("workbench/scenarios/jamf/references.py", "walk")
    for _ in range(samples):
        path = chance.choices(_PATHS, (50, 18, 12, 8, 7, 5))[0]
        step = steps[min(chance.randrange(6), chance.randrange(6))]
        nested = [walk] * chance.randrange(4)
        deep = chance.randrange(1, len(path) + 1)
        stack = [*_OUTER, step, *nested, *(Frame(file, name) for name, file in path[:deep])]
        tail = [
            Frame(f"<site>/h11/_part{i % 3}.py", f"helper_{chance.randrange(9)}")
            for i in range(chance.randrange(4))
        ]
        weight = round(MS * chance.uniform(0.9, 1.4))
        now += weight
        builder.sample(
            time_ns=now, weight_ns=weight, node=builder.node([*stack, *tail]), line=chance.randrange(10, 300)
        )
    return builder.build()


def evil_tree() -> CallTree:
    """A tree whose every file and function is one of ``EVIL``."""
    return tree_from_stacks(
        [((Frame("app/main.py", "main"), Frame(text, text), Frame("app/" + text, "f")), 10 * MS) for text in EVIL]
    )


def rounds(walls: list[float], *, requests: int, connects: int, sampled: int = 1) -> tuple[Round, ...]:
    kinds = [RoundKind.TIMING] * len(walls) + [RoundKind.SAMPLED] * sampled
    return tuple(
        Round(
            index=i,
            kind=kind,
            position=i,
            started_at=STARTED,
            measures={
                "wall": wall,
                "cpu": wall * 0.2,
                "peak_rss": 91.5e6 + i * 1e5,
                "requests": requests,
                "connects": connects,
                "tls_handshakes": connects,
                "bytes_received": 1_834_211.0,
            },
        )
        for i, (kind, wall) in enumerate(zip(kinds, [*walls, *walls[:1] * sampled], strict=True))
    )


def spans_of(
    run_rounds: tuple[Round, ...], seed: int = 1, name: str = "GET /JSSResource/policies/id/{id}"
) -> tuple[Span, ...]:
    chance = random.Random(seed)
    made: list[Span] = []
    for r in run_rounds:
        for kind, text, site, count, ms in (
            ("http", name, "workbench/scenarios/jamf/fetch.py:48", 24, 61),
            ("http", "GET /JSSResource/scripts/id/{id}", "workbench/scenarios/jamf/fetch.py:61", 17, 48),
            ("connect", "localhost", "workbench/scenarios/jamf/client.py:33", 5, 21),
            ("tls", "localhost", "workbench/scenarios/jamf/client.py:33", 5, 43),
        ):
            for _ in range(count):
                duration = round(ms * MS * chance.lognormvariate(0, 0.3))
                made.append(Span(len(made), -1, r.index, kind, text, 0, duration, site=site, bytes_received=4200))
    return tuple(made)


def session(**parameters: str | int | float) -> Session:
    chosen = {
        "scale": "small",
        "resources": 10,
        "link": "cloud",
        "seed": 1,
        "rounds": 3,
        "dataset_digest": "9f" * 32,
    }
    return Session(
        "261123-040000-ab12",
        "scenario",
        STARTED,
        "jamf",
        {**chosen, **parameters},
        Environment(
            commit="0123456789abcdef0123456789abcdef01234567",
            branch="main",
            python="3.11.7",
            implementation="CPython",
            packages={"httpx": "0.28.1", "numpy": "2.4.6"},
            os="Linux 6.1",
            cpu="An Ordinary CPU",
            cores=2,
            memory_bytes=8 << 30,
            machine="c0ffee",
            workbench="0.1.0",
        ),
    )


VARIANTS = (
    ("naive", "a client per call, one root after another", [9.8, 10.6, 10.1], 118, 118),
    ("pooled", "one client for all calls", [6.3, 6.1, 6.9], 118, 4),
    ("parallel-fetch", "roots fetched concurrently", [2.4, 2.2, 2.3], 118, 20),
    ("parallel-support", "scripts and profiles fetched concurrently", [1.72, 1.66, 1.8], 118, 20),
    ("optimized", "all three, bounded by a semaphore; shared dependencies fetched once", [1.14, 1.09, 1.2], 71, 20),
)


def run(variant: str, walls: list[float], *, requests: int = 118, connects: int = 20, **more: object) -> Run:
    values = {
        "run_id": f"261123-040000-{zlib.crc32(variant.encode('utf-8', 'replace')) % 65536:04x}",
        "session_id": "261123-040000-ab12",
        "name": f"jamf:{variant}",
        "started_at": STARTED,
        "duration_s": sum(walls),
        "scenario": "jamf",
        "variant": variant,
        "sampler": Sampler("pyinstrument", "5.1.3", MS, "wall", "async"),
        "rounds": rounds(walls, requests=requests, connects=connects),
        **more,
    }
    return Run(**values)  # type: ignore[arg-type]


@cache
def session_report() -> ReportData:
    """Five variants in one session, with stacks, spans and a bound."""
    sitting = session()
    reports = []
    for seed, (variant, change, walls, requests, connects) in enumerate(VARIANTS, 1):
        made = run(variant, walls, requests=requests, connects=connects)
        tree = jamf_tree(seed, 1 + round(walls[0] * 400))
        reports.append(RunReport(made, sitting, tree, spans_of(made.rounds, seed), change))
    return ReportData(
        title="Jamf Pro export to Terraform",
        runs=tuple(reports),
        rows=tuple(ladder([r.run for r in reports], "naive")),
        bound=Bound(
            (
                BoundTerm("longest chain", 0.93, "3 round trips × (20 ms + 62 ms) + slowest draws"),
                BoundTerm("throttle", 0.61, "71 requests / 20 at once × 172 ms"),
                BoundTerm("bandwidth", 0.015, "1.83 MB / 1 Gbit/s"),
            ),
            floor_seconds=0.41,
        ),
        written_at=STARTED,
    )


@cache
def single_report() -> ReportData:
    """One block of a user's own code: a sampled round, no ladder."""
    own = Session("261123-050000-cd34", "block", STARTED, environment=session().environment)
    only = Round(0, RoundKind.SAMPLED, 0, STARTED, {"wall": 3.4, "cpu": 1.2, "requests": 41.0})
    made = run(
        "",
        [3.4],
        name="checkout",
        scenario="",
        run_id="261123-050000-one1",
        session_id=own.session_id,
        rounds=(only,),
    )
    return ReportData("checkout", (RunReport(made, own, jamf_tree(), spans_of((only,))),), written_at=STARTED)


@cache
def evil_report() -> ReportData:
    """Every text in the report is one of ``EVIL``, or holds all of them."""
    everything = " ".join(EVIL)
    sitting = session(**dict.fromkeys(EVIL, everything))
    reports = []
    for i, text in enumerate((EVIL[0], EVIL[1], everything)):
        made = run(text, [2.0 - 0.1 * i], name=text, run_id=f"id{i}{text}", error=everything, tags=EVIL,
                   parameters=dict.fromkeys(EVIL, everything))  # fmt: skip
        spans = tuple(s for text in EVIL for s in spans_of(made.rounds, name=text))
        reports.append(RunReport(made, sitting, evil_tree(), spans, text))
    return ReportData(
        title=everything,
        runs=tuple(reports),
        rows=tuple(ladder([r.run for r in reports])),
        bound=Bound(tuple(BoundTerm(text, 0.1, everything) for text in EVIL)),
        written_at=STARTED,
    )
