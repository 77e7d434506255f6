"""When a relationship may be written: once both of its ends are in the graph."""

from __future__ import annotations

from itertools import permutations

import pytest

from workbench.scenarios.azure.ready_links import ReadyLinks
from workbench.scenarios.azure.rows import Link, Row


def row(name: str, *links: str) -> Row:
    return Row(name, {"links": list(links)})


ROWS = [row("a"), row("b", "contains|a", "network|c"), row("c", "contains|a", "depends-on|gone")]
LINKS = {Link("contains", "a", "b"), Link("network", "b", "c"), Link("contains", "a", "c")}


@pytest.mark.parametrize("order", list(permutations(ROWS)))
def test_each_link_comes_once_and_after_both_ends(order: tuple[Row, ...]) -> None:
    links = ReadyLinks()
    there: set[str] = set()
    found: list[Link] = []
    for each in order:
        there.add(each.id)
        links.written([each])
        for link in links.take():
            assert {link.source, link.target} <= there
            found.append(link)
    assert len(found) == len(LINKS) and set(found) == LINKS
    assert links.take() == []
    assert links.left == 1  # to what never came


def test_whole_batches_of_a_kind_are_taken_and_the_rest_stays() -> None:
    links = ReadyLinks()
    links.written([row("hub"), *(row(str(number), "contains|hub", "network|hub") for number in range(5))])
    first = links.take(2)
    assert sorted(link.kind for link in first) == ["contains"] * 4 + ["network"] * 4
    assert sorted(link.kind for link in links.take()) == ["contains", "network"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_links_among_what_is_unchanged_are_there_already(order: tuple[int, ...]) -> None:
    links = ReadyLinks()
    for position in order:
        (links.written if ROWS[position].id == "c" else links.unchanged)([ROWS[position]])
    assert set(links.take()) == {Link("network", "b", "c"), Link("contains", "a", "c")}
