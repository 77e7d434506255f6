from __future__ import annotations

import pytest

from workbench.services.jamf.query import BadQuery, select_page

RECORDS = [
    {"id": str(number), "name": name, "priority": priority}
    for number, name, priority in ((1, "beta", 9), (2, "Alpha", 1), (10, "gamma; delta", 5), (9, "alpine", 5))
]


def ids(**query: str) -> list[str]:
    page = select_page(
        RECORDS, {key.replace("_", "-"): value for key, value in query.items()}, default_sort="id:asc"
    )
    return [record["id"] for record in page["results"]]


def test_the_default_is_the_first_hundred_in_the_default_order() -> None:
    assert select_page(RECORDS, {}, default_sort="id:asc") == {
        "totalCount": 4,
        "results": [RECORDS[0], RECORDS[1], RECORDS[3], RECORDS[2]],
    }


def test_pages_count_from_zero_and_past_the_end_is_empty() -> None:
    assert ids(page="0", page_size="3") == ["1", "2", "9"]
    assert ids(page="1", page_size="3") == ["10"]
    assert ids(page="2", page_size="3") == []


def test_sorting_by_several_fields() -> None:
    assert ids(sort="name:asc") == ["2", "9", "1", "10"]
    assert ids(sort="priority:desc,name:desc") == ["1", "10", "9", "2"]
    assert ids(sort="id:desc") == ["10", "9", "2", "1"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('name=="alpha"', ["2"]),
        ("name==alp*", ["2", "9"]),
        ("name!=alp*", ["1", "10"]),
        ('name=="gamma; delta"', ["10"]),
        ("id=in=(1,9)", ["1", "9"]),
        ("id=out=(1,9)", ["2", "10"]),
        ("priority>=5;name==a*", ["9"]),
        ("priority<5,name==beta", ["1", "2"]),
        ("id=gt=2", ["9", "10"]),
    ],
)
def test_filters(text: str, expected: list[str]) -> None:
    assert ids(filter=text) == expected


@pytest.mark.parametrize(
    "query",
    [
        {"page": "-1"},
        {"page": "x"},
        {"page-size": "0"},
        {"page-size": "2001"},
        {"sort": "nope:asc"},
        {"sort": "name:sideways"},
        {"filter": "nope==1"},
        {"filter": "name"},
    ],
)
def test_a_bad_query_says_which_parameter(query: dict[str, str]) -> None:
    with pytest.raises(BadQuery) as caught:
        select_page(RECORDS, query, default_sort="id:asc")
    assert caught.value.field in query
