"""Paging, sorting and filtering of the Jamf Pro API's lists.

``page`` counts from 0, ``page-size`` is at most 2,000; ``sort`` is ``field:asc,field:desc``; ``filter`` is RSQL
without parentheses: comparisons joined by ``;`` (and, binds tighter) and ``,`` (or), with ``==``, ``!=``,
``=in=(a,b)``, ``=out=(a,b)`` and the order operators, ``*`` as a wildcard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import translate
from typing import Any

__all__ = ["BadQuery", "select_page"]

MAX_PAGE_SIZE = 2000

Record = Mapping[str, Any]
Predicate = Callable[[Record], bool]


class BadQuery(ValueError):
    """What is wrong with a query parameter; ``field`` names it."""

    def __init__(self, field: str, description: str) -> None:
        super().__init__(description)
        self.field = field


def select_page(records: Sequence[Record], query: Mapping[str, str], *, default_sort: str) -> dict[str, Any]:
    """``{"totalCount": matches, "results": [one page of them]}``. Raises BadQuery."""
    page = _number(query, "page", 0, 0, 10**9)
    size = _number(query, "page-size", 100, 1, MAX_PAGE_SIZE)
    matches = list(records)
    if query.get("filter"):
        predicate = _filter(query["filter"], records)
        matches = [record for record in matches if predicate(record)]
    for field, descending in reversed(_sort_fields(query.get("sort") or default_sort, records)):
        matches.sort(key=lambda record: _sort_key(record[field]), reverse=descending)
    return {"totalCount": len(matches), "results": matches[page * size : (page + 1) * size]}


def _number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = query.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise BadQuery(name, f"{name} must be a number from {low} to {high}")
    return int(text)


def _sort_fields(text: str, records: Sequence[Record]) -> list[tuple[str, bool]]:
    fields = []
    for part in text.split(","):
        name, _, order = part.strip().partition(":")
        if order not in ("", "asc", "desc") or (records and name not in records[0]):
            raise BadQuery("sort", f"can't sort by {part!r}")
        fields.append((name, order == "desc"))
    return fields


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Numbers, also those in text such as ids, by value and before text; text without regard to case."""
    if isinstance(value, bool | int) or (isinstance(value, str) and re.fullmatch(r"-?\d+", value)):
        return 0, int(value), ""
    return 1, 0, str(value).casefold()


_COMPARISON = re.compile(
    r"""\s*(?P<field>\w+)\s*(?P<op>==|!=|=in=|=out=|>=|<=|=ge=|=le=|=gt=|=lt=|>|<)\s*
        (?P<value>\((?:"[^"]*"|'[^']*'|[^)"'])*\)|"[^"]*"|'[^']*'|[^;,]*)\s*(?P<join>[;,]|$)""",
    re.VERBOSE,
)


def _filter(text: str, records: Sequence[Record]) -> Predicate:
    alternatives: list[list[Predicate]] = [[]]
    at = 0
    while at < len(text):
        match = _COMPARISON.match(text, at)
        if match is None or (records and match["field"] not in records[0]):
            raise BadQuery("filter", f"can't read the filter at {text[at : at + 40]!r}")
        alternatives[-1].append(_comparison(match["field"], match["op"], match["value"]))
        if match["join"] == ",":
            alternatives.append([])
        at = match.end()
    return lambda record: any(all(test(record) for test in tests) for tests in alternatives)


def _comparison(field: str, op: str, value: str) -> Predicate:
    if op in ("=in=", "=out="):
        wanted = {_unquote(part).casefold() for part in value.strip("()").split(",")}
        return lambda record: (_text(record[field]) in wanted) == (op == "=in=")
    if op in ("==", "!="):
        pattern = re.compile(translate(_unquote(value).casefold()))
        return lambda record: bool(pattern.fullmatch(_text(record[field]))) == (op == "==")
    bound = _sort_key(_unquote(value))
    tests: Mapping[str, Callable[[Any], bool]] = {
        ">": lambda key: key > bound,
        "<": lambda key: key < bound,
        ">=": lambda key: key >= bound,
        "<=": lambda key: key <= bound,
    }
    test = tests[{"=ge=": ">=", "=le=": "<=", "=gt=": ">", "=lt=": "<"}.get(op, op)]
    return lambda record: test(_sort_key(record[field]))


def _unquote(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _text(value: Any) -> str:
    return str(value).casefold()
