"""The body of a version: a graph of nodes and edges as automation tools keep it, of a wanted size."""

from __future__ import annotations

import json

from workbench.dataset.draw import Stream

__all__ = ["LARGEST", "MEDIAN", "SMALLEST", "payload_text"]

SMALLEST, MEDIAN, LARGEST = 10_240, 40_000, 1_000_000
_SIGMA = 0.9

_TYPES = (
    "http.request", "code.python", "llm.prompt", "branch.if", "loop.each", "data.map", "mail.send", "queue.publish",
    "sheet.append", "form.trigger", "cron.trigger", "file.read", "file.write", "sql.query", "wait.until",
)  # fmt: skip
_PROSE = (
    "the customer record is read from source system and checked against open orders before a summary goes to team "
    "channel when amount exceeds limit set in settings otherwise request waits for approval by manager and retries "
    "after delay with payload headers token count batch cursor region tenant invoice ticket status priority queue"
)
_WORDS = _PROSE.split()
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _paragraphs() -> tuple[str, ...]:
    stream = Stream("workflows", "paragraphs")
    return tuple(" ".join(stream.pick(_WORDS) for _ in range(stream.number(12, 160))) for _ in range(400))


_TEXTS = _paragraphs()


def payload_text(stream: Stream) -> str:
    """Compact JSON text of a size drawn from a log-normal (median 40 KB), within 10 KB and 1 MB."""
    wanted = stream.log_normal(MEDIAN, _SIGMA, SMALLEST, LARGEST)
    nodes: list[str] = []
    edges: list[str] = []
    size = 0
    while size < wanted:
        number = len(nodes)
        node = _node(stream, number)
        nodes.append(node)
        size += len(node) + 1
        for _ in range(stream.number(1, 2) if number else 0):
            edge = _encode({"source": f"n{stream.number(0, number - 1)}", "target": f"n{number}", "port": "main"})
            edges.append(edge)
            size += len(edge) + 1
    settings = _encode({"timezone": "UTC", "retry": stream.number(0, 5), "save_runs": stream.chance(0.5)})
    return f'{{"schema":3,"settings":{settings},"nodes":[{",".join(nodes)}],"edges":[{",".join(edges)}]}}'


def _node(stream: Stream, number: int) -> str:
    parameters = {
        "text": stream.pick(_TEXTS),
        "key": f"{stream.number(0, 16**12 - 1):012x}",
        "limit": stream.number(1, 5000),
        "enabled": stream.chance(0.9),
    }
    position = [stream.number(0, 4000), stream.number(0, 4000)]
    kind = stream.skewed(_TYPES)
    node = {"id": f"n{number}", "type": kind, "name": f"{kind} {number}", "position": position}
    return _encode({**node, "parameters": parameters})
