"""Answers of the two APIs, and their error bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.services.simulator.reply import Reply

__all__ = [
    "JSON",
    "classic_error",
    "classic_json",
    "classic_xml",
    "oauth_error",
    "pro_error",
    "pro_json",
]

JSON = b"application/json"
_XML = b"text/xml;charset=UTF-8"
_HTML = b"text/html;charset=UTF-8"


def classic_json(document: Mapping[str, Any]) -> Reply:
    """The Classic API writes JSON without spaces."""
    return Reply(
        200,
        b"application/json;charset=UTF-8",
        json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def classic_xml(body: bytes) -> Reply:
    return Reply(200, _XML, body)


def pro_json(document: Mapping[str, Any], status: int = 200) -> Reply:
    """The Jamf Pro API writes JSON indented by two, with a space on either side of the colon."""
    text = json.dumps(document, ensure_ascii=False, indent=2, separators=(",", " : "))
    return Reply(status, JSON, text.encode())


def pro_error(status: int, code: str = "", description: str = "", field: str | None = None) -> Reply:
    """``{"httpStatus": 401, "errors": []}``; the list has one entry where a code is given."""
    errors = [{"code": code, "description": description, "id": "0", "field": field}] if code else []
    return pro_json({"httpStatus": status, "errors": errors}, status)


def oauth_error(status: int, code: str) -> Reply:
    """RFC 6749, section 5.2."""
    return pro_json({"error": code}, status)


_CLASSIC_TEXTS: Mapping[int, tuple[str, str, str]] = {
    400: ("Bad Request", "The request could not be understood by the server due to malformed syntax", "4.1"),
    401: ("Unauthorized", "The request requires user authentication", "4.2"),
    404: ("Not Found", "The server has not found anything matching the request URI", "4.5"),
    405: ("Method Not Allowed", "The method specified in the request is not allowed for the resource", "4.6"),
    429: ("Too Many Requests", "The user has sent too many requests in a given amount of time", "4"),
    500: ("Internal Server Error", "The server encountered an unexpected condition", "5.1"),
}


def classic_error(status: int) -> Reply:
    """The Classic API answers errors with a status page in HTML, whatever the client accepts."""
    title, text, section = _CLASSIC_TEXTS[status]
    page = (
        "<html>\n<head>\n   <title>Status page</title>\n</head>\n"
        '<body style="font-family: sans-serif;">\n'
        f'<p style="font-size: 1.2em;font-weight: bold;margin: 1em 0px;">{title}</p>\n'
        f"<p>{text}</p>\n"
        "<p>You can get technical details "
        f'<a href="http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.{section}">here</a>.<br>\n'
        'Please continue your visit at our <a href="/">home page</a>.\n</p>\n</body>\n</html>\n'
    )
    return Reply(status, _HTML, page.encode())
