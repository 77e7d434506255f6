"""A small profile whose every figure is known, and pages under a report's policy that show profiles."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from workbench.calltree import CallTree, CallTreeBuilder
from workbench.model import Frame
from workbench.views.assets import module, read_static
from workbench.views.extras import Extras
from workbench.views.flamegraph import flamegraph_html
from workbench.views.payload import FlameMeta

MS = 1_000_000

MAIN, HANDLER, SAVER = (
    Frame("app/main.py", "main"),
    Frame("app/tasks.py", "handler"),
    Frame("app/tasks.py", "saver"),
)
LOOP = Frame("<stdlib>/asyncio/base_events.py", "BaseEventLoop.run_forever")
AWAIT, SLEEP = Frame("<await>", "[await]"), Frame("<built-in>", "time.sleep")
PARSE, RENDER, FIB = Frame("app/work.py", "parse"), Frame("app/work.py", "render"), Frame("app/work.py", "fib")
DECODE, SEND = Frame("<stdlib>/json/decoder.py", "decode"), Frame("<site>/httpx/_client.py", "Client.send")
WORKER = Frame("app/worker.py", "worker")

STEPS = (
    (0, (MAIN, LOOP, HANDLER, PARSE, DECODE), 10, 5, "load"),
    (0, (MAIN, LOOP, HANDLER, PARSE, DECODE), 10, 7, "load"),
    (0, (MAIN, LOOP, HANDLER, AWAIT), 20, 0, "load"),
    (0, (MAIN, LOOP, SAVER, RENDER), 10, 31, "save"),
    (0, (MAIN, LOOP, HANDLER, PARSE), 10, 12, "load"),
    (0, (MAIN, FIB, FIB, FIB), 15, 3, ""),
    (0, (MAIN, FIB), 5, 4, ""),
    (0, (MAIN, SEND, SLEEP), 20, 0, ""),
    (1, (WORKER, DECODE), 40, 5, ""),
    (1, (WORKER, FIB), 10, 3, ""),
)
"""Thread, stack, milliseconds, line, task: 100 ms on the main thread, 50 ms on another beside it."""


def known_tree() -> CallTree:
    """The tree of ``STEPS``."""
    builder = CallTreeBuilder()
    for name in ("MainThread", "Worker-1"):
        builder.thread(name)
    now = [0, 0]
    for thread, stack, ms, line, task in STEPS:
        now[thread] += ms * MS
        builder.sample(
            time_ns=now[thread], weight_ns=ms * MS, node=builder.node(stack), thread=thread, line=line,
            task=builder.task(task),
        )  # fmt: skip
    return builder.build()


def page_of(*pictures: tuple[CallTree, FlameMeta, Extras | None]) -> str:
    """A page with these flame graphs, under the policy of a report."""
    style = read_static("flamegraph.css") + "body { margin: 20px; background: light-dark(#fff, #1b1c1f) }"
    start = (
        'import { mount } from "./flamegraph.js";\n'
        'document.querySelectorAll("[data-wb-flamegraph]").forEach((host, index) =>'
        ' mount(host, host.querySelector("script").textContent, { address: String(index) }));\n'
    )
    script = module(start)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_digest(script)}",
            f"style-src {_digest(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    body = "".join(flamegraph_html(tree, meta, None, extras) for tree, meta, extras in pictures)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="color-scheme" content="light dark"><title>flame graph</title>'
        f'<style>{style}</style></head><body>{body}<script type="module">{script}</script></body></html>\n'
    )


def write_page(path: Path, *pictures: tuple[CallTree, FlameMeta, Extras | None]) -> str:
    """Write it; the page's address."""
    path.write_text(page_of(*pictures), encoding="utf-8", errors="replace")
    return path.as_uri()


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
