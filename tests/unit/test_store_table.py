"""The answer to a query as text."""

from workbench.store import Table
from workbench.store.table import shown


def test_it_is_aligned_text_outside_a_notebook() -> None:
    table = Table(("name", "count"), (("naive", 118), ("optimized", 7), (None, None)))
    assert repr(table).split("\n") == [
        "name       count",
        "─────────  ─────",
        "naive        118",
        "optimized      7",
        "",
    ]
    assert str(Table(("a",), ())) == "a\n─"


def test_its_text_is_bounded_and_moves_no_cursor() -> None:
    lines = str(Table(("t",), (("\x1b[2J" + "x" * 500,),) * 60)).splitlines()
    assert lines[-1] == "… 10 more rows"
    assert len(lines) == 53
    assert max(map(len, lines)) == 61
    assert "\x1b" not in lines[2]


def test_numbers_are_shown_with_the_digits_that_matter() -> None:
    values = (0.1 + 0.2, 12.0, 1234567.891, 37168.25, 1.5e-07, 1e22, float("nan"), None, 7, "text")
    assert [shown(value) for value in values] == [
        *("0.3", "12", "1234568", "37168.2", "1.5e-07", "1e+22", "nan", "", "7", "text"),
    ]
