"""The Jamf export at all sizes, links and limits that the claims J1 to J6 speak of.

``python benchmarks/jamf.py [GROUP…]`` measures the points of ``data/claims.toml`` by group: small, medium, large,
bound, thousand, rtt, limits, memory (default: all, of which large takes the longest). After every point it writes
``jamf.json``, ``jamf.md`` and ``claims.json`` into ``benchmarks/results``, so that it can be interrupted; a rerun
measures what is missing, or was measured with other sources or conditions (``--fresh``: everything). Exit code 1 if
a requirement is missed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import readme
from jamf_tables import requirements, write_tables
from measuring import measure_scenarios, report

from workbench.experiment.claims.results import Book

SCENARIO = "jamf"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book, code = measure_scenarios([SCENARIO], __doc__, write_pages, arguments)
    if code:
        return code
    return report(requirements(book.measured[SCENARIO]))


def write_pages(book: Book) -> None:
    """The tables, and the figures that ``README.md`` quotes."""
    write_tables(book)
    readme.main()


if __name__ == "__main__":
    sys.exit(main())
