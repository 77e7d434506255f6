"""Reports and notebooks for the browser's tests: harmless ones, and some with a text planted everywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sample_runs import STARTED, evil_tree, rounds, run, session, session_report, single_report, spans_of

from workbench.analysis.bound import Bound
from workbench.analysis.ladder import ladder
from workbench.calltree import CallTree
from workbench.model import (
    Comparison,
    Environment,
    Frame,
    FunctionChange,
    Plan,
    PlanOperator,
    Recording,
    Sampler,
    Status,
    Verdict,
)
from workbench.notebook.fallback import still_html, still_text
from workbench.reporting import ReportData, RunReport, confidential, load_report, write_report
from workbench.reporting.notebook import notebook_html
from workbench.scenarios.base import BoundTerm
from workbench.store import Store
from workbench.views.payload import meta_of

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

CORPUS = {
    "end of script": "</script><script>window.__pwned = 1</script>",
    "comment and script": "<!--<script>window.__pwned = 2",
    "event handler": '"><img src=x onerror="window.__pwned = 3">',
    "quoted handler": "' onfocus='window.__pwned = 4' autofocus='",
    "templates": "{{7*7}} ${window.__pwned = 5} <%= 6*6 %> #{1+1} `${7*7}`",
    "svg": "]]></style></title></textarea><svg onload=window.__pwned=6>",
    "address": "javascript:window.__pwned=7//[x](javascript:window.__pwned=8)",
    "separators and NUL": "line\u2028separator\u2029and\x00nul\x1b[31m",
    "right to left": "\u202egnp.exe\u2066\u200f",
    "10 kB": "n" * 10_000,
    "surrogate": "lone \ud800 surrogate",
    "markdown": "**b** |cell| `code` # @everyone ![x](http://localhost:9/x.png) <b onclick=window.__pwned=9>",
}
"""Texts that would do harm where one is taken for markup, script, style, template or address."""


def stored(folder: Path, *reports: ReportData) -> Store:
    """A store with the reports' sessions and runs."""
    store = Store(folder / "pages.duckdb")
    for report in reports:
        sitting = report.runs[0].session
        bound = report.bound.parameters() if report.bound else {}
        sitting = replace(sitting, parameters={**sitting.parameters, **bound})
        store.save(sitting, [Recording(r.run, r.tree, r.spans) for r in report.runs])
    return store


def write_pages(folder: Path) -> dict[str, str]:
    """Addresses of a session's, a run's, a comparison's, a confidential and a notebook's report."""
    ladder_of_five, single = session_report(), single_report()
    store = stored(folder, ladder_of_five, single)
    base, new = (ladder_of_five.runs[i].run.run_id for i in (0, 4))
    made = {
        "session": ladder_of_five,
        "single": single,
        "comparison": load_report(store, [base, new]),
        "confidential": confidential(ladder_of_five),
    }
    for name, report in made.items():
        write_report(report, folder / f"{name}.html")
    path = write_notebook(folder / "sample.ipynb", notebook_cells(single.runs[0]))
    (folder / "notebook.html").write_text(notebook_html(path, store), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in [*made, "notebook"]}


# ---- notebooks


def write_notebook(path: Path, cells: Sequence[dict[str, Any]], kernel: str = "Python 3") -> Path:
    """A notebook of format 4."""
    metadata = {"kernelspec": {"display_name": kernel, "name": "python3"}, "language_info": {"name": "python"}}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def markdown_cell(source: str, **attachments: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, "attachments": attachments}


def code_cell(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": source, "outputs": list(outputs)}


def shown(**data: Any) -> dict[str, Any]:
    """An output; ``_`` in a name stands for the slash of its kind, as in ``text_html``."""
    kinds = {name.replace("_", "/", 1): value for name, value in data.items()}
    return {"output_type": "display_data", "metadata": {}, "data": kinds}


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def failed(name: str, value: str, traceback: Sequence[str] = ()) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(traceback)}


def plotly_output(text: str) -> dict[str, Any]:
    """A figure whose every text is ``text``, and whose picture would come from elsewhere."""
    figure = {
        "data": [{"type": "bar", "x": [text, "b"], "y": [1, 2], "name": text, "text": [text, text]}],
        "layout": {
            "title": {"text": text},
            "images": [{"source": "http://localhost:9/picture.png"}],
            "annotations": [{"text": text, "x": 0, "y": 1}],
        },
    }
    made = shown(text_html="<div>plotly</div>")
    made["data"]["application/vnd.plotly.v1+json"] = figure
    return made


TABLE = (
    '<style>@import url("http://localhost:9/x.css"); td { color: red }</style><table border="1" class="dataframe">'
    '<thead><tr style="text-align: right"><th></th><th>seconds</th></tr></thead>'
    "<tbody><tr><th>0</th><td>1.5</td></tr></tbody></table>"
)


def notebook_cells(report: RunReport) -> list[dict[str, Any]]:
    """Every kind of cell and output; one flame graph's run is in the store, the other's is gone."""
    assert report.tree is not None
    meta = meta_of(report.run)
    still, text = still_html(report.tree, meta), still_text(report.tree, meta)
    gone = still_html(report.tree, replace(meta, run_id="gone"))
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle cx="4" cy="4" r="3"/></svg>'
    return [
        markdown_cell(
            "# A sample\n\nWith **bold**, `code`, a [link](https://example.org/) and\n\n"
            "| name | seconds |\n| --- | --: |\n| a | 1 |\n\n#### Deeper\n\n![dot](attachment:dot.png) ![far](http://localhost:9/x.png)",
            **{"dot.png": {"image/png": PIXEL}},
        ),
        code_cell(
            "import workbench as wb\n# a comment\nvalue = f'{1 + 1}'", printed("10 %\r100 %\n\x1b[31mred\x1b[0m\n")
        ),
        code_cell("wb.flamegraph(run)", shown(text_html=still, text_plain=text)),
        code_cell("wb.flamegraph(other)", shown(text_html=gone, text_plain=text)),
        code_cell("table", shown(text_html=TABLE, text_plain="seconds\n0 1.5")),
        code_cell("figure", plotly_output("bars")),
        code_cell("picture", shown(image_png=PIXEL, text_plain="<Figure>")),
        code_cell("drawing", {**shown(), "data": {"image/svg+xml": svg}}),
        code_cell("print('\\n' * 99)", printed("line\n" * 99), printed("a warning\n", "stderr")),
        code_cell("1 / 0", failed("ZeroDivisionError", "by zero", ["\x1b[31m---\x1b[0m", "ZeroDivisionError: …"])),
    ]  # fmt: skip


def planted_cells(text: str) -> list[dict[str, Any]]:
    """The text in every place of a notebook, and what sanitisers are known to miss beside it."""
    active = (
        f"<p>{text}</p><script>window.__pwned = 11</script><img src=x onerror='window.__pwned = 12'>"
        "<svg><script>window.__pwned = 13</script></svg><math><mi><style><img src=x onerror=window.__pwned=14>"
        "<iframe srcdoc='<script>parent.__pwned = 15</script>'></iframe><base href='http://localhost:9/'>"
        "<meta http-equiv=refresh content='0;url=http://localhost:9/'><link rel=stylesheet href='http://localhost:9'>"
        "<a href='javascript:window.__pwned=16'>link</a><a href=' data:text/html,<script>1</script>'>data</a>"
        "<img src='http://localhost:9/x.png'><form action='http://localhost:9/'><button>go</button></form>"
        "<div class='runs paste' data-wb-flamegraph id='x' style='background:url(http://localhost:9/x)'>z</div>"
        "<a title='<img src=x onerror=window.__pwned=17>'>t</a>"
        "<noscript><p title='</noscript><img src=x onerror=window.__pwned=22>'>"
        f"<p data-wb-run='{text[:100]}'></p>"
    )
    script = "<script>window.__pwned=19</script>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.__pwned=18'>{script}</svg>"
    return [
        markdown_cell(
            f"# {text}\n\n{text}\n\n[{text}](javascript:window.__pwned=20)\n\n```{text[:50]}\n{text}\n```"
        ),
        markdown_cell(
            f"<script>window.__pwned = 21</script>\n\n| {text} |\n| --- |\n| {text} |\n\n![{text}](http://localhost:9/y)"
        ),
        {"cell_type": "raw", "metadata": {}, "source": text},
        code_cell(text, printed(text), printed(text, "stderr"), failed(text, text, [text])),
        code_cell(
            f"# {text}", failed(text, text), shown(text_html=active, text_plain=text), shown(text_plain=text)
        ),
        code_cell("x", shown(text_markdown=text), shown(text_latex=text), shown(image_png=text, text_plain=text)),
        code_cell("y", {**shown(), "data": {"image/svg+xml": svg, "text/plain": text}}, plotly_output(text)),
    ]


# ---- a report with a text planted


def planted_report(text: str) -> ReportData:
    """Two runs compared, with the text in every place that a report takes one from."""
    places = {text: text, f"{text} 2": 3}
    environment = Environment(text, True, text, text, text, {text: text}, text, text, 2, 1 << 30, text, text, text)
    sitting = replace(session(), scenario=text, parameters={**places, "scale": text}, environment=environment)
    reports = []
    for side in ("base", "new"):
        made = run(
            text, [2.0, 2.1], name=text, run_id=f"{side} {text}", error=text, status=Status.FAILED, tags=(text,),
            parameters=places, scenario=text, sampler=Sampler(text, text, 1_000_000, text, text),
        )  # fmt: skip
        made = replace(made, rounds=(*made.rounds, replace(rounds([1.0], requests=1, connects=1)[0], index=9,
                                                           status=Status.FAILED, error=text)))  # fmt: skip
        spans = tuple(replace(s, kind=text, site=f"{text}:1") for s in spans_of(made.rounds[:1], name=text))
        plan = Plan(text, text, (PlanOperator(text, 1, text, {"rows": 1.0}),), text)
        reports.append(RunReport(made, sitting, planted_tree(text), spans, text, (plan,)))
    frame = Frame(text, text)
    comparison = Comparison(
        reports[0].run.run_id, reports[1].run.run_id, Verdict.REGRESSION, 1.2, (1.1, 1.3), 15, 9.0, False, True,
        (text,), (FunctionChange(frame, 1.0, 2.0, 0.5, 0.6),), {text: (1.0, 2.0)}, text,
    )  # fmt: skip
    return ReportData(
        title=text,
        runs=tuple(reports),
        rows=tuple(ladder([r.run for r in reports])),
        bound=Bound((BoundTerm(text, 0.1, text),)),
        comparison=comparison,
        written_at=STARTED,
    )


def planted_tree(text: str) -> CallTree:
    """Frames, threads and tasks of that name."""
    tree = evil_tree()
    frames = tuple(
        Frame(text, f"{text}{i}") if i % 2 else Frame(f"{text}{i}", text) for i in range(len(tree.frames))
    )
    return replace(tree, frames=frames, threads=(text,), tasks=(text,))
