"""What the object store holds, in a few lines of text."""

from __future__ import annotations

from collections import Counter

from workbench.dataset.objects.listing import listing_digest
from workbench.dataset.objects.model import Listing

__all__ = ["describe"]


def describe(listing: Listing) -> str:
    """A plain-text description, without a final newline; the same for equal listings."""
    sizes = sorted(file.size_bytes for file in listing.files)
    kinds = Counter(file.content_type for file in listing.files)
    middle = sizes[len(sizes) // 2]
    lines = [
        f"files of an object store, scale {listing.scale}, seed {listing.seed}",
        f"digest {listing_digest(listing)}",
        f"{len(sizes):,} files, {listing.size_bytes:,} bytes",
        f"least {sizes[0]:,}, median {middle:,}, most {sizes[-1]:,} bytes; {sizes.count(0):,} empty",
        f"{len({file.workflow_id for file in listing.files}):,} workflows",
        "",
        *(f"{count:>7,}  {kind}" for kind, count in sorted(kinds.items())),
    ]
    return "\n".join(lines)
