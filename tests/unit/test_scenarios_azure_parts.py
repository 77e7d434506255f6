"""Parts of the Azure scan that need no server: rows, versions, limits, phases, options, the bound."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from workbench.dataset.azure import build_tenant, canonical, relationships, resource_document
from workbench.errors import ServiceBadResponse, UsageError
from workbench.scenarios.azure.adaptive_limiter import AdaptiveLimiter
from workbench.scenarios.azure.bound import bound_terms
from workbench.scenarios.azure.options import read_options
from workbench.scenarios.azure.phases import Phases
from workbench.scenarios.azure.plans import plan_of
from workbench.scenarios.azure.previous import earlier_rows
from workbench.scenarios.azure.rows import Link, container_row, resource_row
from workbench.scenarios.azure.versions import WELL_KNOWN, newest
from workbench.services.azure.throttle import Throttle
from workbench.services.link import parse_link

TENANT = build_tenant(resources=50)


def test_a_row_holds_only_what_a_graph_can_hold() -> None:
    for resource in TENANT.resources:
        row = resource_row(resource_document(resource), resource.changed_time)
        assert row.id == canonical(resource.id)
        for value in row.properties.values():
            assert isinstance(value, str) or all(isinstance(each, str) for each in value)


def test_links_run_in_the_direction_of_the_graph() -> None:
    for resource in TENANT.resources:
        document = resource_document(resource)
        links = resource_row(document, "").links()
        assert len(links) == len(relationships(document))
        for (kind, other), link in zip(relationships(document), links, strict=True):
            ends = (other, canonical(resource.id)) if kind == "contains" else (canonical(resource.id), other)
            assert link == Link(kind, *ends)


def test_equal_documents_in_another_order_are_equal_rows() -> None:
    document = resource_document(TENANT.resources[0])
    assert resource_row(dict(reversed(document.items())), "1") == resource_row(document, "1")


@pytest.mark.parametrize("document", [{}, {"id": 7, "type": "a/b"}, {"id": "/x", "properties": {}}])
def test_what_is_no_resource_is_told(document: dict[str, Any]) -> None:
    with pytest.raises(ServiceBadResponse, match="not the document of a resource"):
        resource_row(document, "")


def test_containers_have_their_parent() -> None:
    row = container_row({"id": "/subscriptions/S/resourceGroups/G", "name": "G"}, "t", "/subscriptions/S")
    assert row.links() == [Link("contains", "/subscriptions/s", "/subscriptions/s/resourcegroups/g")]


def test_the_newest_version_is_no_preview_unless_all_are() -> None:
    assert newest(["2021-01-01", "2024-01-01-preview", "2023-01-01"]) == "2023-01-01"
    assert newest(["2021-01-01-preview", "2024-01-01-preview"]) == "2024-01-01-preview"
    assert len(WELL_KNOWN) == 14
    with pytest.raises(ValueError, match="no api-version"):
        newest([])


def test_the_limit_doubles_halves_and_grows_again() -> None:
    clock = [0.0]

    async def sleep(seconds: float) -> None:
        clock[0] += seconds

    limiter = AdaptiveLimiter(start=10, most=40, least=4)
    limiter._now, limiter._sleep = lambda: clock[0], sleep

    async def accepted(count: int) -> None:
        for _ in range(count):
            async with limiter:
                pass

    async def main() -> list[int]:
        limits = [limiter.limit]
        await accepted(10)
        limits.append(limiter.limit)
        limiter.refused(1.0)
        limiter.refused(1.0)  # of the same moment
        limits.append(limiter.limit)
        await accepted(10)
        limits.append(limiter.limit)
        await accepted(1000)
        limits.append(limiter.limit)
        return limits

    assert asyncio.run(main()) == [10, 20, 10, 11, 40]
    assert clock[0] == 1.0


def test_overlapping_phases_count_once() -> None:
    now = iter([0.0, 5.0, 10.0, 12.0])
    phases = Phases(lambda: next(now))
    with phases.of("writes"), phases.of("writes"):
        pass
    with phases.of("versions"):
        pass
    assert phases.measures()["phase_writes_s"] == 5.0
    assert phases.measures()["phase_versions_s"] == 2.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"worker": "1"}, "did you mean 'workers'"),
        ({"workers": "0"}, "can't read option workers='0'"),
        ({"changed": "2"}, "can't read option changed='2'"),
        ({"dashboard": "yes"}, "can't read option dashboard='yes'"),
    ],
)
def test_bad_options_are_told(options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_options(options, 1)


def test_the_cpu_floor_has_neither_latency_nor_throttle() -> None:
    assert read_options({}, 1)[0].throttle == Throttle(250, 25.0)
    assert read_options({"latency_scale": "0", "bucket": "9"}, 1)[0].throttle.capacity is None
    assert read_options({"bucket": "9", "refill": "2"}, 1)[0].throttle == Throttle(9, 2.0)


def test_the_bound_by_hand() -> None:
    link = parse_link("rtt=100ms")
    critical, throttle = sorted(
        bound_terms(TENANT, link, lambda endpoint, what: 1.0, Throttle(10, 2.0), 20), key=lambda term: term.name
    )
    start = 5 * 0.1 + 3 * 1.0  # connect, TLS, token, subscriptions, a page
    assert critical.seconds == pytest.approx(start + 0.1 + 1.0 + 0.2)
    counts: dict[str, int] = {}
    for resource in TENANT.resources:
        counts[resource.id.split("/")[2]] = counts.get(resource.id.split("/")[2], 0) + 1
    most = max(counts.values())
    assert throttle.seconds == pytest.approx(start + (most + -(-most // 20) - 1 - 10) / 2.0 + 0.1 + 1.0 + 0.2)
    assert len(bound_terms(TENANT, link, lambda endpoint, what: 1.0, Throttle(None), 20)) == 1


def test_an_earlier_scan_differs_by_the_share_that_changed() -> None:
    whole = {resource_row(resource_document(each), each.changed_time).id for each in TENANT.resources}
    earlier = {row.id: row for row in earlier_rows(TENANT, 0.2)}
    assert len(whole - earlier.keys()) == 2
    unchanged = [
        each
        for each in TENANT.resources
        if canonical(each.id) in earlier
        and earlier[canonical(each.id)] == resource_row(resource_document(each), each.changed_time)
    ]
    assert len(unchanged) == 50 - 2 - 10


def test_a_plan_has_its_operators_and_no_literals() -> None:
    profile = {
        "operatorType": "ProduceResults@neo4j",
        "args": {"DbHits": 1, "Rows": 3, "Details": "r"},
        "children": [
            {
                "operatorType": "NodeByLabelScan@neo4j",
                "args": {"DbHits": 9, "Rows": 3, "Details": "r WHERE r.name = 'canary'"},
                "children": [],
            }
        ],
    }
    plan = plan_of("MATCH (r:A {name: 'canary'}) RETURN r", profile)
    assert [(each.name, each.depth) for each in plan.operators] == [
        ("ProduceResults@neo4j", 0),
        ("NodeByLabelScan@neo4j", 1),
    ]
    assert plan.measures["db_hits"] == 10
    assert plan.measures["rows"] == 3
    assert "canary" not in repr(plan)
