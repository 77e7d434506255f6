"""``benchmarks/results/azure.md``: the measured points of the Azure scan as tables, and the sweep by arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from jamf_tables import Check, machine, middle, speed_up, table, walls

from workbench.analysis.bound import bound_from_parameters
from workbench.experiment.claims.files import RESULTS
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import Book
from workbench.experiment.claims.words import quantity
from workbench.statistics import median

__all__ = ["requirements", "write_tables"]

Results = Mapping[str, PointResult]

TENANT = "azure: 1,632 resources"
FACTOR = 26.0
AIM = 1.25
STATEMENTS = 20
MEASURES = ("requests", "throttled", "provider_calls", "resource_statements", "relationship_statements")

RTTS_MS = (0.5, 20.0, 80.0)
THROTTLES = (("none", None, 0.0), ("250 + 25 a second", 250, 25.0), ("250 + 250 a minute", 250, 250 / 60))
WRITE_ROUND_TRIPS = 4  # begin, the statement, commit, and the session's end, one after another
LARGEST_SUBSCRIPTION = 439  # of the tenant's 1,632 resources


def requirements(results: Results) -> list[Check]:
    """Optimized at 1,632 resources, if that was measured."""
    found = results.get(TENANT)
    if found is None or not walls(found, "optimized"):
        return []
    checks = []
    if speed := speed_up(found, "optimized"):
        checks.append(Check(f"optimized {speed[0]:.1f}× naive, required {FACTOR:g}×", speed[0] >= FACTOR))
    statements = middle(found, "optimized", "resource_statements")
    text = f"{statements:.0f} write statements for resources, at most {STATEMENTS}"
    checks.append(Check(text, statements <= STATEMENTS))
    if bound := bound_from_parameters(found.parameters):
        over = median(walls(found, "optimized")) / bound.seconds
        checks.append(Check(f"optimized {over:.2f}× the bound, required {AIM:g}×", over <= AIM))
    return checks


def write_tables(book: Book) -> None:
    """Write ``azure.md`` anew."""
    results = book.measured["azure"]
    parts = [
        "# The Azure scan, measured",
        "Written by `python benchmarks/azure.py`. `property-cache` and `incremental` start from the graph of an "
        "earlier scan, `persistent-version-cache` from its versions, all others from an empty graph.",
        *(_ladder(result) for result in results.values()),
        _sweep(results),
        machine(results) if results else "",
    ]
    file = book.project / RESULTS / "azure.md"
    file.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")


def _ladder(result: PointResult) -> str:
    rows = []
    for variant in result.rounds:
        times, found = walls(result, variant), speed_up(result, variant)
        if not times:
            continue
        counts = [quantity(middle(result, variant, name), "") for name in MEASURES]
        rows.append(
            [
                variant,
                quantity(median(times), "s"),
                str(len(times)),
                quantity(found[0], "×") if found else "",
                *counts,
            ]
        )
    about = result.parameters
    head = (
        f"## {result.name}\n\n{about['resources']} resources over {about['link']} ({about['link_terms']}), "
        f"{about.get('graph_server', '')}, bucket {about.get('throttle_bucket')} + "
        f"{about.get('throttle_refill_per_s'):g} a second"
    )
    bound = bound_from_parameters(about)
    if bound is not None:
        terms = "; ".join(f"{term.name} {term.seconds:.2f} s ({term.formula})" for term in bound.terms)
        head += f"\n\nBound {bound.seconds:.2f} s: {terms}; CPU floor {bound.floor_seconds:.2f} s"
    columns = ("variant", "median", "rounds", "against naive", *(name.replace("_", " ") for name in MEASURES))
    return f"{head}\n\n{table(columns, rows)}"


def _sweep(results: Results) -> str:
    """Naive against optimized over round-trip time and throttle: arithmetic from the counts of the whole tenant."""
    found = results.get(TENANT)
    if found is None or not walls(found, "naive") or not walls(found, "optimized"):
        return ""
    measured_rtt = 0.020
    requests = middle(found, "naive", "requests")
    statements = middle(found, "naive", "resource_statements") + middle(found, "naive", "relationship_statements")
    trips = requests + WRITE_ROUND_TRIPS * statements
    rest = median(walls(found, "naive")) - trips * measured_rtt
    fast = median(walls(found, "optimized"))
    rows = []
    for name, bucket, refill in THROTTLES:
        cells = []
        for rtt_ms in RTTS_MS:
            naive = rest + trips * rtt_ms / 1e3
            limit = (LARGEST_SUBSCRIPTION - bucket) / refill if bucket is not None else 0.0
            measured_limit = (LARGEST_SUBSCRIPTION - 250) / 25.0
            other = max(fast - measured_limit, 0.0) * (1 if rtt_ms <= 20 else rtt_ms / 20)
            optimized = max(limit + other, 1e-9)
            cells.append(f"{naive:.0f} s / {optimized:.0f} s = {naive / optimized:.0f}×")
        rows.append([name, *cells])
    head = (
        "## Where 26× holds: by arithmetic, not measured\n\nFrom the measured counts of the whole tenant: naive "
        f"pays a round trip for each of its {requests:.0f} requests and {WRITE_ROUND_TRIPS} for each of its "
        f"{statements:.0f} statements, and its latencies beside them; optimized pays what the throttle holds back "
        "of the largest subscription, and what it needed beside that (taken as proportional to the round-trip time "
        "above 20 ms). Naive hardly meets a throttle: it asks more slowly than these buckets fill."
    )
    return f"{head}\n\n{table(('throttle', *(f'{rtt:g} ms' for rtt in RTTS_MS)), rows)}"
