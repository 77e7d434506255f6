"""Lists of resources: ``$filter``, ``$top``, ``$expand``, and pages that a ``$skiptoken`` continues."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from workbench.dataset.azure.document import listed_document
from workbench.dataset.azure.identifiers import group_of
from workbench.dataset.azure.model import Resource, Subscription
from workbench.services.azure.replies import ArmError
from workbench.services.azure.state import TenantState

__all__ = ["list_resources", "parse_filter"]

Keeps = Callable[[Resource], bool]

_TERM = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*(and\b)?", re.IGNORECASE)
_FIELDS: Mapping[str, Callable[[Resource], str]] = {
    "resourcetype": lambda each: each.type,
    "location": lambda each: each.location,
    "name": lambda each: each.name,
    "resourcegroup": lambda each: group_of(each.id).rpartition("/")[2],
}
_EXPANSIONS = ("createdTime", "changedTime", "provisioningState")


def list_resources(
    state: TenantState, subscription: Subscription, group: str, query: Mapping[str, str], page_size: int, url: str
) -> dict[str, Any]:
    """One page. ``group`` is a group's canonical id or empty; ``url`` that of the request without its query.

    Raises ArmError for a query that can't be read.
    """
    keeps = parse_filter(query.get("$filter", ""))
    expand = _expansions(query.get("$expand", ""))
    size = min(page_size, _top(query.get("$top", "")))
    scope = f"{subscription.id}{group}{query.get('$filter', '')}"
    start = _position(query["$skiptoken"], scope) if "$skiptoken" in query else 0
    found: list[Resource] = []
    last = start
    for position, resource in state.listing(subscription, group, start):
        if keeps(resource):
            if len(found) == size:
                token = _token(last, scope)
                return {
                    "value": [listed_document(each, expand) for each in found],
                    "nextLink": _next(url, query, token),
                }
            found.append(resource)
            last = position
    return {"value": [listed_document(each, expand) for each in found]}


def parse_filter(text: str) -> Keeps:
    """The test that a ``$filter`` stands for: terms such as ``resourceType eq 'a/b'``, joined by ``and``."""
    if not text.strip():
        return lambda _: True
    terms, position, joined = [], 0, True
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None or not joined:
            raise _bad_filter(text)
        terms.append((match[1].lower(), match[2].lower(), match[3].replace("''", "'")))
        position, joined = match.end(), bool(match[4])
    if joined:
        raise _bad_filter(text)
    if terms[0][0] == "tagname":
        return _by_tag(terms, text)
    if any(field not in _FIELDS for field, _, _ in terms):
        raise _bad_filter(text)
    return lambda each: all(
        (_FIELDS[name](each).lower() == value.lower()) is (op == "eq") for name, op, value in terms
    )


def _by_tag(terms: list[tuple[str, str, str]], text: str) -> Keeps:
    """Tags can't be combined with anything else, as in Azure; their names have no case, their values do."""
    key = terms[0][2].lower()
    if any(op != "eq" for _, op, _ in terms) or [name for name, _, _ in terms[1:]] not in ([], ["tagvalue"]):
        raise _bad_filter(text)
    values = [value for _, _, value in terms[1:]]
    return lambda each: any(
        name.lower() == key and value in (values or [value]) for name, value in each.tags.items()
    )


def _bad_filter(text: str) -> ArmError:
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")


def _expansions(text: str) -> tuple[str, ...]:
    known = {name.lower(): name for name in _EXPANSIONS}
    asked = [part.strip().lower() for part in text.split(",") if part.strip()]
    if unknown := [name for name in asked if name not in known]:
        message = f"The $expand value '{unknown[0]}' is invalid. Supported: {','.join(_EXPANSIONS)}."
        raise ArmError(400, "InvalidExpandInQueryString", message)
    return tuple(known[name] for name in asked)


def _top(text: str) -> int:
    if not text:
        return 1000
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ArmError(400, "InvalidTopInQueryString", f"The $top value '{text}' must be a number above 0.")
    return int(text)


def _token(position: int, scope: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([position, _mark(scope)]).encode()).decode()


def _position(token: str, scope: str) -> int:
    try:
        position, mark = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, binascii.Error):
        position, mark = None, ""
    if not isinstance(position, int) or position < 0 or mark != _mark(scope):
        raise ArmError(400, "InvalidSkipToken", "The skip token in the query string is invalid.")
    return position


def _mark(scope: str) -> str:
    """Ties a token to the list that it continues."""
    return blake2b(scope.lower().encode(), digest_size=6).hexdigest()


def _next(url: str, query: Mapping[str, str], token: str) -> str:
    kept = {key: value for key, value in query.items() if key != "$skiptoken"} | {"$skiptoken": token}
    return url + "?" + "&".join(f"{quote(key)}={quote(value, safe='')}" for key, value in kept.items())
