"""The listing of workflows at the sizes and links that the claims W1 to W4 speak of.

``python benchmarks/workflows.py [GROUP…]`` measures the points of ``data/claims.toml`` by group: workflows-medium,
workflows-links, workflows-small, workflows-large (default: all, some six minutes). After every point it writes
``workflows.json``, ``workflows.md`` and ``claims.json`` into ``benchmarks/results``, so that it can be interrupted;
a rerun measures what is missing, or was measured with other sources or conditions (``--fresh``: everything). Exit
code 1 if optimized isn't faster than naive everywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from measuring import measure_scenarios

from workbench.experiment.claims.files import RESULTS
from workbench.experiment.claims.model import Reading
from workbench.experiment.claims.points import PointResult
from workbench.experiment.claims.results import Book
from workbench.experiment.claims.words import quantity, stated_words
from workbench.statistics import median, paired_ratio
from workbench.views.numbers import format_bytes, format_count, format_seconds

SCENARIO = "workflows"
_COLUMNS = ("variant", "median", "naive / it", "statements", "rows", "received", "TOAST blocks", "peak RSS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    book, code = measure_scenarios([SCENARIO], __doc__, write_pages, arguments)
    if code:
        return code
    missed = [name for name, result in book.measured[SCENARIO].items() if _speed_up(result, "optimized") <= 1]
    for name in missed:
        print(f"MISSED  {name}: optimized is not faster than naive")
    return int(bool(missed))


def write_pages(book: Book) -> None:
    """Write ``workflows.md`` anew."""
    results = book.measured[SCENARIO]
    names = [
        name for name, point in book.catalogue.points.items() if point.scenario == SCENARIO and name in results
    ]
    head = "Written by `python benchmarks/workflows.py`; `benchmarks/README.md` says how to read it."
    parts = [
        "# The listing of workflows, measured",
        head,
        *(_point(results[name]) for name in names),
        _verdicts(book),
    ]
    file = book.project / RESULTS / "workflows.md"
    file.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _point(result: PointResult) -> str:
    rows = [_row(result, variant) for variant in result.rounds]
    load = result.environment.get("load_average", [0.0])[0]
    about = f"{result.parameters['resources']} workflows and templates, {result.parameters['link_terms']}"
    lines = [f"## {result.name}", f"{about}; load average {load:.1f} on {result.environment.get('cores')} cores"]
    bound = result.parameters.get("bound_seconds")
    if isinstance(bound, float) and "optimized" in result.rounds:
        wall = median([r["wall"] for r in result.rounds["optimized"]])
        lines.append(f"bound {format_seconds(bound)}; optimized takes {wall / bound:.2f} times that")
    return "\n\n".join([*lines, _table(_COLUMNS, rows)])


def _row(result: PointResult, variant: str) -> tuple[str, ...]:
    rounds = result.rounds[variant]

    def middle(measure: str) -> float:
        return median([round_[measure] for round_ in rounds])

    return (
        variant,
        f"{format_seconds(middle('wall'))} ({len(rounds)})",
        f"{_speed_up(result, variant):.3g}×",
        format_count(middle("statements")),
        format_count(middle("rows")),
        format_bytes(middle("bytes_received")),
        format_count(middle("toast_blocks")),
        format_bytes(middle("peak_rss")),
    )


def _speed_up(result: PointResult, variant: str) -> float:
    base, new = ([r["wall"] for r in result.rounds[name]] for name in ("naive", variant))
    count = min(len(base), len(new))
    return 1 / paired_ratio(base[:count], new[:count]).ratio


def _verdicts(book: Book) -> str:
    claims = [claim for claim in book.catalogue.claims.values() if claim.scenario == SCENARIO]
    rows = [
        (
            evaluation.claim.id,
            evaluation.claim.statement,
            stated_words(evaluation.claim),
            "; ".join(_reading(evaluation.claim.unit, reading) for reading in evaluation.readings),
            evaluation.words,
        )
        for evaluation in book.evaluations(claims)
    ]
    return "## Claims\n\n" + _table(("id", "stated", "figure", "measured", "verdict"), rows)


def _reading(unit: str, reading: Reading) -> str:
    """The figure with its interval at one point, such as ``medium, cloud: 88 % (87 to 89; 95 %)``."""
    where = reading.point.removeprefix(f"{SCENARIO}: ")
    interval = f"{quantity(reading.low, '')} to {quantity(reading.high, '')}, {reading.label}"
    return f"{where}: {quantity(reading.value, unit)} ({interval})"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
