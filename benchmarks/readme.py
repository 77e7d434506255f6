"""Puts the figures of ``benchmarks/results`` into the READMEs, between marks that name them.

``python benchmarks/readme.py`` rewrites the pages; a test holds that they are up to date. No figure on them is
copied by hand: each stands between ``<!-- figures: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.experiment.claims.model import ClaimVerdict
from workbench.experiment.claims.results import open_book
from workbench.experiment.claims.words import quantity
from workbench.reporting.claims import claim_svg
from workbench.statistics import median, paired_ratio
from workbench.views.numbers import format_count, format_seconds

FOLDER = Path(__file__).resolve().parent
PAGES = (FOLDER / "README.md", FOLDER.parent / "README.md")
RESULTS = FOLDER / "results"
BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
NOT_YET = "Not measured yet."

Document = Mapping[str, Any]


def main() -> int:
    """Rewrite the pages, and the pictures that they show."""
    draw_sweeps(RESULTS / "plots")
    for page in PAGES:
        page.write_text(render(page.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")
    return 0


def draw_sweeps(folder: Path) -> None:
    """``ID.svg`` for each claim whose verdict depends on a condition; others' are removed."""
    book = open_book(FOLDER.parent)
    every = book.evaluations(book.catalogue.select([]))
    pictures = {f"{e.claim.id}.svg": claim_svg(e) for e in every if e.verdict is ClaimVerdict.DEPENDS}
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        if old.name not in pictures:
            old.unlink()
    for name, picture in pictures.items():
        (folder / name).write_text(picture, encoding="utf-8")


def render(page: str, results: Path) -> str:
    """The page with the figures that lie in ``results``; what isn't measured says so."""

    def block(found: re.Match[str]) -> str:
        return f"{found[1]}{figures(found[2], results)}\n{found[3]}"

    return BLOCK.sub(block, page)


def figures(name: str, results: Path) -> str:
    """One block's text."""
    file = results / f"{SOURCES.get(name, name)}.json"
    return WRITERS[name](json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else NOT_YET


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *rows])


def link(document: Document) -> str:
    rows = [
        [
            row["link"],
            quantity(row["nominal_ms"], "ms"),
            f"{row['error_p50_ms']:+.2f} ms ({row['error_p50_percent']:+.1f} %)",
            f"{row['error_p05_ms']:+.2f} to {row['error_p95_ms']:+.2f} ms",
            "yes" if row["within"] else "**no**",
        ]
        for row in document["delay"]
    ]
    return table(("link", "nominal round trip", "error at p50", "p05 to p95", "within 1 ms or 5 %"), rows)


def jamf_simulator(document: Document) -> str:
    rows = [
        [f"`{row['path']}`", quantity(round(row["requests_per_s"]), ""), quantity(row["cpu_us_per_request"], "µs")]
        for row in document["throughput"]
    ]
    return table(("request", "requests a second", "processor time a request"), rows)


def capture_overhead(document: Document) -> str:
    profile, off = document["profile"], document["off"]
    rows = [[name, quantity(micros, "µs")] for name, micros in document["span_us"].items()]
    sentences = (
        f"`wb.profile` against pyinstrument alone at {profile['spans_per_second']:.0f} spans a second: "
        f"{ratio(profile)}; at most {profile['limit']:g} is required. Imported and not used: {ratio(off)}."
    )
    return f"{sentences}\n\n{table(('one span', 'costs'), rows)}"


def pyspy(document: Document) -> str:
    rows = [
        [
            name,
            f"{each['torn']:.2%}",
            f"{each['lost']:.2%}",
            quantity(1000 * each["sleepers_s"], "ms"),
            quantity(1000 * each["sleepers_kept_s"], "ms"),
        ]
        for name, each in document["modes"].items()
    ]
    sleepers = f"three sleepers seem to run, of {document['seconds']:g} s each"
    return table(("looks", "torn stacks", "lost looks", sleepers, "as we read it"), rows)


def ratio(row: Document) -> str:
    low, high = row["ci"]
    return f"{row['ratio']:.3f} (95 % {low:.3f} to {high:.3f}, {row['pairs']} pairs)"


def verdict(document: Document) -> str:
    """The requirements, what became of the comparisons, the peers on the same pairs, and the power curve."""
    bars = [
        [
            bar["name"],
            "not measured" if bar["measured"] is None else rate(bar["measured"], bar["low"], bar["high"]),
            f"{'≥' if bar['at_least'] else '≤'} {bar['limit']:.0%}",
            {None: "–", True: "yes", False: "**no**"}[bar["met"]],
        ]
        for bar in document["requirements"]
    ]
    outcomes = [
        [
            row["group"],
            f"{row['effect']:+.0%}",
            f"{row['within_s']:.0f} s",
            f"{row['comparisons']:,}",
            *(f"{row[name]:.1%}" for name in ("regression", "passed", "improvement", "inconclusive")),
            f"{row['median_pairs']:.0f}",
            quantity(row["median_seconds"], "s"),
            quantity(row["slowest_seconds"], "s"),
        ]
        for row in document["rows"]
    ]
    columns = ("pairs of", "true change", "time limit", "comparisons", *VERDICTS, "pairs", "time", "95 % within")
    return "\n\n".join(
        [
            table(("requirement", "measured (95 % bounds)", "bar", "met"), bars),
            table(columns, outcomes),
            "Called slower, on the same pairs:",
            verdict_peers(document),
            "Simulated normal pairs, no time limit: REGRESSION / PASS or IMPROVEMENT / INCONCLUSIVE, median pairs.",
            verdict_power(document),
        ]
    )


VERDICTS = ("REGRESSION", "PASS", "IMPROVEMENT", "INCONCLUSIVE")


def gate(document: Document) -> str:
    rows = [
        [
            f"{row['effect']:+.0%}",
            str(row["gates"]),
            rate(row["regression"], row["low"], row["high"]),
            *(str(row["verdicts"].get(name, 0)) for name in VERDICTS[1:]),
            str(row["median_pairs"]),
            quantity(row["median_s"], "s"),
        ]
        for row in document["rows"]
    ]
    columns = ("true change", "gates", "REGRESSION (95 % bounds)", *VERDICTS[1:], "median pairs", "median time")
    return table(columns, rows)


def rate(value: float, low: float, high: float) -> str:
    return f"{value:.2%} ({low:.2%} to {high:.2%})"


def verdict_peers(document: Document) -> str:
    """A column for each group and true change."""
    rows = document["peers"]
    columns = list(dict.fromkeys((row["group"], row["effect"]) for row in rows))
    tools = list(dict.fromkeys((row["tool"], row["given"]) for row in rows))
    found = {(row["tool"], row["given"], row["group"], row["effect"]): row for row in rows}
    cells = [
        [*tool, *(f"{found[*tool, *c]['slower']:.1%}" if (*tool, *c) in found else "" for c in columns)]
        for tool in tools
    ]
    return table(("rule", "given", *(f"{group}, {effect:+.0%}" for group, effect in columns)), cells)


def verdict_power(document: Document) -> str:
    """A row for each noise, a column for each true change."""
    rows = document["power"]
    effects = list(dict.fromkeys(row["effect"] for row in rows))
    cells = [
        [
            noise,
            *(
                f"{row['regression']:.0%} / {row['passed'] + row['improvement']:.0%} / {row['inconclusive']:.0%}, "
                f"{row['median_pairs']:.0f}"
                for effect in effects
                for row in rows
                if (row["group"], row["effect"]) == (noise, effect)
            ),
        ]
        for noise in dict.fromkeys(row["group"] for row in rows)
    ]
    return table(("sd of pairs", *(f"true change {effect:+.0%}" for effect in effects)), cells)


def functions(document: Document) -> str:
    """How often the slowed function came first, and how often noise was told."""
    rows = []
    for kind in ("real", "synthetic"):
        counts = document[kind]
        rows.append(
            (
                kind,
                share(counts["first"], counts["slowed"]),
                share(counts["told"], counts["slowed"]),
                share(counts["aa_false"], counts["aa"]),
            )
        )
    head = f"{document['rounds']} sampled rounds of each side; the whole 10 % slower through one function."
    columns = ("cases", "slowed function first", "told from noise", "A/A with a false discovery")
    callers = document.get("callers")
    told = (
        "\n\nFunctions under several callers, A/A: anything told as changed or moved in "
        f"{share(callers['aa_false'], callers['aa'])}. Where five grew and three moved, "
        f"{callers['mixed_false_rate']:.1%} of what was told was false, on average."
        if callers
        else ""
    )
    return f"{head}\n\n{table(columns, rows)}{told}"


def share(hits: int, trials: int) -> str:
    return f"{hits} of {trials} ({hits / trials:.1%})" if trials else "–"


def ladder(document: Document) -> str:
    """Each variant at the small size, and how many times faster than naive at all sizes."""
    points = document["points"]
    rows = [
        [
            f"`{variant}`",
            format_seconds(median([each["wall"] for each in rounds])),
            *(f"{median([each[count] for each in rounds]):.0f}" for count in ("requests", "connects")),
            *(times_faster(points[size], variant) for size in ("small", "medium", "large")),
        ]
        for variant, rounds in points["small"]["rounds"].items()
    ]
    roots = [f"{points[size]['rounds']['naive'][0]['roots']:.0f} roots" for size in ("small", "medium", "large")]
    faster = [f"× at {size}" for size in roots]
    return table(("variant", f"median at {roots[0]}", "requests", "connects", *faster), rows)


def times_faster(point: Document, variant: str) -> str:
    """Naive / variant, paired by round, with its interval or the range of the pairs."""
    rounds = point["rounds"]
    if variant == "naive" or variant not in rounds:
        return "1" if variant == "naive" else "–"
    walls = [[each["wall"] for each in rounds[name]] for name in (variant, "naive")]
    faster = paired_ratio(*walls)
    kind = "95 %" if faster.is_interval else "range"
    return f"{faster.ratio:.3g} ({kind} {faster.low:.3g}–{faster.high:.3g})"


def claims(document: Document) -> str:
    rows = [
        [claim["id"], claim["statement"], measured(claim), f"*{claim['verdict']}*"] for claim in document["claims"]
    ]
    return table(("claim", "what is stated", "measured", "verdict"), rows) + sweeps(document)


def sweeps(document: Document) -> str:
    """The pictures of the claims whose verdict depends on a condition."""
    named = [claim["id"] for claim in document["claims"] if claim["verdict"].startswith("depends")]
    return "".join(f"\n\n![The conditions of {name}](results/plots/{name}.svg)" for name in named)


def measured(claim: Document) -> str:
    """The deciding figures with their intervals; a sweep's with their conditions."""
    deciding = [reading for reading in claim["readings"] if reading["decides"]]
    figures = [quantity(reading["measured"], claim["unit"]) for reading in deciding]
    if len(deciding) > 1:
        return "; ".join(f"{r['condition']}: {text}" for r, text in zip(deciding, figures, strict=True))
    ends = [[quantity(end, "") for end in reading["ci"]] for reading in deciding]
    return "".join(
        f"{text} ({low} to {high}, {r['interval']})"
        for r, text, (low, high) in zip(deciding, figures, ends, strict=True)
    )


def viewer(document: Document) -> str:
    """The viewers side by side, what is required of ours, and how a report grows."""
    viewers = [
        [
            name,
            format_seconds(median(times)),
            format_seconds(median(zoom)) if (zoom := document["zoom_s"].get(name)) else "–",
        ]
        for name, times in document["first_paint_s"].items()
    ]
    rules = [
        [row["requirement"], row["limit"], viewer_figure(row), "yes" if row["met"] else "**no**"]
        for row in document["limits"]
    ]
    sizes = [
        [format_count(s["nodes"]), format_count(s["samples"]), f"{s['bytes'] / 1e6:.2f} MB"]
        for s in document["sizes"]
    ]
    many, graphics = document["many"], document["graphics"]["renderer"]
    first, zoom, search = (format_seconds(many[name]) for name in ("first_paint_s", "zoom_s", "search_s"))
    opened = (
        f"A profile of {format_count(many['nodes'])} nodes opens in {first}; a zoom takes {zoom}, "
        f"a search {search}, the file has {many['bytes'] / 1e6:.1f} MB."
    )
    measured = f"{format_count(document['nodes'])} nodes, medians of {document['rounds']} rounds."
    return "\n\n".join(
        (
            f"{measured} Graphics: {graphics}.",
            table(("viewer", "first paint", "a zoom"), viewers),
            table(("requirement", "limit", "measured", "met"), rules),
            opened,
            table(("distinct stacks' nodes", "samples", "report"), sizes),
        )
    )


def viewer_figure(row: Document) -> str:
    """A ratio with its bounds, seconds or bytes."""
    if "low" in row:
        return f"{row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g}, {row['label']})"
    return f"{row['value']:.3g}" if row["value"] < 1000 else format_count(row["value"])


def machine(document: Document) -> str:
    """On what the claims' points were measured, each machine once."""
    seen = {
        (env["cpu"], env["cores"], env["os"], env["python"])
        for claim in document["claims"]
        for reading in claim["readings"]
        if (env := reading["environment"])
    }
    loads = [
        reading["environment"]["load_average"][2]
        for claim in document["claims"]
        for reading in claim["readings"]
        if "load_average" in reading["environment"]
    ]
    busy = f" Load average over 15 minutes while they ran: {min(loads):.1f} to {max(loads):.1f}." if loads else ""
    return " ".join(f"{cores} × {cpu}, {os}, Python {python}." for cpu, cores, os, python in sorted(seen)) + busy


WRITERS: dict[str, Callable[[Document], str]] = {
    "link": link,
    "jamf_simulator": jamf_simulator,
    "capture_overhead": capture_overhead,
    "pyspy": pyspy,
    "verdict": verdict,
    "functions": functions,
    "gate": gate,
    "claims": claims,
    "ladder": ladder,
    "machine": machine,
    "viewer": viewer,
}
SOURCES = {"machine": "claims", "ladder": "jamf"}


if __name__ == "__main__":
    sys.exit(main())
