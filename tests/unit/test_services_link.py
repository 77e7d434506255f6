from __future__ import annotations

import pytest

from workbench.errors import UsageError
from workbench.services.link import LINKS, parse_link, start_link


def test_the_named_links_are_those_of_the_design() -> None:
    assert {name: (link.rtt_s, link.jitter_s, link.bandwidth_bps) for name, link in LINKS.items()} == {
        "none": (0, 0, 0),
        "lan": (0.0005, 0, 0),
        "cloud": (0.020, 0.002, 1e9),
        "wan": (0.080, 0.010, 50e6),
    }


@pytest.mark.parametrize("name", LINKS)
def test_a_name_is_read(name: str) -> None:
    assert parse_link(f" {name.upper()} ") is LINKS[name]


def test_terms_are_read_in_any_order_and_written_back() -> None:
    link = parse_link("bandwidth=100mbit, rtt=40ms,jitter=2ms")
    assert (link.rtt_s, link.jitter_s, link.bandwidth_bps) == (0.040, 0.002, 100e6)
    assert link.connect_cost_s == 0.040
    assert link.name == link.describe() == "rtt=40ms,jitter=2ms,bandwidth=100mbit"
    assert parse_link(link.describe()) == link


def test_units_are_read() -> None:
    assert parse_link("rtt=500us,bandwidth=2gbit").bandwidth_bps == 2e9
    assert parse_link("rtt=500us").rtt_s == pytest.approx(0.0005)
    assert parse_link("rtt=1.5s,bandwidth=64kbit").rtt_s == 1.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "moon",
        "rtt=40",
        "rtt=40mbit",
        "rtt=-4ms",
        "rtt=nanms",
        "jitter=2ms",
        "rtt=1ms,rtt=2ms",
        "rtt=1ms,jitter=2ms",
        "rtt=1ms,loss=3ms",
        "rtt=99999s",
        "rtt=1ms,bandwidth=0.1kbit",
    ],
)
def test_anything_else_is_a_usage_error_that_names_the_links(text: str) -> None:
    with pytest.raises(UsageError, match="none, lan, cloud, wan") as caught:
        parse_link(text)
    assert "\n" not in str(caught.value)


def test_the_link_none_starts_no_process() -> None:
    with start_link(LINKS["none"], "127.0.0.1", 4711) as link:
        assert (link.host, link.port) == ("127.0.0.1", 4711)
        assert link.process is None
        assert link.stats() == {}
