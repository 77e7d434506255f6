"""What link and latencies allow: the times that no correct variant can beat.

With R the link's round-trip time and L a request's latency as the local store draws it. TCP takes one R; the store
speaks plain HTTP, so there is no TLS. A page of the listing takes R + L, and the next one is asked for by a token
that the one before it holds. Signing takes no request. The processors' work is measured apart, as the CPU floor.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.scenarios.base import BoundTerm
from workbench.scenarios.files.store import Store

__all__ = ["listing_terms", "upload_terms"]

_PAGE = 1000  # objects in an answer of ListObjectsV2


def listing_terms(store: Store) -> tuple[BoundTerm, ...]:
    """The one chain of requests: connect, page by page."""
    assert store.link is not None
    rtt, pages = store.link.rtt_s, -(-len(store.listing.files) // _PAGE)
    first = store.latency("GET bucket", "")
    seconds = rtt + pages * rtt + first
    formula = f"connect {rtt * 1e3:g} ms + {pages} page(s) × {rtt * 1e3:g} ms + {first * 1e3:.0f} ms for the first"
    return (BoundTerm("critical path", seconds, formula),)


def upload_terms(store: Store, keys: Sequence[str], connections: int) -> tuple[BoundTerm, ...]:
    """Connect, then each file in two round trips (headers, 100 Continue, body, answer) and its latency.

    ``keys`` are those of the dataset's files in the bucket, in the same order. Largest first.
    """
    assert store.link is not None
    rtt = store.link.rtt_s
    each = [
        (2 if file.size_bytes else 1) * rtt + store.latency("PUT object", key)
        for file, key in zip(store.listing.files, keys, strict=True)
    ]
    mean = 1e3 * sum(each) / len(each)
    terms = [
        BoundTerm(
            "places",
            rtt + sum(each) / connections,
            f"connect {rtt * 1e3:g} ms + {len(each)} files × {mean:.0f} ms / {connections} connections",
        ),
        BoundTerm("slowest file", rtt + max(each), f"connect {rtt * 1e3:g} ms + {1e3 * max(each):.0f} ms"),
    ]
    if store.link.bandwidth_bps:
        seconds = store.listing.size_bytes * 8 / store.link.bandwidth_bps
        formula = f"{store.listing.size_bytes} bytes × 8 / {store.link.bandwidth_bps / 1e6:g} Mbit/s"
        terms.append(BoundTerm("bytes", seconds, formula))
    return tuple(sorted(terms, key=lambda term: -term.seconds))
