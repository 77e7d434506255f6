"""An answer as bytes."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, NamedTuple

__all__ = ["Reply", "balancer_page", "head", "part"]


class Reply(NamedTuple):
    status: int
    content_type: bytes
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def balancer_page() -> Reply:
    """What a load balancer or captive portal puts in the answer's place, with status 200."""
    page = b"<html><head><title>Please wait</title></head><body><h1>Maintenance</h1></body></html>"
    return Reply(200, b"text/html;charset=UTF-8", page)


def head(reply: Reply) -> MutableMapping[str, Any]:
    """The ASGI message that starts it."""
    length = str(len(reply.body)).encode()
    headers = [(b"content-type", reply.content_type), (b"content-length", length), *reply.headers]
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def part(body: bytes, *, more: bool = False) -> MutableMapping[str, Any]:
    """The ASGI message for some of its body."""
    return {"type": "http.response.body", "body": body, "more_body": more}
