"""What ``@pytest.mark.workbench(…)`` and the command line ask of a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import pytest

from workbench.errors import UsageError

__all__ = ["MARK", "Asked", "asked_of", "is_skipped", "measured_by"]

MARK = "workbench"

_MEASURES: Mapping[str, str] = {
    "sql": "statements",
    "http": "requests",
    "connect": "connects",
    "tls": "tls_handshakes",
    "cypher": "cypher_statements",
}
"""Kinds of I/O as a mark may name them → the measure that counts them."""

_KNOWN = ("max_regression", "counts", "max_seconds")
_FIXTURES = ("profiled", "benchmark")


@dataclass(frozen=True, slots=True)
class Asked:
    """``counts``: the most of each measure that may happen. ``max_regression`` None: as the command line says."""

    max_regression: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    max_seconds: float | None = None
    marked: bool = False


def asked_of(item: pytest.Item) -> Asked:
    """What the item's marks ask, the nearest first. Raises ``UsageError`` for what they can't mean."""
    marks = list(item.iter_markers(MARK))
    given: dict[str, Any] = {}
    for mark in reversed(marks):  # from the module's to the test's own
        if mark.args:
            raise UsageError(f"@pytest.mark.workbench takes {', '.join(_KNOWN)} by name, not {mark.args[0]!r}")
        if unknown := sorted(set(mark.kwargs) - set(_KNOWN)):
            raise UsageError(f"@pytest.mark.workbench has no {unknown[0]!r}; it takes {', '.join(_KNOWN)}")
        given |= mark.kwargs
    return Asked(
        max_regression=_regression(given.get("max_regression")),
        counts=_counts(given.get("counts", {})),
        max_seconds=_seconds(given.get("max_seconds")),
        marked=bool(marks),
    )


def _regression(value: Any) -> float | None:
    from workbench.analysis.verdict import parse_percent

    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"max_regression is a percentage such as '5%', not {value!r}")
    return parse_percent(str(value))


def _counts(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise UsageError(f"counts is a mapping such as {{'sql': 3}}, not {value!r}")
    for name, most in value.items():
        _require_known(name)
        if isinstance(most, bool) or not isinstance(most, int) or most < 0:
            raise UsageError(f"counts[{name!r}] is a whole number from 0 on, not {most!r}")
    return {_MEASURES.get(name, str(name)): most for name, most in value.items()}


def _require_known(name: Any) -> None:
    """A name that nothing counts would read as 0 for ever."""
    from workbench.analysis.counts import BY_KIND, COUNTS

    if name in _MEASURES or name in COUNTS or (isinstance(name, str) and name.startswith(BY_KIND)):
        return
    known = (*_MEASURES, *COUNTS)
    close = get_close_matches(str(name).lower(), known, n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    raise UsageError(
        f"counts has no {name!r}{meant}; it knows {', '.join(known)}, and spans_… and cache_… of other kinds"
    )


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f"max_seconds is a time above 0 s, not {value!r}")
    return float(value)


def measured_by(item: pytest.Item) -> str:
    """The fixture that says what of a test is measured; "" where a mark alone asks for all of it."""
    names = getattr(item, "fixturenames", ())
    return next((name for name in _FIXTURES if name in names), "")


def is_skipped(item: pytest.Item) -> bool:
    """Whether its marks skip it, or expect it to fail: such a test is not judged."""
    from _pytest.skipping import evaluate_skip_marks, evaluate_xfail_marks

    try:
        return evaluate_skip_marks(item) is not None or evaluate_xfail_marks(item) is not None
    except BaseException:  # a condition that can't be evaluated is told by pytest itself
        return True
