"""What a report says of operations that ran at the same time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sample_runs import run

from workbench.model import Span
from workbench.reporting.spans import concurrency, concurrency_note

MS = 1_000_000


def spans(*windows: tuple[int, int, int]) -> list[Span]:
    """(round, start, end) in milliseconds."""
    return [Span(n, -1, r, "http", "GET /", a * MS, (b - a) * MS) for n, (r, a, b) in enumerate(windows)]


def test_busy_time_is_the_union_and_the_most_is_counted_over_rounds() -> None:
    two = run("naive", [1.0, 1.0])
    made = spans((0, 0, 100), (0, 50, 200), (0, 60, 90), (1, 0, 100), (1, 100, 200), (1, 300, 400))
    found = concurrency(two, made)
    assert found.total_s == pytest.approx((0.28 + 0.3) / 2)
    assert found.busy_s == pytest.approx((0.2 + 0.3) / 2)
    assert (found.at_once, found.nested) == (3, 0)
    assert concurrency_note(two, made) == (
        "The totals add up to 290 ms because up to 3 operations were under way at once; "
        "at least one was under way for 250 ms."
    )


def test_one_after_another_needs_no_word() -> None:
    one = run("naive", [1.0])
    assert concurrency_note(one, spans((0, 0, 100), (0, 100, 200), (0, 200, 200))) == ""
    assert concurrency_note(one, []) == ""


def test_what_lies_within_a_request_is_no_concurrency() -> None:
    one = run("naive", [1.0])
    request, connect = spans((0, 0, 100), (0, 10, 40))
    made = [request, replace(connect, kind="connect", parent=request.number)]
    found = concurrency(one, made)
    assert (found.at_once, found.nested) == (1, 1)
    assert found.busy_s == pytest.approx(0.1)
    assert "count within their requests" in concurrency_note(one, made)
