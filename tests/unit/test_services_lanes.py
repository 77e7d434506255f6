from __future__ import annotations

import random

import pytest

from workbench.services.lanes import EOF, Lane, Wire, chunk_size, queue_limit
from workbench.services.link import LINKS, LinkProfile


def lane(profile: LinkProfile, seed: str = "a") -> Lane:
    return Lane(Wire(profile), random.Random(seed))


def test_a_chunk_arrives_half_a_round_trip_later() -> None:
    assert lane(LinkProfile("x", rtt_s=0.040)).put(b"x", now=1.0) == pytest.approx(1.020)


def test_bytes_take_their_time_on_the_wire_and_queue_behind_each_other() -> None:
    slow = lane(LinkProfile("x", bandwidth_bps=8000))  # 1,000 bytes a second
    assert slow.put(b"x" * 500, now=0.0) == pytest.approx(0.5)
    assert slow.put(b"x" * 500, now=0.0) == pytest.approx(1.0)
    assert slow.put(b"x" * 100, now=5.0) == pytest.approx(5.1), "an idle wire owes nothing"


def test_connections_share_the_wire_of_their_direction() -> None:
    wire = Wire(LinkProfile("x", bandwidth_bps=8000))
    first, second = Lane(wire, random.Random(1)), Lane(wire, random.Random(2))
    first.put(b"x" * 500, now=0.0)
    assert second.put(b"x" * 500, now=0.0) == pytest.approx(1.0)


def test_end_of_file_takes_no_time_on_the_wire_but_stays_behind_the_data() -> None:
    slow = lane(LinkProfile("x", bandwidth_bps=8000))
    slow.put(b"x" * 500, now=0.0)
    assert slow.put(EOF, now=0.1) == pytest.approx(0.5)


def test_jitter_stays_in_its_bounds_and_never_reorders() -> None:
    jittery = lane(LinkProfile("x", rtt_s=0.020, jitter_s=0.004))
    arrivals = []
    for step in range(2000):
        now = step * 0.0001
        arrivals.append((now, jittery.put(b"x", now)))
        while jittery.due(now):
            jittery.take()
    assert [when for _, when in arrivals] == sorted(when for _, when in arrivals)
    assert all(0.008 - 1e-9 <= when - now <= 0.012 + 1e-9 for now, when in arrivals)


def test_isolated_chunks_draw_afresh_and_a_burst_shares_one_draw() -> None:
    profile = LinkProfile("x", rtt_s=0.020, jitter_s=0.004)
    alone, burst = lane(profile), lane(profile)
    delays = set()
    for step in range(50):
        delays.add(round(alone.put(b"x", float(step)) - step, 9))
        alone.take()
    assert len(delays) == 50
    assert len({round(burst.put(b"x", 0.0), 9) for _ in range(50)}) == 1


def test_the_same_seed_draws_the_same_delays() -> None:
    profile = LinkProfile("x", rtt_s=0.020, jitter_s=0.004)
    assert lane(profile).put(b"x", 0.0) == lane(profile).put(b"x", 0.0)
    assert lane(profile).put(b"x", 0.0) != lane(profile, "b").put(b"x", 0.0)


def test_what_is_queued_is_counted() -> None:
    counted = lane(LinkProfile("x", rtt_s=1.0))
    counted.put(b"abc", 0.0)
    counted.put(b"de", 0.0)
    assert counted.queued == 5
    assert not counted.due(0.4)
    assert counted.due(0.5)
    assert counted.take() == b"abc"
    assert counted.queued == 2


def test_a_slow_wire_is_read_in_small_pieces_and_a_long_one_may_hold_more() -> None:
    assert chunk_size(LINKS["wan"]) == 6250
    assert chunk_size(LINKS["lan"]) == 65_536
    assert queue_limit(LINKS["lan"]) == 1 << 20
    assert queue_limit(LINKS["cloud"]) == 5_500_000
