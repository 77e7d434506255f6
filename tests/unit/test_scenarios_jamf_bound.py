"""The arithmetic bound against sums done by hand, and the scenario's options."""

from __future__ import annotations

import pytest

from workbench.dataset.jamf import build_estate
from workbench.errors import UsageError
from workbench.scenarios.jamf.bound import bound_terms
from workbench.scenarios.jamf.graph import EstateGraph, estate_graph
from workbench.scenarios.jamf.options import OPTIONS, ClientOptions, read_options
from workbench.scenarios.jamf.resources import Kind, Ref
from workbench.services.jamf import Faults, JamfOptions
from workbench.services.link import LinkProfile

POLICY, SCRIPT, CATEGORY = Ref(Kind.POLICY, 1), Ref(Kind.SCRIPT, 2), Ref(Kind.CATEGORY, 3)
GRAPH = EstateGraph((POLICY,), {POLICY: (SCRIPT,), SCRIPT: (CATEGORY,), CATEGORY: ()}, 1_000_000)
LINK = LinkProfile("test", rtt_s=0.1, bandwidth_bps=8e6)

LATENCIES = {
    ("token", "token"): 0.01,
    ("policies/list", "policies"): 0.02,
    ("osxconfigurationprofiles/list", "osxconfigurationprofiles"): 0.5,
    ("policies/item", "policies/1"): 0.03,
    ("v1/scripts/item", "scripts/2"): 0.04,
    ("v1/scripts/download", "scripts/2"): 0.05,
    ("v1/categories/item", "categories/3"): 0.06,
}


def test_the_terms_are_sums_that_can_be_checked_by_hand() -> None:
    terms = bound_terms(GRAPH, LINK, lambda *key: LATENCIES[key], concurrency_limit=2)
    seconds = {term.name: term.seconds for term in terms}
    start = 4 * 0.1 + 0.01 + 0.02
    items = 0.03 + 0.04 + 0.05 + 0.06
    assert seconds == {
        "critical path": pytest.approx(start + 3 * 0.1 + 0.03 + 0.04 + 0.06),
        "places": pytest.approx(start + (4 * 0.1 + items) / 50),
        "server": pytest.approx(start + items / 2),
        "bytes": pytest.approx(1.0),
    }
    assert terms[0].name == "bytes", "the largest comes first"
    formulas = {term.name: term.formula for term in terms}
    assert "policy 1 → script 2 → category 3" in formulas["critical path"]
    assert "4 requests" in formulas["places"]


def test_what_is_shared_is_reached_by_its_quickest_chain() -> None:
    second = Ref(Kind.POLICY, 4)
    graph = EstateGraph((POLICY, second), {**GRAPH.needs, second: (CATEGORY,)}, 0)
    quick = LATENCIES | {("policies/item", "policies/4"): 0.01}
    (path,) = [
        term for term in bound_terms(graph, LINK, lambda *key: quick[key], None) if term.name == "critical path"
    ]
    start = 4 * 0.1 + 0.01 + 0.02
    # The category is there before the slower policy's script asks for it: the script's contents come last.
    assert path.seconds == pytest.approx(start + 0.1 + 0.03 + 0.1 + 0.05)
    assert "policy 1 → script 2;" in path.formula


def test_a_slow_download_is_on_the_critical_path() -> None:
    slow = LATENCIES | {("v1/scripts/download", "scripts/2"): 5.0}
    terms = bound_terms(GRAPH, LinkProfile("none"), lambda *key: slow[key], None)
    assert terms[0].name == "critical path"
    assert terms[0].seconds == pytest.approx(0.01 + 0.02 + 0.03 + 5.0)
    assert {term.name for term in terms} == {"critical path", "places"}


def test_without_link_and_latency_the_bound_is_nothing() -> None:
    terms = bound_terms(GRAPH, LinkProfile("none"), lambda *key: 0.0, None)
    assert [term.seconds for term in terms] == [0.0, 0.0]


def test_the_graph_holds_what_roots_reach_and_nothing_else() -> None:
    estate = build_estate(resources=9, seed=3)
    graph = estate_graph(estate)
    assert len(graph.roots) == 9
    assert set(graph.roots) <= set(graph.needs)
    referred = {need for needs in graph.needs.values() for need in needs}
    assert set(graph.needs) == referred | set(graph.roots)
    assert {ref.id for ref in graph.needs if ref.kind is Kind.PROFILE} == {p.id for p in estate.profiles}


def test_options_reach_the_simulator_and_the_client() -> None:
    server, client = read_options(
        {
            "latency_scale": "0.5",
            "concurrency_limit": "none",
            "token_lifetime_s": "3",
            "bad_resources": "policies/3+scripts/1",
            "always_429": "true",
            "timeout_s": "2",
        },
        seed=7,
    )
    faults = Faults(always_429=True, bad_resources=("policies/3", "scripts/1"))
    assert server == JamfOptions(0.5, 7, None, token_lifetime_s=3.0, faults=faults)
    assert client == ClientOptions(timeout_s=2.0)
    assert read_options({}, 1) == (JamfOptions(seed=1), ClientOptions())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("latency", "1", r"no option 'latency'; did you mean 'latency_scale'\?"),
        ("zzz", "1", "no option 'zzz'; known: latency_scale, concurrency_limit"),
        ("latency_scale", "fast", "can't read option latency_scale='fast'"),
        ("latency_scale", "-1", "latency_scale"),
        ("latency_scale", "nan", "latency_scale"),
        ("concurrency_limit", "0", "concurrency_limit"),
        ("always_429", "perhaps", "can't read option always_429='perhaps'"),
        ("timeout_s", "0", "can't read option timeout_s='0'"),
        ("error_rate", "2", r"error_rate='2' \(from 0 to 1\)"),
    ],
)
def test_a_wrong_option_is_one_clear_line(name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_options({name: text}, 1)
    assert "\n" not in str(caught.value)


def test_every_option_is_one_of_the_simulators_or_the_clients() -> None:
    fields = {*JamfOptions.__slots__, *Faults.__slots__, *ClientOptions.__slots__} - {"seed", "faults"}
    assert set(OPTIONS) == fields
