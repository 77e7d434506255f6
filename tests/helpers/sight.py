"""Pages with one flame graph each, and recordings made up for what stands around it: differences, spans, source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sample_runs import MS, STARTED, session

from workbench.calltree import CallTreeBuilder
from workbench.model import Frame, Recording, Round, RoundKind, Run, Sampler, Span
from workbench.views.assets import module, read_static
from workbench.views.diff import DiffSide
from workbench.views.payload import as_base64

__all__ = ["Work", "side", "sight_page", "timed_recording"]

_BOOT = """import { mount } from "./flamegraph.js";
for (const host of document.querySelectorAll("[data-wb-flamegraph]")) {
  const payload = host.querySelector("script").textContent;
  mount(host, payload, { animate: false, address: "g" });
}
"""

Work = Sequence[tuple[tuple[Frame, ...], float]]  # stacks from the root, and milliseconds


def sight_page(path: Path, *payloads: bytes) -> str:
    """Write a page of flame graphs; its address."""
    hosts = "".join(
        f'<div data-wb-flamegraph><script type="application/octet-stream">{as_base64(payload)}</script></div>'
        for payload in payloads
    )
    path.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>sight</title>'
        f'<meta name="color-scheme" content="light dark"><style>{read_static("flamegraph.css")}</style></head>'
        f'<body><main>{hosts}</main><script type="module">{module(_BOOT)}</script></body></html>',
        encoding="utf-8",
        errors="replace",
    )
    return path.as_uri()


def side(name: str, work: Work, *, rounds: int = 1, interval_ns: int = MS, **more: object) -> DiffSide:
    """A run of that name whose every sampled round did that work."""
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    for number in range(rounds):
        now = 0
        for stack, ms in work:
            now += round(ms * MS)
            builder.sample(time_ns=now, weight_ns=round(ms * MS), node=builder.node(stack), round=number, line=7)
    made = tuple(Round(i, RoundKind.SAMPLED, i, STARTED, {"wall": 0.1}) for i in range(rounds))
    values = {
        "run_id": f"id-{name}"[:60],
        "session_id": "s",
        "name": name,
        "started_at": STARTED,
        "sampler": Sampler("pyinstrument", "5.1.3", interval_ns, "wall", "async"),
        "rounds": made,
        **more,
    }
    return DiffSide(Run(**values), builder.build(), session())  # type: ignore[arg-type]


def timed_recording(fetches: int = 6) -> Recording:
    """One sampled round in which tasks fetch one after another, each in two spans: the request and its connect."""
    main, loop = Frame("app/main.py", "main"), Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_forever")
    fetch, save = Frame("app/main.py", "fetch"), Frame("app/store.py", "save")
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    spans: list[Span] = []
    now = 0
    for turn in range(fetches):
        node = builder.node((main, loop, fetch))
        waits = builder.node((main, loop, fetch, Frame("<await>", "[await]")))
        writes = builder.node((main, loop, save))
        start = now + 2 * MS
        for leaf, ms, line in ((node, 2, 11), (waits, 8 + turn, 12), (writes, 3, 20)):
            now += ms * MS
            task = builder.task(f"fetch {turn + 1}")
            builder.sample(time_ns=now, weight_ns=ms * MS, node=leaf, line=line, task=task)
        length = (8 + turn) * MS
        number = len(spans)
        spans.append(_span(number, -1, "http", "GET /items/{id}", start, length, node, "app/main.py:12"))
        spans.append(_span(number + 1, number, "connect", "localhost", start, length // 4, node, "app/main.py:12"))
        failed = "error" if turn == 2 else "ok"
        spans.append(
            _span(number + 2, -1, "sql", "INSERT INTO t", now - 3 * MS, 2 * MS, writes, "app/store.py:20", failed)
        )
    only = Round(0, RoundKind.SAMPLED, 0, STARTED, {"wall": now / 1e9})
    made = Run(
        "timed",
        "s",
        "timed",
        STARTED,
        sampler=Sampler("pyinstrument", "5.1.3", MS, "wall", "async"),
        rounds=(only,),
    )
    return Recording(made, builder.build(), tuple(spans))


def _span(
    number: int,
    parent: int,
    kind: str,
    name: str,
    start: int,
    length: int,
    node: int,
    site: str,
    status: str = "ok",
) -> Span:
    return Span(number, parent, 0, kind, name, start, length, status, 0, node, site)
