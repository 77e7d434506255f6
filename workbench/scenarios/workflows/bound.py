"""What a listing can't be faster than: the link's round trip, the bytes that must travel, the server's own time."""

from __future__ import annotations

from workbench.scenarios.base import BoundTerm
from workbench.services.link import LinkProfile

__all__ = ["bound_terms"]


def bound_terms(link: LinkProfile, contents: int, server_s: float) -> tuple[BoundTerm, ...]:
    """The terms, largest first.

    ``contents`` are the bytes of the listing's values as text; ``server_s`` the seconds that the server takes
    for the longer statement, without planning, which a prepared statement is spared. With a warm pool and both
    pages asked for at the same time a listing is one round trip, one statement's time, and the bytes of both over
    the bandwidth; the protocol's own bytes and the client's work aren't in it.
    """
    sent = contents * 8 / link.bandwidth_bps if link.bandwidth_bps else 0.0
    formula = (
        f"{link.rtt_s * 1e3:g} ms round trip + {server_s * 1e3:.2f} ms on the server + {sent * 1e3:.2f} ms of bytes"
    )
    terms = [
        BoundTerm("listing", link.rtt_s + server_s + sent, formula),
        BoundTerm("round trip", link.rtt_s, f"{link.rtt_s * 1e3:g} ms"),
        BoundTerm(
            "server", server_s, "the longer statement, at its fastest of five, by EXPLAIN (ANALYZE, TIMING OFF)"
        ),
    ]
    if link.bandwidth_bps:
        text = f"{contents} bytes × 8 / {link.bandwidth_bps / 1e6:g} Mbit/s"
        terms.append(BoundTerm("bytes", sent, text))
    return tuple(sorted(terms, key=lambda term: -term.seconds))
