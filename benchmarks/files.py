"""File lists with presigned URLs, and uploads, at the sizes that the claims W5 to W7 speak of.

``python benchmarks/files.py [GROUP…]`` measures the points of ``data/claims.toml`` of the scenarios ``files``
(group listing) and ``uploads`` (group uploads), some four minutes in all. After every point it writes
``files.json`` or ``uploads.json``, ``files.md`` and ``claims.json`` into ``benchmarks/results``; a rerun measures
what is missing, or was measured with other sources or conditions (``--fresh``: everything).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import readme
from jamf_tables import machine, middle, speed_up, table, walls
from measuring import measure_scenarios

from workbench.experiment.claims.files import RESULTS
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import Book
from workbench.experiment.claims.words import interval_words, measured_words, quantity, stated_words
from workbench.statistics import median

SCENARIOS = ("files", "uploads")
BASELINES = {"files": "naive", "uploads": "sequential"}
OWN_PROCESSOR = 0.9
SIGNING = ("signing", "cpu_share", "url_ms", "url_cpu_ms")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book, code = measure_scenarios(SCENARIOS, __doc__, write_pages, arguments)
    if code:
        return code
    crowded = [point.name for point in book.measured["files"].values() if not had_a_processor(point)]
    for name in crowded:
        print(f"MISSED  {name}: others took the processors, measure it again on an idle machine", file=sys.stderr)
    return 1 if crowded else 0


def had_a_processor(result: PointResult) -> bool:
    """Whether one thread that computes had a processor to itself.

    Without one, more threads win a larger part of a crowded machine, and seem to sign faster than one does.
    """
    return middle(result, "naive", "cpu_share") >= OWN_PROCESSOR


def write_pages(book: Book) -> None:
    """``files.md``, the verdicts, and the figures that ``README.md`` quotes."""
    book.write_verdicts()
    results = {scenario: book.measured[scenario] for scenario in SCENARIOS}
    parts = [
        "# File lists and uploads, measured",
        "Written by `python benchmarks/files.py`; `benchmarks/README.md` says how to read it. The store is moto on "
        "loopback behind the link, with a median latency of 100 ms a request.",
        *(ladder(point, scenario) for scenario, found in results.items() for point in by_size(found.values())),
        verdicts(book),
        machine({name: point for found in results.values() for name, point in found.items()}),
    ]
    file = book.project / RESULTS / "files.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")
    readme.main()


def by_size(points: Sequence[PointResult]) -> list[PointResult]:
    return sorted(points, key=lambda point: int(str(point.parameters["resources"])))


def ladder(result: PointResult, scenario: str) -> str:
    """Every variant at one size, with what tells computing from waiting."""
    base = BASELINES[scenario]
    about = result.parameters
    rows = []
    for variant in result.rounds:
        times, found = walls(result, variant), speed_up(result, variant, base)
        if not times:
            continue
        cells = [
            variant,
            quantity(1e3 * median(times), "ms"),
            f"{quantity(1e3 * min(times), '')}–{quantity(1e3 * max(times), '')} ({len(times)})",
            quantity(found[0], "×") if found else "",
            f"{quantity(found[1], '')}–{quantity(found[2], '')} ({found[3]})" if found else "",
        ]
        rows.append(cells + (signing(result, variant) if scenario == "files" else moving(result, variant)))
    more = ("signing", "CPU / wall in it", "a URL in its thread", "its CPU") if scenario == "files" else MOVING
    head = f"## {result.name}, over {about['link']} ({about['link_terms']})"
    columns = ("variant", "median", "range (rounds)", f"× {base}", "bounds", *more)
    crowded = scenario == "files" and not had_a_processor(result)
    warning = "**Others took the processors meanwhile: measure it again on an idle machine.**" if crowded else ""
    return "\n\n".join(filter(None, [head, warning, table(columns, rows), bound(result)]))


MOVING = ("requests", "connects", "CPU")


def signing(result: PointResult, variant: str) -> list[str]:
    phase, share, url, cpu = (middle(result, variant, name) for name in SIGNING)
    each = [quantity(value, "ms") if value else "–" for value in (url, cpu)]
    return [quantity(1e3 * phase, "ms"), quantity(share, ""), *each]


def moving(result: PointResult, variant: str) -> list[str]:
    counts = [quantity(middle(result, variant, name), "") for name in MOVING[:2]]
    return [*counts, quantity(1e3 * middle(result, variant, "cpu"), "ms")]


def bound(result: PointResult) -> str:
    """The lower bound with its terms."""
    total, floor = result.parameters.get("bound_seconds"), result.parameters.get("bound_floor_seconds")
    if not isinstance(total, float):
        return ""
    terms = [
        f"{key.removeprefix('bound.')} {quantity(1e3 * value, 'ms')}"
        for key, value in result.parameters.items()
        if key.startswith("bound.") and isinstance(value, float)
    ]
    if isinstance(floor, float):
        terms.append(f"CPU floor {quantity(1e3 * floor, 'ms')}")
    return (
        f"No implementation can be faster than {quantity(1e3 * total, 'ms')}, the largest of: {', '.join(terms)}."
    )


def verdicts(book: Book) -> str:
    """The claims on both scenarios."""
    claims = [claim for claim in book.catalogue.claims.values() if claim.scenario in SCENARIOS]
    rows = [
        [e.claim.id, e.claim.statement, stated_words(e.claim), measured_words(e), interval_words(e), f"*{e.words}*"]
        for e in book.evaluations(claims)
    ]
    return f"## Claims\n\n{table(('claim', 'statement', 'stated', 'measured', 'interval', 'verdict'), rows)}"


if __name__ == "__main__":
    sys.exit(main())
