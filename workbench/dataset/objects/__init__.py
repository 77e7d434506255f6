"""The synthetic files of an object store; ``data/README.md`` describes the table."""

from workbench.dataset.objects.description import describe
from workbench.dataset.objects.listing import (
    MOST_FILES,
    SCALES,
    build_listing,
    listing_digest,
    load_listing,
    write_listing,
)
from workbench.dataset.objects.model import Listing, StoredFile, contents

__all__ = [
    "MOST_FILES",
    "SCALES",
    "Listing",
    "StoredFile",
    "build_listing",
    "contents",
    "describe",
    "listing_digest",
    "load_listing",
    "write_listing",
]
