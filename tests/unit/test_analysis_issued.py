"""Which operations rose, and where they were issued."""

from __future__ import annotations

from workbench.analysis.issued import Callers, issued_at, issued_more
from workbench.calltree import CallTree, CallTreeBuilder
from workbench.model import Frame, Recording, Round, RoundKind, Run, Span, utc_now
from workbench.reporting.markdown import code, marked
from workbench.reporting.spans import operation_rows, operation_table

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


def test_a_long_statement_keeps_its_end_in_every_form() -> None:
    """What tells a query in a loop is its WHERE."""
    statement = (
        f"SELECT {', '.join(f'orders.column_{n} AS orders_{n}' for n in range(9))} FROM orders WHERE ? = orders.id"
    )
    (line,) = issued_more(run(1), (), run(1), spans(statement, 3), ["statements"])
    (shown,) = line.split("`")[1:2]
    assert shown.startswith("SELECT orders.column_0")
    assert shown.endswith(" FROM orders WHERE ? = orders.id")
    assert len(shown) == 100
    assert f"`{shown}`" in marked(line)
    assert code(statement) == f"`{shown}`"


def test_places_of_a_count() -> None:
    both = Recording(run(1), spans=(*spans(MANY, 2), *spans(MANY, 1, "b.py:1")))
    assert issued_at(both, "statements") == "issued at db.py:41 (8×), b.py:1 (4×)"
    queued = Recording(run(1), spans=spans("GET", 1, "c.py:3", "queue"))
    assert issued_at(queued, "spans_queue") == "issued at c.py:3 (4×)"
    assert issued_at(Recording(run(1)), "statements") == ""


def called_through_a_client() -> tuple[CallTree, tuple[Span, ...]]:
    """A client that two functions of another file share, three requests of four for the first; one of its own."""
    builder = CallTreeBuilder()
    main, client, library = (
        Frame("app.py", "main"),
        Frame("client.py", "Client.get"),
        Frame("<site>/httpx/_api.py", "get"),
    )
    sync, scan = (
        builder.node((main, Frame("jobs.py", name), Frame("<stdlib>/functools.py", "wrapper"), client, library))
        for name in ("sync", "scan.<locals>.<listcomp>")
    )
    own = builder.node((main, library))
    nodes = [sync, sync, sync, scan]
    issued = [Span(n, -1, 1, "http", "GET /a", 0, 5, site="client.py:9", node=node) for n, node in enumerate(nodes)]
    return builder.build(), (*issued, Span(4, -1, 1, "http", "GET /b", 0, 5, site="app.py:3", node=own))


def test_who_called_a_shared_client_is_named_beside_its_line() -> None:
    tree, issued = called_through_a_client()
    assert [Callers(tree).of(span) for span in issued] == [*["sync in jobs.py"] * 3, "scan in jobs.py", ""]
    recording = Recording(run(1), tree=tree, spans=issued)
    assert issued_at(recording, "requests") == (
        "issued at client.py:9 (4×, called by sync in jobs.py and 1 other), app.py:3 (1×)"
    )
    (line, _) = issued_more(run(1), (), run(1), issued, ["requests"], tree)
    assert line == "`GET /a` 0 → 2×, issued at client.py:9, called by sync in jobs.py and 1 other"
    assert [row.caller for row in operation_rows(run(1), issued, tree)] == ["sync in jobs.py and 1 other", ""]


def test_the_table_of_operations_has_a_column_of_callers_only_where_there_are_any() -> None:
    tree, issued = called_through_a_client()
    columns = operation_table(run(1), issued, tree).columns
    assert columns[2:5] == ("Issued at", "Called by", "Count")
    assert "Called by" not in operation_table(run(1), issued[-1:], tree).columns
    assert "Called by" not in operation_table(run(1), issued).columns
