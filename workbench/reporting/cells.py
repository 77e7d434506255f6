"""Cells and outputs of a notebook as HTML that is safe by construction."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.redaction import redact, redact_code, redact_exception, redact_markdown, redact_output
from workbench.reporting.chart import chart_html
from workbench.reporting.confidential import confidential as made_confidential
from workbench.reporting.confidential import without_paths
from workbench.reporting.load import load_report
from workbench.reporting.markup import MarkdownRenderer, clean_html, highlighted
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.plain import shortened, terminal_text, visible
from workbench.reporting.plotly import plain_figure
from workbench.reporting.sections import stacks
from workbench.views.diff import diff_html
from workbench.views.tables import html_text, printable

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["CellRenderer"]

_RUN = re.compile(r'\bdata-wb-run="([^"<>]{1,200})"')
_TIMELINE = re.compile(r"\bdata-wb-view=\"time\"")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_DATA_ADDRESS = re.compile(r"data:image/[^\s)\"'>]*", re.IGNORECASE)
_SVG_TEXT = re.compile(r"(?<=>)[^<>]*[^<>\s][^<>]*(?=<)")
_TYPE = re.compile(r"[A-Za-z_][\w.]{0,100}")
_LONG = 24  # lines of a text beyond which it scrolls


class CellRenderer:
    """Renders the cells of one notebook, in order. ``live`` are the runs shown from the store."""

    def __init__(self, store: Store, language: str, *, confidential: bool = False, plotly: bool = False) -> None:
        self._store = store
        self._language = language
        self._confidential = confidential
        self._plotly = plotly  # also where a chart brings a picture
        self._markdown = MarkdownRenderer()
        self.live: list[str] = []
        self.has_plotly = False

    def cell(self, cell: Mapping[str, Any]) -> str:
        """One cell; an unknown kind is shown as text."""
        source = _text(cell.get("source"))
        match cell.get("cell_type"):
            case "markdown":
                return f'<div class="markdown">{self._written(source, cell.get("attachments"))}</div>'
            case "code":
                return self._code(cell, source)
            case _:
                shown = preformatted(redact_output(visible(source)))
                return "" if self._confidential else f'<div class="cell">{shown}</div>'

    def _written(self, source: str, attachments: object = None) -> str:
        if self._confidential:  # pictures may show anything
            source, attachments = _DATA_ADDRESS.sub("", source), None
        return self._markdown.render(self.said(source), attachments if isinstance(attachments, dict) else {})

    def said(self, text: str) -> str:
        """A text that was written to be read, without secrets; a confidential one without paths and hosts, too."""
        clean = redact_markdown(text)
        return without_paths(clean) if self._confidential else clean

    def _code(self, cell: Mapping[str, Any], source: str) -> str:
        count = cell.get("execution_count")
        prompt = f"[{count}]" if isinstance(count, int) else "[ ]"
        outputs = cell.get("outputs")
        shown = (
            "".join(self._output(o) for o in outputs if isinstance(o, dict)) if isinstance(outputs, list) else ""
        )
        code = "" if self._confidential else self._source(source)
        if not code and not shown:
            return ""
        return f'<div class="cell"><div class="prompt">{prompt}</div><div class="body">{code}{shown}</div></div>'

    def _source(self, source: str) -> str:
        if not source.strip():
            return ""
        return f'<pre class="code"><code>{highlighted(visible(redact_code(source)), self._language)}</code></pre>'

    def _output(self, output: Mapping[str, Any]) -> str:
        match output.get("output_type"):
            case "stream":
                if self._confidential:
                    return ""
                css = "stderr" if output.get("name") == "stderr" else ""
                return _printed(_text(output.get("text")), css)
            case "error":
                return self._error(output)
            case "display_data" | "execute_result":
                data = output.get("data")
                return f'<div class="output">{self._bundle(data)}</div>' if isinstance(data, dict) else ""
        return ""

    def _error(self, output: Mapping[str, Any]) -> str:
        name = printable(str(output.get("ename") or "error"))
        if self._confidential:
            return preformatted(name if _TYPE.fullmatch(name) else "an error", "stderr")
        traceback = output.get("traceback")
        value = terminal_text(str(output.get("evalue") or ""))
        lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
        text = terminal_text("\n".join(lines)) or f"{name}: {value}"
        if value:  # the code above it is the cell's; what the message says of data goes
            text = text.replace(f": {value}", f": {redact_exception(value)}")
        return _printed(text, "stderr")

    def _bundle(self, data: Mapping[str, Any]) -> str:
        """The richest of an output's forms that can be shown safely; if confidential, live pictures only."""
        html = _text(data.get("text/html"))
        if drawn := self._live(html):
            return drawn
        if self._confidential:
            return ""
        picture = _picture(data)
        # A chart that brings a picture needs no 4.8 MB of plotly.
        pictured = bool(picture) or ("<img" in html and "data:image/" in html)
        figure = None if pictured and not self._plotly else _redacted(data.get("application/vnd.plotly.v1+json"))
        if plain_figure(figure) is not None:
            self.has_plotly = True
            return chart_html(figure, "A chart of the notebook")
        if picture:
            return picture
        if html and (cleaned := clean_html(html, redact_output)):
            return f'<div class="rich scroll" tabindex="0" role="group" aria-label="Output">{cleaned}</div>'
        if "text/markdown" in data:
            return self._written(_text(data["text/markdown"]))
        text = _text(data.get("text/latex")) or _text(data.get("text/plain"))
        return _printed(text) if text else ""

    def _live(self, html: str) -> str:
        """The live flame graph of the run that a saved picture says it shows; "" where the store hasn't got it."""
        found = _RUN.search(html)
        if found is None:
            return ""
        names = unescape(found[1]).split()
        key = " ".join(names)
        if key in self.live:
            link = f'<a href="#live-{self.live.index(key)}">{html_text(key)}</a>'
            hint = "; its view “Time order” shows what stood here" if _TIMELINE.search(html) else ""
            return f'<p class="note">The flame graph of {link}, above{hint}.</p>'
        try:
            report = load_report(self._store, names)
        except WorkbenchError:
            return ""
        if self._confidential:
            report = made_confidential(report)
        if [each.run.run_id for each in report.runs] != names:
            return ""
        drawn = self._pictures(report, "time" if _TIMELINE.search(html) else "")
        if not drawn:
            return ""
        self.live.append(key)
        return f'<div id="live-{len(self.live) - 1}">{drawn}</div>'

    def _pictures(self, report: ReportData, view: str) -> str:
        """The difference of two runs, else each run's own picture; "" without stacks."""
        sampled = [each for each in report.runs if each.tree is not None and len(each.tree.samples)]
        if sampled and report.comparison is not None:
            base, new = report.runs
            return diff_html(base, new)
        return "".join(self._graph(each, view) for each in sampled)

    def _graph(self, report: RunReport, view: str) -> str:
        named = html_text(f"{report.run.name} · {report.run.run_id}")
        return f'<p class="facts-line">{named}</p>{stacks(report, {}, view)}'


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _printed(text: str, css_class: str = "") -> str:
    """What was printed, without secrets; colours go first, as they may stand within one."""
    return preformatted(shortened(redact_output(terminal_text(text))), css_class)


def _redacted(value: Any) -> Any:
    """A JSON document with its texts redacted, but for packed numbers."""
    if isinstance(value, str):
        return redact_output(value)
    if isinstance(value, list):
        return [_redacted(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key == "bdata" else _redacted(each) for key, each in value.items()}
    return value


def preformatted(text: str, css_class: str = "") -> str:
    """Text in a fixed pitch; a long one scrolls, and can be reached with the keyboard for it."""
    long = text.count("\n") >= _LONG
    classes = " ".join(filter(None, (css_class, "long" if long else "")))
    focus = ' tabindex="0" role="group" aria-label="Output"' if long else ""
    return f"<pre{f' class={chr(34)}{classes}{chr(34)}' if classes else ''}{focus}>{escape(text)}</pre>"


def _picture(data: Mapping[str, Any]) -> str:
    """An inert image: in an <img>, SVG runs no script and loads nothing."""
    for kind in _PICTURES:
        encoded = "".join(_text(data.get(kind)).split())
        if encoded and _is_base64(encoded):
            return f'<img src="data:{kind};base64,{encoded}" alt="{_described(data)}">'
    svg = _text(data.get("image/svg+xml"))
    if svg:
        svg = _SVG_TEXT.sub(lambda found: escape(redact(unescape(found[0])), quote=False), svg)
        encoded = base64.b64encode(svg.encode("utf-8", "replace")).decode()
        return f'<img src="data:image/svg+xml;base64,{encoded}" alt="{_described(data)}">'
    return ""


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _described(data: Mapping[str, Any]) -> str:
    return html_text(redact_output(_text(data.get("text/plain"))) or "A picture of the notebook")
