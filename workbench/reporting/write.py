"""The report's page: one file that asks no network for anything and runs only the scripts it was written with.

The Content-Security-Policy admits the page's own scripts and styles by their SHA-256 digests (CSP Level 2), images
from ``data:`` and nothing else, so that a name in a profile that slipped through as markup still could do nothing.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.analysis.pairs import seconds
from workbench.errors import OutputError
from workbench.reporting.comparability import comparability_section
from workbench.reporting.model import ReportData
from workbench.reporting.sections import (
    bound_section,
    comparisons_section,
    environment_section,
    header,
    ladder_section,
    parameters_section,
    run_section,
)
from workbench.reporting.summary import summary
from workbench.views.assets import module, read_static
from workbench.views.charts import CONFIG, LadderStep, ladder_chart
from workbench.views.packages import colours_of
from workbench.views.tables import html_text

__all__ = ["chart_html", "chart_page", "prepare_output", "report_html", "safe_json", "write_report"]

_INJECTED = re.compile(r'getElementById\("([0-9a-f]{64})"\)')  # plotly's map library looks for its own style sheet
_EMPTY_STYLE = ""  # plotly adds an empty <style> and fills it through the CSSOM


def safe_json(value: object) -> str:
    """JSON that can stand inside a ``<script>`` element whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _digest(text: str) -> str:
    """The source expression that admits an inline script or style of this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_digest, scripts))}",
            f"style-src {' '.join(map(_digest, styles))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _chart_html(report: ReportData) -> str:
    """The ladder's chart as data for the page's script; "" where fewer than two variants have a round."""
    by_id = {r.run.run_id: r.run for r in report.runs}
    steps = [
        LadderStep(
            name=row.variant or row.name,
            seconds=tuple(seconds(by_id[row.run_id])[1]),
            ratio=None if row.is_baseline or not row.ratio.pairs else row.ratio.ratio,
            interval=None if row.is_baseline or not row.ratio.pairs else (row.ratio.low, row.ratio.high),
        )
        for row in report.rows
    ]
    if sum(bool(step.seconds) for step in steps) < 2:
        return ""
    figure = ladder_chart(steps, bound_s=report.bound.seconds if report.bound else None)
    return chart_html(figure, "Wall time of each variant, as in the table")


def _plotly_html(script: str) -> str:
    """plotly.js. It leaves out a style sheet for maps, which the policy refuses, if an element has its id."""
    present = "".join(f'<span id="{found}" hidden></span>' for found in _INJECTED.findall(script))
    return f"{present}<script>{script}</script>"


def _body(report: ReportData, chart: str) -> str:
    colours = colours_of(run.tree for run in report.runs if run.tree is not None)
    runs = "".join(run_section(run, number, colours) for number, run in enumerate(report.runs))
    return "".join(
        (
            header(report, summary(report)),
            ladder_section(report, chart) if report.rows else "",
            bound_section(report),
            comparisons_section(report),
            comparability_section(report),
            f'<section class="runs"><h2>{"Runs" if len(report.runs) > 1 else "Run"}</h2>{runs}</section>',
            environment_section(report),
            parameters_section(report),
            f"<footer>Written {report.written_at:%Y-%m-%d %H:%M} UTC by workbench. This page is one file and asks "
            "no network for anything.</footer>",
        )
    )


def report_html(report: ReportData) -> str:
    """The whole page."""
    chart = _chart_html(report)
    style = read_static("flamegraph.css") + read_static("report.css", "workbench.reporting")
    script = module(read_static("report.js", "workbench.reporting"))
    scripts = [script]
    if chart:
        from plotly.offline import get_plotlyjs

        scripts.append(get_plotlyjs())
    return _page(report.title, _body(report, chart), style, script, scripts[1] if chart else "")


def _page(title: str, body: str, style: str, script: str, plotly: str) -> str:
    policy = _policy([script, plotly] if plotly else [script], [style, _EMPTY_STYLE])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{html_text(title)} · workbench</title><style>{style}</style></head>"
        f"<body><main>{body}</main>"
        f'<script type="module" async>{script}</script>{_plotly_html(plotly) if plotly else ""}</body></html>\n'
    )


def chart_html(figure: Any, label: str) -> str:
    """A plotly figure as data for the page's script; ``label`` tells those who can't see it what it shows."""
    plain: Mapping[str, Any] = json.loads(figure.to_json())
    data = {"data": plain["data"], "layout": {**plain["layout"], "template": None}, "config": dict(CONFIG)}
    return (
        f'<div class="chart" data-wb-chart role="img" aria-label="{html_text(label)}">'
        f'<script type="application/json">{safe_json(data)}</script></div>'
    )


def chart_page(title: str, body: str) -> str:
    """A page of its own around ``body``, whose charts are ``chart_html``'s."""
    from plotly.offline import get_plotlyjs

    style = read_static("flamegraph.css") + read_static("report.css", "workbench.reporting")
    script = module(read_static("report.js", "workbench.reporting"))
    plotly = get_plotlyjs()
    return _page(title, body, style, script, plotly)


def write_report(report: ReportData, path: Path) -> None:
    """Write the page to ``path``, whole or not at all. Raises ``OutputError``."""
    write_atomically(path, report_html(report))


def prepare_output(path: Path) -> None:
    """Make the folder that a report goes to, so that a bad place is told before anything is measured.

    Raises ``OutputError``.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part"):
            pass
    except OSError as error:
        raise OutputError(_why(path, error)) from error


def write_atomically(path: Path, text: str) -> None:
    """Write beside the file, then rename. A lone surrogate in a name is written as "?"."""
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as out:
            out.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise OutputError(_why(path, error)) from error


def _why(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            reason = "the disk is full; free some space and write it again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            reason = f"no permission to write in {path.parent}; choose another place"
        case errno.ENOENT if path.parent.is_dir():  # /proc and its like
            reason = f"{path.parent} takes no new files; choose another place"
        case errno.ENOENT | errno.ENOTDIR:
            reason = f"there is no folder {path.parent}; create it first"
        case errno.EISDIR:
            reason = "it is a folder; name a file"
        case _:
            reason = error.strerror or str(error)
    return f"can't write the report {path}: {reason}"
