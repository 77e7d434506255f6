"""Which operations rose, and where they were issued."""

from __future__ import annotations

from workbench.analysis.issued import issued_at, issued_more
from workbench.model import Round, RoundKind, Run, Span, utc_now

ONE, MANY = "SELECT id FROM orders", "SELECT name FROM customer WHERE id = ?"


def run(loops: float) -> Run:
    kinds = (RoundKind.WARMUP, RoundKind.TIMING, RoundKind.TIMING, RoundKind.SAMPLED)
    rounds = (Round(n, kind, n, utc_now(), {"wall": 1.0, "loops": loops}) for n, kind in enumerate(kinds))
    return Run("r", "s", "f", utc_now(), rounds=tuple(rounds))


def spans(name: str, times: int, site: str = "db.py:41", kind: str = "sql") -> tuple[Span, ...]:
    """So many in each round, of whatever kind the round is."""
    return tuple(Span(n, -1, n % 4, kind, name, 0, 5, site=site) for n in range(4 * times))


def test_what_rose_is_told_per_call_with_its_place() -> None:
    base = (*spans(ONE, 2), *spans(MANY, 2))
    new = (*spans(ONE, 2), *spans(MANY, 200))
    assert issued_more(run(2), base, run(2), new, ["statements"]) == [f"`{MANY}` 1 → 100×, issued at db.py:41"]


def test_an_operation_of_the_new_code_alone_stands_with_nothing_before() -> None:
    (line,) = issued_more(run(1), spans(ONE, 1), run(1), (*spans(ONE, 1), *spans(MANY, 3, "")), ["statements"])
    assert line == f"`{MANY}` 0 → 3×"


def test_only_counts_that_rose_are_looked_at_and_long_statements_cut() -> None:
    new = (*spans("GET /a", 5, kind="http"), *spans(f"SELECT `{'x, ' * 99}`", 5))
    assert issued_more(run(1), (), run(1), new, []) == []
    (line,) = issued_more(run(1), (), run(1), new, ["statements", "bytes_received"])
    assert line.count("`") == 2
    assert len(line) < 150


def test_places_of_a_count() -> None:
    assert issued_at((*spans(MANY, 2), *spans(MANY, 1, "b.py:1")), "statements") == (
        "issued at db.py:41 (8×), b.py:1 (4×)"
    )
    assert issued_at(spans("GET", 1, "c.py:3", "queue"), "spans_queue") == "issued at c.py:3 (4×)"
    assert issued_at((), "statements") == ""
