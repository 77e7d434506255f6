"""``benchmarks/results/jamf.md``: the measured points of the Jamf export as tables, and what is required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.experiment.claims.files import RESULTS
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import Book
from workbench.experiment.claims.words import interval_words, measured_words, quantity, stated_words
from workbench.statistics import median, paired_ratio

__all__ = ["Check", "requirements", "write_tables"]

Results = Mapping[str, PointResult]

NEAR = ("small, bound", "medium, bound", "large, bound", "1000 roots", "3000 roots")
SIZES = ("small", "medium", "large", "1000 roots", "3000 roots")
LINKS = ("no link", "lan, 0.5 ms", "cloud, 20 ms", "wan, 80 ms")
LIMITS = ("limit 20", "limit 40", "limit 60", "limit 100")
FACTORS = {"medium": 7.5, "large": 10.0}
AIM = 1.25
PLATFORM_LIMIT_S = 300


class Check(NamedTuple):
    """A requirement and whether it is met."""

    text: str
    met: bool


def requirements(results: Results) -> list[Check]:
    """Optimized against naive at medium and large scale, for those that were measured."""
    checks = []
    for size, factor in FACTORS.items():
        if size in results and (found := speed_up(results[size], "optimized")):
            checks.append(
                Check(f"{size}: optimized {found[0]:.1f}× naive, required {factor:g}×", found[0] >= factor)
            )
    return checks


def write_tables(book: Book) -> None:
    """Write ``jamf.md`` anew."""
    results = book.measured["jamf"]
    parts = [
        "# The Jamf export, measured",
        "Written by `python benchmarks/jamf.py`; `benchmarks/README.md` says how to read it.",
        *(size(results[name]) for name in SIZES if name in results),
        near(results),
        platform(results),
        links(results),
        limits(results),
        memory(results),
        verdicts(book),
        machine(results),
    ]
    file = book.project / RESULTS / "jamf.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n\n".join(filter(None, parts)) + "\n", encoding="utf-8")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def walls(result: PointResult, variant: str) -> list[float]:
    return [measures["wall"] for measures in result.rounds.get(variant, ())]


def middle(result: PointResult, variant: str, measure: str) -> float:
    return median([measures[measure] for measures in result.rounds[variant] if measure in measures])


def speed_up(result: PointResult, variant: str, base: str = "naive") -> tuple[float, float, float, str] | None:
    """How many times faster than ``base``, from, to, and what they are; None if either was not measured."""
    before, after = walls(result, base), walls(result, variant)
    if not before or not after or variant == base:
        return None
    pairs = min(len(before), len(after))
    found = paired_ratio(before[:pairs], after[:pairs])
    return 1 / found.ratio, 1 / found.high, 1 / found.low, found.label


def size(result: PointResult) -> str:
    """The ladder at one size."""
    about = result.parameters
    rows = []
    for variant in result.rounds:
        times, found = walls(result, variant), speed_up(result, variant)
        if not times:
            continue
        rows.append(
            [
                variant,
                quantity(median(times), "s"),
                f"{quantity(min(times), '')}–{quantity(max(times), '')} ({len(times)})",
                quantity(found[0], "×") if found else "",
                f"{quantity(found[1], '')}–{quantity(found[2], '')} ({found[3]})" if found else "",
                *(quantity(middle(result, variant, name), "") for name in ("requests", "connects")),
                quantity(middle(result, variant, "cpu"), "s"),
                quantity(middle(result, variant, "peak_rss") / 2**20, ""),
            ]
        )
    head = f"## {result.name}: {about['resources']} root resources over {about['link']} ({about['link_terms']})"
    columns = (
        "variant",
        "median",
        "range (rounds)",
        "× naive",
        "bounds",
        "requests",
        "connects",
        "CPU",
        "peak RSS, MiB",
    )
    return f"{head}\n\n{table(columns, rows)}"


def terms(result: PointResult) -> str:
    """What the bound is the largest of."""
    floor = result.parameters.get("bound_floor_seconds")
    found = [
        f"{key.removeprefix('bound.')} {quantity(value, 's')}"
        for key, value in result.parameters.items()
        if key.startswith("bound.") and isinstance(value, float)
    ]
    if isinstance(floor, float) and floor:
        found.append(f"CPU floor {quantity(floor, 's')}")
    return f"- {result.name.partition(',')[0]}: {', '.join(found)}"


def near(results: Results) -> str:
    """How near the fast variants come to what is possible: many rounds of these alone."""
    rows, largest = [], []
    for name in NEAR:
        result = results.get(name)
        total = result.parameters.get("bound_seconds") if result else None
        if not result or not isinstance(total, float) or not total:
            continue
        largest.append(terms(result))
        for variant in result.rounds:
            times = walls(result, variant)
            rows.append(
                [
                    f"{name.partition(',')[0]}: {variant}",
                    quantity(total, "s"),
                    quantity(median(times), "s"),
                    f"{quantity(min(times), '')}–{quantity(max(times), '')} ({len(times)})",
                    f"{median(times) / total:.2f}",
                    f"{min(times) / total:.2f}",
                ]
            )
    columns = ("size and variant", "bound", "median", "range (rounds)", "median / bound", "fastest / bound")
    if not rows:
        return ""
    note = (
        "The bound is the largest of these terms. The CPU floor is measured, over no link and without latency;\n"
        "where it is the largest, a ratio below 1 says that the machine was busier then than in the rounds.\n"
    )
    parts = [f"## Against the bound (the aim is {AIM})", table(columns, rows), note + "\n" + "\n".join(largest)]
    return "\n\n".join(parts)


def platform(results: Results) -> str:
    """Root resources that fit into the platform's time limit, in proportion."""
    rows = [
        [
            f"{name}: {variant}",
            quantity(median(times), "s"),
            quantity(median(times) / roots * 1e3, "ms"),
            quantity(PLATFORM_LIMIT_S * roots / median(times), ""),
        ]
        for name in SIZES
        if name in results
        for variant in ("naive", "optimized", "queued")
        if (times := walls(results[name], variant)) and (roots := results[name].rounds[variant][0]["roots"])
    ]
    columns = ("size and variant", "export", "a root", f"roots in {PLATFORM_LIMIT_S} s, in proportion")
    return f"## The {PLATFORM_LIMIT_S} s limit\n\n{table(columns, rows)}" if rows else ""


def links(results: Results) -> str:
    """What pooling saves, by round-trip time."""
    rows = []
    for name in LINKS:
        if name not in results or not (found := speed_up(results[name], "pooled")):
            continue
        result = results[name]
        each = middle(result, "naive", "handshake") / middle(result, "naive", "connects")
        rows.append(
            [name]
            + [quantity(median(walls(result, variant)), "s") for variant in ("naive", "pooled")]
            + [quantity(100 * (1 - 1 / found[0]), "%")]
            + [f"{quantity(100 * (1 - 1 / found[1]), '')}–{quantity(100 * (1 - 1 / found[2]), '')} ({found[3]})"]
            + [quantity(each * 1e3, "ms")]
        )
    columns = ("link", "naive", "pooled", "saved", "bounds", "TCP and TLS, each")
    return f"## Pooling, by round-trip time\n\n{table(columns, rows)}" if rows else ""


def limits(results: Results) -> str:
    """Refusals by the number of requests that the server takes at once."""
    rows = [
        [name, quantity(median(walls(results[name], "optimized")), "s")]
        + [
            quantity(middle(results[name], "optimized", measure), "")
            for measure in ("throttled", "requests", "failed")
        ]
        for name in LIMITS
        if name in results and walls(results[name], "optimized")
    ]
    columns = ("server's limit", "optimized", "answers with 429", "requests", "failed resources")
    return f"## 50 connections against a limit\n\n{table(columns, rows)}" if rows else ""


def memory(results: Results) -> str:
    """Peak memory, each variant in a process of its own."""
    if "memory" not in results:
        return ""
    result = results["memory"]
    rows = [
        [
            variant,
            quantity(middle(result, variant, "peak_rss") / 2**20, "MiB"),
            quantity(middle(result, variant, "resources_held"), ""),
        ]
        for variant in result.rounds
        if result.rounds[variant]
    ]
    return f"## Memory at medium scale\n\n{table(('variant', 'peak RSS', 'resources held'), rows)}"


def verdicts(book: Book) -> str:
    """The claims on the scenario."""
    claims = [claim for claim in book.catalogue.claims.values() if claim.scenario == "jamf"]
    rows = [
        [e.claim.id, e.claim.statement, stated_words(e.claim), measured_words(e), interval_words(e), f"*{e.words}*"]
        for e in book.evaluations(claims)
    ]
    return f"## Claims\n\n{table(('claim', 'statement', 'stated', 'measured', 'interval', 'verdict'), rows)}"


def machine(results: Results) -> str:
    """What the points were measured on."""
    lines = [f"- {_about(result)}" for result in sorted(results.values(), key=lambda result: result.started_at)]
    return "\n".join(["## Measured on", "", *lines]) if lines else ""


def _about(result: PointResult) -> str:
    env, about = result.environment, result.parameters
    commit = f"commit {str(env['commit'])[:12]}{' with changes' if env['dirty'] else ''}"
    data = f"seed {about.get('seed')}, data {str(about.get('dataset_digest'))[:12]}"
    load = env.get("load_average")
    busy = f", load average over 15 min {load[2]:.1f}" if load else ""
    processor = f"{env['cores']} × {env['cpu']}, {env['os']}, Python {env['python']}"
    return f"{result.name}: {result.started_at}, {commit}, {data}, {processor}{busy}"
