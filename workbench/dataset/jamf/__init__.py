"""The synthetic Jamf Pro estate; ``data/README.md`` describes its tables."""

from workbench.dataset.jamf.description import describe
from workbench.dataset.jamf.estate import (
    MOST_RESOURCES,
    SCALES,
    build_estate,
    estate_digest,
    load_estate,
    write_estate,
)

__all__ = ["MOST_RESOURCES", "SCALES", "build_estate", "describe", "estate_digest", "load_estate", "write_estate"]
